//! An event's files: the clip with its ranges, the pictures, single frames of clips that are JPEGs.
//!
//! A file of an event never changes and its id is never used again, so a browser may keep what it has for good.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use store::event::{ClipCodec, Event, EventId, PictureName};
use web::Problem;
use web::shape::Binary;

use crate::app::Archive;
use crate::asked::{event_id, no_event};
use crate::file;
use crate::range::{Wanted, is_known};
use crate::wire::hex;

#[cfg(test)]
mod tests;

const FOR_GOOD: &str = "private, max-age=31536000, immutable";
/// Thumbnails of an event are few; a number beyond this is none.
const MOST_THUMBNAILS: u32 = 1_000;

/// The clip, whole or one range of it.
#[utoipa::path(get, path = "/api/v1/events/{event}/clip.mp4", tag = "events",
    params(
        ("event" = String, Path, description = "The event's id."),
        ("download" = Option<u8>, Query, description = "1: to be kept as a file rather than played."),
        ("Range" = Option<String>, Header, description = "One range of bytes; several are answered with the whole."),
    ),
    responses(
        (status = 200, description = "All of it; `ETag` is its SHA-256.", body = Binary, content_type = "video/mp4"),
        (status = 206, description = "The bytes that `Content-Range` says.", body = Binary, content_type = "video/mp4"),
        (status = 304, description = "It is what `If-None-Match` names."),
        (status = 404, description = "There is no event of that id, or no clip of it any more."),
        (status = 416, description = "The clip is shorter; `Content-Range` says how long it is."),
    ))]
pub(crate) async fn clip(
    State(archive): State<Archive>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    send_clip(&archive, event_id(&id)?, query.as_deref(), &method, &headers).await
}

/// The clip of an event, whole or the range that the headers ask for.
///
/// # Errors
/// 404 if there is none, 416 for a range behind its end; what the store says.
pub async fn send_clip(
    archive: &Archive,
    id: EventId,
    query: Option<&str>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let found = archive.ask(move |store| store.open_clip(id)).await?;
    let (file, event) = found.ok_or_else(|| no_clip(id))?;
    let clip = event.clip.as_ref().ok_or_else(|| no_clip(id))?;
    let (etag, len) = (format!("\"{}\"", hex(&clip.sha256)), clip.bytes);
    // Ranges are for those who take bytes: a HEAD tells of the whole.
    let wanted = match Wanted::of(headers, &etag, len) {
        Wanted::Part { .. } | Wanted::Nothing if *method == Method::HEAD => Wanted::Whole,
        wanted => wanted,
    };
    let (status, first, count) = match wanted {
        Wanted::Known => return not_modified(&etag),
        Wanted::Nothing => return Err(unsatisfiable(len)),
        Wanted::Whole => (StatusCode::OK, 0, len),
        Wanted::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
    };
    let body = if *method == Method::HEAD { Body::empty() } else { file::body(file, first, count) };
    let mut response = kept(body, "video/mp4", &etag)?;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, count.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{len}", first + count - 1);
        headers.insert(header::CONTENT_RANGE, value(&range)?);
    }
    if is_download(query) {
        headers.insert(header::CONTENT_DISPOSITION, value(&disposition(&event))?);
    }
    Ok(response)
}

fn is_download(query: Option<&str>) -> bool {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.any(|(name, value)| name == "download" && !matches!(&*value, "0" | "false"))
}

/// A name that says when and where: letters, digits, hyphens and underscores alone.
fn disposition(event: &Event) -> String {
    let start = crate::wire::time::rfc3339(event.started, event.utc_offset);
    let start = start[..19.min(start.len())].replace('T', "_").replace(':', "-");
    let camera = event.camera.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>();
    format!("attachment; filename=\"{camera}_{start}.mp4\"")
}

/// One of an event's pictures.
#[utoipa::path(get, path = "/api/v1/events/{event}/pictures/{picture}", tag = "events",
    params(
        ("event" = String, Path, description = "The event's id."),
        ("picture" = String, Path, description = "`poster.jpg`, `thumb.jpg`, `trail.jpg`, or `thumb_0.jpg` and on."),
    ),
    responses(
        (status = 200, description = "The picture.", body = Binary, content_type = "image/jpeg"),
        (status = 304, description = "It is what `If-None-Match` names."),
        (status = 404, description = "There is no event of that id, or no such picture of it."),
    ))]
pub(crate) async fn picture(
    State(archive): State<Archive>,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = event_id(&id)?;
    let name = picture_name(&name).ok_or_else(|| no_picture(id))?;
    send_picture(&archive, id, name, &headers).await
}

/// That picture, or 304 if the headers name what it is.
///
/// # Errors
/// 404 if there is none; what the store says.
pub async fn send_picture(
    archive: &Archive,
    id: EventId,
    name: PictureName,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let jpeg = archive.ask(move |store| store.picture(id, name)).await?.ok_or_else(|| no_picture(id))?;
    let etag = format!("\"{id}-{}\"", name.file_name());
    if is_known(headers, &etag) {
        return not_modified(&etag);
    }
    kept(Body::from(jpeg), "image/jpeg", &etag)
}

fn picture_name(file: &str) -> Option<PictureName> {
    let name = match file {
        "poster.jpg" => PictureName::Poster,
        "thumb.jpg" => PictureName::Thumb,
        "trail.jpg" => PictureName::Trail,
        _ => PictureName::Thumbnail(file.strip_prefix("thumb_")?.strip_suffix(".jpg")?.parse().ok()?),
    };
    let is_sane = !matches!(name, PictureName::Thumbnail(n) if n >= MOST_THUMBNAILS);
    (is_sane && name.file_name() == file).then_some(name)
}

/// One frame of a clip that is made of JPEGs, for players that cannot play those.
#[utoipa::path(get, path = "/api/v1/events/{event}/frames/{frame}", tag = "events",
    params(
        ("event" = String, Path, description = "The event's id."),
        ("frame" = String, Path, description = "`0.jpg` is the first."),
    ),
    responses(
        (status = 200, description = "The frame.", body = Binary, content_type = "image/jpeg"),
        (status = 304, description = "It is what `If-None-Match` names."),
        (status = 404, description = "There is no event of that id, no such frame, or its clip is H.264, which browsers play."),
    ))]
pub(crate) async fn frame(
    State(archive): State<Archive>,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = event_id(&id)?;
    let none = || Problem::not_found("There is no such frame; 0.jpg is the first of a clip.");
    let number = name.strip_suffix(".jpg").and_then(|n| n.parse::<u64>().ok().filter(|m| m.to_string() == n));
    let number = number.ok_or_else(none)?;
    let etag = format!("\"{id}-{number}\"");
    let is_known = is_known(&headers, &etag);
    let found = archive
        .ask(move |store| {
            let Some(event) = store.get(id)? else { return Ok(Err(no_event(&id.to_string()))) };
            let Some(clip) = &event.clip else { return Ok(Err(no_clip(id))) };
            if clip.codec != ClipCodec::Mjpeg {
                let detail = "Single frames are there of clips of JPEGs alone; this one is H.264, which browsers play.";
                return Ok(Err(Problem::not_found(detail)));
            }
            if number >= event.frames {
                return Ok(Err(none()));
            }
            let jpeg = if is_known { Some(Vec::new()) } else { store.mjpeg_frame(id, number)? };
            Ok(jpeg.ok_or_else(none))
        })
        .await?;
    let jpeg = found?;
    if is_known { not_modified(&etag) } else { kept(Body::from(jpeg), "image/jpeg", &etag) }
}

/// An answer that never changes.
fn kept(body: Body, kind: &'static str, etag: &str) -> Result<Response, Problem> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD));
    headers.insert(header::ETAG, value(etag)?);
    Ok(response)
}

fn not_modified(etag: &str) -> Result<Response, Problem> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD));
    response.headers_mut().insert(header::ETAG, value(etag)?);
    Ok(response)
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| Problem::internal())
}

fn unsatisfiable(len: u64) -> Problem {
    let detail = format!("The clip has {len} bytes; the range lies behind them.");
    let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail);
    match HeaderValue::from_str(&format!("bytes */{len}")) {
        Ok(range) => problem.header(header::CONTENT_RANGE, range),
        Err(_) => problem,
    }
}

fn no_clip(id: EventId) -> Problem {
    Problem::not_found(format!(
        "There is no clip of event {id}; it may have been deleted, or its pictures alone are left."
    ))
}

fn no_picture(id: EventId) -> Problem {
    Problem::not_found(format!("There is no such picture of event {id}."))
}
