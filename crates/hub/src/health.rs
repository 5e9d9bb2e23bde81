//! Whether it lives, whether it can do its work, and the figures.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use store::StoreState;
use utoipa::ToSchema;
use web::Problem;
use web::shape::ProblemShape;

use crate::app::Hub;

/// It lives.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthWire {
    /// `ok`.
    status: &'static str,
}

/// It can do its work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct ReadyWire {
    /// `ready`.
    status: &'static str,
    /// What was looked at.
    checks: ChecksWire,
}

/// What was looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checks)]
pub(crate) struct ChecksWire {
    /// The index that finds events.
    database: CheckWire,
    /// The data directory.
    disk: CheckWire,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
pub(crate) struct CheckWire {
    /// Whether it is as it should be.
    ok: bool,
    /// A word.
    state: &'static str,
    /// What is wrong and what to do, in words.
    problem: Option<String>,
}

impl CheckWire {
    fn good(state: &'static str) -> Self {
        Self { ok: true, state, problem: None }
    }

    fn bad(state: &'static str, problem: impl Into<String>) -> Self {
        Self { ok: false, state, problem: Some(problem.into()) }
    }
}

/// The process lives and answers.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = HealthWire)))]
pub(crate) async fn healthz() -> Json<HealthWire> {
    Json(HealthWire { status: "ok" })
}

/// Events are found, and the data directory takes new ones.
#[utoipa::path(get, path = "/readyz", tag = "system", responses(
    (status = 200, body = ReadyWire),
    (status = 503, description = "Something is not as it should be; `checks` says what.", body = ProblemShape,
     content_type = "application/problem+json"),
))]
pub(crate) async fn readyz(State(hub): State<Hub>) -> Result<Json<ReadyWire>, Problem> {
    let checks = ChecksWire { database: database(&hub).await, disk: disk(&hub).await };
    if checks.database.ok && checks.disk.ok {
        return Ok(Json(ReadyWire { status: "ready", checks }));
    }
    let detail = "Something is not as it should be; checks says what.";
    let checks = serde_json::to_value(checks).unwrap_or_default();
    Err(Problem::unavailable("not_ready", detail, 5).with("checks", checks))
}

async fn database(hub: &Hub) -> CheckWire {
    match hub.ask(|store| store.devices()).await {
        Ok(_) => CheckWire::good("open"),
        Err(problem) => CheckWire::bad("failing", format!("The index cannot be read ({}).", problem.code())),
    }
}

async fn disk(hub: &Hub) -> CheckWire {
    let dir = hub.data_dir.clone();
    let checked = hub.work(move || store::fs::check_writable(&dir)).await;
    if let Ok(Err(error)) = &checked {
        tracing::warn!(%error, "the data directory cannot be written");
    }
    match (checked, hub.store.state()) {
        (_, StoreState::Missing(it)) => CheckWire::bad("missing", format!("{} {}", it.what, it.mend)),
        (Ok(Ok(())), StoreState::Ok) => CheckWire::good("writable"),
        (Ok(Ok(())), StoreState::Degraded(it)) => {
            CheckWire::bad("degraded", format!("{} {}", it.what, it.mend))
        }
        _ => CheckWire::bad("not_writable", "The data directory cannot be written; the log says why."),
    }
}

/// Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "system", responses(
    (status = 200, description = "Prometheus text, version 0.0.4.", body = String, content_type = "text/plain"),
))]
pub(crate) async fn metrics(State(hub): State<Hub>) -> Result<Response, Problem> {
    let (devices, storage) = hub.ask(|store| Ok((store.devices()?, store.storage()))).await?;
    let gauge = |name, help, labels: &[(&str, &str)], value| hub.metrics.gauge(name, help, labels).set(value);
    gauge("nightjar_uptime_seconds", "Since the start.", &[], hub.uptime().as_secs_f64());
    gauge("nightjar_build_info", "1, with the version.", &[("version", hub.version)], 1.0);
    gauge("nightjar_hub_events", "Events that are kept.", &[], float(storage.events));
    let bytes = storage.clip_bytes.saturating_add(storage.picture_bytes);
    gauge("nightjar_hub_bytes", "Bytes of events that are kept.", &[], float(bytes));
    gauge("nightjar_hub_disk_free_bytes", "Free bytes of the disk.", &[], float(storage.disk.free));
    gauge(
        "nightjar_hub_incoming",
        "Events whose small files are coming in.",
        &[],
        float(hub.pending.count() as u64),
    );
    for device in devices {
        // Ids of keys: as many as a person has made.
        let labels = &[("device", device.key.as_str())];
        let seen =
            hub.now().duration_since(std::time::SystemTime::from(device.last_seen)).unwrap_or_default();
        gauge("nightjar_hub_device_silent_seconds", "Since it was heard of.", labels, seen.as_secs_f64());
        gauge("nightjar_hub_device_bytes", "Bytes that are kept of it.", labels, float(device.bytes));
        let waits = device.backlog.map_or(0, |backlog| backlog.events);
        gauge("nightjar_hub_device_backlog", "Events that it still has to send.", labels, float(waits));
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, hub.metrics.render()).into_response())
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn float(number: u64) -> f64 {
    number as f64
}
