//! What was changed over HTTP: `<data>/settings.toml`, one table a camera.
//!
//! ```toml
//! [camera.garden]
//! motion_threshold = 30
//! ```
//! Keys are those of `camera_config`; their ranges are the caller's to check, when writing and when reading. A
//! damaged file is never written over.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::fs::Fs;
use crate::publish;

#[cfg(test)]
mod tests;

/// A camera's changes are a few hundred bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why settings could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file is there but cannot be understood.
    #[error("{path}: {why}. Mend it, or delete it to go back to the configuration file's values")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong, with the line.
        why: String,
    },
    /// The system said no.
    #[error("failed to {what} {path}: {source}")]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What was changed of one camera; `None` was not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of camera_config and say it all")]
pub struct CameraSettings {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub frame_rate: Option<u32>,
    pub rotation: Option<u32>,
    pub max_clients: Option<u32>,
    pub client_timeout: Option<u32>,
    pub show_timestamp: Option<bool>,
    pub timestamp_position: Option<String>,
    pub motion_detection: Option<bool>,
    pub motion_threshold: Option<u32>,
    pub motion_min_area: Option<u32>,
    pub highlight_motion: Option<bool>,
}

impl CameraSettings {
    /// Takes over what `newer` names.
    pub fn merge(&mut self, newer: Self) {
        fn take<T>(old: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *old = new;
            }
        }
        take(&mut self.width, newer.width);
        take(&mut self.height, newer.height);
        take(&mut self.frame_rate, newer.frame_rate);
        take(&mut self.rotation, newer.rotation);
        take(&mut self.max_clients, newer.max_clients);
        take(&mut self.client_timeout, newer.client_timeout);
        take(&mut self.show_timestamp, newer.show_timestamp);
        take(&mut self.timestamp_position, newer.timestamp_position);
        take(&mut self.motion_detection, newer.motion_detection);
        take(&mut self.motion_threshold, newer.motion_threshold);
        take(&mut self.motion_min_area, newer.motion_min_area);
        take(&mut self.highlight_motion, newer.highlight_motion);
    }
}

/// Everything that was changed, by camera id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Cameras that are not configured any more stay in it and do no harm.
    #[serde(default)]
    pub camera: BTreeMap<String, CameraSettings>,
}

/// The file of one data directory.
#[derive(Debug)]
pub struct SettingsFile {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    /// One change after the other.
    writing: Mutex<()>,
}

impl SettingsFile {
    /// Nothing is read yet, nothing made.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, dir: &Path) -> Self {
        Self { fs, dir: dir.to_owned(), writing: Mutex::new(()) }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.join("settings.toml")
    }

    /// What was changed; nothing if there is no file.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn load(&self) -> Result<Settings, SettingsError> {
        let path = self.path();
        let damaged = |why: String| SettingsError::Damaged { path: path.display().to_string(), why };
        match self.fs.read(&path, MAX_BYTES) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
                toml::from_str(&text).map_err(|error| damaged(error.to_string().trim().to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(source) => Err(self.io_error("read", source)),
        }
    }

    /// Takes over what `newer` names of that camera and keeps it durably. Makes the data directory, too.
    ///
    /// # Errors
    /// [`SettingsError`]; then nothing was changed.
    pub fn merge(&self, camera: &str, newer: CameraSettings) -> Result<(), SettingsError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.fs.create_dir_all(&self.dir).map_err(|source| self.io_error("write", source))?;
        let mut settings = self.load()?;
        settings.camera.entry(camera.to_owned()).or_default().merge(newer);
        let text = toml::to_string_pretty(&settings)
            .map_err(|error| self.io_error("write", io::Error::other(error)))?;
        let text = format!("# What was changed over HTTP; wins over the configuration file.\n{text}");
        publish::replace(self.fs.as_ref(), &self.path(), text.as_bytes())
            .map_err(|source| self.io_error("write", source))
    }

    fn io_error(&self, what: &'static str, source: io::Error) -> SettingsError {
        SettingsError::Io { what, path: self.path().display().to_string(), source }
    }
}
