//! Settings that change at run time: checked, kept in `<data>/settings.toml`, then in force, field by field.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use server::{Applied, CameraConfig, ChangeError, ConfigPatch, TimestampPosition};

use super::board::Board;
use super::watch::Rules;
use crate::config::{Config, Origin, Section, Slot, Value, Values};

mod keep;
#[cfg(test)]
mod tests;

/// What a change of a camera reaches.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// What its detect thread goes by.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    /// Whoever waits for changes is woken there.
    pub(crate) board: Arc<Board>,
}

/// The settings of all cameras and of the server.
#[derive(Debug)]
pub(crate) struct Ledger {
    values: Mutex<Values>,
    kept: PathBuf,
    reach: Vec<Reach>,
}

/// One field of a patch.
struct Change {
    field: &'static str,
    slot: Slot,
    value: Value,
}

impl Ledger {
    /// Keeps changes in `settings.toml` of the data directory.
    pub(crate) fn new(values: Values, data: &std::path::Path, reach: Vec<Reach>) -> Self {
        Self { values: Mutex::new(values), kept: data.join("settings.toml"), reach }
    }

    /// What is asked of a camera.
    pub(crate) fn settings(&self, camera: usize) -> CameraConfig {
        let values = self.lock();
        let number = |section, name| {
            let slot = Slot::of(section, name, (section != Section::Server).then_some(camera), None);
            match slot.and_then(|slot| values.get(slot)).map(|set| set.value) {
                Some(Value::Int(it)) => u32::try_from(it).unwrap_or(u32::MAX),
                Some(Value::Bool(it)) => u32::from(it),
                Some(Value::Duration(it)) => u32::try_from(it.as_secs()).unwrap_or(u32::MAX),
                _ => 0,
            }
        };
        CameraConfig {
            width: number(Section::Camera, "width"),
            height: number(Section::Camera, "height"),
            frame_rate: number(Section::Camera, "frame_rate"),
            rotation: number(Section::Camera, "rotation"),
            max_clients: number(Section::Server, "max_clients"),
            client_timeout: number(Section::Server, "client_timeout"),
            show_timestamp: false,
            timestamp_position: position(&values, camera),
            motion_detection: number(Section::Motion, "enabled") == 1,
            motion_threshold: number(Section::Motion, "threshold"),
            motion_min_area: number(Section::Motion, "min_area"),
            highlight_motion: false,
        }
    }

    /// Takes a patch over, all of it or nothing. Touches the disk.
    ///
    /// # Errors
    /// A value that cannot be, one that the environment or a flag sets, or a disk that does not take it.
    pub(crate) fn change(&self, camera: usize, patch: &ConfigPatch) -> Result<Applied, ChangeError> {
        undrawn(patch)?;
        let mut values = self.lock();
        let mut new = Vec::new();
        for change in changes(camera, patch) {
            let there = values.get(change.slot);
            if there.as_ref().is_some_and(|set| looks_like(&set.value, &change.value)) {
                continue;
            }
            if let Some(by) = there.and_then(|set| shadow(&set.origin)) {
                return Err(ChangeError::Shadowed { field: change.field, by });
            }
            change.slot.row().kind.read(&change.value.to_toml()).map_err(|refused| ChangeError::Invalid {
                field: change.field,
                detail: format!("Found {}; allowed: {}.", refused.found, refused.allowed),
            })?;
            new.push(change);
        }
        if new.is_empty() {
            return Ok(Applied { restart_required: false });
        }
        let mut after = values.clone();
        for change in &new {
            let origin = Origin::Changed { path: self.kept.clone(), line: 1, column: 1 };
            after.put(change.slot, change.value.clone(), origin);
        }
        let ids: Vec<String> = (0..after.cameras.len()).map(|camera| after.id(camera)).collect();
        let kept: Vec<(Slot, &Value)> = new.iter().map(|change| (change.slot, &change.value)).collect();
        keep::keep(&self.kept, &ids, &kept).map_err(|error| ChangeError::NotKept(format!("{error:#}")))?;
        *values = after;
        self.apply(&values, &new);
        let fields: Vec<&str> = new.iter().map(|change| change.field).collect();
        tracing::info!(camera = ids.get(camera), fields = fields.join(","), "settings changed");
        Ok(Applied {
            restart_required: new.iter().any(|change| {
                change.slot.row().section == Section::Camera && change.field != "timestamp_position"
            }),
        })
    }

    /// The motion settings reach their detect thread; everything else is read anew by whoever needs it.
    fn apply(&self, values: &Values, new: &[Change]) {
        for (camera, reach) in self.reach.iter().enumerate() {
            if new.iter().any(|c| c.slot.camera == Some(camera) && c.slot.row().section == Section::Motion) {
                let rules = reach.rules.load();
                let motion = Config::motion_of(values, camera);
                reach.rules.store(Arc::new(Rules { motion, analysis_fps: rules.analysis_fps }));
            }
            reach.board.wake();
        }
    }

    /// Waits until a change that is being kept has been.
    pub(crate) fn settle(&self) {
        drop(self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What wins over a change.
fn shadow(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Environment(name) => Some(format!("the environment variable {name}")),
        Origin::Flag(flag) => Some(format!("the flag {flag}")),
        Origin::Default | Origin::File { .. } | Origin::Changed { .. } => None,
    }
}

/// This version hands out the camera's own picture and draws nothing on it; it does not pretend to.
fn undrawn(patch: &ConfigPatch) -> Result<(), ChangeError> {
    let refuse = |field, allowed: &str| {
        let detail = format!("This version does not draw on the picture; allowed: {allowed}.");
        Err(ChangeError::Invalid { field, detail })
    };
    if patch.show_timestamp == Some(true) {
        return refuse("show_timestamp", "false");
    }
    if patch.highlight_motion == Some(true) {
        return refuse("highlight_motion", "false");
    }
    Ok(())
}

/// Whether the one is what was told of the other: a client that hands back what it was told changes nothing.
fn looks_like(there: &Value, handed: &Value) -> bool {
    match (there, handed) {
        // Told in whole seconds.
        (Value::Duration(there), Value::Duration(handed)) => there.as_secs() == handed.as_secs(),
        (there, handed) => there == handed,
    }
}

/// Kept, though nothing is written there yet.
fn position(values: &Values, camera: usize) -> TimestampPosition {
    let set = values.camera_text(camera, "timestamp_position");
    set.and_then(|name| TimestampPosition::named(&name)).unwrap_or(TimestampPosition::TopLeft)
}

fn changes(camera: usize, patch: &ConfigPatch) -> Vec<Change> {
    let int = |value: Option<u32>| value.map(|it| Value::Int(i64::from(it)));
    let position = patch.timestamp_position.map(|it| Value::Text(it.as_str().to_owned()));
    let timeout = patch.client_timeout.map(|it| Value::Duration(Duration::from_secs(u64::from(it))));
    let rows = [
        ("width", Section::Camera, "width", int(patch.width)),
        ("height", Section::Camera, "height", int(patch.height)),
        ("frame_rate", Section::Camera, "frame_rate", int(patch.frame_rate)),
        ("rotation", Section::Camera, "rotation", int(patch.rotation)),
        ("max_clients", Section::Server, "max_clients", int(patch.max_clients)),
        ("client_timeout", Section::Server, "client_timeout", timeout),
        ("timestamp_position", Section::Camera, "timestamp_position", position),
        ("motion_detection", Section::Motion, "enabled", patch.motion_detection.map(Value::Bool)),
        ("motion_threshold", Section::Motion, "threshold", int(patch.motion_threshold)),
        ("motion_min_area", Section::Motion, "min_area", int(patch.motion_min_area)),
    ];
    rows.into_iter()
        .filter_map(|(field, section, key, value)| {
            let camera = (section != Section::Server).then_some(camera);
            Some(Change { field, slot: Slot::of(section, key, camera, None)?, value: value? })
        })
        .collect()
}
