//! The web app's files, embedded in the binary.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::RustEmbed;
use web::Problem;

#[derive(RustEmbed)]
#[folder = "../../static"]
struct Files;

/// Whatever no route knows: a file of the page, or nothing.
pub(crate) async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let is_read = method == Method::GET || method == Method::HEAD;
    match uri.path().strip_prefix('/') {
        Some(path) if is_read => match View::at(path) {
            Some(view) => view.page(&headers),
            None => file(path, &headers),
        },
        Some(path) if file(path, &headers).is_ok() => {
            let allow = HeaderValue::from_static("GET, HEAD");
            Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allow))
        }
        _ => Err(Problem::of_status(StatusCode::NOT_FOUND)),
    }
}

/// One of the page's own addresses below `/`, so that a view can be linked to, loaded again and gone back to. Which
/// cameras, days and events there are is for the page to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    /// Whether it lies one folder deeper than `/`, as `/camera/garden` does.
    is_below: bool,
}

impl View {
    fn at(path: &str) -> Option<Self> {
        match path.split('/').collect::<Vec<_>>()[..] {
            ["tune" | "timeline"] => Some(Self { is_below: false }),
            ["camera" | "tune" | "timeline" | "event", id] if is_id(id) => Some(Self { is_below: true }),
            _ => None,
        }
    }

    /// The page. Its addresses are relative, so that a proxy may put it under any prefix; from a folder below they climb.
    fn page(self, request: &HeaderMap) -> Result<Response, Problem> {
        let page = file("index.html", request)?;
        if !self.is_below || page.status() != StatusCode::OK {
            return Ok(page);
        }
        let html = Files::get("index.html").ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?.data;
        let (head, _) = page.into_parts();
        Ok(Response::from_parts(head, Body::from(climbing(&String::from_utf8_lossy(&html)))))
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn climbing(html: &str) -> String {
    html.replace("=\"./", "=\"../")
}

/// The file at `path`, or 304 if the client has it already.
pub(crate) fn file(path: &str, request: &HeaderMap) -> Result<Response, Problem> {
    // Development builds read from the folder, so nothing that could lead out of it may reach it.
    let is_plain = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    let file = if is_plain { Files::get(path) } else { None };
    let file = file.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let etag = etag(&file.metadata.sha256_hash());
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, &etag));
    let mut response =
        if known { Response::new(Body::empty()) } else { Response::new(body(path, file.data)) };
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(path));
    // Asked again each time, so that an update of the program is an update of the page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}

fn body(path: &str, data: std::borrow::Cow<'static, [u8]>) -> Body {
    if path.ends_with(".js")
        && let Ok(script) = std::str::from_utf8(&data)
    {
        return Body::from(bare(script));
    }
    match data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// A script without its comments, its indentation and most line breaks: a fifth less to send, and still to be read, a
/// block a line. Its texts never go over a line's end, and none has two slashes with a space on either side.
fn bare(script: &str) -> String {
    let mut bare = String::with_capacity(script.len());
    let mut is_comment = false;
    for line in script.lines().map(str::trim) {
        let is_one = is_comment || line.starts_with("//") || line.starts_with("/**");
        is_comment = (is_comment || line.starts_with("/**")) && !line.ends_with("*/");
        if !is_one && !line.is_empty() {
            let code = line.split_once(" // ").map_or(line, |(code, _)| code);
            bare.push_str(code);
            // Behind one of these nothing depends on the line break.
            if !code.ends_with(['(', '[', '{', ',', ';']) {
                bare.push('\n');
            }
        }
    }
    bare
}

/// 64 bits of the content's hash.
fn etag(hash: &[u8; 32]) -> String {
    let hex = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("\"{hex}\"")
}

fn names(known: &HeaderValue, etag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == etag || one == "*")
}

fn content_type(path: &str) -> HeaderValue {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let charset = if kind.type_() == "text" { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{}{charset}", kind.essence_str()))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_the_types_that_modules_and_styles_need() {
        for (path, kind) in [
            ("index.html", "text/html; charset=utf-8"),
            ("live/tile.js", "text/javascript; charset=utf-8"),
            ("app.css", "text/css; charset=utf-8"),
            ("icon.svg", "image/svg+xml"),
            ("app.webmanifest", "application/manifest+json"),
            ("font.woff2", "font/woff2"),
        ] {
            assert_eq!(content_type(path), kind, "{path}");
        }
    }

    #[test]
    fn scripts_go_out_without_their_comments_and_with_all_the_rest() {
        let script = "// What it is.\n\n/** One line. */\nexport const a = 1; // seconds\n/**\n * More\n * lines.\n */\nif (a) {\n  b(\"//\");\n}\n";
        assert_eq!(bare(script), "export const a = 1;if (a) {b(\"//\");}\n");
        for path in Files::iter().filter(|path| path.ends_with(".js")) {
            let script = String::from_utf8(Files::get(&path).unwrap().data.into_owned()).unwrap();
            for line in bare(&script).lines() {
                let is_whole = |quote| line.replace("\"`\"", "").matches(quote).count().is_multiple_of(2);
                assert!(is_whole('`') && is_whole('"'), "{path}: a text is cut: {line}");
                assert!(!line.starts_with('*'), "{path}: a comment is left: {line}");
            }
        }
    }

    #[test]
    fn every_view_has_an_address_and_nothing_else_is_one() {
        let (top, below) = (Some(View { is_below: false }), Some(View { is_below: true }));
        for (path, view) in [
            ("tune", top),
            ("camera/garden", below),
            ("camera/back-yard_2", below),
            ("tune/garden", below),
            ("timeline", top),
            ("timeline/2026-06-19", below),
            ("event/01JZ8KV3D4Y5W6X7A8B9C0D1E2", below),
            ("event", None),
            ("", None),
            ("camera", None),
            ("camera/", None),
            ("camera/garden/", None),
            ("camera/garden/x", None),
            ("camera/..", None),
            ("camera/%2e", None),
            ("nowhere", None),
        ] {
            assert_eq!(View::at(path), view, "{path}");
        }
    }

    #[test]
    fn the_addresses_of_the_page_climb_from_a_folder_below() {
        let html = String::from_utf8(Files::get("index.html").unwrap().data.into_owned()).unwrap();
        let own = |html: &str, start: &str| html.matches(start).count();
        assert!(own(&html, "=\"./") > 10, "the page's own addresses start with ./");
        assert_eq!(own(&html, "href=\"js/") + own(&html, "src=\"js/"), 0, "an address that cannot climb");
        let climbed = climbing(&html);
        assert_eq!((own(&climbed, "=\"./"), own(&climbed, "=\"../")), (0, own(&html, "=\"./")));
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for path in
            ["", "../Cargo.toml", "a/../../Cargo.toml", ".git/config", "//etc/passwd", "a//b", "nothing.js"]
        {
            let problem = file(path, &HeaderMap::new()).unwrap_err();
            assert_eq!(problem.status(), 404, "{path}");
        }
    }

    #[test]
    fn a_client_that_has_the_file_is_told_so() {
        let tag = etag(&[0xab; 32]);
        for (known, expected) in [
            ("\"abababababababab\"", true),
            ("W/\"abababababababab\"", true),
            ("\"x\", \"abababababababab\"", true),
            ("*", true),
            ("\"abab\"", false),
            ("abababababababab", false),
        ] {
            assert_eq!(names(&HeaderValue::from_str(known).unwrap(), &tag), expected, "{known}");
        }
    }
}
