//! Where in the data directory things lie.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::event::{EventId, PictureName};

/// The clip within an event's folder.
pub(crate) const CLIP: &str = "clip.mp4";
/// What is known of the event, beside its clip.
pub(crate) const METADATA: &str = "metadata.json";
/// What moved when.
pub(crate) const TRACK: &str = "track.json";
/// What is known of a draft from its first moment.
pub(crate) const BIRTH: &str = "draft.json";
/// Why a draft was put aside.
pub(crate) const REASON: &str = "reason.txt";
/// Which data directory this is.
pub(crate) const IDENTITY: &str = "nightjar.id";

/// The names of the data directory.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index.sqlite")
    }

    pub(crate) fn drafts(&self) -> PathBuf {
        self.root.join("drafts")
    }

    pub(crate) fn draft(&self, id: EventId) -> PathBuf {
        self.drafts().join(id.to_string())
    }

    pub(crate) fn events(&self) -> PathBuf {
        self.root.join("events")
    }

    /// The folder of one day, from its name as in [`day_of`].
    pub(crate) fn day(&self, day: &str) -> PathBuf {
        self.events().join(day)
    }

    pub(crate) fn event(&self, day: &str, id: EventId) -> PathBuf {
        self.day(day).join(id.to_string())
    }

    /// Where an event lies, from the root on.
    pub(crate) fn relative(day: &str, id: EventId) -> String {
        format!("events/{day}/{id}")
    }

    /// What comes in of clips.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// The part of a clip that is there.
    pub(crate) fn incoming_part(&self, id: EventId) -> PathBuf {
        self.incoming().join(format!("{id}.part"))
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    pub(crate) fn identity(&self) -> PathBuf {
        self.root.join(IDENTITY)
    }

    /// The copy that tells whether the disk of the events is there, should it be another one than the root's.
    pub(crate) fn identity_of_events(&self) -> PathBuf {
        self.events().join(IDENTITY)
    }

    /// How far retention believes the wall clock.
    pub(crate) fn time(&self) -> PathBuf {
        self.root.join("time.json")
    }
}

/// `YYYY/MM/DD` of the local day then: the folders that an event of that time lies in.
pub(crate) fn day_of(started: Timestamp, utc_offset: i32) -> String {
    let offset = Offset::from_seconds(utc_offset).unwrap_or(Offset::UTC);
    let day = offset.to_datetime(started).date();
    // A year below 0 or above 9999 is a clock gone wild; it still needs a folder.
    format!("{:04}/{:02}/{:02}", day.year().max(0), day.month(), day.day())
}

/// Whether the name is one that an event's folder may hold; nothing else is ever read or deleted there.
pub(crate) fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix(".part").unwrap_or(name);
    let is_numbered = || {
        let number = name.strip_prefix("thumb_").and_then(|rest| rest.strip_suffix(".jpg"));
        number.is_some_and(|n| n.parse::<u32>().is_ok_and(|n| PictureName::Thumbnail(n).file_name() == name))
    };
    matches!(name, CLIP | METADATA | TRACK | BIRTH | REASON | "poster.jpg" | "thumb.jpg" | "trail.jpg")
        || is_numbered()
}
