//! The web app's files, embedded in the binary: the same for every server, since what is shown where is for the page to
//! find out. What a file says, and which places a server has, does not belong here.

use std::borrow::Cow;

use axum::Extension;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::RustEmbed;
use web::{Admission, Problem, Scope};

mod script;

#[derive(RustEmbed)]
#[folder = "../../static"]
struct Files;

/// Whatever no route of a camera server knows: a file of the page, one of its views, or nothing.
///
/// # Errors
/// 404 for a path that is neither, 405 for another method than `GET` and `HEAD`.
pub async fn fallback(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    admission: Option<Extension<Admission>>,
) -> Result<Response, Problem> {
    Visit::of(Kind::Camera, &headers, admission.as_deref()).fallback(&method, &uri)
}

/// The same of a hub, with the page itself at `/`.
///
/// # Errors
/// As [`fallback`].
pub async fn hub_fallback(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    admission: Option<Extension<Admission>>,
) -> Result<Response, Problem> {
    Visit::of(Kind::Hub, &headers, admission.as_deref()).fallback(&method, &uri)
}

/// The page of a camera server, as it stands at `/`.
///
/// # Errors
/// 404 if the program was built without it.
pub fn index(request: &HeaderMap, admission: Option<&Admission>) -> Result<Response, Problem> {
    Visit::of(Kind::Camera, request, admission).page(View { is_below: false })
}

/// Whose page it is. Both are one file, so that neither has to ask where it is before it shows its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Camera,
    Hub,
}

impl Kind {
    /// What stands from `<!-- camera -->` to `<!-- hub` is a camera's; a hub has what stands from there to `-->`, which is a
    /// comment to everybody else.
    fn part(self, html: &str) -> String {
        const CAMERA: &str = "<!-- camera -->\n";
        const HUB: &str = "<!-- hub\n";
        const END: &str = "-->\n";
        let mut part = String::with_capacity(html.len());
        let mut rest = html;
        while let Some((both, after)) = rest.split_once(CAMERA)
            && let Some((camera, hub)) = after.split_once(HUB)
            && let Some((hub, after)) = hub.split_once(END)
        {
            part.push_str(both);
            part.push_str(if self == Self::Camera { camera } else { hub });
            rest = after;
        }
        part + rest
    }
}

/// One of the page's own addresses, so that a view can be linked to, loaded again and gone back to. Which views a server
/// has, and which cameras, days and events there are, is for the page to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    /// Whether it lies one folder deeper than `/`, as `/camera/garden` does.
    is_below: bool,
}

impl View {
    fn at(path: &str) -> Option<Self> {
        match path.split('/').collect::<Vec<_>>()[..] {
            ["" | "tune" | "timeline" | "uploads" | "disk"] => Some(Self { is_below: false }),
            ["camera" | "tune" | "timeline" | "event", id] if is_id(id) => Some(Self { is_below: true }),
            _ => None,
        }
    }
}

/// Who asks for what.
struct Visit<'a> {
    kind: Kind,
    request: &'a HeaderMap,
    /// The key may look, but not change anything.
    looks: bool,
}

impl<'a> Visit<'a> {
    fn of(kind: Kind, request: &'a HeaderMap, admission: Option<&Admission>) -> Self {
        Self { kind, request, looks: admission.is_some_and(|admission| !admission.may(Scope::Control)) }
    }

    fn fallback(&self, method: &Method, uri: &Uri) -> Result<Response, Problem> {
        let is_read = *method == Method::GET || *method == Method::HEAD;
        match uri.path().strip_prefix('/') {
            Some(path) if is_read => match View::at(path) {
                Some(view) => self.page(view),
                None => file(path, self.request),
            },
            Some(path) if file(path, self.request).is_ok() => {
                let allow = HeaderValue::from_static("GET, HEAD");
                Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allow))
            }
            _ => Err(Problem::of_status(StatusCode::NOT_FOUND)),
        }
    }

    /// The page. Its addresses are relative, so that a proxy may put it under any prefix; from a folder below they climb.
    /// It is told if there is nothing that it may change, so that it does not try.
    fn page(&self, view: View) -> Result<Response, Problem> {
        const PATH: &str = "index.html";
        const HTML: &str = "<html ";
        let file = Files::get(PATH).ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
        let mut html = self.kind.part(&String::from_utf8_lossy(&file.data));
        if self.looks {
            html = html.replacen(HTML, "<html data-may=\"look\" ", 1);
        }
        if view.is_below {
            html = climbing(&html);
        }
        let variant = match (self.kind, self.looks) {
            (Kind::Camera, false) => "",
            (Kind::Camera, true) => "-l",
            (Kind::Hub, false) => "-h",
            (Kind::Hub, true) => "-hl",
        };
        let etag = etag(&file.metadata.sha256_hash(), variant);
        Ok(sent(PATH, Cow::Owned(html.into_bytes()), &etag, self.request))
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn climbing(html: &str) -> String {
    html.replace("=\"./", "=\"../")
}

/// The file at `path`, or 304 if the client has it already.
fn file(path: &str, request: &HeaderMap) -> Result<Response, Problem> {
    // Development builds read from the folder, so nothing that could lead out of it may reach it.
    let is_plain = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    let file = if is_plain { Files::get(path) } else { None };
    let file = file.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let etag = etag(&file.metadata.sha256_hash(), "");
    Ok(sent(path, file.data, &etag, request))
}

fn sent(path: &str, data: Cow<'static, [u8]>, etag: &str, request: &HeaderMap) -> Response {
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, etag));
    let mut response = if known { Response::new(Body::empty()) } else { Response::new(body(path, data)) };
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(path));
    // Asked again each time, so that an update of the program is an update of the page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn body(path: &str, data: Cow<'static, [u8]>) -> Body {
    if path.ends_with(".js")
        && let Ok(script) = std::str::from_utf8(&data)
    {
        return Body::from(script::short(script));
    }
    match data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// 64 bits of the content's hash, and which of several pages is made of it.
fn etag(hash: &[u8; 32], variant: &str) -> String {
    let hex = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("\"{hex}{variant}\"")
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
    fn every_view_has_an_address_and_nothing_else_is_one() {
        let (top, below) = (Some(View { is_below: false }), Some(View { is_below: true }));
        for (path, view) in [
            ("", top),
            ("tune", top),
            ("uploads", top),
            ("disk", top),
            ("camera/garden", below),
            ("camera/back-yard_2", below),
            ("tune/garden", below),
            ("timeline", top),
            ("timeline/2026-06-19", below),
            ("event/01JZ8KV3D4Y5W6X7A8B9C0D1E2", below),
            ("event", None),
            ("uploads/x", None),
            ("storage", None),
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
    fn the_page_of_a_camera_and_of_a_hub_are_parts_of_one() {
        let html = "a\n<!-- camera -->\nb\n<!-- hub\nc\n-->\nd\n<!-- camera -->\ne\n<!-- hub\n-->\nf\n";
        assert_eq!(Kind::Camera.part(html), "a\nb\nd\ne\nf\n");
        assert_eq!(Kind::Hub.part(html), "a\nc\nd\nf\n");
        assert_eq!(Kind::Hub.part("a\n<!-- camera -->\nb\n"), "a\n<!-- camera -->\nb\n");
        let html = String::from_utf8(Files::get("index.html").unwrap().data.into_owned()).unwrap();
        for (kind, own, other) in [
            (Kind::Camera, "./js/main.js", "./js/hub/main.js"),
            (Kind::Hub, "./js/hub/main.js", "./js/main.js"),
        ] {
            let part = kind.part(&html);
            assert!(part.contains(own) && !part.contains(other) && !part.contains("<!--"), "{kind:?}");
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

    #[tokio::test]
    async fn a_page_is_another_one_where_nothing_may_be_changed() {
        let request = HeaderMap::new();
        let mut tags = std::collections::HashSet::new();
        for (kind, looks) in
            [(Kind::Camera, false), (Kind::Camera, true), (Kind::Hub, false), (Kind::Hub, true)]
        {
            let page = Visit { kind, request: &request, looks }.page(View { is_below: true }).unwrap();
            assert!(tags.insert(page.headers()[header::ETAG].clone()), "{kind:?} {looks}");
            let html = axum::body::to_bytes(page.into_body(), usize::MAX).await.unwrap();
            let html = String::from_utf8(html.to_vec()).unwrap();
            assert_eq!(html.contains("<html data-may=\"look\" lang"), looks, "{kind:?}");
        }
    }

    #[test]
    fn a_client_that_has_the_file_is_told_so() {
        let tag = etag(&[0xab; 32], "");
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
