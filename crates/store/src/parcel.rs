//! What a camera and a hub say to each other about an event: the shapes that go over the wire, and reading them.
//!
//! What is read here comes from another machine, which may be anybody's: every text, number and list is held against
//! what it may be, and what is wrong is told with what was found and what is allowed.
//! What does not belong here: where what was sent lies (`intake`), and requests and answers (`hub`, `upload`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::event::Event;
use crate::metadata;

mod check;
pub mod older;
mod send;
mod sniff;
#[cfg(test)]
mod tests;

pub(crate) use check::moment;
pub use check::{check, check_beat, check_file, is_camera, is_device, is_small_file, slug};
pub use older::older_event_of;
pub(crate) use sniff::sniff_clip;

/// Most bytes of one small file.
pub const MOST_FILE: u64 = 16 * 1024 * 1024;
/// Most small files of an event: three pictures, 64 thumbnails and the track.
pub const MOST_FILES: usize = 68;

/// All that belongs to an event, said before any of it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `metadata.json` as it lies beside the clip.
    pub metadata: Value,
    /// The small files.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// The clip, unless there is none.
    #[serde(default)]
    pub clip: Option<ClipEntry>,
}

/// One small file: `poster.jpg`, `thumb.jpg`, `trail.jpg`, `thumb_N.jpg` with N below 64, `track.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// One of the names above.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Hexadecimal, lower case.
    pub sha256: String,
}

/// The clip's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipEntry {
    /// Bytes.
    pub bytes: u64,
    /// Of the whole file; hexadecimal, lower case.
    pub sha256: String,
}

/// How far an event has come to the one who receives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its id.
    pub event: String,
    /// [`UNKNOWN`], [`FILES`], [`CLIP`] or [`STORED`].
    pub state: String,
    /// Small files that are still to be sent.
    #[serde(default)]
    pub wants: Vec<String>,
    /// Bytes of the clip that are there.
    #[serde(default)]
    pub offset: u64,
    /// Once nothing more is wanted.
    #[serde(default)]
    pub receipt: Option<ReceiptShape>,
}

/// Nothing of it is known.
pub const UNKNOWN: &str = "unknown";
/// Small files are wanted.
pub const FILES: &str = "files";
/// The clip is wanted.
pub const CLIP: &str = "clip";
/// Nothing is wanted any more.
pub const STORED: &str = "stored";

/// The word of the one who received an event that it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptShape {
    /// The event's id.
    pub event: String,
    /// Of the clip that is kept; if none is, of what was said of the event. Hexadecimal.
    pub sha256: String,
    /// Bytes of the clip.
    pub bytes: u64,
    /// When it was whole; RFC 3339.
    pub received: String,
    /// Where it lies there: `events/YYYY/MM/DD/<id>`.
    pub path: String,
}

/// How a camera is, told once a minute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beat {
    /// Of its program.
    pub version: String,
    /// Its wall clock; RFC 3339.
    pub now: String,
    /// What it still has to send.
    pub backlog: BeatBacklog,
    /// Its cameras.
    pub cameras: Vec<BeatCamera>,
    /// Where people see it live.
    #[serde(default)]
    pub live_url: Option<String>,
    /// How it is.
    pub health: BeatHealth,
}

/// What a camera still has to send.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BeatBacklog {
    /// How many events.
    pub events: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// When the oldest of them began; RFC 3339.
    #[serde(default)]
    pub oldest: Option<String>,
}

/// One of its cameras.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeatCamera {
    /// `[a-z0-9-]`.
    pub id: String,
    /// For people.
    pub name: String,
    /// A word such as `live` or `lost`.
    pub state: String,
}

/// How a camera's machine is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BeatHealth {
    /// What is wrong, in words.
    #[serde(default)]
    pub problems: Vec<String>,
    /// Bytes.
    #[serde(default)]
    pub disk_free: Option<u64>,
    /// Seconds since its program started.
    pub uptime_s: u64,
}

impl Manifest {
    /// SHA-256 of what was said: the same words, the same hash.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// The event in a `metadata.json` of ours.
///
/// # Errors
/// What is wrong with it, for people: what was found, and what is allowed.
pub fn event_of(metadata: &Value) -> Result<Event, String> {
    let event = metadata::read_value(metadata)?;
    check(&event)?;
    Ok(event)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    metadata::hex(bytes)
}

/// The 32 bytes of a SHA-256 in 64 hexadecimal digits.
///
/// # Errors
/// What is wrong with the text.
pub fn sha256_of(text: &str) -> Result<[u8; 32], String> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex {
        return Err("a SHA-256 has 64 hexadecimal digits in lower case".to_owned());
    }
    metadata::unhex(text)
}
