//! The newest frame as one JPEG.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use frame::{Frame, Picture};
use http::{HeaderValue, header};
use web::Problem;
use web::shape::Binary;

use crate::app::App;
use crate::live::{Channel, Maker, Variant};
use crate::query::PictureQuery;
use crate::wire::requests::PictureAsked;
use crate::{SourceState, wire};

/// How long a snapshot waits for a frame of a camera that is live and has none: two intervals at two a second.
const NEXT: std::time::Duration = std::time::Duration::from_secs(1);

/// The first camera's newest picture.
#[utoipa::path(get, path = "/snapshot.jpg", tag = "first camera",
    params(PictureAsked),
    responses(
        (status = 200, description = "The picture; `X-Timestamp` has seconds since 1970.", body = Binary, content_type = "image/jpeg"),
        (status = 422, description = "A value of the query is out of its range; `field` names it."),
        (status = 503, description = "The camera gives no picture right now."),
    ))]
pub(crate) async fn first(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    snapshot(&app.first()?, query.as_deref()).await
}

/// A camera's newest picture.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/snapshot.jpg", tag = "cameras",
    params(
        ("id" = String, Path, description = "The camera's id."),
        PictureAsked,
    ),
    responses(
        (status = 200, description = "The picture; `X-Timestamp` has seconds since 1970.", body = Binary, content_type = "image/jpeg"),
        (status = 404, description = "There is no camera of that id."),
        (status = 422, description = "A value of the query is out of its range; `field` names it."),
        (status = 503, description = "The camera gives no picture right now."),
    ))]
pub(crate) async fn by_id(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    snapshot(&app.channel(&id)?, query.as_deref()).await
}

/// The newest frame in the form that the query asks for.
pub(crate) async fn snapshot(channel: &Arc<Channel>, query: Option<&str>) -> Result<Response, Problem> {
    let query = PictureQuery::parse(query)?;
    let (mut frame, mut jpeg) = make(channel, &query).await?;
    if frame.seq() < channel.camera.ring().floor() {
        // A mask was set meanwhile, and this picture is from before.
        (frame, jpeg) = make(channel, &query).await?;
    }
    let mut response = Response::new(Body::from(jpeg));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache, must-revalidate, max-age=0"),
    );
    let taken = wire::time::unix_seconds(frame.stamp().wall);
    if let Ok(taken) = HeaderValue::from_str(&taken) {
        headers.insert("x-timestamp", taken);
    }
    Ok(response)
}

async fn make(channel: &Arc<Channel>, query: &PictureQuery) -> Result<(Arc<Frame>, Bytes), Problem> {
    if channel.camera.ring().latest().is_none() {
        next(channel).await;
    }
    let frame = newest(channel)?;
    let wish = Variant::of(query.width, query.quality, Some(frame.size().width)).drawn_unless(query.raw);
    let variant = channel.in_force(wish);
    let jpeg = match frame.picture() {
        Picture::Jpeg(jpeg) if variant.is_original() => jpeg.bytes.clone(),
        _ => match channel.made(variant, frame.seq()) {
            Some(made) => made,
            None => encode(channel.clone(), frame.clone(), variant).await?,
        },
    };
    Ok((frame, jpeg))
}

/// Waits for a frame for a moment: a mask that was set has emptied the ring of a camera that is live.
async fn next(channel: &Channel) {
    let mut frames = channel.camera.ring().announcements();
    if channel.camera.source().state == SourceState::Live && channel.camera.ring().latest().is_none() {
        // None in time is told as what it is: no picture right now.
        drop(tokio::time::timeout(NEXT, frames.changed()).await);
    }
}

/// A frame that may be called new: a lost camera's last one may be hours old.
fn newest(channel: &Channel) -> Result<Arc<Frame>, Problem> {
    let source = channel.camera.source();
    let frame = channel.camera.ring().latest();
    let is_over = matches!(source.state, SourceState::Ended | SourceState::Stopped);
    match frame {
        Some(frame) if source.state == SourceState::Live || is_over => Ok(frame),
        _ => {
            let detail = source.problem.map_or_else(
                || "The camera has not given a picture yet.".to_owned(),
                |problem| format!("{} {}", problem.what, problem.mend),
            );
            Err(Problem::unavailable("no_signal", detail, 2))
        }
    }
}

async fn encode(channel: Arc<Channel>, frame: Arc<Frame>, variant: Variant) -> Result<Bytes, Problem> {
    let encoded = tokio::task::spawn_blocking(move || {
        let jpeg = Maker::new(variant).and_then(|mut maker| maker.jpeg(&frame, &channel));
        if let Err(error) = &jpeg {
            channel.tally.encode_errors.inc();
            tracing::warn!(camera = channel.camera.id(), seq = frame.seq(), %error, "failed to encode a snapshot");
        }
        jpeg.ok()
    });
    encoded.await.ok().flatten().ok_or_else(Problem::internal)
}
