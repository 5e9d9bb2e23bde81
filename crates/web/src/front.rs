//! The way of every request, in its one order:
//! request id → log → panic → host → rate → key → origin → body limit → load → timeout → handler.
//! A row that takes its body as it comes has the body limit and the timeout around what it reads: see `pace`.
//!
//! And of every answer back: problems get their shape and id, security headers are added, one line is logged.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::access::{Admission, Shown};
use crate::rate::Rate;
use crate::table::{Rows, row_method};
use crate::throttle::Throttle;
use crate::{
    Access, Counter, Histogram, Hosts, Intake, Limits, Metrics, Need, Problem, RequestId, Row, Scope, origin,
    pace, request_id,
};

mod checks;
#[cfg(test)]
mod tests;

/// What stands before every handler.
#[derive(Debug)]
pub struct Front {
    /// Names that are answered to.
    pub hosts: Hosts,
    /// Who may come in.
    pub access: Access,
    /// Bounds.
    pub limits: Limits,
    /// Where requests are counted.
    pub metrics: Metrics,
}

/// The front and the route table's needs, ready to work.
#[derive(Debug)]
pub(crate) struct Gate {
    front: Front,
    all: Rows,
    rows: HashMap<(&'static str, &'static str), Row>,
    paths: HashSet<&'static str>,
    fallback: Need,
    load: Semaphore,
    /// For bodies that are taken as they come.
    streams: Semaphore,
    answers: [Counter; 5],
    panics: Counter,
    refused_keys: Counter,
    slowed: Counter,
    throttle: Throttle,
    rate: Rate,
    took: Histogram,
}

impl Gate {
    pub(crate) fn new(
        front: Front,
        all: Rows,
        rows: HashMap<(&'static str, &'static str), Row>,
        fallback: Need,
    ) -> Self {
        let metrics = &front.metrics;
        let answers = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| {
            metrics.counter("nightjar_http_requests_total", "Answers by status.", &[("status", class)])
        });
        let panics = metrics.counter("nightjar_http_panics_total", "Handlers that panicked.", &[]);
        let took =
            metrics.histogram("nightjar_http_request_seconds", "From request to the answer's head.", &[]);
        let refused_keys = metrics.counter("nightjar_keys_refused_total", "Wrong keys.", &[]);
        let slowed =
            metrics.counter("nightjar_http_slowed_total", "Requests over the rate of one address.", &[]);
        let load = Semaphore::new(front.limits.in_flight);
        let streams = Semaphore::new(front.limits.streams);
        let throttle = Throttle::default();
        let rate = Rate::new(front.limits.requests_at_once, front.limits.requests_per_second);
        let paths = rows.keys().map(|(_, path)| *path).collect();
        Self {
            front,
            all,
            rows,
            paths,
            fallback,
            load,
            streams,
            answers,
            panics,
            refused_keys,
            slowed,
            throttle,
            rate,
            took,
        }
    }

    /// What the request needs.
    fn way(&self, request: &Request) -> Result<Way, Problem> {
        let Some(path) = request.extensions().get::<MatchedPath>() else {
            return Ok(Way::of(Some(self.fallback)));
        };
        let row = self.rows.get(&(row_method(request.method()), path.as_str()));
        if row.is_none() && !self.paths.contains(path.as_str()) {
            tracing::error!(path = path.as_str(), "a route that is no row of the table");
            return Err(Problem::internal());
        }
        // A row's path under a method that it does not know is still a path of the table: any key will do.
        Ok(row.map_or_else(
            || Way::of(None),
            |row| Way {
                need: Some(row.need),
                linkable: row.linkable,
                intake: row.intake,
                or: row.or,
                forbids: row.forbids,
            },
        ))
    }

    fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].inc();
        self.took.observe(took);
    }
}

/// What the table says of a request's way.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// `None`: any key will do.
    need: Option<Need>,
    linkable: bool,
    intake: Intake,
    or: Option<Scope>,
    forbids: bool,
}

impl Way {
    fn of(need: Option<Need>) -> Self {
        Self { need, linkable: false, intake: Intake::Whole, or: None, forbids: false }
    }
}

/// The middleware itself.
pub(crate) async fn pass(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    // The path alone: a query may carry what does not belong into a log.
    let is_page = wants_page(&request);
    let span = tracing::info_span!("request", id = id.as_str(), method = %request.method(), path = request.uri().path());
    async {
        let answer = AssertUnwindSafe(check_and_handle(&gate, request, next)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| {
            gate.panics.inc();
            tracing::error!("a handler panicked");
            Err(Problem::internal())
        });
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        dress(&mut response, &id, is_page);
        let (status, took) = (response.status(), started.elapsed());
        gate.count(status, took);
        log(status, took);
        response
    }
    .instrument(span)
    .await
}

fn log(status: StatusCode, took: Duration) {
    let (status, duration_ms) = (status.as_u16(), took.as_secs_f64() * 1e3);
    if status >= 500 {
        tracing::info!(status, duration_ms, "answered");
    } else {
        tracing::debug!(status, duration_ms, "answered");
    }
}

async fn check_and_handle(gate: &Gate, mut request: Request, next: Next) -> Result<Response, Problem> {
    let limits = &gate.front.limits;
    checks::host(gate, &request)?;
    let way = gate.way(&request)?;
    // Health must be told apart from load, so what is open to everybody waits for nothing and has no rate.
    let is_open = way.need == Some(Need::Open);
    let mut cookie = None;
    let mut by_cookie = false;
    if !is_open {
        checks::rate(gate, &request)?;
        gate.front.access.freshen().await;
        let pass = checks::key(gate, way, &request);
        let pass = if way.forbids { pass.map_err(Problem::forbidding)? } else { pass? };
        by_cookie = pass.as_ref().is_some_and(|pass| matches!(pass.shown, Shown::Session(_)));
        cookie = pass.as_ref().and_then(|pass| checks::new_cookie(gate, pass, &request));
        // Where one of two will do, that the key is still there has to do.
        let scope = way.need.and_then(Need::scope).filter(|_| way.or.is_none());
        request.extensions_mut().insert(Admission::new(gate.front.access.clone(), scope, pass));
        request.extensions_mut().insert(gate.all.clone());
    }
    if origin::is_foreign(&request, &gate.front.hosts, by_cookie) {
        let detail =
            "A page of another origin may not do this. Open Nightjar's own page, or send no Origin header.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail));
    }
    let answer = match way.intake {
        Intake::Whole => {
            let request = bounded(request, limits).await?;
            // Taken only now: bodies that trickle in keep nobody's handler waiting.
            let _place =
                if is_open { None } else { Some(gate.load.try_acquire().map_err(|_| overloaded())?) };
            tokio::time::timeout(limits.handler, next.run(request)).await.ok()
        }
        Intake::Streamed(most) => streamed(gate, request, most, next).await?,
    };
    let mut response = answer
        .ok_or_else(|| Problem::unavailable("handler_timeout", "The answer took too long to make.", 5))?;
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// What the handler answers that takes the body as it comes; `None` if, once it has it, it takes too long.
async fn streamed(gate: &Gate, request: Request, most: u64, next: Next) -> Result<Option<Response>, Problem> {
    let limits = &gate.front.limits;
    let (request, body_over) = pace::paced(request, most, limits)?;
    let _place = gate.streams.try_acquire().map_err(|_| overloaded())?;
    let overdue = async {
        body_over.notified().await;
        tokio::time::sleep(limits.handler).await;
    };
    tokio::select! {
        response = next.run(request) => Ok(Some(response)),
        () = overdue => Ok(None),
    }
}

fn overloaded() -> Problem {
    let detail = "Too many requests are being answered. Come again in a moment.";
    Problem::unavailable("overloaded", detail, 1)
}

/// The request with its whole body in memory, or the reason why not.
async fn bounded(request: Request, limits: &Limits) -> Result<Request, Problem> {
    let too_large = || {
        let detail =
            format!("The request's body is larger than the {} bytes that are taken here.", limits.body_bytes);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
            .header(header::CONNECTION, HeaderValue::from_static("close"))
    };
    if pace::declared(request.headers()).is_some_and(|bytes| bytes > limits.body_bytes as u64) {
        return Err(too_large());
    }
    // An upgraded connection's bytes are not a body.
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let collected = tokio::time::timeout(limits.body, Limited::new(body, limits.body_bytes).collect()).await;
    let bytes = match collected {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(_)) => return Err(Problem::bad_request("bad_body", "The request's body broke off.")),
        Err(_) => {
            let detail = format!("The request's body did not arrive within {} s.", limits.body.as_secs());
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
                .header(header::CONNECTION, HeaderValue::from_static("close")));
        }
    };
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

const CSP: &str = "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; \
                   base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Whether a person looks at the answer: a browser asks for a page by name, scripts and programs do not.
fn wants_page(request: &Request) -> bool {
    let accepts = |headers: &HeaderMap| {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        accept.contains("text/html") && !accept.contains("json")
    };
    *request.method() == Method::GET && accepts(request.headers())
}

/// Gives problems their body and id, and every answer its headers.
fn dress(response: &mut Response, id: &RequestId, is_page: bool) {
    if response.status().is_client_error() || response.status().is_server_error() {
        let problem = response.extensions_mut().remove::<Problem>();
        let problem = problem.unwrap_or_else(|| Problem::of_status(response.status()));
        let allow = response.headers_mut().remove(header::ALLOW);
        *response = if is_page { problem.page(id) } else { problem.render(Some(id)) };
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.value());
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
