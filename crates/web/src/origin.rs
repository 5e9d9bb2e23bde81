//! Whether a request comes from a foreign page: what changes something, and every WebSocket, must not.

use http::header::{HOST, ORIGIN, UPGRADE};
use http::{HeaderMap, Method, Request};

use crate::Hosts;

/// Whether a page of another origin sent this. Programs send neither header and are not foreign, unless `by_cookie`:
/// then a browser sent it, of which every one in use sends one of the two with what is guarded here.
pub(crate) fn is_foreign<B>(request: &Request<B>, hosts: &Hosts, by_cookie: bool) -> bool {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    let upgrades = headers.contains_key(UPGRADE);
    let is_unsaid = by_cookie && !headers.contains_key(ORIGIN) && !headers.contains_key(SITE);
    (changes || upgrades) && (is_unsaid || site_is_foreign(headers) || origin_is_foreign(headers, hosts))
}

const SITE: &str = "sec-fetch-site";

/// What the browser itself says; a page cannot set this header.
fn site_is_foreign(headers: &HeaderMap) -> bool {
    headers.get(SITE).is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

fn origin_is_foreign(headers: &HeaderMap, hosts: &Hosts) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest);
    let Some(authority) = authority else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    // Behind a proxy the Host may be rewritten, so a configured name is this server's own origin too.
    !(host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) || hosts.names(authority))
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
