//! The store as others see it: events begin, end, are found, changed and taken away.
//!
//! What does not belong here: how an event is written (`draft`), taken away (`remove`), found again after a crash
//! (`recover`), and which events go when room is short (`retain`).

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Debug};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use frame::Clock;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::boot::Boot;
use crate::draft::{Birth, Draft};
use crate::error::StoreError;
use crate::event::{ClipCodec, Event, EventId, Origin, PictureName};
use crate::fs::{DataFs, Fs, FsRead};
use crate::health::{Problem, StoreState};
use crate::index::Index;
use crate::intake::Intake;
use crate::layout::{CLIP, Layout, TRACK};
use crate::notice::{Listener, Notice, NoticeKind};
use crate::outbox::RemoteRule;
use crate::query::{Activity, Change, Changes, Page, Query, Span, Timeline};
use crate::recover::Recovered;
use crate::retain::{Retaining, Retention};
use crate::track::{self, Track};

pub(crate) mod opening;
mod writing;

pub use opening::Opening;

/// A clip's file and the event it belongs to.
type OpenClip = (Box<dyn FsRead>, Event);

/// The first second of 2240: rows hold nanoseconds, and reach a little further.
const LATEST: i64 = 8_520_336_000;

#[cfg(test)]
pub(crate) mod tests;

/// A picture is at most as large as a frame; more than this is none of ours.
const MAX_PICTURE: u64 = 64 * 1024 * 1024;

/// Everything that is kept. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("root", &self.inner.layout.root()).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) layout: Layout,
    pub(crate) boot: Boot,
    pub(crate) retention: Mutex<Retention>,
    /// Whose root it was when it was opened; no other one is opened in this life of the program.
    root: Mutex<Option<String>>,
    /// It was made in this life of the program, and nothing was recorded in it: a disk that was mounted late may take
    /// its place.
    is_new: AtomicBool,
    /// Where the index comes from; `None` behind it while the disk is missing.
    source: Box<dyn opening::IndexSource>,
    index: RwLock<Option<Arc<Index>>>,
    /// Held while folders of days come and go.
    pub(crate) folders: Mutex<writing::Days>,
    last_id: Mutex<Option<EventId>>,
    made: AtomicU64,
    /// Drafts that somebody writes, and how they stand if that was told.
    recording: Mutex<HashMap<EventId, Option<Arc<Event>>>>,
    /// Drafts that nobody writes any more and that are not published; whether their clip is suspect.
    left: Mutex<HashMap<EventId, bool>>,
    /// Published, but their row could not be written.
    owed: Mutex<Vec<(Event, String)>>,
    /// The file beside their clip does not say yet what their row says.
    behind: Mutex<HashSet<EventId>>,
    /// Files of deleted events are still there.
    pub(crate) has_stones: AtomicBool,
    /// What an earlier run left could not be put right.
    pub(crate) must_recover: AtomicBool,
    /// The latest change of the index that is known of.
    change: AtomicU64,
    listeners: RwLock<Vec<Arc<Listener>>>,
    /// Whom events are owed to; `None` until somebody has said so, and then it is as the last run left it.
    pub(crate) remotes: Mutex<Option<Vec<RemoteRule>>>,
    /// What is owed does not follow the remotes yet.
    pub(crate) must_settle_remotes: AtomicBool,
    pub(crate) nudges: RwLock<Vec<Arc<dyn Fn() + Send + Sync>>>,
    /// What comes from other machines.
    pub(crate) intake: Intake,
    problem: Mutex<Option<Problem>>,
    closed: Mutex<Option<Closed>>,
    pub(crate) recovered: Mutex<Recovered>,
    /// Held by whoever takes events away or recovers.
    pub(crate) retaining: Mutex<Retaining>,
    /// Only one process at a time writes here.
    lock: Mutex<Option<opening::Lock>>,
}

/// Why there is no index at present.
#[derive(Debug, Clone)]
enum Closed {
    /// The disk that holds the events is not there.
    Missing(String),
    /// It is there and could not be read.
    Failed(Problem),
}

/// A lock is never poisoned for good: what it guards is whole at every step.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(crate) fn index(&self) -> Result<Arc<Index>, StoreError> {
        let index = self.inner.index.read().unwrap_or_else(PoisonError::into_inner).clone();
        index.ok_or_else(|| match &*locked(&self.inner.closed) {
            Some(Closed::Failed(problem)) => StoreError::Missing(problem.what.clone()),
            Some(Closed::Missing(why)) => StoreError::Missing(why.clone()),
            None => StoreError::Missing("it is not open yet".to_owned()),
        })
    }

    /// What the last opening had to do.
    #[must_use]
    pub fn recovered(&self) -> Recovered {
        locked(&self.inner.recovered).clone()
    }

    /// Begins an event. Its id is larger than that of every other event, whatever the wall clock says.
    ///
    /// # Errors
    /// [`StoreError::Missing`] while the disk is not there; else what the system says, after room was made if the
    /// disk was full.
    pub fn begin(&self, birth: &Birth) -> Result<Draft, StoreError> {
        let index = self.index()?;
        self.inner.is_new.store(false, Ordering::Relaxed);
        self.mend(&index);
        let wall = if birth.origin == Origin::Import { self.inner.clock.wall() } else { birth.started.wall };
        let id = self.next_id(wall);
        locked(&self.inner.recording).insert(id, None);
        let begun = Draft::begin(self, id, birth).or_else(|error| match error {
            StoreError::Full if self.make_room() => {
                crate::remove::take_files(&*self.inner.fs, &self.inner.layout.draft(id)).unwrap_or_default();
                Draft::begin(self, id, birth)
            }
            error => Err(error),
        });
        if begun.is_err() {
            self.no_longer_recording(id, Some(true));
        }
        self.told(begun)
    }

    /// One page of the events that match; those being recorded are not among them.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a question that is too long; else the index's.
    pub fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.index()?.list(query)
    }

    /// One event, finished or being recorded.
    ///
    /// # Errors
    /// The index's.
    pub fn get(&self, id: EventId) -> Result<Option<Arc<Event>>, StoreError> {
        if let Some(event) = self.recording(id) {
            return Ok(Some(event));
        }
        Ok(self.index()?.get(id)?.map(Arc::new))
    }

    /// An event that is being recorded, as far as it is known.
    #[must_use]
    pub fn recording(&self, id: EventId) -> Option<Arc<Event>> {
        locked(&self.inner.recording).get(&id).cloned().flatten()
    }

    /// All events that are being recorded, as far as they are known, the oldest first.
    #[must_use]
    pub fn recordings(&self) -> Vec<Arc<Event>> {
        let mut events: Vec<_> = locked(&self.inner.recording).values().flatten().cloned().collect();
        events.sort_by_key(|event| event.id);
        events
    }

    /// Writes a person's words; → the event after it, or `None` if there is none such.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for words that are not allowed; else the index's.
    pub fn change(&self, id: EventId, change: &Change) -> Result<Option<Arc<Event>>, StoreError> {
        let index = self.index()?;
        let changed = self.with_index_room(|| index.change(id, change));
        let Some(event) = self.told(changed)? else { return Ok(None) };
        // The row counts; the file beside the clip follows, now or when the disk lets it.
        self.follow(&index, &event);
        let event = Arc::new(event);
        self.notify(NoticeKind::Updated, Arc::clone(&event), self.newest_change());
        Ok(Some(event))
    }

    /// When something happened before which camera.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for too many bins; else the index's.
    pub fn timeline(&self, span: &Span) -> Result<Timeline, StoreError> {
        self.index()?.timeline(span)
    }

    /// What the index knows as changed after that number.
    ///
    /// # Errors
    /// The index's.
    pub fn changes_after(&self, change: u64, limit: u32) -> Result<Changes, StoreError> {
        self.index()?.changes_after(change, limit)
    }

    /// The event that was imported from a file of this content.
    ///
    /// # Errors
    /// The index's.
    pub fn find_source(&self, sha256: &[u8; 32]) -> Result<Option<EventId>, StoreError> {
        self.index()?.find_source(sha256)
    }

    /// How much happened on each of the last so many days, today's included.
    ///
    /// # Errors
    /// The index's.
    pub fn activity(&self, days: u32) -> Result<Activity, StoreError> {
        self.index()?.activity(self.today(), days)
    }

    /// The event that had that id in the system it was imported from.
    ///
    /// # Errors
    /// The index's.
    pub fn find_source_id(&self, id: &str) -> Result<Option<EventId>, StoreError> {
        self.index()?.find_source_id(id)
    }

    /// The local date.
    pub(crate) fn today(&self) -> Date {
        self.now().to_zoned(TimeZone::system()).date()
    }

    /// The clip's file and what it belongs to; `None` if there is no such event or only its pictures are left.
    ///
    /// # Errors
    /// The system's or the index's.
    pub fn open_clip(&self, id: EventId) -> Result<Option<(File, Event)>, StoreError> {
        let Some((file, event)) = self.read_clip(id)? else { return Ok(None) };
        Ok(file.into_file().map(|file| (file, event)))
    }

    fn read_clip(&self, id: EventId) -> Result<Option<OpenClip>, StoreError> {
        let index = self.index()?;
        let Some(event) = index.get(id)?.filter(|event| event.clip.is_some()) else { return Ok(None) };
        let Some(day) = index.folder(id)? else { return Ok(None) };
        let dir = self.inner.layout.event(&day, id);
        match self.inner.fs.open_read(&dir.join(CLIP)) {
            Ok(file) => Ok(Some((file, event))),
            // Taken away between the row and the file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open a clip", error)),
        }
    }

    /// One frame of a clip of JPEGs, by its number from 0; `None` if there is no such clip or frame.
    ///
    /// # Errors
    /// The system's or the index's.
    pub fn mjpeg_frame(&self, id: EventId, n: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((mut file, event)) = self.read_clip(id)? else { return Ok(None) };
        if event.clip.is_none_or(|clip| clip.codec != ClipCodec::Mjpeg) || n >= event.frames {
            return Ok(None);
        }
        match crate::mp4::sample(&mut file, n) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => Err(StoreError::Corrupt(format!("frame {n} of {id}: {error}"))),
        }
    }

    /// A picture of an event, one that is being recorded too; `None` if there is no such event or picture.
    ///
    /// # Errors
    /// The system's or the index's.
    pub fn picture(&self, id: EventId, name: PictureName) -> Result<Option<Vec<u8>>, StoreError> {
        self.file(id, &name.file_name(), MAX_PICTURE)
    }

    /// What moved when; `None` if there is no such event or nothing is known.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the file is damaged; the system's or the index's.
    pub fn track(&self, id: EventId) -> Result<Option<Track>, StoreError> {
        let Some(bytes) = self.file(id, TRACK, track::MAX_BYTES)? else { return Ok(None) };
        track::read(&bytes).map(Some).map_err(|why| StoreError::Corrupt(format!("{TRACK} of {id}: {why}")))
    }

    fn file(&self, id: EventId, name: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let dir = if locked(&self.inner.recording).contains_key(&id) {
            self.inner.layout.draft(id)
        } else {
            let index = self.index()?;
            let Some(day) = index.folder(id)? else { return Ok(None) };
            self.inner.layout.event(&day, id)
        };
        match self.inner.fs.read(&dir.join(name), most) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read a file of an event", error)),
        }
    }

    /// Calls `listener` at every change from now on, on the thread that made it; it must not block.
    pub fn on_change(&self, listener: Listener) {
        self.inner.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(listener));
    }

    pub(crate) fn notify(&self, kind: NoticeKind, event: Arc<Event>, change: u64) {
        self.send(&Notice { change, kind, id: event.id, event: Some(event) });
    }

    pub(crate) fn notify_gone(&self, id: EventId, change: u64) {
        self.send(&Notice { change, kind: NoticeKind::Deleted, id, event: None });
    }

    fn send(&self, notice: &Notice) {
        let listeners = self.inner.listeners.read().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            listener(notice);
        }
    }

    /// The number of the index's latest change; the last one known of if there is no index at present.
    pub(crate) fn newest_change(&self) -> u64 {
        if let Ok(index) = self.index() {
            self.inner.change.fetch_max(index.newest_change(), Ordering::Relaxed);
        }
        self.inner.change.load(Ordering::Relaxed)
    }

    /// Notes how an event being recorded stands; → whether that is the first time.
    pub(crate) fn set_recording(&self, event: Arc<Event>) -> bool {
        locked(&self.inner.recording).insert(event.id, Some(event)).flatten().is_none()
    }

    pub(crate) fn was_told_of(&self, id: EventId) -> bool {
        locked(&self.inner.recording).get(&id).is_some_and(Option::is_some)
    }

    /// Nobody writes the draft any more; `Some(suspect)` if it is there still and must be seen to.
    pub(crate) fn no_longer_recording(&self, id: EventId, left: Option<bool>) {
        if let Some(is_suspect) = left {
            locked(&self.inner.left).insert(id, is_suspect);
        }
        locked(&self.inner.recording).remove(&id);
    }

    pub(crate) fn is_being_written(&self, id: EventId) -> bool {
        locked(&self.inner.recording).contains_key(&id)
    }

    pub(crate) fn is_recording(&self) -> bool {
        !locked(&self.inner.recording).is_empty()
    }

    /// From here on no disk that is mounted late takes the place of this one.
    pub(crate) fn is_used(&self) {
        self.inner.is_new.store(false, Ordering::Relaxed);
    }

    /// A draft of that id is being written.
    pub(crate) fn is_writing(&self, id: EventId) {
        locked(&self.inner.recording).insert(id, None);
    }

    /// The file beside the clip is held against its row when there is time.
    pub(crate) fn look_again(&self, id: EventId) {
        locked(&self.inner.behind).insert(id);
    }

    /// An id for what begins now.
    pub(crate) fn fresh_id(&self) -> EventId {
        self.next_id(self.inner.clock.wall())
    }

    /// Larger than all before; made of the time if that allows it.
    fn next_id(&self, wall: SystemTime) -> EventId {
        let made = self.inner.made.fetch_add(1, Ordering::Relaxed);
        let ms = u64::try_from(self.timestamp(wall).as_millisecond()).unwrap_or(0);
        let mut chance = Sha256::new();
        chance.update(self.inner.boot.id.as_bytes());
        chance.update(self.inner.layout.root().as_os_str().as_encoded_bytes());
        chance.update(std::process::id().to_le_bytes());
        chance.update(self.inner.boot.since(self.inner.clock.monotonic()).as_nanos().to_le_bytes());
        chance.update(made.to_le_bytes());
        let bytes: [u8; 32] = chance.finalize().into();
        let chance = bytes.iter().take(10).fold(0u128, |sum, &byte| (sum << 8) | u128::from(byte));
        let fresh = EventId::from_parts(ms, chance);
        let mut last = locked(&self.inner.last_id);
        let id = match *last {
            Some(last) if last >= fresh => last.next().unwrap_or(fresh),
            _ => fresh,
        };
        *last = Some(id);
        id
    }

    /// The wall time; one that no index takes becomes the nearest that it does.
    pub(crate) fn timestamp(&self, wall: SystemTime) -> Timestamp {
        let latest = Timestamp::from_second(LATEST).unwrap_or(Timestamp::MAX);
        let earliest = Timestamp::UNIX_EPOCH;
        let nearest = if wall < SystemTime::UNIX_EPOCH { earliest } else { latest };
        Timestamp::try_from(wall).unwrap_or(nearest).clamp(earliest, latest)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.timestamp(self.inner.clock.wall())
    }

    /// How the store is, as the last attempts to write showed.
    #[must_use]
    pub fn state(&self) -> StoreState {
        match &*locked(&self.inner.closed) {
            Some(Closed::Missing(why)) => return StoreState::Missing(Problem::missing(why)),
            Some(Closed::Failed(problem)) => return StoreState::Degraded(problem.clone()),
            None => {}
        }
        locked(&self.inner.problem).clone().map_or(StoreState::Ok, StoreState::Degraded)
    }

    /// Remembers what an attempt to write showed of the disk.
    pub(crate) fn told<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match &result {
            Ok(_) => *locked(&self.inner.problem) = None,
            Err(error) => self.tell(error),
        }
        result
    }

    pub(crate) fn tell(&self, error: &StoreError) {
        if let Some(problem) = Problem::of(error) {
            *locked(&self.inner.problem) = Some(problem);
        }
    }

    pub(crate) fn tell_problem(&self, what: &'static str, error: &io::Error) {
        let copy = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
        *locked(&self.inner.problem) = Problem::of(&StoreError::io(what, copy));
    }

    pub(crate) fn fs_of(&self) -> &dyn Fs {
        &*self.inner.fs
    }

    /// The root of everything.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.inner.layout.root()
    }
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            root: PathBuf::from("."),
            fs: Arc::new(DataFs),
            clock: Arc::new(frame::SystemClock::new()),
            retention: Retention::default(),
        }
    }
}
