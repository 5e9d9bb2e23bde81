//! What is told while it runs, and what is not.

use std::time::Duration;

use serde_json::Value;
use tests::{FakeCamera, Mode, Setup, until};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn json_logs_are_a_document_a_line_and_carry_request_ids() {
    let app = Setup::scene("calm").arg("--log-format").arg("json").arg("--log").arg("debug").start();
    let id = app.get("/nowhere").header("x-request-id").expect("an id").to_owned();
    until("the request is in the log", SOON, || app.log().contains(&id).then_some(()));
    let log = app.log();
    let whole = &log[..log.rfind('\n').unwrap()];
    for line in whole.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|no| panic!("{no}: {line}"));
        assert!(entry["level"].is_string() && entry["timestamp"].is_string(), "{line}");
    }
}

#[test]
fn standard_output_has_the_address_and_nothing_else() {
    let app = Setup::scene("calm").start();
    app.wait_for("garden", "live", SOON);
    assert_eq!(app.out().lines().count(), 1, "{}", app.out());
    assert!(app.out().contains(&app.url()), "{}", app.out());
}

#[test]
fn a_cameras_password_is_told_nowhere() {
    let camera = FakeCamera::scene("walker", 5);
    camera.set(Mode::Unauthorized);
    let secret = "hunter-two-and-three";
    let config = format!("user = \"me\"\npassword = \"{secret}\"\n");
    let app = Setup::http(&camera.url()).more(&config).arg("--log").arg("trace").start();
    app.wait_for("garden", "lost", SOON);
    for path in ["/status", "/api/v1/cameras", "/metrics", "/readyz", "/api/v1/cameras/garden"] {
        assert!(!app.get(path).text().contains(secret), "{path}");
    }
    assert!(!app.log().contains(secret), "the log has it");
}
