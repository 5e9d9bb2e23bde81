//! A storage server of the older system, as strict as one can be: what it was never promised, it refuses.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::{Multipart, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::faults::{Handler, Served, serve};

/// What it asks for in `X-API-Key`.
pub(crate) const KEY: &str = "older-system-key";

type Refusal = (StatusCode, String);

/// One event as it keeps it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub(crate) video: Bytes,
    pub(crate) metadata: Value,
    pub(crate) thumbnails: Vec<Bytes>,
    /// How often it was stored: more than once is a duplicate.
    pub(crate) stored: u32,
}

#[derive(Debug)]
struct Unfinished {
    metadata: Value,
    file_size: usize,
    chunk_size: usize,
    total_chunks: usize,
    thumbnails: Vec<Bytes>,
    chunks: BTreeMap<usize, Bytes>,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) events: HashMap<String, Kept>,
    uploads: HashMap<String, Unfinished>,
    begun: u32,
    /// Takes no chunk twice.
    pub(crate) refuses_replays: bool,
    /// Knows no `GET /storage/events/{id}` nor anything below it.
    pub(crate) is_blind: bool,
    /// What it complained about.
    pub(crate) complaints: Vec<String>,
    pub(crate) cancelled: u32,
}

/// The server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Older(Arc<Mutex<Inner>>);

impl Older {
    pub(crate) fn look(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Uploads that were begun and neither ended nor cancelled.
    pub(crate) fn unfinished(&self) -> usize {
        self.look().uploads.len()
    }

    /// It forgets what was begun, as after a restart.
    pub(crate) fn restart(&self) {
        self.look().uploads.clear();
    }

    pub(crate) async fn serve(&self) -> Served {
        let router = self.router();
        let handler: Handler = Arc::new(move |request| {
            let router = router.clone();
            Box::pin(async move {
                let response = router.oneshot(request.map(Body::from)).await.unwrap();
                let (parts, body) = response.into_parts();
                http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
            })
        });
        serve(handler).await
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/storage", post(single))
            .route("/storage/chunked/init", post(init))
            .route("/storage/chunked/upload", post(chunk))
            .route("/storage/chunked/finalize", post(finalize))
            .route("/storage/chunked/cancel", post(cancel))
            .route("/storage/stats", get(stats))
            .route("/storage/events/{id}", get(event).delete(delete))
            .route("/storage/events/{id}/video", get(video))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .layer(from_fn_with_state(self.clone(), key))
            .with_state(self.clone())
    }
}

async fn key(State(older): State<Older>, headers: HeaderMap, request: Request, next: Next) -> Response {
    if headers.get("x-api-key").is_none_or(|key| key != KEY) {
        return (StatusCode::FORBIDDEN, axum::Json(json!({"detail": "Invalid API key"}))).into_response();
    }
    if older.look().is_blind && request.uri().path().starts_with("/storage/events/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::UNPROCESSABLE_ENTITY || response.status() == StatusCode::BAD_REQUEST {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        older.look().complaints.push(String::from_utf8_lossy(&bytes).into_owned());
        return Response::from_parts(parts, Body::from(bytes));
    }
    response
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err((StatusCode::UNPROCESSABLE_ENTITY, why.into()))
}

async fn single(State(older): State<Older>, mut form: Multipart) -> Result<Response, Refusal> {
    let mut video = None;
    let mut metadata = None;
    let mut thumbnails = Vec::new();
    let unreadable =
        |error: axum::extract::multipart::MultipartError| (StatusCode::BAD_REQUEST, error.to_string());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.map_err(unreadable)?;
        match name.as_str() {
            "video" if is_file && video.is_none() => video = Some(bytes),
            "metadata" if !is_file && metadata.is_none() => metadata = Some(parsed(&bytes)?),
            _ if is_file && name == format!("thumbnail_{}", thumbnails.len()) => {
                thumbnails.push(jpeg(bytes)?)
            }
            _ => return refuse(format!("unexpected field {name:?}")),
        }
    }
    let (Some(video), Some(metadata)) = (video, metadata) else { return refuse("video or metadata missing") };
    let (id, size) = keep(&older, metadata, video, thumbnails)?;
    Ok(axum::Json(json!({"success": true, "event_id": id, "file_size": size})).into_response())
}

async fn init(State(older): State<Older>, body: Bytes) -> Result<Response, Refusal> {
    let body = object(&body, &["metadata", "file_size", "chunk_size", "total_chunks", "thumbnails"])?;
    let Some(metadata) = body["metadata"].as_str() else { return refuse("metadata must be a JSON string") };
    let metadata = parsed(metadata.as_bytes())?;
    checked(&metadata)?;
    let number = |key: &str| {
        body[key]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or((StatusCode::UNPROCESSABLE_ENTITY, key.to_owned()))
    };
    let (file_size, chunk_size, total_chunks) =
        (number("file_size")?, number("chunk_size")?, number("total_chunks")?);
    if chunk_size == 0 || total_chunks != file_size.div_ceil(chunk_size) {
        return refuse("total_chunks does not fit");
    }
    let Some(pictures) = body["thumbnails"].as_array() else { return refuse("thumbnails must be a list") };
    let thumbnails = pictures.iter().map(|text| jpeg(decoded(text)?)).collect::<Result<_, _>>()?;
    let mut inner = older.look();
    inner.begun += 1;
    let id = format!("upload-{}", inner.begun);
    let upload =
        Unfinished { metadata, file_size, chunk_size, total_chunks, thumbnails, chunks: BTreeMap::new() };
    inner.uploads.insert(id.clone(), upload);
    Ok(axum::Json(json!({"upload_id": id})).into_response())
}

async fn chunk(State(older): State<Older>, body: Bytes) -> Result<Response, Refusal> {
    let body = object(&body, &["upload_id", "chunk_index", "chunk_data"])?;
    let data = decoded(&body["chunk_data"])?;
    let Some(index) = body["chunk_index"].as_u64().and_then(|n| usize::try_from(n).ok()) else {
        return refuse("chunk_index must be a number");
    };
    let mut inner = older.look();
    let refuses_replays = inner.refuses_replays;
    let upload = unfinished(&mut inner, &body)?;
    let expected = upload.chunk_size.min(upload.file_size.saturating_sub(index * upload.chunk_size));
    if index >= upload.total_chunks || data.len() != expected {
        return refuse(format!("chunk {index} has {} bytes", data.len()));
    }
    let is_replay = upload.chunks.contains_key(&index);
    if index > upload.chunks.len() || (is_replay && refuses_replays) {
        return refuse(format!("chunk {index} is out of order"));
    }
    upload.chunks.insert(index, data);
    Ok(axum::Json(json!({"success": true, "chunk_index": index})).into_response())
}

async fn finalize(State(older): State<Older>, body: Bytes) -> Result<Response, Refusal> {
    let body = object(&body, &["upload_id"])?;
    let upload = {
        let mut inner = older.look();
        let upload = unfinished(&mut inner, &body)?;
        if upload.chunks.len() != upload.total_chunks {
            return refuse("chunks are missing");
        }
        inner.uploads.remove(body["upload_id"].as_str().unwrap()).unwrap()
    };
    let video = upload.chunks.into_values().flatten().collect::<Vec<u8>>().into();
    let (id, size) = keep(&older, upload.metadata, video, upload.thumbnails)?;
    let path = format!("/srv/storage/{id}");
    Ok(axum::Json(json!({"success": true, "event_id": id, "file_size": size, "path": path})).into_response())
}

async fn cancel(State(older): State<Older>, body: Bytes) -> Result<Response, Refusal> {
    let body = object(&body, &["upload_id"])?;
    let mut inner = older.look();
    unfinished(&mut inner, &body)?;
    inner.uploads.remove(body["upload_id"].as_str().unwrap());
    inner.cancelled += 1;
    Ok(axum::Json(json!({"success": true})).into_response())
}

async fn stats(State(older): State<Older>) -> Response {
    axum::Json(json!({"total_events": older.look().events.len()})).into_response()
}

async fn event(State(older): State<Older>, Path(id): Path<String>) -> Response {
    match older.look().events.get(&id) {
        Some(kept) => axum::Json(kept.metadata.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn video(State(older): State<Older>, Path(id): Path<String>) -> Response {
    match older.look().events.get(&id) {
        Some(kept) => ([("content-type", "video/mp4")], kept.video.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn delete(State(older): State<Older>, Path(id): Path<String>) -> Response {
    match older.look().events.remove(&id) {
        Some(_) => axum::Json(json!({"success": true})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn keep(
    older: &Older,
    metadata: Value,
    video: Bytes,
    thumbnails: Vec<Bytes>,
) -> Result<(String, usize), Refusal> {
    let id = checked(&metadata)?;
    if metadata["has_thumbnails"] != json!(!thumbnails.is_empty()) {
        return refuse("has_thumbnails does not fit");
    }
    let mut inner = older.look();
    let stored = inner.events.get(&id).map_or(0, |kept| kept.stored) + 1;
    let size = video.len();
    inner.events.insert(id.clone(), Kept { video, metadata, thumbnails, stored });
    Ok((id, size))
}

fn unfinished<'a>(inner: &'a mut Inner, body: &Value) -> Result<&'a mut Unfinished, Refusal> {
    let Some(id) = body["upload_id"].as_str() else { return refuse("upload_id must be a string") };
    inner.uploads.get_mut(id).ok_or((StatusCode::NOT_FOUND, "no such upload".to_owned()))
}

fn parsed(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

/// An object with exactly these keys.
fn object(bytes: &[u8], keys: &[&str]) -> Result<Value, Refusal> {
    let value = parsed(bytes)?;
    let Some(map) = value.as_object() else { return refuse("no object") };
    if map.len() != keys.len() || !keys.iter().all(|key| map.contains_key(*key)) {
        return refuse(format!("keys are {:?}", map.keys()));
    }
    Ok(value)
}

fn decoded(value: &Value) -> Result<Bytes, Refusal> {
    let Some(text) = value.as_str() else { return refuse("base64 must be a string") };
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

fn jpeg(bytes: Bytes) -> Result<Bytes, Refusal> {
    if bytes.starts_with(&[0xff, 0xd8]) { Ok(bytes) } else { refuse("a thumbnail is no JPEG") }
}

const CHARACTERISTICS: &[&str] = &[
    "mean_magnitude",
    "std_magnitude",
    "mean_angle",
    "angular_dispersion",
    "max_magnitude",
    "flow_complexity",
    "dominant_direction",
];
const TEMPORAL: &[&str] = &[
    "magnitude_trend",
    "magnitude_variability",
    "acceleration_mean",
    "acceleration_std",
    "direction_changes",
    "direction_stability",
];

/// Every key that the older system knows, of the right type; → the id.
fn checked(metadata: &Value) -> Result<String, Refusal> {
    let analysis = &metadata["motion_analysis"];
    let is_time = |value: &Value| {
        // What `datetime.fromisoformat` takes before Python 3.11, with an offset.
        value.as_str().is_some_and(|text| {
            text.len() == 32
                && text.ends_with("+00:00")
                && text.as_bytes()[10] == b'T'
                && text.parse::<jiff::Timestamp>().is_ok()
        })
    };
    let numbers = |value: &Value, keys: &[&str]| keys.iter().all(|key| value[*key].is_number());
    let regions_fit = metadata["regions"].as_array().is_some_and(|regions| {
        regions.iter().all(|r| r.as_array().is_some_and(|r| r.len() == 4 && r.iter().all(Value::is_u64)))
    });
    let checks = [
        ("start_time", is_time(&metadata["start_time"])),
        ("end_time", is_time(&metadata["end_time"])),
        ("duration", metadata["duration"].is_f64()),
        ("regions", regions_fit),
        ("frame_count", metadata["frame_count"].is_u64()),
        ("resolution", numbers(&metadata["resolution"], &["width", "height"])),
        ("has_thumbnails", metadata["has_thumbnails"].is_boolean()),
        ("processed", metadata["processed"].is_boolean()),
        ("label", analysis["classification"]["label"].is_string()),
        ("confidence", analysis["classification"]["confidence"].is_number()),
        ("alternatives", analysis["classification"]["alternatives"].is_array()),
        ("motion_characteristics", numbers(&analysis["motion_characteristics"], CHARACTERISTICS)),
        ("temporal_features", numbers(&analysis["temporal_features"], TEMPORAL)),
        ("signature_hash", analysis["signature_hash"].is_string()),
    ];
    if let Some((key, _)) = checks.iter().find(|(_, fits)| !fits) {
        return refuse(format!("{key} is missing or of the wrong type"));
    }
    match metadata["id"].as_str() {
        Some(id) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
            Ok(id.to_owned())
        }
        _ => refuse("id"),
    }
}
