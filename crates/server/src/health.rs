//! Whether it lives, whether it can do its work, and the figures.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use web::Problem;
use web::shape::ProblemShape;

use crate::app::App;
use crate::live::Channel;
use crate::uploads::ask;
use crate::wire::camera::ProblemWire;
use crate::wire::health::{
    CameraCheck, ChecksWire, DiskCheck, HealthWire, ReadyWire, RecordingCheck, RemoteCheck, StorageWire,
};
use crate::{RecordingState, RemoteView, SourceState, StorageCheck};

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
    let check = app.cameras.storage();
    let cameras = app.channels().iter().map(|channel| camera(channel, &check)).collect::<Vec<_>>();
    let storage = storage(check);
    let is_ready = disk.ok && storage.ok && cameras.iter().all(|camera| camera.ok && camera.recording.ok);
    let remotes = ask(&app, |uploads| uploads.view().remotes.iter().map(remote).collect()).await?;
    let restart_pending = app.cameras.restart_pending();
    let checks = ChecksWire { cameras, disk, storage, remotes, restart_pending };
    if is_ready {
        return Ok(Json(ReadyWire { status: "ready", checks }));
    }
    let detail = "Something is not as it should be; checks says what.";
    let checks = serde_json::to_value(checks).unwrap_or_default();
    Err(Problem::unavailable("not_ready", detail, 5).with("checks", checks))
}

fn remote(view: &RemoteView) -> RemoteCheck {
    let is_held_up = matches!(view.waiting, Some("offline" | "denied" | "back-off" | "disk"));
    RemoteCheck {
        name: view.name.clone(),
        ok: !is_held_up && view.backlog.failed == 0,
        state: view.waiting.unwrap_or(view.state),
        owed: view.backlog.pictures + view.backlog.clips,
        failed: view.backlog.failed,
        problem: view.trouble.clone(),
    }
}

fn camera(channel: &Channel, storage: &StorageCheck) -> CameraCheck {
    let source = channel.camera.source();
    CameraCheck {
        id: channel.camera.id().to_owned(),
        // A recording that has been played did all it could.
        ok: matches!(source.state, SourceState::Live | SourceState::Ended),
        state: source.state.as_str(),
        problem: source.problem.map(ProblemWire::of),
        recording: recording(channel, storage),
    }
}

fn recording(channel: &Channel, storage: &StorageCheck) -> RecordingCheck {
    let recording = channel.camera.recording();
    if storage.state == "missing" && recording.state != RecordingState::Off {
        let problem = storage.problem.clone().map(ProblemWire::of);
        return RecordingCheck { ok: false, state: RecordingState::Failing.as_str(), problem };
    }
    RecordingCheck {
        ok: recording.state != RecordingState::Failing,
        state: recording.state.as_str(),
        problem: recording.problem.map(ProblemWire::of),
    }
}

fn storage(check: StorageCheck) -> StorageWire {
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
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let uploads = ask(&app, |uploads| uploads.view()).await?;
    for view in &uploads.remotes {
        record_remote(&app, view);
    }
    let paused = if uploads.paused { 1.0 } else { 0.0 };
    app.metrics.gauge("nightjar_upload_paused", "1 while nothing is sent.", &[]).set(paused);
    for channel in app.channels() {
        record(&app, &channel);
    }
    let gauge = |name, help, labels: &[(&str, &str)], value| app.metrics.gauge(name, help, labels).set(value);
    gauge("nightjar_uptime_seconds", "Since the start.", &[], app.uptime().as_secs_f64());
    gauge("nightjar_build_info", "1, with the version.", &[("version", app.version)], 1.0);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response())
}

/// Takes over what is known of a remote.
fn record_remote(app: &App, view: &RemoteView) {
    let labels = &[("remote", view.name.as_str())];
    let gauge = |name, help, value| app.metrics.gauge(name, help, labels).set(value);
    let owed = [("pictures", view.backlog.pictures), ("clip", view.backlog.clips)];
    for (stage, count) in owed {
        let labels = &[("remote", view.name.as_str()), ("stage", stage)];
        let help = "Events that are owed, by what is sent of them next.";
        app.metrics.gauge("nightjar_upload_owed", help, labels).set(count as f64);
    }
    gauge("nightjar_upload_owed_bytes", "Bytes that are owed.", view.backlog.bytes as f64);
    gauge("nightjar_upload_failed", "Events that the remote refused.", view.backlog.failed as f64);
    gauge("nightjar_upload_done", "Events here that the remote has.", view.backlog.done as f64);
    gauge("nightjar_upload_sending", "Events under way.", view.sending.len() as f64);
    gauge("nightjar_upload_bytes_per_second", "Bytes a second of late.", view.rate);
    let is_up = remote(view).ok;
    gauge("nightjar_upload_up", "1 unless the remote cannot be sent to.", if is_up { 1.0 } else { 0.0 });
    let oldest = view.backlog.oldest.map_or(0.0, |at| at.as_millisecond() as f64 / 1e3);
    gauge(
        "nightjar_upload_oldest_timestamp_seconds",
        "When the oldest event owed began; 0: none is.",
        oldest,
    );
    app.metrics
        .counter("nightjar_upload_bytes_total", "Bytes that went out, of failed attempts too.", labels)
        .set(view.counts.bytes);
    for (outcome, total) in &view.counts.attempts {
        let labels = &[("remote", view.name.as_str()), ("outcome", *outcome)];
        let help = "Attempts by how they ended.";
        app.metrics.counter("nightjar_upload_attempts_total", help, labels).set(*total);
    }
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
    counter(
        "nightjar_camera_dropped_total",
        "Frames that nobody gets: damaged, or lost before they were here.",
        source.dropped,
    );
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
