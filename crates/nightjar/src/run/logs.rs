//! Logs: to standard error, as text or as a JSON object a line.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::Log;

/// The house's own crates speak at the configured level; libraries only when something is wrong.
const HOUSE: [&str; 9] =
    ["nightjar", "capture", "codec", "frame", "motion", "scene", "server", "store", "web"];

/// From now on everything that is traced is told. Only the first call counts.
pub(crate) fn start(log: &Log) {
    let level: LevelFilter = log.level.parse().unwrap_or(LevelFilter::INFO);
    let ours = HOUSE.iter().map(|name| (*name, level));
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_targets(ours);
    let registry = tracing_subscriber::registry();
    let out = std::io::stderr;
    let started = if log.json {
        let layer = fmt::layer().json().flatten_event(true).with_writer(out);
        registry.with(layer.with_filter(filter)).try_init()
    } else {
        let ansi = std::io::IsTerminal::is_terminal(&out());
        let layer = fmt::layer().with_ansi(ansi).with_target(false).with_writer(out);
        registry.with(layer.with_filter(filter)).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
