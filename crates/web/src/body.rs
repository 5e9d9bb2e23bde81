//! Reading a request's JSON. The bytes are already here, within the limits: see [`crate::front`].

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::Problem;

/// The body as JSON.
///
/// # Errors
/// 415 unless the Content-Type is JSON, 400 if it is not JSON, 422 if it is JSON of another shape.
pub async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let is_json = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"));
    if !is_json {
        let detail = "The body must be JSON, sent with Content-Type: application/json.";
        return Err(Problem::new(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let bytes = Bytes::from_request(request, &())
        .await
        .map_err(|_| Problem::bad_request("bad_body", "The request's body could not be read."))?;
    serde_json::from_slice(&bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::new(
            http::StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_body",
            format!("The body is JSON, but {error}."),
        ),
        _ => Problem::bad_request("bad_json", format!("The body is not JSON: {error}.")),
    })
}
