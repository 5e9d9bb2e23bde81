//! `multipart/x-mixed-replace`, as browsers, dashboards and older viewers read it.
//!
//! The body ends with the connection (`HTTP/1.0`, no chunks), as with every MJPEG server that such viewers know.
//! A viewer that does not read is not noticed here but beneath, by the connection's write deadline.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version, header};
use web::shape::Binary;
use web::{Admission, Connection, Guard, Problem};

use crate::app::App;
use crate::live::{Channel, OPENING, Refused, Variant, ViewerGuard, Watcher};
use crate::query::PictureQuery;
use crate::wire::requests::{PictureAsked, RateAsked};

/// The first camera's pictures, as browsers show them in an `<img>`.
#[utoipa::path(get, path = "/stream", tag = "first camera",
    params(PictureAsked, RateAsked),
    responses(
        (status = 200, description = "A picture a part, each with `Content-Type`, `Content-Length` and `X-Timestamp`, until either side closes.",
         body = Binary, content_type = "multipart/x-mixed-replace; boundary=frame"),
        (status = 422, description = "A value of the query is out of its range; `field` names it."),
        (status = 503, description = "So many viewers are there already; `Retry-After` says when to come again."),
    ))]
pub(crate) async fn first(
    State(app): State<App>,
    came: Came,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    stream(&app.first()?, came, query.as_deref())
}

/// A camera's pictures, as browsers show them in an `<img>`.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/stream", tag = "cameras",
    params(
        ("id" = String, Path, description = "The camera's id."),
        PictureAsked, RateAsked,
    ),
    responses(
        (status = 200, description = "A picture a part, each with `Content-Type`, `Content-Length` and `X-Timestamp`, until either side closes.",
         body = Binary, content_type = "multipart/x-mixed-replace; boundary=frame"),
        (status = 404, description = "There is no camera of that id."),
        (status = 422, description = "A value of the query is out of its range; `field` names it."),
        (status = 503, description = "So many viewers are there already; `Retry-After` says when to come again."),
    ))]
pub(crate) async fn by_id(
    State(app): State<App>,
    Path(id): Path<String>,
    came: Came,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    stream(&app.channel(&id)?, came, query.as_deref())
}

/// How a request came in: on which connection, and by which key.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) connection: Option<Connection>,
    pub(crate) admission: Option<Admission>,
}

impl<S: Sync> FromRequestParts<S> for Came {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let (connection, admission) = (parts.extensions.get().cloned(), parts.extensions.get().cloned());
        Ok(Self { connection, admission })
    }
}

/// A stream of what the query asks for.
pub(crate) fn stream(channel: &Arc<Channel>, came: Came, query: Option<&str>) -> Result<Response, Problem> {
    let query = PictureQuery::parse(query)?;
    let guard = channel.admit(came.connection.as_ref().and_then(Connection::counted_as)).map_err(refusal)?;
    let variant = Variant::of(query.width, query.quality, channel.source_width()).drawn_unless(query.raw);
    let watcher = channel.watch(variant, query.fps);
    let patience = Duration::from_secs(channel.camera.settings().client_timeout.into());
    if let Some(connection) = came.connection {
        connection.set_write_stall(patience);
    }
    let admission = came.admission.map(Admission::guard);
    let viewer = Viewer { watcher, admission, patience, is_open: false, given: None, _guard: guard };
    let parts = futures_util::stream::unfold(viewer, |mut viewer| async move {
        let bytes = viewer.next().await?;
        Some((Ok::<_, Infallible>(bytes), viewer))
    });
    let mut response = Response::new(Body::from_stream(parts));
    *response.version_mut() = Version::HTTP_10;
    set_headers(response.headers_mut());
    Ok(response)
}

fn set_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_TYPE, "multipart/x-mixed-replace; boundary=frame"),
        (header::CACHE_CONTROL, "no-store, no-cache, must-revalidate, max-age=0, private"),
        (header::PRAGMA, "no-cache"),
        (header::CONNECTION, "close"),
        // Else nginx collects parts before it passes them on.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Why somebody may not watch, as a problem.
fn refusal(refused: Refused) -> Problem {
    Problem::unavailable("too_many_viewers", format!("{refused} Come again in a while."), 5)
}

struct Viewer {
    watcher: Watcher,
    admission: Option<Guard>,
    patience: Duration,
    is_open: bool,
    /// When the picture before was handed over; the next one is asked for when that one is on its way.
    given: Option<Instant>,
    _guard: ViewerGuard,
}

impl Viewer {
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_open {
            self.is_open = true;
            return Some(OPENING);
        }
        // Whoever takes so long over one picture sees none that is new, and keeps a place from somebody who would.
        if self.given.is_some_and(|given| given.elapsed() > self.patience) {
            return None;
        }
        let part = tokio::select! {
            biased;
            () = lapsed(self.admission.as_mut()) => None,
            part = self.watcher.next() => Some(part?.multipart()),
        };
        self.given = Some(Instant::now());
        part
    }
}

/// Comes back when the key no longer opens this; never if there is nothing to watch over. May be dropped.
pub(crate) async fn lapsed(admission: Option<&mut Guard>) {
    match admission {
        Some(guard) => guard.lapsed().await,
        None => std::future::pending().await,
    }
}
