//! The power is cut at every write, sync, cut and unlink of SQLite's own, and the index opened again: it must be as it
//! was after the last transaction that was acknowledged, or after the one that was under way, and as nothing else.
//!
//! What a cut may leave is the model disk's word, see `disk`; SQLite runs as it is, on real files.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::types::ValueRef;

use super::disk::{ModelFs, State};
use super::play::{Machine, ModelIndex, no_limits};
use super::power::{CutReport, fates};
use super::sabotage::Sabotage;
use super::scene;
use super::vfs::{self, FileOp, Watch};
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::fs::Fs;
use crate::index::{Index, Now};
use crate::outbox::{Outcome, Receipt, RemoteRule, Stage};
use crate::query::Change;
use crate::store::locked;

/// A bug that is put in, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexBug {
    /// None.
    None,
    /// `PRAGMA synchronous = OFF`.
    Off,
    /// `PRAGMA synchronous = NORMAL`: sound, and yet what was acknowledged may be gone.
    Normal,
    /// The log is never synced, though SQLite asks for it.
    NoLogSync,
    /// The file itself is never synced.
    NoFileSync,
}

impl IndexBug {
    /// All that are bugs.
    pub const BUGS: [Self; 4] = [Self::Off, Self::Normal, Self::NoLogSync, Self::NoFileSync];
}

const FILE: &str = "index.sqlite";
/// Ways to lose what was not synced.
const WAYS: u64 = 8;
/// Of each so many states, one is cut again while it is opened.
const AGAIN: u64 = 20;
const WAYS_AGAIN: u64 = 3;
/// Moments of an opening at which the power is cut again.
const MOMENTS_AGAIN: usize = 5;
/// States that one play gives; then the next one begins.
const STATES_A_PLAY: u64 = 1_500;

/// What SQLite did, in order.
#[derive(Debug, Default)]
struct Tape {
    ops: Mutex<Vec<(String, Done)>>,
    skips: Option<&'static str>,
}

#[derive(Debug, Clone)]
enum Done {
    Made,
    Wrote(u64, Arc<[u8]>),
    Cut(u64),
    Synced,
    Gone(bool),
}

impl Watch for Tape {
    fn may(&self, name: &str, op: FileOp<'_>) -> io::Result<()> {
        let done = match op {
            FileOp::Open { is_new: true } => Done::Made,
            FileOp::Open { .. } | FileOp::Read => return Ok(()),
            FileOp::Write { at, bytes } => Done::Wrote(at, bytes.into()),
            FileOp::Length(len) => Done::Cut(len),
            FileOp::Sync if self.skips == Some(name) => return Ok(()),
            FileOp::Sync => Done::Synced,
            FileOp::Delete { is_synced } => Done::Gone(is_synced),
        };
        // The copy that a migration makes is synced and named by the program, and nobody ever reads it.
        if name.strip_prefix(FILE).is_some_and(|end| matches!(end, "" | "-wal" | "-journal")) {
            locked(&self.ops).push((name.to_owned(), done));
        }
        Ok(())
    }
}

/// The disk after one more operation.
fn replay(disk: &ModelFs, name: &str, done: &Done) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    let (path, root) = (Path::new("/").join(name), Path::new("/"));
    match done {
        Done::Made => disk.create_new(&path).map(drop),
        Done::Wrote(at, bytes) => {
            let mut file = disk.open_write(&path)?;
            file.seek(SeekFrom::Start(*at))?;
            file.write_all(bytes)
        }
        Done::Cut(len) => disk.open_write(&path)?.set_len(*len),
        Done::Synced => {
            disk.open_write(&path)?.sync()?;
            // SQLite syncs the folder with the first sync of a log or a journal that it has made.
            if name == FILE { Ok(()) } else { disk.sync_dir(root) }
        }
        Done::Gone(is_synced) => {
            disk.unlink(&path)?;
            if *is_synced { disk.sync_dir(root) } else { Ok(()) }
        }
    }
}

/// A folder that is gone with it.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, StoreError> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        // In memory where there is such a place: the syncs are the model's.
        let shared = Path::new("/dev/shm");
        let above = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
        let name = format!("nightjar-index-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = above.join(name);
        std::fs::create_dir(&folder).map_err(|error| StoreError::io("make a folder", error))?;
        Ok(Self(folder))
    }

    fn of(disk: &ModelFs) -> Result<Self, StoreError> {
        let folder = Self::new()?;
        let io = |error| StoreError::io("lay out a disk", error);
        for name in disk.list(Path::new("/")).map_err(io)? {
            let bytes = disk.read(&Path::new("/").join(&name), u64::MAX).map_err(io)?;
            std::fs::write(folder.0.join(name), bytes).map_err(io)?;
        }
        Ok(folder)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// One run that was taped: where it began, what SQLite did, and after how much of it what was acknowledged.
struct Play {
    disk: ModelFs,
    ops: Vec<(String, Done)>,
    /// How many operations were done when everything of that digest was acknowledged.
    acknowledged: Vec<(usize, u64)>,
}

impl Play {
    /// What there may be after a cut before that operation.
    fn allowed(&self, op: usize) -> [u64; 2] {
        let next =
            self.acknowledged.iter().position(|(done, _)| *done > op).unwrap_or(self.acknowledged.len());
        let digest =
            |n: usize| self.acknowledged.get(n).or(self.acknowledged.last()).map_or(0, |(_, sum)| *sum);
        [digest(next.saturating_sub(1)), digest(next)]
    }
}

/// Cuts the power until so many states were seen, or one breaks the rule if a bug was put in.
///
/// # Errors
/// Only if a play fails without any cut.
pub fn index_cuts(seed: u64, wanted: u64, bug: IndexBug) -> Result<CutReport, StoreError> {
    let mut report = CutReport::default();
    let mut seen = HashSet::new();
    let is_over = |report: &CutReport| {
        report.states + report.second >= wanted || (bug != IndexBug::None && report.broken > 0)
    };
    while !is_over(&report) {
        let play = play(seed + report.plays, bug)?;
        report.plays += 1;
        report.operations += play.ops.len() as u64;
        let most = (wanted - report.states - report.second).clamp(WAYS, STATES_A_PLAY);
        // Every so manyth operation, another one in each play.
        let step = usize::try_from((play.ops.len() as u64 * WAYS).div_ceil(most)).unwrap_or(1).max(1);
        let first = usize::try_from(seed + report.plays).unwrap_or(0) % step;
        for op in 0..=play.ops.len() {
            if op % step == first || is_interesting(&play, op) {
                let state = play.disk.state();
                for way in 0..WAYS {
                    if is_over(&report) {
                        return Ok(report);
                    }
                    try_cut(&state, &play.allowed(op), (op as u64) << 8 | way, way, &mut seen, &mut report);
                }
            }
            if let Some((name, done)) = play.ops.get(op) {
                replay(&play.disk, name, done).map_err(|error| StoreError::io("replay", error))?;
            }
        }
    }
    Ok(report)
}

/// Beside a sync, or a name that comes or goes; not a plain write.
fn is_interesting(play: &Play, op: usize) -> bool {
    let is_write = |op: &(String, Done)| matches!(op, (_, Done::Wrote(..)));
    let beside = [op.checked_sub(1).and_then(|op| play.ops.get(op)), play.ops.get(op)];
    beside.into_iter().flatten().any(|op| !is_write(op))
}

fn try_cut(
    state: &State,
    allowed: &[u64],
    seed: u64,
    way: u64,
    seen: &mut HashSet<(u64, u64)>,
    report: &mut CutReport,
) {
    if way > 1 && state.unsure() == 0 {
        return;
    }
    let left = state.cut(fates(way, seed));
    if !seen.insert((left.digest(), allowed.first().copied().unwrap_or(0))) {
        return;
    }
    report.states += 1;
    let disk = ModelFs::with(left);
    let tape = report.states.is_multiple_of(AGAIN).then(|| Arc::new(Tape::default()));
    let wrong = match opened(&disk, allowed, tape.clone()) {
        Ok(found) => {
            let Some(tape) = tape else { return };
            let ops = locked(&tape.ops).clone();
            let step = ops.len() / MOMENTS_AGAIN + 1;
            for (n, (name, done)) in ops.iter().enumerate() {
                for way in 0..if n % step == report.plays as usize % step { WAYS_AGAIN } else { 0 } {
                    let left = disk.state().cut(fates(way + 2, seed << 16 | (n as u64) << 4 | way));
                    if !seen.insert((left.digest(), found)) {
                        continue;
                    }
                    report.second += 1;
                    if let Err(why) = opened(&ModelFs::with(left), &[found], None) {
                        report.broke(&[why], "after a second cut");
                    }
                }
                if replay(&disk, name, done).is_err() {
                    return;
                }
            }
            return;
        }
        Err(why) => why,
    };
    report.broke(&[format!("{wrong} (way {way})")], "after a cut");
}

/// Opens what a cut left; → the digest of what is there, or what is wrong.
fn opened(disk: &ModelFs, allowed: &[u64], tape: Option<Arc<Tape>>) -> Result<u64, String> {
    let told = |error: StoreError| error.to_string();
    let folder = Folder::of(disk).map_err(told)?;
    let _watching = tape.map(|tape| vfs::watch(&folder.0, tape)).transpose().map_err(told)?;
    let vfs = _watching.as_ref().map(|_| vfs::NAME);
    let index = Index::open_by(&folder.file(), vfs).map_err(|error| format!("it does not open: {error}"))?;
    if index.set_aside().is_some() {
        return Err("it was set aside as damaged".to_owned());
    }
    let found = digest(&index).map_err(told)?;
    if !allowed.contains(&found) {
        return Err("it is neither as it was acknowledged nor as it was about to be".to_owned());
    }
    let wrong = index.check().map_err(told)?;
    if wrong.is_empty() { Ok(found) } else { Err(wrong.join("; ")) }
}

/// Everything that every table holds but those that the search keeps for itself.
fn digest(index: &Index) -> Result<u64, StoreError> {
    index.look(|connection| {
        let mut sum = std::collections::hash_map::DefaultHasher::new();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%' \
                      AND name NOT LIKE 'sqlite%' ORDER BY name";
        let mut statement = connection.prepare(tables)?;
        let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for name in names {
            name.hash(&mut sum);
            let mut statement = connection.prepare(&format!("SELECT * FROM \"{name}\""))?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    match row.get_ref(column)? {
                        ValueRef::Null => 0u8.hash(&mut sum),
                        ValueRef::Integer(int) => int.hash(&mut sum),
                        ValueRef::Real(real) => real.to_bits().hash(&mut sum),
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut sum),
                    }
                }
            }
        }
        Ok(sum.finish())
    })
}

/// Tapes one life of an index: it is made, or brought up to date from the first version with events in it; everything
/// that writes happens; it is closed.
fn play(seed: u64, bug: IndexBug) -> Result<Play, StoreError> {
    let folder = Folder::new()?;
    let pattern = pattern()?;
    let io = |error| StoreError::io("begin a play", error);
    if seed.is_multiple_of(2) {
        std::fs::write(folder.file(), "").map_err(io)?;
    } else {
        let events: Vec<Event> = (0..40).map(|n| nth(&pattern, n)).collect();
        Index::make_old(&folder.file(), &events)?;
    }
    let disk = ModelFs::default();
    let bytes = std::fs::read(folder.file()).map_err(io)?;
    for (name, done) in [(FILE, Done::Made), (FILE, Done::Wrote(0, bytes.into())), (FILE, Done::Synced)] {
        replay(&disk, name, &done).map_err(io)?;
    }
    disk.sync_dir(Path::new("/")).map_err(io)?;
    let skips = match bug {
        IndexBug::NoLogSync => Some("index.sqlite-wal"),
        IndexBug::NoFileSync => Some(FILE),
        _ => None,
    };
    let tape = Arc::new(Tape { skips, ..Tape::default() });
    let mut acknowledged = Vec::new();
    {
        let _watching = vfs::watch(&folder.0, Arc::clone(&tape) as Arc<dyn Watch>)?;
        let index = Index::open_by(&folder.file(), Some(vfs::NAME))?;
        let mut note = |index: &Index| -> Result<(), StoreError> {
            let digest = digest(index)?;
            acknowledged.push((locked(&tape.ops).len(), digest));
            Ok(())
        };
        note(&index)?;
        match bug {
            IndexBug::Off => index.set_sync("OFF")?,
            IndexBug::Normal => index.set_sync("NORMAL")?,
            _ => {}
        }
        write_all(&index, &pattern, seed, &mut note)?;
        drop(index);
    }
    // What is the same after opening was so before.
    if let Some(first) = acknowledged.first_mut() {
        first.0 = 0;
    }
    let ops = locked(&tape.ops).clone();
    Ok(Play { disk, ops, acknowledged })
}

/// An event with everything an event has.
fn pattern() -> Result<Event, StoreError> {
    let machine = Machine::new(ModelFs::default(), ModelIndex::default(), 0);
    let store = machine.open(Arc::new(Sabotage::None), no_limits())?;
    let (_, event) = scene::record(&store, &scene::birth("garden", &*machine.clock), 3)?;
    Ok(event.as_ref().clone())
}

fn nth(pattern: &Event, n: u64) -> Event {
    let id = EventId::from_parts(pattern.id.ms() + 60_000 * n, 7);
    let started = pattern.started + jiff::SignedDuration::from_secs(60 * n.cast_signed());
    Event { id, started, ..pattern.clone() }
}

/// Everything that writes, one transaction after the other.
fn write_all(
    index: &Index,
    pattern: &Event,
    seed: u64,
    note: &mut dyn FnMut(&Index) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut now = Now { ms: pattern.started.as_millisecond(), mono: Duration::ZERO };
    let lease = Duration::from_secs(60);
    let rule = |name: &str, pictures_first| RemoteRule { name: name.to_owned(), pictures_first };
    let mut step = |result: Result<(), StoreError>| result.and_then(|()| note(index));
    for n in 100..110 {
        step(index.insert(&nth(pattern, n), "2026/11/20").map(drop))?;
    }
    step(index.set_remotes(&[rule("hub", true), rule("nas", false)]))?;
    let mut is_settling = true;
    while is_settling {
        is_settling = index.settle_remotes()?;
        step(Ok(()))?;
    }
    for n in 110..140 + seed % 7 {
        step(index.insert(&nth(pattern, n), "2026/11/20").map(drop))?;
    }
    for n in 0..30 {
        now.ms += 1_000;
        let remote = if n % 3 == 0 { "nas" } else { "hub" };
        let stage = (n % 5 == 4).then_some(Stage::Clip);
        let claimed = index.claim(remote, stage, lease, now)?;
        step(Ok(()))?;
        let Some(errand) = claimed else { continue };
        let outcome = match (n + seed) % 6 {
            0 => Outcome::Again { after: lease, why: "no answer".to_owned(), resume: Some("7".to_owned()) },
            1 if n % 2 == 0 => Outcome::Refused { why: "422".to_owned() },
            _ => Outcome::Sent(Receipt {
                sha256: pattern.clip.as_ref().map(|clip| clip.sha256),
                place: "p".to_owned(),
            }),
        };
        step(index.settle(&errand, &outcome, now).map(drop))?;
    }
    step(index.retry(None, None).map(drop))?;
    let ids = index.ids(None, 12)?;
    let change = Change { favourite: Some(true), note: Some("a fox".to_owned()), ..Change::default() };
    for id in ids.iter().skip(8) {
        step(index.change(*id, &change).map(drop))?;
    }
    step(index.degrade(ids.get(..4).unwrap_or_default()).map(drop))?;
    step(index.bury(ids.get(..4).unwrap_or_default()))?;
    step(index.tombstone(ids.get(2..7).unwrap_or_default()).map(drop))?;
    step(index.bury(ids.get(2..7).unwrap_or_default()))?;
    step(index.set_remotes(&[rule("hub", false)]))?;
    let mut is_settling = true;
    while is_settling {
        is_settling = index.settle_remotes()?;
        step(Ok(()))?;
    }
    let events: Vec<Event> = (200..260).map(|n| nth(pattern, n)).collect();
    step(index.insert_all(events.iter().map(|event| (event, "2026/11/20"))).map(drop))
}
