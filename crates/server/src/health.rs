//! Whether it lives, whether it can do its work, and the figures.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use web::Problem;
use web::shape::ProblemShape;

use crate::app::App;
use crate::live::Channel;
use crate::wire::camera::ProblemWire;
use crate::wire::health::{
    CameraCheck, ChecksWire, DiskCheck, HealthWire, ReadyWire, RecordingCheck, StorageWire,
};
use crate::{RecordingState, SourceState};

/// `GET /healthz`: the process lives and answers.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = HealthWire)))]
pub(crate) async fn healthz() -> Json<HealthWire> {
    Json(HealthWire { status: "ok" })
}

/// `GET /readyz`: every camera delivers and the data directory can be written.
#[utoipa::path(get, path = "/readyz", tag = "system", responses(
    (status = 200, body = ReadyWire),
    (status = 503, description = "Something is not as it should be; `checks` says what.", body = ProblemShape,
     content_type = "application/problem+json"),
))]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<ReadyWire>, Problem> {
    let disk = disk(&app).await;
    let cameras = app.channels().iter().map(|channel| camera(channel)).collect::<Vec<_>>();
    let storage = storage(&app);
    let is_ready = disk.ok && storage.ok && cameras.iter().all(|camera| camera.ok && camera.recording.ok);
    let checks = ChecksWire { cameras, disk, storage, restart_pending: app.cameras.restart_pending() };
    if is_ready {
        return Ok(Json(ReadyWire { status: "ready", checks }));
    }
    let detail = "Something is not as it should be; checks says what.";
    let checks = serde_json::to_value(checks).unwrap_or_default();
    Err(Problem::unavailable("not_ready", detail, 5).with("checks", checks))
}

fn camera(channel: &Channel) -> CameraCheck {
    let source = channel.camera.source();
    CameraCheck {
        id: channel.camera.id().to_owned(),
        // A recording that has been played did all it could.
        ok: matches!(source.state, SourceState::Live | SourceState::Ended),
        state: source.state.as_str(),
        problem: source.problem.map(ProblemWire::of),
        recording: recording(channel),
    }
}

fn recording(channel: &Channel) -> RecordingCheck {
    let recording = channel.camera.recording();
    RecordingCheck {
        ok: recording.state != RecordingState::Failing,
        state: recording.state.as_str(),
        problem: recording.problem.map(ProblemWire::of),
    }
}

fn storage(app: &App) -> StorageWire {
    let check = app.cameras.storage();
    StorageWire {
        ok: check.problem.is_none(),
        state: check.state,
        problem: check.problem.map(ProblemWire::of),
    }
}

async fn disk(app: &App) -> DiskCheck {
    let Some(dir) = app.data_dir.clone() else { return DiskCheck { ok: true, state: "unused" } };
    let checked = tokio::task::spawn_blocking(move || store::fs::check_writable(&dir)).await;
    match checked {
        Ok(Ok(())) => DiskCheck { ok: true, state: "writable" },
        Ok(Err(error)) => {
            tracing::warn!(%error, "the data directory cannot be written");
            DiskCheck { ok: false, state: "not_writable" }
        }
        Err(_) => DiskCheck { ok: false, state: "unknown" },
    }
}

/// `GET /metrics`: Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "system", responses(
    (status = 200, description = "Prometheus text, version 0.0.4.", body = String, content_type = "text/plain"),
))]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    for channel in app.channels() {
        record(&app, &channel);
    }
    let gauge = |name, help, labels: &[(&str, &str)], value| app.metrics.gauge(name, help, labels).set(value);
    gauge("nightjar_uptime_seconds", "Since the start.", &[], app.uptime().as_secs_f64());
    gauge("nightjar_build_info", "1, with the version.", &[("version", app.version)], 1.0);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}

/// Takes over what a camera counts itself.
fn record(app: &App, channel: &Channel) {
    let source = channel.camera.source();
    let labels = &[("camera", channel.camera.id())];
    let gauge = |name, help, value| app.metrics.gauge(name, help, labels).set(value);
    let counter = |name, help, total| app.metrics.counter(name, help, labels).set(total);
    let flag = |is| if is { 1.0 } else { 0.0 };
    gauge("nightjar_camera_up", "1 while the source is live.", flag(source.state == SourceState::Live));
    gauge("nightjar_camera_fps", "Frames a second as measured.", source.fps.into());
    gauge("nightjar_motion_detected", "1 while something moves.", flag(channel.camera.motion().detected));
    counter("nightjar_camera_frames_total", "Frames that the source delivered.", source.frames);
    counter("nightjar_camera_dropped_total", "Frames that came in damaged.", source.dropped);
    let recording = channel.camera.recording();
    for (state, total) in recording.events {
        let labels = &[("camera", channel.camera.id()), ("state", state)];
        app.metrics.counter("nightjar_events_total", "Events by what became of them.", labels).set(total);
    }
    counter("nightjar_recorder_frames_total", "Frames that were written to clips.", recording.frames);
    counter("nightjar_recorder_missing_total", "Frames that are missing from clips.", recording.missing);
    counter("nightjar_recorder_degraded_total", "Clips made with less to keep up.", recording.degraded);
    counter("nightjar_recorder_bytes_total", "Bytes of finished clips.", recording.bytes);
    counter("nightjar_recorder_encode_ms_total", "Milliseconds of encoding.", recording.encode_ms);
    let failing = flag(recording.state == RecordingState::Failing);
    gauge("nightjar_recorder_failing", "1 while nothing can be recorded.", failing);
}
