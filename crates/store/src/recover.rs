//! What a crash left, put right: at every start, and for single drafts once a fault is over.
//!
//! ```text
//! drafts/<ID>      complete → published · a clip that can be repaired → published as partial
//!                  nothing in it → taken away · anything else → quarantine/
//! events/… no row  the row is written from metadata.json · damaged → quarantine/
//! row, no files    the row goes
//! tombstones       their files go
//! ```
//!
//! Every step can be done again: a power cut while recovering is recovered from like any other. Of events that are
//! in order only names are compared, day by day, so that a start stays short.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::draft::{BirthShape, count_pictures};
use crate::error::StoreError;
use crate::event::{Clip, ClipCodec, Event, EventId, State};
use crate::fs::Fs;
use crate::index::Index;
use crate::layout::{BIRTH, CLIP, METADATA};
use crate::metadata;
use crate::mp4;
use crate::remove::{put_aside, take_folder, write_metadata};
use crate::store::{Store, locked};

/// What a start had to put right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Events that were complete and only had to be published or indexed.
    pub finished: Vec<EventId>,
    /// Events that had been cut short and are kept as partial.
    pub repaired: Vec<EventId>,
    /// Folders that could not be understood.
    pub quarantined: Vec<EventId>,
    /// Drafts in which nothing was.
    pub empty: Vec<EventId>,
    /// Rows whose files are gone.
    pub dropped: Vec<EventId>,
    /// Deleted events whose files were still there.
    pub buried: u64,
}

impl Recovered {
    fn add(&mut self, more: &Self) {
        self.finished.extend(&more.finished);
        self.repaired.extend(&more.repaired);
        self.quarantined.extend(&more.quarantined);
        self.empty.extend(&more.empty);
        self.dropped.extend(&more.dropped);
        self.buried += more.buried;
    }
}

/// What became of one draft.
#[derive(Debug)]
pub(crate) enum Outcome {
    Finished(Box<Event>),
    Repaired(Box<Event>),
    Quarantined,
    Empty,
}

/// A draft's birth is a few hundred bytes.
const MAX_BIRTH: u64 = 64 * 1024;
/// Changes whose files are looked at; more are never under way at the same time.
const LATEST: u64 = 64;
/// How many tombstones are read at once.
const AT_ONCE: u32 = 500;

impl Store {
    /// Everything a crash, or a fault before, may have left. What is being recorded is left alone.
    pub(crate) fn recover(&self, index: &Index) -> Result<Recovered, StoreError> {
        // Nobody takes events away meanwhile; and whoever does so already will come here again.
        let Ok(_removing) = self.inner().retaining.try_lock() else { return Ok(Recovered::default()) };
        self.inner().has_stones.store(false, Ordering::Relaxed);
        let recovered = self.try_recover(index);
        if recovered.is_err() {
            // Whatever of it was not come to is still to be done.
            self.inner().must_recover.store(true, Ordering::Relaxed);
        }
        recovered
    }

    fn try_recover(&self, index: &Index) -> Result<Recovered, StoreError> {
        let mut recovered = Recovered::default();
        loop {
            let stones = index.tombstones(None, AT_ONCE)?;
            if stones.is_empty() {
                break;
            }
            self.finish(index, &stones)?;
            recovered.buried += stones.len() as u64;
        }
        self.match_names(index, &mut recovered)?;
        self.match_words(index)?;
        self.match_arrivals(index)?;
        let mut drafts = self.ids_in(&self.inner().layout.drafts())?;
        drafts.sort_unstable();
        for id in drafts {
            if self.is_being_written(id) {
                continue;
            }
            match self.recover_draft(index, id, false)? {
                Outcome::Finished(_) => recovered.finished.push(id),
                Outcome::Repaired(_) => recovered.repaired.push(id),
                Outcome::Quarantined => recovered.quarantined.push(id),
                Outcome::Empty => recovered.empty.push(id),
            }
        }
        self.inner().must_recover.store(false, Ordering::Relaxed);
        if recovered != Recovered::default() {
            tracing::info!(
                finished = recovered.finished.len(),
                repaired = recovered.repaired.len(),
                quarantined = recovered.quarantined.len(),
                empty = recovered.empty.len(),
                dropped = recovered.dropped.len(),
                buried = recovered.buried,
                "put right what was left"
            );
        }
        locked(&self.inner().recovered).add(&recovered);
        Ok(recovered)
    }

    /// A file beside a clip is written right after its row: only the latest changes can be without.
    fn match_words(&self, index: &Index) -> Result<(), StoreError> {
        let newest = index.newest_change();
        let changes =
            index.changes_after(newest.saturating_sub(LATEST), u32::try_from(LATEST).unwrap_or(64))?;
        let ids: BTreeSet<EventId> = changes.changes.iter().map(|change| change.id).collect();
        for id in ids {
            if let (Some(event), Some(day)) = (index.get(id)?, index.folder(id)?) {
                let dir = self.inner().layout.event(&day, id);
                write_metadata(self.fs_of(), &dir, &event)
                    .map_err(|error| StoreError::io("write an event's metadata", error))?;
            }
        }
        Ok(())
    }

    /// Rows and folders, day by day.
    fn match_names(&self, index: &Index, recovered: &mut Recovered) -> Result<(), StoreError> {
        let mut days = self.days_on_disk()?;
        let mut after = String::new();
        while let Some(day) = index.next_day(&after)? {
            after.clone_from(&day);
            days.insert(day);
        }
        for day in days {
            // Rows first: one that is published between the two has its folder already.
            let rows: BTreeSet<EventId> = index.names(&day)?.into_iter().collect();
            let there: BTreeSet<EventId> = self.ids_in(&self.inner().layout.day(&day))?.into_iter().collect();
            let lost: Vec<EventId> = rows.difference(&there).copied().collect();
            if !lost.is_empty() {
                tracing::warn!(?lost, %day, "the files of events are gone; their rows go, too");
                index.forget(&lost)?;
                recovered.dropped.extend(lost);
            }
            let orphans: Vec<EventId> = there.difference(&rows).copied().collect();
            self.adopt(index, &day, &orphans, recovered)?;
        }
        Ok(())
    }

    /// The rows of a day's events that have files alone.
    fn adopt(
        &self,
        index: &Index,
        day: &str,
        ids: &[EventId],
        recovered: &mut Recovered,
    ) -> Result<(), StoreError> {
        let inner = self.inner();
        let (fs, mut events) = (self.fs_of(), Vec::new());
        for &id in ids {
            self.saw_id(id);
            let dir = inner.layout.event(day, id);
            match read_event(fs, &dir, id, true) {
                Ok(event) => events.push(event),
                Err(Unread::Io(error)) => return Err(StoreError::io("read an event's metadata", error)),
                Err(Unread::Damaged(why)) => {
                    tracing::warn!(%id, %why, "an event's folder is damaged and put aside");
                    put_aside(fs, &dir, &inner.layout.quarantine(), id, &why)
                        .map_err(|error| StoreError::io("put a damaged event aside", error))?;
                    recovered.quarantined.push(id);
                }
            }
        }
        if !events.is_empty() {
            // What was renamed just before the power went may be there without being sure to stay.
            let sure = fs.sync_dir(&inner.layout.day(day));
            sure.map_err(|error| StoreError::io("sync a folder of events", error))?;
            index.insert_all(events.iter().map(|event| (event, day)))?;
            recovered.finished.extend(events.iter().map(|event| event.id));
            self.owes();
        }
        Ok(())
    }

    /// One draft that nobody writes.
    pub(crate) fn recover_draft(
        &self,
        index: &Index,
        id: EventId,
        is_suspect: bool,
    ) -> Result<Outcome, StoreError> {
        let inner = self.inner();
        let (fs, dir) = (self.fs_of(), inner.layout.draft(id));
        let io = |error| StoreError::io("look at a draft", error);
        let names = match fs.list(&dir) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::Empty),
            Err(error) => return Err(io(error)),
        };
        for name in names.iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == "part")) {
            fs.unlink(&dir.join(name)).map_err(io)?;
        }
        let finished = match read_event(fs, &dir, id, false) {
            Ok(event) => Some(event),
            Err(Unread::Damaged(_)) => None,
            Err(Unread::Io(error)) => return Err(io(error)),
        };
        if let Some(event) = &finished
            && !is_suspect
            && holds_its_clip(fs, &dir, event).map_err(io)?
        {
            // A picture whose name did not reach the disk is missing, and the event as whole as its clip.
            let event = Event { pictures: count_pictures(fs, &dir).map_err(io)?, ..event.clone() };
            write_metadata(fs, &dir, &event).map_err(io)?;
            self.publish(index, &event)?;
            return Ok(Outcome::Finished(Box::new(event)));
        }
        let is_begun = match fs.metadata(&dir.join(CLIP)) {
            Ok(clip) => clip.len > 0,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(io(error)),
        };
        if !is_begun {
            return self.set_aside(id, &dir, "there is no clip", true);
        }
        let known = match finished {
            Some(event) => Some(event),
            None => born(fs, &dir, id).map_err(io)?,
        };
        let Some(mut event) = known else {
            return self.set_aside(id, &dir, "neither draft.json nor metadata.json can be read", false);
        };
        let degraded = event.clip.as_ref().is_some_and(|clip| clip.degraded);
        match repair_into(fs, &dir.join(CLIP), &mut event, degraded) {
            Ok(()) => {}
            Err(StoreError::Corrupt(why)) => return self.set_aside(id, &dir, &why, why == NOTHING),
            Err(error) => return Err(error),
        }
        event.pictures = count_pictures(fs, &dir).map_err(io)?;
        write_metadata(fs, &dir, &event).map_err(io)?;
        self.publish(index, &event)?;
        Ok(Outcome::Repaired(Box::new(event)))
    }

    fn set_aside(&self, id: EventId, dir: &Path, why: &str, is_empty: bool) -> Result<Outcome, StoreError> {
        let (fs, layout) = (self.fs_of(), &self.inner().layout);
        if is_empty {
            let gone = take_folder(fs, dir, &layout.drafts());
            gone.map_err(|error| StoreError::io("take away an empty draft", error))?;
            return Ok(Outcome::Empty);
        }
        tracing::warn!(%id, %why, "a draft cannot be repaired and is put aside");
        let moved = put_aside(fs, dir, &layout.quarantine(), id, why);
        moved.map_err(|error| StoreError::io("put a draft aside", error))?;
        Ok(Outcome::Quarantined)
    }

    /// The ids in a folder; everything else in it is none of ours.
    pub(crate) fn ids_in(&self, dir: &Path) -> Result<Vec<EventId>, StoreError> {
        match self.fs_of().list(dir) {
            Ok(names) => Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(StoreError::io("list a folder of events", error)),
        }
    }

    /// `YYYY/MM/DD` of every day there is a folder of.
    pub(crate) fn days_on_disk(&self) -> Result<BTreeSet<String>, StoreError> {
        let events = self.inner().layout.events();
        let mut names = vec![String::new()];
        for digits in [4, 2, 2] {
            let mut deeper = Vec::new();
            for above in &names {
                let found = match self.fs_of().list(&events.join(above)) {
                    Ok(found) => found,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                    Err(error) => return Err(StoreError::io("list the folders of events", error)),
                };
                for name in found.iter().filter_map(|name| name.to_str()) {
                    if name.len() == digits && name.bytes().all(|byte| byte.is_ascii_digit()) {
                        deeper.push(if above.is_empty() {
                            name.to_owned()
                        } else {
                            format!("{above}/{name}")
                        });
                    }
                }
            }
            names = deeper;
        }
        Ok(names.into_iter().collect())
    }
}

/// Why an event could not be read from its files.
#[derive(Debug)]
pub(crate) enum Unread {
    Io(io::Error),
    Damaged(String),
}

/// The event in a folder's metadata, and that its clip is as long as it says if that is wanted.
pub(crate) fn read_event(fs: &dyn Fs, dir: &Path, id: EventId, has_clip: bool) -> Result<Event, Unread> {
    let bytes = match fs.read(&dir.join(METADATA), metadata::MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if is_damage(&error) => return Err(Unread::Damaged(format!("{METADATA}: {error}"))),
        Err(error) => return Err(Unread::Io(error)),
    };
    let event = metadata::read(&bytes).map_err(|why| Unread::Damaged(format!("{METADATA}: {why}")))?;
    if event.id != id {
        return Err(Unread::Damaged(format!("{METADATA} is of {}", event.id)));
    }
    if let (true, Some(clip)) = (has_clip, &event.clip) {
        match fs.metadata(&dir.join(CLIP)) {
            Ok(file) if file.len == clip.bytes => {}
            Ok(file) => {
                return Err(Unread::Damaged(format!(
                    "{CLIP} has {} bytes in place of {}",
                    file.len, clip.bytes
                )));
            }
            Err(error) if is_damage(&error) => return Err(Unread::Damaged(format!("{CLIP}: {error}"))),
            Err(error) => return Err(Unread::Io(error)),
        }
    }
    Ok(event)
}

/// Errors that say something of the file, and not of the disk.
fn is_damage(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        io::ErrorKind::NotFound
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
    ) || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Whether the clip lies there with the size and the hash that the event says, or none does where it says none.
pub(crate) fn holds_its_clip(fs: &dyn Fs, dir: &Path, event: &Event) -> io::Result<bool> {
    let path = dir.join(CLIP);
    match (&event.clip, fs.metadata(&path)) {
        (None, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        (Some(clip), Ok(file)) if file.len == clip.bytes => Ok(hash(fs, &path)? == clip.sha256),
        (_, Err(error)) if !is_damage(&error) => Err(error),
        _ => Ok(false),
    }
}

/// SHA-256 of a whole file.
pub(crate) fn hash(fs: &dyn Fs, path: &Path) -> io::Result<[u8; 32]> {
    use sha2::Digest;
    let mut file = fs.open_read(path)?;
    let mut sum = sha2::Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match std::io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(sum.finalize().into()),
            Ok(n) => sum.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A clip that was begun and of which no frame is whole.
const NOTHING: &str = "no frame of the clip is whole";

/// Cuts the clip after its last whole fragment, and makes the event say what is in it then.
pub(crate) fn repair_into(
    fs: &dyn Fs,
    path: &Path,
    event: &mut Event,
    degraded: bool,
) -> Result<(), StoreError> {
    let repaired = match mp4::repair(fs, path) {
        Ok(repaired) => repaired,
        Err(mp4::NotAClip::Io(error)) => return Err(StoreError::io("repair a clip", error)),
        Err(mp4::NotAClip::Empty) => return Err(StoreError::Corrupt(NOTHING.to_owned())),
        Err(error) => return Err(StoreError::Corrupt(error.to_string())),
    };
    let codec = codec_of(fs, path)?;
    event.state = State::Partial;
    event.frames = repaired.frames;
    event.duration = repaired.duration;
    event.lead = event.lead.min(event.duration);
    event.clip = Some(Clip { bytes: repaired.bytes, sha256: repaired.sha256, codec, degraded });
    Ok(())
}

fn codec_of(fs: &dyn Fs, path: &Path) -> Result<ClipCodec, StoreError> {
    let mut file = fs.open_read(path).map_err(|error| StoreError::io("open a clip", error))?;
    match mp4::inspect(&mut file) {
        Ok(facts) => Ok(facts.codec),
        Err(mp4::NotAClip::Io(error)) => Err(StoreError::io("read a clip", error)),
        Err(error) => Err(StoreError::Corrupt(error.to_string())),
    }
}

/// What is known of a draft from its first moment.
fn born(fs: &dyn Fs, dir: &Path, id: EventId) -> io::Result<Option<Event>> {
    let bytes = match fs.read(&dir.join(BIRTH), MAX_BIRTH) {
        Ok(bytes) => bytes,
        Err(error) if is_damage(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let shape: Option<BirthShape> = serde_json::from_slice(&bytes).ok();
    Ok(shape.and_then(|shape| shape.event(id).ok()))
}
