//! Whether it lives, whether it can do its work, and the figures.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Value, json};
use web::Problem;

use crate::SourceState;
use crate::app::App;
use crate::live::Channel;

/// `GET /healthz`: the process lives and answers.
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: every camera delivers and the data directory can be written.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let disk = disk(&app).await;
    let cameras = app.channels().iter().map(|channel| camera(channel)).collect::<Vec<_>>();
    let is_ready = disk["ok"] == true && cameras.iter().all(|camera| camera["ok"] == true);
    let checks = json!({ "cameras": cameras, "disk": disk });
    if is_ready {
        return Ok(Json(json!({ "status": "ready", "checks": checks })));
    }
    let detail = "Something is not as it should be; checks says what.";
    Err(Problem::unavailable("not_ready", detail, 5).with("checks", checks))
}

fn camera(channel: &Channel) -> Value {
    let source = channel.camera.source();
    // A recording that has been played did all it could.
    let ok = matches!(source.state, SourceState::Live | SourceState::Ended);
    let problem = source
        .problem
        .map(|problem| json!({ "code": problem.code, "what": problem.what, "mend": problem.mend }));
    json!({ "id": channel.camera.id(), "ok": ok, "state": source.state.as_str(), "problem": problem })
}

async fn disk(app: &App) -> Value {
    let Some(dir) = app.data_dir.clone() else { return json!({ "ok": true, "state": "unused" }) };
    let checked = tokio::task::spawn_blocking(move || store::fs::check_writable(&dir)).await;
    match checked {
        Ok(Ok(())) => json!({ "ok": true, "state": "writable" }),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the data directory cannot be written");
            json!({ "ok": false, "state": "not_writable" })
        }
        Err(_) => json!({ "ok": false, "state": "unknown" }),
    }
}

/// `GET /metrics`: Prometheus text.
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
}
