//! Looks after the stages: feeds the service manager's watchdog while all of them move, and says how things are.

use std::sync::Arc;
use std::time::Duration;

use capture::State;
use frame::Clock;
use tokio_util::sync::CancellationToken;

use super::camera::Camera;
use super::manager::Manager;
use super::vitals::Vitals;

/// How often it is looked, unless the watchdog wants it oftener.
const ROUND: Duration = Duration::from_secs(5);

/// Goes on until the token fires.
pub(crate) async fn tend(
    manager: Arc<Manager>,
    cameras: Vec<Arc<Camera>>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    // A third: one round may come late without harm.
    let round = manager.watchdog().map_or(ROUND, |limit| (limit / 3).clamp(Duration::from_millis(10), ROUND));
    let mut round = tokio::time::interval(round);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut vitals = Vitals::default();
    let (mut told, mut hung) = (String::new(), Vec::new());
    while stop.run_until_cancelled(round.tick()).await.is_some() {
        let hanging: Vec<String> = cameras
            .iter()
            .flat_map(|it| {
                let status = it.hold.status();
                vitals.hanging(&it.id, status.as_deref(), &it.beat, Some(&it.tape.beat), clock.monotonic())
            })
            .collect();
        if hanging.is_empty() {
            manager.alive();
        }
        if hanging != hung {
            match hanging.as_slice() {
                [] => tracing::info!(stages = hung.join(","), "what hung moves again"),
                _ => tracing::error!(stages = hanging.join(","), "these hang; the watchdog is not fed"),
            }
            hung = hanging;
        }
        let line = line(&cameras, &hung);
        if line != told {
            manager.status(&line);
            told = line;
        }
    }
}

/// `2 of 3 cameras live; gate: lost (refused)`
fn line(cameras: &[Arc<Camera>], hung: &[String]) -> String {
    let mut live = 0;
    let mut rest = Vec::new();
    for camera in cameras {
        let Some(status) = camera.hold.status() else { continue };
        match &status.state {
            State::Live => live += 1,
            State::Lost { problem } => rest.push(format!("{}: lost ({})", camera.id, problem.code)),
            other => rest.push(format!("{}: {}", camera.id, other.name())),
        }
    }
    let noun = if cameras.len() == 1 { "camera" } else { "cameras" };
    let head = format!("{live} of {} {noun} live", cameras.len());
    let hung = hung.iter().map(|stage| format!("{stage} hangs"));
    [head].into_iter().chain(rest).chain(hung).collect::<Vec<_>>().join("; ")
}
