//! RFC 9457 problems: the one shape of everything that went wrong.
//!
//! A detail says what was found, what is allowed and how to mend it; it never carries a path of this machine,
//! an errno or a credential. [`crate::front`] adds the request id.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::{RequestId, Scope};

#[cfg(test)]
mod tests;

/// Something went wrong, as it is told to the client.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// `code` is for programs and stable; `detail` is a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), more: Map::new(), headers: Vec::new() }
    }

    /// One more member of the JSON object, such as `field`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// One more header of the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401, so that a browser asks for the key.
    #[must_use]
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Nightjar\", charset=\"UTF-8\""))
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Nightjar\""))
    }

    /// 403 in place of 401, for programs that read no other.
    pub(crate) fn forbidding(mut self) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            self.status = StatusCode::FORBIDDEN;
            self.headers.retain(|(name, _)| *name != WWW_AUTHENTICATE);
        }
        self
    }

    /// 403: the key was good, but not for this.
    #[must_use]
    pub fn scope_missing(scope: Scope) -> Self {
        let detail = format!("This key may not do that: it needs the scope {}.", scope.as_str());
        Self::new(StatusCode::FORBIDDEN, "scope_missing", detail).with("scope", scope.as_str())
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 422: one value is not allowed.
    #[must_use]
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", detail).with("field", field)
    }

    /// 500. What happened goes to the log, not to the client.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong inside Nightjar. The log has more under this request id.",
        )
    }

    /// 503, and when to come again, in seconds.
    #[must_use]
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).header(RETRY_AFTER, retry_after_s.into())
    }

    /// The problem behind a bare status, as axum's own answers are.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status.as_u16() {
            400 => ("bad_request", "The request could not be read."),
            404 => ("not_found", "There is nothing at this path."),
            405 => (
                "method_not_allowed",
                "This path does not know this method; the header Allow names those it knows.",
            ),
            408 => ("request_timeout", "The request did not arrive in time."),
            413 => ("body_too_large", "The request's body is larger than this path takes."),
            415 => ("unsupported_media_type", "The body's Content-Type is not one that this path reads."),
            422 => ("unprocessable", "The request was understood but cannot be done."),
            426 => ("upgrade_required", "This path speaks WebSocket only."),
            _ if status.is_client_error() => ("bad_request", "The request cannot be answered."),
            _ => return Self { status, ..Self::internal() },
        };
        Self::new(status, code, detail)
    }

    /// The answer for a person in front of a browser, such as one who cancelled the question for the key.
    #[must_use]
    pub(crate) fn page(&self, id: &RequestId) -> Response {
        let mut response = self.render(Some(id));
        let title = self.status.canonical_reason().unwrap_or("Error");
        let (detail, id) = (escaped(&self.detail), id.as_str());
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>Nightjar: {title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{detail}</p>\n\
             <p><a href=\"\">Try again</a></p>\n<p><small>Request {id}</small></p>\n</body>\n</html>\n"
        );
        *response.body_mut() = Body::from(page);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response
    }

    /// The answer, with the request's id where there is one.
    #[must_use]
    pub fn render(&self, id: Option<&RequestId>) -> Response {
        let mut response = Response::new(Body::from(self.text(id)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        response
    }

    /// Headers of its own.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The document itself.
    pub(crate) fn text(&self, id: Option<&RequestId>) -> String {
        let mut members = Map::new();
        let title = self.status.canonical_reason().unwrap_or("Error");
        members.insert("type".into(), "about:blank".into());
        members.insert("title".into(), title.into());
        members.insert("status".into(), self.status.as_u16().into());
        members.insert("detail".into(), self.detail.clone().into());
        members.insert("code".into(), self.code.into());
        if let Some(id) = id {
            members.insert("request_id".into(), id.as_str().into());
        }
        members.extend(self.more.clone());
        Value::Object(members).to_string()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(None);
        response.extensions_mut().insert(self);
        response
    }
}
