//! Settings that change at run time: checked, kept in `<data>/settings.toml`, then in force, field by field.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use server::{Applied, CameraConfig, ChangeError, ConfigPatch, Zone};

use super::board::Board;
use super::watch::Rules;
use crate::config::{Config, Origin, Slot, Value, Values};

mod fields;
mod keep;
#[cfg(test)]
mod tests;

use fields::{Change, ZONES, looks_like, shadow, zone_values};

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
    /// Held while a change is written to the disk; nobody who only looks waits for it.
    values: Mutex<Values>,
    /// What those who look see, a camera each.
    seen: ArcSwap<Vec<Seen>>,
    kept: PathBuf,
    reach: Vec<Reach>,
}

/// A camera's settings, ready to be looked at.
#[derive(Debug, Clone)]
struct Seen {
    name: String,
    settings: CameraConfig,
    locked: Vec<(&'static str, String)>,
}

impl Ledger {
    /// Keeps changes in `settings.toml` of the data directory.
    pub(crate) fn new(values: Values, data: &std::path::Path, reach: Vec<Reach>) -> Self {
        let seen = ArcSwap::from_pointee(see(&values));
        Self { values: Mutex::new(values), seen, kept: data.join("settings.toml"), reach }
    }

    fn look<T>(&self, camera: usize, pick: impl FnOnce(&Seen) -> T) -> Option<T> {
        self.seen.load().get(camera).map(pick)
    }

    /// A camera's name for people.
    pub(crate) fn name(&self, camera: usize) -> String {
        self.look(camera, |seen| seen.name.clone()).unwrap_or_default()
    }

    /// What is asked of a camera.
    pub(crate) fn settings(&self, camera: usize) -> CameraConfig {
        self.look(camera, |seen| seen.settings.clone())
            .unwrap_or_else(|| fields::settings(&self.lock(), camera))
    }

    /// What cannot be changed here, and what sets it.
    pub(crate) fn locked(&self, camera: usize) -> Vec<(&'static str, String)> {
        self.look(camera, |seen| seen.locked.clone()).unwrap_or_default()
    }

    /// Takes a patch over, all of it or nothing. Touches the disk.
    ///
    /// # Errors
    /// A value that cannot be, one that the environment or a flag sets, or a disk that does not take it.
    pub(crate) fn change(&self, camera: usize, patch: &ConfigPatch) -> Result<Applied, ChangeError> {
        let mut values = self.lock();
        let new = self.new_values(&values, camera, patch)?;
        let zones = self.new_zones(&values, camera, patch)?;
        if new.is_empty() && zones.is_none() {
            return Ok(Applied { restart_required: false });
        }
        let mut after = values.clone();
        let origin = || Origin::Changed { path: self.kept.clone(), line: 1, column: 1 };
        for change in &new {
            after.put(change.slot, change.value.clone(), origin());
        }
        if let Some(zones) = zones {
            after.replace_zones(camera, &zones.iter().map(zone_values).collect::<Vec<_>>(), &origin());
        }
        let ids: Vec<String> = (0..after.cameras.len()).map(|camera| after.id(camera)).collect();
        let kept: Vec<(Slot, &Value)> = new.iter().map(|change| (change.slot, &change.value)).collect();
        let zones_kept = zones.map(|zones| (camera, zones));
        keep::keep(&self.kept, &ids, &kept, zones_kept)
            .map_err(|error| ChangeError::NotKept(format!("{error:#}")))?;
        *values = after;
        self.apply(&values);
        let fields: Vec<&str> = new.iter().map(|it| it.field).chain(zones.map(|_| ZONES)).collect();
        tracing::info!(camera = ids.get(camera), fields = fields.join(","), "settings changed");
        Ok(Applied { restart_required: false })
    }

    /// What the patch changes, zones aside.
    fn new_values(
        &self,
        values: &Values,
        camera: usize,
        patch: &ConfigPatch,
    ) -> Result<Vec<Change>, ChangeError> {
        let mut new = Vec::new();
        for change in fields::changes(camera, patch) {
            let there = values.get(change.slot);
            let is_name = change.field == "name" && there.is_none();
            let told = if is_name { Some(Value::Text(values.id(camera))) } else { None };
            let told = told.as_ref().or(there.as_ref().map(|set| &set.value));
            if told.is_some_and(|told| looks_like(told, &change.value)) {
                continue;
            }
            if let Some(by) = there.and_then(|set| shadow(&set.origin)) {
                return Err(ChangeError::Shadowed { field: change.field, by });
            }
            change.slot.row().kind.read(&change.value.to_toml()).map_err(|refused| ChangeError::Invalid {
                field: change.field.into(),
                detail: format!("Found {}; allowed: {}.", refused.found, refused.allowed),
            })?;
            new.push(change);
        }
        Ok(new)
    }

    /// The zones of the patch, if they are others than there are.
    fn new_zones<'a>(
        &self,
        values: &Values,
        camera: usize,
        patch: &'a ConfigPatch,
    ) -> Result<Option<&'a [Zone]>, ChangeError> {
        let Some(zones) = &patch.zones else { return Ok(None) };
        if *zones == fields::settings(values, camera).zones {
            return Ok(None);
        }
        if let Some(by) = values.zones_shadow(camera).and_then(shadow) {
            return Err(ChangeError::Shadowed { field: ZONES, by });
        }
        for (index, zone) in zones.iter().enumerate() {
            for (key, value) in zone_values(zone) {
                let slot = Slot::of(crate::config::Section::Zone, key, Some(camera), Some(index));
                let Some(Err(refused)) = slot.map(|slot| slot.row().kind.read(&value.to_toml())) else {
                    continue;
                };
                return Err(ChangeError::Invalid {
                    field: format!("zones[{index}].{key}").into(),
                    detail: format!("Found {}; allowed: {}.", refused.found, refused.allowed),
                });
            }
        }
        Ok(Some(zones))
    }

    /// Every part of the program gets what is new for it; who has it already is left alone.
    fn apply(&self, values: &Values) {
        self.seen.store(Arc::new(see(values)));
        for (camera, reach) in self.reach.iter().enumerate() {
            let rules = Config::rules_of(values, camera);
            let rules = Rules { motion: rules.0, analysis_fps: rules.1 };
            if **reach.rules.load() != rules {
                reach.rules.store(Arc::new(rules));
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

fn see(values: &Values) -> Vec<Seen> {
    let one = |camera| Seen {
        name: fields::name(values, camera),
        settings: fields::settings(values, camera),
        locked: fields::locked(values, camera),
    };
    (0..values.cameras.len()).map(one).collect()
}
