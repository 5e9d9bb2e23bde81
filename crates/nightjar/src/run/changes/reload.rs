//! `SIGHUP`: all layers are read again, whole; if anything is wrong with them, what was in force stays.

use super::Ledger;
use crate::config::{Config, Loaded, Log, Problems, Values};
use crate::run::hold::Reaches;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Report {
    /// Keys that hold something else now.
    pub(crate) changed: Vec<String>,
    /// What waits for a restart.
    pub(crate) pending: Vec<String>,
    /// What is odd but no reason to refuse it.
    pub(crate) warnings: Vec<String>,
    /// `[log]` as it is now.
    pub(crate) log: Log,
}

impl Ledger {
    /// Takes over what `load` gives, nobody changing anything meanwhile. Touches the disk.
    ///
    /// # Errors
    /// What is wrong with it; everything is as it was then.
    pub(crate) fn reload(&self, load: impl FnOnce() -> Result<Loaded, Problems>) -> Result<Report, Problems> {
        let mut values = self.lock();
        let Loaded { config, values: new, warnings, .. } = load()?;
        let after = arranged(&values, &new, &config, &self.ids);
        let changed = values.changed(&after).iter().map(ToString::to_string).collect();
        let pending = pending(&self.started, &config);
        *values = after;
        self.apply(&values, Reaches::Everything);
        self.tell_outside(&values);
        self.tell_remotes(&config);
        self.waits.store(pending.clone().into());
        Ok(Report { changed, pending, warnings, log: config.log })
    }
}

/// The new values in the order of the cameras that run. One that is gone from the file keeps what it had.
fn arranged(old: &Values, new: &Values, config: &Config, ids: &[String]) -> Values {
    let mut after = new.without_cameras();
    for (at, id) in ids.iter().enumerate() {
        match config.cameras.iter().position(|camera| camera.id == *id) {
            Some(from) => after.take_camera(new, from),
            None => after.take_camera(old, at),
        }
    }
    after
}

/// What a running process cannot take over: where it listens and keeps things, and which cameras there are.
fn pending(started: &Config, new: &Config) -> Vec<String> {
    let mut pending = Vec::new();
    let mut differs = |is: bool, what: String| pending.extend(is.then_some(what));
    differs(started.server.bind != new.server.bind, "server.bind".into());
    differs(started.server.hosts != new.server.hosts, "server.hosts".into());
    differs(started.data != new.data, "data.path".into());
    let of = |config: &Config, id: &str| config.cameras.iter().position(|camera| camera.id == id);
    for camera in &started.cameras {
        match of(new, &camera.id).map(|at| &new.cameras[at]) {
            None => differs(true, format!("camera {} (removed)", camera.id)),
            Some(now) => {
                differs(now.ring_size != camera.ring_size, format!("camera {}: ring_size", camera.id));
                // The ring was made for what was asked of it then; less of it can be kept at any time.
                let longer = now.recording.pre_roll > camera.recording.pre_roll;
                differs(longer, format!("camera {}: recording.pre_roll", camera.id));
            }
        }
    }
    for camera in new.cameras.iter().filter(|camera| of(started, &camera.id).is_none()) {
        differs(true, format!("camera {} (added)", camera.id));
    }
    let order = |config: &Config, other: &Config| -> Vec<String> {
        let both = config.cameras.iter().filter(|camera| of(other, &camera.id).is_some());
        both.map(|camera| camera.id.clone()).collect()
    };
    differs(order(started, new) != order(new, started), "the order of the cameras".into());
    pending
}
