//! Logs: to standard error, as text or as a JSON object a line. How much and in which form can change at run time.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, reload};

use crate::config::Log;

/// The house's own crates speak at the configured level; libraries only when something is wrong.
const HOUSE: [&str; 13] = [
    "nightjar", "archive", "capture", "codec", "frame", "hub", "motion", "recorder", "scene", "server",
    "store", "upload", "web",
];

/// The filters of the two forms, one of which lets nothing through.
struct Filters {
    text: reload::Handle<Targets, Registry>,
    json: Box<dyn Fn(Targets) -> bool + Send + Sync>,
}

static FILTERS: OnceLock<Filters> = OnceLock::new();

/// From now on everything that is traced is told. Only the first call counts.
pub(crate) fn start(log: &Log) {
    let out = std::io::stderr;
    let (text, json) = filters(log);
    let ansi = std::io::IsTerminal::is_terminal(&out());
    let (text, text_handle) = reload::Layer::new(text);
    let (json, json_handle) = reload::Layer::new(json);
    let told_as_text = fmt::layer().with_ansi(ansi).with_target(false).with_writer(out).with_filter(text);
    let told_as_json = fmt::layer().json().flatten_event(true).with_writer(out).with_filter(json);
    let started = tracing_subscriber::registry().with(told_as_text).with(told_as_json).try_init();
    let json = Box::new(move |filter| json_handle.reload(filter).is_ok());
    let is_first = FILTERS.set(Filters { text: text_handle, json }).is_ok();
    if started.is_err() || !is_first {
        tracing::debug!("logging was started before");
    }
}

/// Goes by other settings from now on.
pub(crate) fn follow(log: &Log) {
    let Some(filters) = FILTERS.get() else { return };
    let (text, json) = self::filters(log);
    if filters.text.reload(text).is_err() || !(filters.json)(json) {
        tracing::warn!("failed to change what is logged");
    }
}

/// What goes through as text, and what as JSON.
fn filters(log: &Log) -> (Targets, Targets) {
    let level: LevelFilter = log.level.parse().unwrap_or(LevelFilter::INFO);
    let ours = HOUSE.iter().map(|name| (*name, level));
    let open = Targets::new().with_default(level.min(LevelFilter::WARN)).with_targets(ours);
    let shut = Targets::new().with_default(LevelFilter::OFF);
    if log.json { (shut, open) } else { (open, shut) }
}
