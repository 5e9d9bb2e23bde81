//! `SIGHUP` to a hub: the configuration is read again, what can be taken over is, and the rest is named. Keys are none of
//! it: they are looked at anew all the time.

use store::Store;

use super::settings;
use crate::config::{self, Inputs, Loaded, Section, Values};
use crate::run::{keep, logs};

/// What it takes to read the configuration again.
pub(super) struct Reloading {
    pub(super) store: Store,
    pub(super) live: hub::Live,
    /// What the configuration is read from, as at the start.
    pub(super) inputs: Inputs,
    /// `[hub]` as it was at the start.
    pub(super) started: config::Hub,
    /// As they were read last.
    pub(super) values: Values,
}

impl Reloading {
    /// Takes over what the files say now, or nothing of it. Touches the disk.
    pub(super) fn run(&mut self) {
        tracing::info!("SIGHUP: reading the configuration again");
        match config::load(self.inputs.clone()) {
            Ok(loaded) => self.take(loaded),
            Err(problems) => {
                tracing::error!("the configuration was not taken over; what was in force stays");
                problems.to_string().lines().for_each(|line| tracing::error!("{line}"));
            }
        }
    }

    fn take(&mut self, loaded: Loaded) {
        let Loaded { config, values, warnings, .. } = loaded;
        logs::follow(&config.log);
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        self.store.set_retention(keep::limits(config.hub.retention));
        self.live.set(settings(&config.hub));
        let mut changed = self.values.changed(&values);
        // Of a camera's tables in the same file nothing is asked here.
        changed.retain(|slot| matches!(slot.row().section, Section::Hub | Section::Log));
        let names = changed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        tracing::info!(count = changed.len(), changed = names, "the configuration was read again");
        for what in pending(&self.started, &config.hub) {
            tracing::warn!(what, "this waits for a restart; until then the old value is in force");
        }
        self.values = values;
    }
}

/// What a running hub cannot take over: where it listens, under which names, and where it keeps things.
fn pending(started: &config::Hub, new: &config::Hub) -> Vec<&'static str> {
    let differs = [
        (started.bind != new.bind, "hub.bind"),
        (started.hosts != new.hosts, "hub.hosts"),
        (started.path != new.path, "hub.path"),
    ];
    differs.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}
