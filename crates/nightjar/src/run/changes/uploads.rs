//! What can be changed over HTTP of uploading and of how much is kept; the same order as for a camera: checked, kept, in
//! force.

use server::{ChangeError, UploadPatch};

use super::fields::shadow;
use super::{Ledger, keep};
use crate::config::{Config, Retention, Section, Slot, Value, Values};

/// Who goes by `[upload]`, `[[remote]]` and `[retention]`.
pub(crate) trait Outside: Send + Sync {
    /// From now on.
    fn settings(&self, upload: upload::Settings, retention: Retention);
    /// After the file was read again.
    fn remotes(&self, remotes: &[upload::RemoteSettings], upload: upload::Settings);
}

/// What is set, as it was set.
#[derive(Debug, Clone, Default)]
pub(crate) struct UploadSet {
    /// Bytes a second.
    pub(crate) rate: Option<u64>,
    /// `22:00-06:00`.
    pub(crate) window: Option<String>,
    /// Whether it counts.
    pub(crate) window_active: bool,
    /// Whether the signal is looked at.
    pub(crate) wifi: bool,
    /// Whether clips stay.
    pub(crate) keep_clips: bool,
    /// Bytes of all events.
    pub(crate) max_size: u64,
}

type Row = (&'static str, Section, &'static str, fn(&UploadPatch) -> Option<Value>);

/// The field as problems name it, its place, and what a patch says of it.
static FIELDS: &[Row] = &[
    ("paused", Section::Upload, "paused", |it| it.paused.map(Value::Bool)),
    ("rate", Section::Upload, "rate", |it| it.rate.map(Value::Size)),
    ("window", Section::Upload, "window", |it| it.window.clone().map(Value::Text)),
    ("window_active", Section::Upload, "window_active", |it| it.window_active.map(Value::Bool)),
    ("wifi", Section::Upload, "wifi", |it| it.wifi.map(Value::Bool)),
    ("max_size", Section::Retention, "max_size", |it| it.max_size.map(Value::Size)),
];

impl Ledger {
    /// Takes a patch over, all of it or nothing. Touches the disk.
    ///
    /// # Errors
    /// A value that cannot be, one that the environment or a flag sets, or a disk that does not take it.
    pub(crate) fn change_uploads(&self, patch: &UploadPatch) -> Result<(), ChangeError> {
        let mut values = self.lock();
        let mut new: Vec<(Slot, Value)> = Vec::new();
        for (field, section, key, pick) in FIELDS {
            let Some((value, slot)) = pick(patch).zip(Slot::of(*section, key, None, None)) else { continue };
            let there = values.get(slot);
            if there.as_ref().is_some_and(|set| set.value == value) {
                continue;
            }
            if let Some(by) = there.and_then(|set| shadow(&set.origin)) {
                return Err(ChangeError::Shadowed { field, by });
            }
            slot.row().kind.read(&value.to_toml()).map_err(|refused| ChangeError::Invalid {
                field: (*field).into(),
                detail: format!("Found {}; allowed: {}.", refused.found, refused.allowed),
            })?;
            new.push((slot, value));
        }
        if new.is_empty() {
            return Ok(());
        }
        let kept: Vec<(Slot, &Value)> = new.iter().map(|(slot, value)| (*slot, value)).collect();
        keep::keep(&self.kept, &self.ids, &kept, None)
            .map_err(|error| ChangeError::NotKept(format!("{error:#}")))?;
        let names: Vec<String> = new.iter().map(|(slot, _)| slot.to_string()).collect();
        for (slot, value) in new {
            values.put(slot, value, self.changed());
        }
        self.tell_outside(&values);
        tracing::info!(keys = names.join(","), "settings changed");
        Ok(())
    }

    /// Whoever goes by them; set once, before anything can be changed.
    pub(crate) fn set_outside(&self, outside: Box<dyn Outside>) {
        if self.outside.0.set(outside).is_err() {
            tracing::error!("what is outside was set twice");
        }
    }

    /// `[upload]` and `[retention]` are handed on as they are now.
    pub(super) fn tell_outside(&self, values: &Values) {
        if let Some(outside) = self.outside.0.get() {
            outside.settings(Config::upload_of(values), Config::retention_of(values));
        }
    }

    /// `[[remote]]` is handed on, with the keys that its files hold now.
    pub(super) fn tell_remotes(&self, config: &Config) {
        if let Some(outside) = self.outside.0.get() {
            outside.remotes(&config.remotes, config.upload.clone());
        }
    }

    /// What is set. Waits while a change is written.
    pub(crate) fn upload_set(&self) -> UploadSet {
        let values = self.lock();
        let get = |section, name| {
            Slot::of(section, name, None, None).and_then(|slot| values.get(slot)).map(|set| set.value)
        };
        let flag = |name| get(Section::Upload, name) == Some(Value::Bool(true));
        let size = |section, name| match get(section, name) {
            Some(Value::Size(bytes)) => Some(bytes),
            _ => None,
        };
        UploadSet {
            rate: size(Section::Upload, "rate").filter(|rate| *rate > 0),
            window: match get(Section::Upload, "window") {
                Some(Value::Text(window)) => Some(window),
                _ => None,
            },
            window_active: flag("window_active"),
            wifi: flag("wifi"),
            keep_clips: flag("keep_clips"),
            max_size: size(Section::Retention, "max_size").unwrap_or_default(),
        }
    }
}

/// A place for whoever goes by them.
#[derive(Default)]
pub(super) struct Outlet(pub(super) std::sync::OnceLock<Box<dyn Outside>>);

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outlet")
    }
}
