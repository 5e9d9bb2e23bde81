//! Whether a request comes from a foreign page: what changes something, and every WebSocket, must not.

use http::header::{ORIGIN, UPGRADE};
use http::{HeaderValue, Method, Request};

use crate::Hosts;
use crate::hosts::asked_of;

/// Whether a page of another origin sent this. Programs send neither header and are not foreign, unless `by_cookie`:
/// then a browser sent it, of which every one in use sends one of the two with what is guarded here.
pub(crate) fn is_foreign<B>(request: &Request<B>, hosts: &Hosts, by_cookie: bool) -> bool {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    if !changes && !headers.contains_key(UPGRADE) {
        return false;
    }
    // What the browser itself says decides; a page cannot set this header. Browsers leave it out where there is
    // neither TLS nor loopback, and then the origin decides.
    if let Some(site) = headers.get(SITE) {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match headers.get(ORIGIN) {
        Some(origin) => !is_own(origin, asked_of(request), hosts),
        None => by_cookie,
    }
}

const SITE: &str = "sec-fetch-site";

fn is_own(origin: &HeaderValue, host: Option<&str>, hosts: &Hosts) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest);
    let Some(authority) = authority else { return false };
    // A proxy may have rewritten the host, so a configured name is this server's own as well; but not on another port,
    // where another program of this machine may listen.
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) || hosts.names_bare(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(method: &str, headers: &[(&str, &str)]) -> bool {
        foreign_by(false, method, headers)
    }

    fn foreign_by(by_cookie: bool, method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).header("host", "192.168.1.7:8000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_foreign(&request.body(()).unwrap(), &Hosts::new(["cam.example".to_owned()]), by_cookie)
    }

    #[test]
    fn only_what_a_foreign_page_sends_is_foreign() {
        let upgrade = ("upgrade", "websocket");
        for (method, headers, expected) in [
            ("POST", vec![], false),
            ("POST", vec![("origin", "http://192.168.1.7:8000")], false),
            ("POST", vec![("origin", "https://cam.example")], false),
            ("POST", vec![("origin", "http://192.168.1.7:9000")], true),
            ("POST", vec![("origin", "http://evil.example")], true),
            ("POST", vec![("origin", "null")], true),
            ("POST", vec![("origin", "")], true),
            ("POST", vec![("origin", "http://cam.example:9000")], true),
            ("POST", vec![("origin", "http://cam.example.")], false),
            ("POST", vec![("origin", "http://192.168.1.7")], true),
            ("POST", vec![("origin", "http://192.168.1.7:8000.evil.example")], true),
            ("POST", vec![("origin", "http://evil.example/192.168.1.7:8000")], true),
            ("POST", vec![("origin", "http://x@192.168.1.7:8000")], true),
            ("POST", vec![("origin", "http://192.168.1.7:8000 http://evil.example")], true),
            ("POST", vec![("sec-fetch-site", "same-origin")], false),
            ("POST", vec![("sec-fetch-site", "none")], false),
            ("POST", vec![("sec-fetch-site", "cross-site")], true),
            ("POST", vec![("sec-fetch-site", "same-site")], true),
            ("PATCH", vec![("origin", "http://evil.example")], true),
            ("DELETE", vec![("origin", "http://evil.example")], true),
            ("GET", vec![("origin", "http://evil.example")], false),
            ("GET", vec![("sec-fetch-site", "cross-site")], false),
            ("GET", vec![upgrade], false),
            ("GET", vec![upgrade, ("origin", "http://192.168.1.7:8000")], false),
            ("GET", vec![upgrade, ("origin", "http://evil.example")], true),
            ("GET", vec![upgrade, ("sec-fetch-site", "cross-site")], true),
        ] {
            assert_eq!(foreign(method, &headers), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn an_origin_is_compared_with_what_was_asked_for_in_every_form_of_it() {
        for (host, origin, expected) in [
            ("[::1]:8000", "http://[::1]:8000", false),
            ("[::1]:8000", "http://[::1]:9000", true),
            ("[::1]:8000", "http://127.0.0.1:8000", true),
            ("127.0.0.1:8000", "http://localhost:8000", true),
            ("localhost:8000", "http://LOCALHOST:8000", false),
            ("perch.local.:8000", "http://perch.local.:8000", false),
            ("xn--vgel-5qa.example", "https://xn--vgel-5qa.example", false),
            ("xn--vgel-5qa.example", "https://v\u{f6}gel.example", true),
        ] {
            let request = Request::builder().method("POST").header("host", host).header("origin", origin);
            let foreign = is_foreign(&request.body(()).unwrap(), &Hosts::default(), false);
            assert_eq!(foreign, expected, "{origin} at {host}");
        }
        // In absolute form the first line counts, and two hosts are none.
        let absolute = Request::builder().method("POST").uri("http://127.0.0.1:8000/config");
        let absolute = absolute.header("host", "evil.example").header("origin", "http://evil.example");
        assert!(is_foreign(&absolute.body(()).unwrap(), &Hosts::default(), false));
        let two =
            Request::builder().method("POST").header("host", "127.0.0.1").header("host", "evil.example");
        let two = two.header("origin", "http://127.0.0.1").body(()).unwrap();
        assert!(asked_of(&two).is_none() && is_foreign(&two, &Hosts::default(), false));
    }

    #[test]
    fn a_cookie_alone_changes_nothing_and_opens_no_websocket() {
        let own = ("origin", "http://192.168.1.7:8000");
        let upgrade = ("upgrade", "websocket");
        for (method, headers, expected) in [
            ("POST", vec![], true),
            ("PATCH", vec![], true),
            ("GET", vec![upgrade], true),
            ("GET", vec![], false),
            ("HEAD", vec![], false),
            ("POST", vec![own], false),
            ("POST", vec![("sec-fetch-site", "same-origin")], false),
            ("POST", vec![("sec-fetch-site", "same-site")], true),
            ("GET", vec![upgrade, own], false),
            ("GET", vec![upgrade, ("origin", "http://evil.example")], true),
        ] {
            assert_eq!(foreign_by(true, method, &headers), expected, "{method} {headers:?}");
        }
    }
}
