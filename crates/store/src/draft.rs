//! An event while it is being written: a folder of its own below `drafts/`, published whole or not at all.
//!
//! ```text
//! begin       draft.json → fsync
//! create_clip clip.mp4, fsync of the folder and of drafts/: from here on a power cut leaves what was synced
//! write       pictures → fsync each
//! commit      metadata.json, track.json → fsync; folder → fsync; rename to events/YYYY/MM/DD; fsync; one row
//! ```
//!
//! After a failed write or fsync of the clip the draft is suspect: what is sure to be whole of it is kept, as
//! partial. It is never synced again and called good.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frame::{Point, Rect, Size, Stamp};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::event::{Analysis, Clip, Event, EventId, Origin, PictureName, Pictures, State, Verdict};
use crate::fs::{Fs, FsFile};
use crate::layout::{BIRTH, CLIP, METADATA, TRACK, day_of};
use crate::metadata::{self, nanos};
use crate::notice::NoticeKind;
use crate::store::Store;
use crate::track::{self, Track};

mod clip;

use clip::{ClipFile, Marks};

/// Beside it there must be room in the file for what is ours.
const MOST_LEGACY: usize = 512 * 1024;

/// What is known of an event when it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Birth {
    /// The camera's id.
    pub camera: String,
    /// How it came to be.
    pub origin: Origin,
    /// When the first frame was taken; of imported footage the wall time alone counts.
    pub started: Stamp,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset: i32,
    /// From the first frame to the first with motion.
    pub lead: Duration,
    /// Whether the wall clock is known to be right.
    pub clock_was_set: bool,
    /// Pixels of its frames.
    pub size: Size,
    /// Which part of a long event, from 1.
    pub part: u32,
    /// The first part, if this is a later one.
    pub part_of: Option<EventId>,
}

/// What is known of an event when it has ended.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each as in Event")]
pub struct Finished {
    /// `Whole`, unless something of it was lost.
    pub state: State,
    pub duration: Duration,
    pub lead: Duration,
    pub clock_was_set: bool,
    pub verdict: Verdict,
    pub sentence: Option<String>,
    pub frames: u64,
    pub missing: u64,
    pub regions: Vec<Rect>,
    pub trail: Vec<Point>,
    /// What closing the clip's file gave; `None` for an event of pictures alone.
    pub clip: Option<Clip>,
    pub analysis: Option<Analysis>,
    pub novelty: f32,
    pub source_sha256: Option<[u8; 32]>,
    pub source_id: Option<String>,
}

/// An event that is being written. Dropped without [`commit`](Self::commit) or [`discard`](Self::discard) it is
/// thrown away, unless something of its clip was synced already: that is repaired and kept.
#[derive(Debug)]
pub struct Draft {
    store: Store,
    id: EventId,
    dir: PathBuf,
    birth: BirthShape,
    marks: Arc<Marks>,
    has_clip: bool,
    pictures: Pictures,
    legacy: Option<serde_json::Value>,
    is_open: bool,
}

/// `draft.json`: what recovery knows of a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BirthShape {
    pub(crate) format: u32,
    pub(crate) camera: String,
    pub(crate) origin: String,
    /// RFC 3339.
    pub(crate) started: String,
    pub(crate) utc_offset_s: i32,
    pub(crate) lead_ns: u64,
    pub(crate) boot: Option<String>,
    pub(crate) mono_ns: u64,
    pub(crate) clock_was_set: bool,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) part: u32,
    pub(crate) part_of: Option<String>,
}

impl BirthShape {
    /// An event of which nothing but its birth is known.
    pub(crate) fn event(&self, id: EventId) -> Result<Event, String> {
        let part_of = self.part_of.as_deref().map(str::parse).transpose();
        Ok(Event {
            id,
            camera: self.camera.clone(),
            origin: metadata::origin_of(&self.origin)?,
            state: State::Partial,
            started: self.started.parse().map_err(|error: jiff::Error| error.to_string())?,
            utc_offset: self.utc_offset_s,
            duration: Duration::ZERO,
            lead: Duration::from_nanos(self.lead_ns),
            boot: self.boot.clone(),
            mono: Duration::from_nanos(self.mono_ns),
            clock_was_set: self.clock_was_set,
            part: self.part,
            part_of: part_of.map_err(|error: crate::event::NotAnId| error.to_string())?,
            verdict: Verdict {
                label: "unknown".to_owned(),
                confidence: 0.0,
                alternatives: Vec::new(),
                direction: "still".to_owned(),
                by_person: false,
            },
            sentence: None,
            size: Size::new(self.width, self.height),
            frames: 0,
            missing: 0,
            regions: Vec::new(),
            trail: Vec::new(),
            clip: None,
            pictures: Pictures::default(),
            analysis: None,
            novelty: 0.0,
            favourite: false,
            note: String::new(),
            seen: false,
            source_sha256: None,
            source_id: None,
        })
    }
}

impl Draft {
    /// Makes the folder and writes what is known; the room was asked for by the caller.
    pub(crate) fn begin(store: &Store, id: EventId, birth: &Birth) -> Result<Self, StoreError> {
        let inner = store.inner();
        let is_here = birth.origin != Origin::Import;
        let birth = BirthShape {
            format: 1,
            camera: birth.camera.clone(),
            origin: metadata::origin_word(birth.origin).to_owned(),
            started: store.timestamp(birth.started.wall).to_string(),
            utc_offset_s: birth.utc_offset,
            lead_ns: nanos(birth.lead),
            boot: is_here.then(|| inner.boot.id.clone()),
            mono_ns: if is_here { nanos(inner.boot.since(birth.started.mono)) } else { 0 },
            clock_was_set: birth.clock_was_set,
            width: birth.size.width,
            height: birth.size.height,
            part: birth.part,
            part_of: birth.part_of.map(|id| id.to_string()),
        };
        let dir = inner.layout.draft(id);
        let bytes = serde_json::to_vec_pretty(&birth).unwrap_or_default();
        let draft = Self {
            store: store.clone(),
            id,
            dir,
            birth,
            marks: Arc::default(),
            has_clip: false,
            pictures: Pictures::default(),
            legacy: None,
            is_open: true,
        };
        let fs = &*inner.fs;
        fs.create_dir(&draft.dir).map_err(|error| StoreError::io("make a folder for an event", error))?;
        write_synced(fs, &draft.dir.join(BIRTH), &bytes)
            .map_err(|error| StoreError::io("begin an event", error))?;
        Ok(draft)
    }

    /// The event's id, now and once it is finished.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.id
    }

    /// Makes the file of the clip; once. What is synced of it from now on survives a power cut.
    ///
    /// # Errors
    /// What the system says.
    pub fn create_clip(&mut self) -> Result<Box<dyn FsFile>, StoreError> {
        let inner = self.store.inner();
        let made = inner.fs.create_new(&self.dir.join(CLIP)).and_then(|file| {
            inner.fs.sync_dir(&self.dir)?;
            inner.fs.sync_dir(&inner.layout.drafts())?;
            Ok(file)
        });
        let file = self.store.told(made.map_err(|error| StoreError::io("make a clip", error)))?;
        self.has_clip = true;
        Ok(Box::new(ClipFile { file, marks: Arc::clone(&self.marks), store: self.store.clone() }))
    }

    /// Writes one picture beside the clip, over an earlier one of that name.
    ///
    /// # Errors
    /// What the system says; then the event has no such picture, and everything else of it is as it was.
    pub fn write(&mut self, name: PictureName, jpeg: &[u8]) -> Result<(), StoreError> {
        let path = self.dir.join(name.file_name());
        let fs = &*self.store.inner().fs;
        let written = self.store.with_room(|| put(fs, &path, jpeg));
        self.store.told(written.map_err(|error| StoreError::io("write a picture", error)))?;
        match name {
            PictureName::Poster => self.pictures.poster = true,
            PictureName::Thumb => self.pictures.thumb = true,
            PictureName::Trail => self.pictures.trail = true,
            PictureName::Thumbnail(n) => {
                self.pictures.thumbnails = self.pictures.thumbnails.max(n.saturating_add(1))
            }
        }
        Ok(())
    }

    /// Writes what moved when; once.
    ///
    /// # Errors
    /// What the system says; then the event has no track, and everything else of it is as it was.
    pub fn track(&mut self, track: &Track) -> Result<(), StoreError> {
        let path = self.dir.join(TRACK);
        let bytes = track::write(track);
        let fs = &*self.store.inner().fs;
        let written = self.store.with_room(|| put(fs, &path, &bytes));
        self.store.told(written.map_err(|error| StoreError::io("write what moved", error)))?;
        Ok(())
    }

    /// What the system that the event comes from said of it, kept as it is under `legacy` in its metadata.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for what takes more than 512 KiB there.
    pub fn keep(&mut self, legacy: serde_json::Value) -> Result<(), StoreError> {
        if serde_json::to_vec_pretty(&legacy).is_ok_and(|text| text.len() > MOST_LEGACY) {
            return Err(StoreError::Invalid(
                "what the older system said of it takes more than 512 KiB".to_owned(),
            ));
        }
        self.legacy = Some(legacy);
        Ok(())
    }

    /// Tells whoever listens how the event stands: the first time that it has started, then that it goes on.
    /// Nothing is written. Id, state and files of `so_far` are not looked at.
    pub fn tell(&self, so_far: &Finished) {
        let Ok(event) = self.event(so_far) else { return };
        let is_first = self.store.set_recording(Arc::new(event.clone()));
        let kind = if is_first { NoticeKind::Started } else { NoticeKind::Updated };
        let change = self.store.newest_change();
        self.store.notify(kind, Arc::new(event), change);
    }

    /// Publishes it: every file is on the disk and its folder among the events when the row is written.
    ///
    /// A clip that is suspect is cut after its last whole fragment, and the event is partial.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if nothing of the clip can be kept: it lies in `quarantine/` then. Any other error
    /// leaves the draft to be finished once the fault is over, which the store does by itself.
    pub fn commit(mut self, finished: Finished) -> Result<Arc<Event>, StoreError> {
        self.is_open = false;
        let is_suspect = self.marks.suspect.load(Ordering::Relaxed);
        let committed = self.try_commit(&finished);
        match &committed {
            Ok(_) => self.store.no_longer_recording(self.id, None),
            Err(_) => {
                let is_suspect = is_suspect || self.marks.suspect.load(Ordering::Relaxed);
                self.store.no_longer_recording(self.id, Some(is_suspect));
            }
        }
        let (event, change) = self.store.told(committed)?;
        let event = Arc::new(event);
        self.store.notify(NoticeKind::Ended, Arc::clone(&event), change);
        Ok(event)
    }

    fn try_commit(&self, finished: &Finished) -> Result<(Event, u64), StoreError> {
        let inner = self.store.inner();
        let mut event = self
            .event(finished)
            .map_err(|why| StoreError::Corrupt(format!("the birth of {}: {why}", self.id)))?;
        if self.has_clip {
            self.settle_clip(&mut event)?;
        }
        let fs = &*inner.fs;
        event.pictures =
            count_pictures(fs, &self.dir).map_err(|error| StoreError::io("look at pictures", error))?;
        let bytes = metadata::write_with(&event, self.legacy.as_ref());
        self.store
            .with_room(|| put(fs, &self.dir.join(METADATA), &bytes))
            .map_err(|error| StoreError::io("write an event's metadata", error))?;
        let change = self.store.publish(&*self.store.index()?, &event)?;
        Ok((event, change))
    }

    /// The clip's file is as the event says, on the disk; or cut so that it is.
    fn settle_clip(&self, event: &mut Event) -> Result<(), StoreError> {
        let fs = &*self.store.inner().fs;
        let path = self.dir.join(CLIP);
        let Some(clip) = event.clip.clone() else {
            return fs.unlink(&path).map_err(|error| StoreError::io("take away a clip", error));
        };
        if self.marks.dirty.load(Ordering::Relaxed) && !self.marks.suspect.load(Ordering::Relaxed) {
            let synced = fs.open_write(&path).and_then(|mut file| file.sync());
            if synced.is_err() {
                self.marks.suspect.store(true, Ordering::Relaxed);
            }
        }
        let length = fs.metadata(&path).map_err(|error| StoreError::io("look at a clip", error))?.len;
        if !self.marks.suspect.load(Ordering::Relaxed) && length == clip.bytes {
            return Ok(());
        }
        self.marks.suspect.store(true, Ordering::Relaxed);
        crate::recover::repair_into(fs, &path, event, clip.degraded)
    }

    fn event(&self, finished: &Finished) -> Result<Event, String> {
        let born = self.birth.event(self.id)?;
        Ok(Event {
            state: finished.state,
            duration: finished.duration,
            lead: finished.lead,
            clock_was_set: finished.clock_was_set,
            verdict: finished.verdict.clone(),
            sentence: finished.sentence.clone(),
            frames: finished.frames,
            missing: finished.missing,
            regions: finished.regions.clone(),
            trail: finished.trail.clone(),
            clip: finished.clip.clone(),
            pictures: self.pictures,
            analysis: finished.analysis.clone(),
            novelty: finished.novelty,
            source_sha256: finished.source_sha256,
            source_id: finished.source_id.clone(),
            ..born
        })
    }

    /// Throws it away.
    pub fn discard(mut self) {
        self.is_open = false;
        self.throw_away();
    }

    fn throw_away(&self) {
        let inner = self.store.inner();
        let gone = crate::remove::take_folder(&*inner.fs, &self.dir, &inner.layout.drafts());
        // What could not be taken away now is taken away later.
        let was_told = self.store.was_told_of(self.id);
        self.store.no_longer_recording(self.id, gone.is_err().then_some(true));
        if was_told {
            self.store.notify_gone(self.id, self.store.newest_change());
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        if self.marks.synced.load(Ordering::Relaxed) {
            self.store.no_longer_recording(self.id, Some(true));
        } else {
            self.throw_away();
        }
    }
}

/// Makes a file of these bytes that is on the disk when this returns; its name is only after its folder is synced.
pub(crate) fn write_synced(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs.create_new(path)?;
    file.write_all(bytes)?;
    file.sync()
}

/// As [`write_synced`], under another name first: a file of this name is whole, whatever happens.
fn put(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs.unlink(&part).or_else(absent_is_fine)?;
    let written = write_synced(fs, &part, bytes).and_then(|()| fs.rename_replace(&part, path));
    if written.is_err() {
        // The first error is the one that counts.
        fs.unlink(&part).unwrap_or_default();
    }
    written
}

pub(crate) fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Which pictures lie in the folder, and their bytes.
pub(crate) fn count_pictures(fs: &dyn Fs, dir: &Path) -> io::Result<Pictures> {
    let mut pictures = Pictures::default();
    let size = |name: PictureName| match fs.metadata(&dir.join(name.file_name())) {
        Ok(metadata) if metadata.len > 0 && !metadata.is_dir => Ok(Some(metadata.len)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let mut add = |found: Option<u64>| {
        pictures.bytes += found.unwrap_or(0);
        found.is_some()
    };
    let poster = add(size(PictureName::Poster)?);
    let thumb = add(size(PictureName::Thumb)?);
    let trail = add(size(PictureName::Trail)?);
    let mut thumbnails = 0;
    while add(size(PictureName::Thumbnail(thumbnails))?) {
        thumbnails += 1;
    }
    Ok(Pictures { poster, thumb, trail, thumbnails, ..pictures })
}

/// The day's folder of an event.
pub(crate) fn day_of_event(event: &Event) -> String {
    day_of(event.started, event.utc_offset)
}
