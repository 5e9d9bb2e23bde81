//! Settings that change at run time: checked, kept in `<data>/settings.toml`, then in force, field by field.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use server::{Applied, CameraConfig, ChangeError, ConfigPatch, Zone};

use super::board::Board;
use super::hold::{Hold, Reaches};
use super::orders::Orders;
use super::watch::Rules;
use crate::config::{Camera, Config, Origin, Section, Slot, Value, Values};

mod fields;
mod keep;
mod reload;
#[cfg(test)]
mod tests;
mod uploads;

pub(crate) use reload::Report;
pub(crate) use uploads::Outside;

use fields::{Change, ZONES, looks_like, shadow, zone_values};

/// What a change of a camera reaches.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// What its detect thread goes by.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    /// What its recorder goes by.
    pub(crate) recording: Arc<ArcSwap<recorder::Settings>>,
    /// Whoever waits for changes is woken there.
    pub(crate) board: Arc<Board>,
    /// Its capture thread.
    pub(crate) hold: Arc<Hold>,
}

impl Reach {
    /// Of a camera that is started so.
    pub(crate) fn new(camera: &Camera, hold: Hold) -> Self {
        Self {
            rules: Arc::new(ArcSwap::from_pointee(Rules::of(camera))),
            recording: Arc::new(ArcSwap::from_pointee(camera.recording.clone())),
            board: Arc::new(Board::new()),
            hold: Arc::new(hold),
        }
    }
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
    /// The cameras that run, by their ids; everything else here goes by their place.
    ids: Vec<String>,
    /// What the process was started with.
    started: Config,
    /// What waits for a restart since the configuration was read again.
    waits: ArcSwap<Vec<String>>,
    /// As many connections as viewers are allowed, beside those of everybody else.
    room: web::Room,
    /// Who goes by what speaks of no camera.
    outside: uploads::Outlet,
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
    pub(crate) fn new(values: Values, config: &Config, reach: Vec<Reach>) -> Self {
        let ids: Vec<String> = config.cameras.iter().map(|camera| camera.id.clone()).collect();
        let ledger = Self {
            seen: ArcSwap::default(),
            values: Mutex::new(values),
            kept: config.data.join("settings.toml"),
            reach,
            ids,
            started: config.clone(),
            waits: ArcSwap::default(),
            room: web::Room::default(),
            outside: uploads::Outlet::default(),
        };
        ledger.look_again(&ledger.lock());
        ledger
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

    /// What waits for a restart, of the whole process.
    pub(crate) fn waits(&self) -> Vec<String> {
        let cameras = self.ids.iter().zip(&self.reach).filter(|(_, reach)| reach.hold.is_pending());
        self.waits.load().iter().cloned().chain(cameras.map(|(id, _)| format!("camera {id}"))).collect()
    }

    /// Takes a patch over, all of it or nothing. Touches the disk.
    ///
    /// # Errors
    /// A value that cannot be, one that the environment or a flag sets, or a disk that does not take it.
    pub(crate) fn change(&self, camera: usize, patch: &ConfigPatch) -> Result<Applied, ChangeError> {
        let mut values = self.lock();
        let patch = &*self.with_zones_turned(&values, camera, patch);
        let new = self.new_values(&values, camera, patch)?;
        let zones = self.new_zones(&values, camera, patch)?;
        if new.is_empty() && zones.is_none() {
            return Ok(self.applied(camera, patch));
        }
        let mut after = values.clone();
        for change in &new {
            after.put(change.slot, change.value.clone(), self.changed());
        }
        if let Some(zones) = zones {
            after.replace_zones(camera, &zones.iter().map(zone_values).collect::<Vec<_>>(), &self.changed());
        }
        let kept: Vec<(Slot, &Value)> = new.iter().map(|change| (change.slot, &change.value)).collect();
        let zones_kept = zones.map(|zones| (camera, zones));
        keep::keep(&self.kept, &self.ids, &kept, zones_kept)
            .map_err(|error| ChangeError::NotKept(format!("{error:#}")))?;
        *values = after;
        self.apply(&values, Reaches::Running);
        let fields: Vec<&str> = new.iter().map(|it| it.field).chain(zones.map(|_| ZONES)).collect();
        tracing::info!(camera = self.ids.get(camera), fields = fields.join(","), "settings changed");
        Ok(self.applied(camera, patch))
    }

    /// Whether what the patch names is in force: only what a child process was told when it was started can wait.
    fn applied(&self, camera: usize, patch: &ConfigPatch) -> Applied {
        let names_one = patch.width.or(patch.height).or(patch.frame_rate).or(patch.rotation).is_some();
        let waits = self.reach.get(camera).is_some_and(|reach| reach.hold.is_pending());
        Applied { restart_required: names_one && waits }
    }

    /// Zones are kept as they lie on the picture once it is turned as it is kept, and are told and drawn as they lie on
    /// what is seen; else a mask would uncover what it hides, now or after the restart that a turn waits for.
    fn with_zones_turned<'a>(
        &self,
        values: &Values,
        camera: usize,
        patch: &'a ConfigPatch,
    ) -> Cow<'a, ConfigPatch> {
        let there = fields::settings(values, camera);
        let goal = patch.rotation.unwrap_or(there.rotation);
        let (zones, drawn_at) = match &patch.zones {
            Some(zones) => (zones.clone(), self.child_turned_by(camera).unwrap_or(goal)),
            None => (there.zones, there.rotation),
        };
        match fields::turn_between(drawn_at, goal) {
            by if by != 0 && !zones.is_empty() => {
                let zones = zones.into_iter().map(|zone| fields::turned(zone, by)).collect();
                Cow::Owned(ConfigPatch { zones: Some(zones), ..patch.clone() })
            }
            _ => Cow::Borrowed(patch),
        }
    }

    /// By how many degrees the picture of a child process is turned now; others follow at once.
    fn child_turned_by(&self, camera: usize) -> Option<u32> {
        self.reach.get(camera).and_then(|reach| reach.hold.child_turned_by())
    }

    /// The values with the zones as they lie on the picture that is seen now.
    fn as_seen<'a>(&self, values: &'a Values, camera: usize) -> Cow<'a, Values> {
        let kept = fields::settings(values, camera);
        let now = self.child_turned_by(camera).unwrap_or(kept.rotation);
        match fields::turn_between(kept.rotation, now) {
            by if by != 0 && !kept.zones.is_empty() => {
                let zones: Vec<_> =
                    kept.zones.into_iter().map(|zone| zone_values(&fields::turned(zone, by))).collect();
                let mut seen = values.clone();
                // Only looked at, never kept: nothing is shadowed by it.
                let origin = values.zones_shadow(camera).cloned().unwrap_or(self.changed());
                seen.replace_zones(camera, &zones, &origin);
                Cow::Owned(seen)
            }
            _ => Cow::Borrowed(values),
        }
    }

    fn changed(&self) -> Origin {
        Origin::Changed { path: self.kept.clone(), line: 1, column: 1 }
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
            let told = self.ids.get(camera).filter(|_| is_name).map(|id| Value::Text(id.clone()));
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
                let slot = Slot::of(Section::Zone, key, Some(camera), Some(index));
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
    fn apply(&self, values: &Values, reaches: Reaches) {
        for (camera, (id, reach)) in self.ids.iter().zip(&self.reach).enumerate() {
            let wanted = match reaches {
                Reaches::Running => self.as_seen(values, camera),
                Reaches::Everything => Cow::Borrowed(values),
            };
            let mut problems = Vec::new();
            let asked = Config::camera_of(&wanted, camera, &mut problems);
            // A secret's file that cannot be read any more is no matter of this change.
            if problems.is_empty() || reaches == Reaches::Running {
                reach.hold.ask(id, Orders::of(&asked), reaches);
            }
            let rules = Rules::of(&Config::camera_of(&self.as_seen(values, camera), camera, &mut problems));
            if **reach.recording.load() != asked.recording {
                reach.recording.store(Arc::new(asked.recording.clone()));
            }
            if **reach.rules.load() != rules {
                reach.rules.store(Arc::new(rules));
            }
        }
        self.look_again(values);
        self.reach.iter().for_each(|reach| reach.board.wake());
    }

    fn look_again(&self, values: &Values) {
        let one = |(camera, id): (usize, &String)| Seen {
            name: values.camera_text(camera, "name").unwrap_or_else(|| id.clone()),
            settings: fields::settings(&self.as_seen(values, camera), camera),
            locked: fields::locked(values, camera),
        };
        let seen: Vec<Seen> = self.ids.iter().enumerate().map(one).collect();
        // A setting of the server, told with each camera.
        self.room.set(seen.first().map_or(0, |seen| seen.settings.max_clients as usize));
        self.seen.store(Arc::new(seen));
    }

    /// Room among the connections for the viewers that are allowed.
    pub(crate) fn room(&self) -> web::Room {
        self.room.clone()
    }

    /// Waits until a change that is being kept has been.
    pub(crate) fn settle(&self) {
        drop(self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
