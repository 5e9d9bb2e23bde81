//! `POST /api/v1/links`: a path of a picture becomes one that `<img>` can ask for without a key, for a while. Which paths
//! there are is for the table of whoever serves them to say; what a link is, for `web`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Admission, Need, Problem, Row, Rows};

use crate::wire::time;

/// Seconds that a link may be good for: a minute to a week.
const LIFE: std::ops::RangeInclusive<u64> = 60..=604_800;

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    /// Of a stream, a snapshot, a clip or a picture, with or without a query.
    pub(crate) path: String,
    /// Seconds, 60 to 604800.
    pub(crate) expires_in_s: u64,
}

/// The link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkWire {
    /// Path and query; good for exactly these, until `expires`, while the key that asked for it is.
    pub(crate) url: String,
    /// RFC 3339.
    pub(crate) expires: String,
}

/// A link to a picture that needs no key, for `<img>`. It opens `path` with its query and nothing else, dies with the key
/// that asked for it, and needs of that key what `path` itself does.
#[utoipa::path(post, path = "/api/v1/links", tag = "links", request_body = LinkRequest,
    responses(
        (status = 200, body = LinkWire),
        (status = 422, description = "path is nothing that links are made to, or expires_in_s is out of range."),
        (status = 507, description = "The secret that signs could not be kept."),
    ))]
pub(crate) async fn post(
    Extension(admission): Extension<Admission>,
    Extension(rows): Extension<Rows>,
    request: Request,
) -> Result<Json<LinkWire>, Problem> {
    let wish = web::json::<LinkRequest>(request).await?;
    if !LIFE.contains(&wish.expires_in_s) {
        let (least, most) = (LIFE.start(), LIFE.end());
        let detail = format!("expires_in_s is {}; allowed is {least} to {most}.", wish.expires_in_s);
        return Err(Problem::invalid("expires_in_s", detail));
    }
    let row = linkable(&rows, &wish.path)?;
    if let Need::Key(scope) = row.need
        && !admission.may(scope)
    {
        return Err(Problem::scope_missing(scope));
    }
    let link = admission.sign(&wish.path, Duration::from_secs(wish.expires_in_s)).await?;
    let expires = Timestamp::try_from(link.expires).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Json(LinkWire { url: link.url, expires: time::local(expires) }))
}

/// The row of the table that a link would open.
fn linkable<'a>(rows: &'a Rows, target: &str) -> Result<&'a Row, Problem> {
    rows.get(target).filter(|row| row.linkable).ok_or_else(|| {
        let found = target.chars().take(80).collect::<String>();
        let detail =
            format!("path is {found}; links are made to streams, snapshots, clips and pictures only.");
        Problem::invalid("path", detail)
    })
}
