//! Every operation of a play fails, once or from then on, in each of the ways a disk fails; the store goes on as far
//! as it can, says what is wrong, calls nothing whole that is not, and works again once the fault is over.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::disk::ModelFs;
use super::faulty::{Fault, Faults};
use super::index_cuts::Folder;
use super::ledger::Ledger;
use super::play::{Machine, ModelIndex, no_limits};
use super::sabotage::Sabotage;
use super::scene;
use super::vfs::{self, FileOp, Watch};
use crate::error::StoreError;
use crate::event::{EventId, State};
use crate::health::StoreState;
use crate::outbox::{ErrandState, ErrandView, Outcome, Receipt, RemoteRule, Stage};
use crate::query::Change;
use crate::retain::Retention;
use crate::store::{Store, locked};

/// No space, an I/O error, a read-only file system, too many open files.
const ERRORS: [i32; 4] = [28, 5, 30, 24];
/// How many broken rules are told in words.
const EXAMPLES: usize = 5;

/// What was tried and what broke.
#[derive(Debug, Clone, Default)]
pub struct FaultReport {
    /// Operations of the play, each of which was made to fail.
    pub operations: u64,
    /// Plays, one for each operation, error and duration.
    pub runs: u64,
    /// How many of them broke a rule.
    pub broken: u64,
    /// The first few, in words.
    pub examples: Vec<String>,
}

/// Lets each operation fail, or each so-manyth, until a play has none left that could.
///
/// # Errors
/// Only if the play fails without any fault.
pub fn io_faults(step: u64) -> Result<FaultReport, StoreError> {
    faults_of(step, false, run)
}

/// As [`io_faults`], of what SQLite does with the files of the index, while the files of the events are well.
///
/// # Errors
/// Only if the play fails without any fault.
pub fn index_faults(step: u64) -> Result<FaultReport, StoreError> {
    faults_of(step, false, run_on_files)
}

/// Lets each so-manyth operation of a run fail, with every error; only until a rule is broken, if that is enough.
pub(super) fn faults_of(
    step: u64,
    is_one_enough: bool,
    run: impl Fn(Fault) -> Result<(bool, Vec<String>), StoreError>,
) -> Result<FaultReport, StoreError> {
    let mut report = FaultReport::default();
    for errno in ERRORS {
        for is_lasting in [false, true] {
            // Every error begins with another operation, so that a few runs see many of them.
            for at in (1 + report.runs % step.max(1)..).step_by(usize::try_from(step.max(1)).unwrap_or(1)) {
                let fault = Fault { at, errno, is_lasting };
                let (was_hit, wrong) = run(fault)?;
                if !was_hit {
                    break;
                }
                report.operations = report.operations.max(at);
                report.runs += 1;
                if !wrong.is_empty() {
                    report.broken += 1;
                    if report.examples.len() < EXAMPLES {
                        report.examples.push(format!("{fault:?}: {}", wrong.join("; ")));
                    }
                    if is_one_enough {
                        return Ok(report);
                    }
                }
            }
        }
    }
    Ok(report)
}

/// What SQLite does fails.
#[derive(Debug, Default)]
struct SickFiles {
    done: AtomicU64,
    was_hit: AtomicBool,
    fault: Mutex<Option<Fault>>,
}

impl Watch for SickFiles {
    fn may(&self, _: &str, op: FileOp<'_>) -> io::Result<()> {
        let Some(fault) = *locked(&self.fault) else { return Ok(()) };
        let is_meant = match (fault.errno, op) {
            (24, FileOp::Open { .. }) | (5, _) => true,
            (24, _) | (_, FileOp::Read | FileOp::Open { is_new: false }) => false,
            (28, op) => matches!(op, FileOp::Write { .. } | FileOp::Open { .. }),
            _ => true,
        };
        if !is_meant {
            return Ok(());
        }
        let n = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if n == fault.at || (fault.is_lasting && n > fault.at) {
            self.was_hit.store(true, Ordering::Relaxed);
            return Err(io::Error::from_raw_os_error(fault.errno));
        }
        Ok(())
    }
}

/// As [`run`], with an index in files that fail, and nothing else that does.
fn run_on_files(fault: Fault) -> Result<(bool, Vec<String>), StoreError> {
    let folder = Folder::new()?;
    let sick = Arc::new(SickFiles::default());
    let _watching = vfs::watch(&folder.0, Arc::clone(&sick) as Arc<dyn Watch>)?;
    let mut machine = Machine::new(ModelFs::default(), ModelIndex::default(), 0);
    machine.file = Some(folder.file());
    let mut run = prepared(machine)?;
    let rule = RemoteRule { name: "hub".to_owned(), pictures_first: true };
    *locked(&sick.fault) = Some(fault);
    let opened = run.machine.open(Arc::new(Sabotage::None), no_limits());
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            *locked(&sick.fault) = None;
            let was_hit = sick.was_hit.load(Ordering::Relaxed);
            return if was_hit { Ok((true, vec![format!("it does not open: {error}")])) } else { Err(error) };
        }
    };
    let _is_set = run.told(&store, "set remotes", |store| store.set_remotes(std::slice::from_ref(&rule)));
    run.go(&store);
    run.send(&store);
    let was_hit = sick.was_hit.load(Ordering::Relaxed);
    *locked(&sick.fault) = None;
    run.after(&store);
    run.owes_all(&store);
    drop(store);
    // And what was acknowledged is on the disk, not only in memory.
    let store = run.machine.open(Arc::new(Sabotage::None), no_limits())?;
    run.wrong.extend(run.ledger.check(&store));
    run.wrong
        .extend(run.sent.iter().filter(|id| !is_sent(&store, **id)).map(|id| format!("{id}: is owed again")));
    Ok((was_hit, run.wrong))
}

fn is_sent(store: &Store, id: EventId) -> bool {
    let is_there = store.get(id).is_ok_and(|event| event.is_some());
    let done = |view: &ErrandView| view.state == ErrandState::Done || view.stage == Stage::Clip;
    !is_there || store.errands_of(&[id]).is_ok_and(|views| views.iter().all(done) && !views.is_empty())
}

/// One run with one fault; → whether it came to that, and what is wrong.
fn run(fault: Fault) -> Result<(bool, Vec<String>), StoreError> {
    let mut run = prepared(Machine::new(ModelFs::default(), ModelIndex::default(), 0))?;
    run.faults.set(Some(Fault { at: run.faults.done() + fault.at, ..fault }));
    let opened = run.machine.open(Arc::clone(&run.faults) as _, no_limits());
    let was_hit_at_start = run.faults.was_hit();
    let store = match opened {
        Ok(store) => store,
        // Only the lock and the root's name come before the store can say what is wrong.
        Err(error) if was_hit_at_start => {
            run.faults.set(None);
            run.wrong.push(format!("it does not open: {error}"));
            return Ok((true, run.wrong));
        }
        Err(error) => return Err(error),
    };
    run.go(&store);
    let was_hit = run.faults.was_hit();
    run.faults.set(None);
    run.after(&store);
    Ok((was_hit, run.wrong))
}

/// What is there before anything fails: three events, and a draft that a crash left.
fn prepared(machine: Machine) -> Result<Run, StoreError> {
    let faults = Arc::new(Faults::default());
    let mut run = Run { machine, faults, ledger: Ledger::default(), sent: Vec::new(), wrong: Vec::new() };
    let store = run.machine.open(Arc::clone(&run.faults) as _, no_limits())?;
    for _ in 0..3 {
        let (_, event) = scene::record(&store, &scene::birth("garden", &*run.machine.clock), 3)?;
        run.ledger.keep(&event);
        run.machine.clock.advance(Duration::from_secs(60));
    }
    // A draft that a crash left, for the opening to find.
    let mut draft = store.begin(&scene::birth("gate", &*run.machine.clock))?;
    let left = draft.id();
    let mut writer = scene::clip(&mut draft)?;
    for n in 0..3 {
        scene::push(&mut writer, n)?;
    }
    writer.sync().map_err(|error| StoreError::io("sync", error))?;
    run.ledger.begun.insert(left, 2);
    drop((writer, draft, store));
    Ok(run)
}

struct Run {
    machine: Machine,
    faults: Arc<Faults>,
    ledger: Ledger,
    /// Something of them was acknowledged as sent.
    sent: Vec<EventId>,
    wrong: Vec<String>,
}

impl Run {
    /// Everything that writes; each may fail, and then says so.
    fn go(&mut self, store: &Store) {
        for _ in 0..2 {
            self.record(store);
        }
        let ids: Vec<EventId> = self.ledger.kept.keys().copied().collect();
        if let [first, second, ..] = *ids {
            let change = Change { favourite: Some(true), note: Some("seen".to_owned()), ..Change::default() };
            self.ledger.said = Some((second, true, "seen".to_owned()));
            if let Some(Some(event)) = self.told(store, "change", |store| store.change(second, &change)) {
                self.ledger.keep(&event);
                self.ledger.said = None;
            }
            // Once the row is gone it is deleted, whatever becomes of its files.
            self.ledger.going.insert(first);
            if self.told(store, "delete", |store| store.delete(&[first])).is_some() {
                self.ledger.kept.remove(&first);
                self.ledger.gone.insert(first);
            }
            self.ledger.going.clear();
        }
        self.ledger.is_retaining = true;
        for share in [2, 1000] {
            let view = store.storage();
            let used = view.clip_bytes + view.picture_bytes;
            store.set_retention(Retention { max_size: Some(used / share), ..no_limits() });
            self.told(store, "retain", Store::retain);
        }
        store.set_retention(no_limits());
        self.record(store);
    }

    /// Sends what is owed, as far as that can be told.
    fn send(&mut self, store: &Store) {
        let lease = Duration::from_secs(60);
        for _ in 0..12 {
            let Some(Some(errand)) = self.told(store, "claim", |store| store.claim("hub", None, lease))
            else {
                continue;
            };
            let sent = Outcome::Sent(Receipt::default());
            if self.told(store, "settle", |store| store.settle(&errand, sent)) == Some(true) {
                self.sent.push(errand.event);
            }
        }
    }

    /// Everything that is there is owed, and can be sent.
    fn owes_all(&mut self, store: &Store) {
        // Leases that nobody could settle lapse.
        self.machine.clock.advance(Duration::from_secs(60));
        loop {
            match store.claim("hub", None, Duration::from_secs(60)) {
                Ok(Some(errand)) => match store.settle(&errand, Outcome::Sent(Receipt::default())) {
                    Ok(true) => self.sent.push(errand.event),
                    other => return self.wrong.push(format!("settling afterwards: {other:?}")),
                },
                Ok(None) => break,
                Err(error) => return self.wrong.push(format!("claiming afterwards: {error}")),
            }
        }
        let done = store.backlog().map(|backlog| backlog.first().map_or(0, |hub| hub.done));
        let there = super::ledger::all(store).map(|there| there.len() as u64);
        if done.as_ref().ok() != there.as_ref().ok() {
            self.wrong.push(format!("{there:?} events are there and {done:?} of them are sent"));
        }
    }

    /// What fails is told by the state, at once.
    fn told<T>(
        &mut self,
        store: &Store,
        what: &str,
        act: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Option<T> {
        match act(store) {
            Ok(answer) => Some(answer),
            Err(error) => {
                let is_about_disk = !matches!(error, StoreError::NoSuchEvents(_) | StoreError::Invalid(_));
                if is_about_disk && store.state() == StoreState::Ok {
                    self.wrong.push(format!("{what} failed ({error}) and the state says nothing of it"));
                }
                None
            }
        }
    }

    fn record(&mut self, store: &Store) {
        self.machine.clock.advance(Duration::from_secs(60));
        let birth = scene::birth("gate", &*self.machine.clock);
        let mut begun = None;
        let faults = Arc::clone(&self.faults);
        let recorded = self.told(store, "record", |store| {
            let mut draft = store.begin(&birth)?;
            begun = Some(draft.id());
            // What fails before is what mends earlier drafts.
            faults.take_hit_clip();
            let mut writer = scene::clip(&mut draft)?;
            for n in 0..3 {
                scene::push(&mut writer, n)?;
                writer.sync().map_err(|error| StoreError::io("sync a clip", error))?;
            }
            let clip = scene::close(writer)?;
            // A picture that cannot be written is missing, and that is all.
            let _is_trimmed = scene::trimmings(&mut draft).is_ok();
            draft.commit(scene::finished(Some(clip), 3))
        });
        let was_clip_hit = faults.take_hit_clip();
        match recorded {
            Some(event) => {
                if was_clip_hit && event.state == State::Whole {
                    self.wrong.push(format!("{}: is called whole though its clip failed", event.id));
                }
                self.ledger.keep(&event);
            }
            None => self.ledger.begun.extend(begun.map(|id| (id, 0))),
        }
    }

    /// The fault is over: within two looks everything is in order, and recording works.
    fn after(&mut self, store: &Store) {
        for _ in 0..2 {
            store.probe();
        }
        store
            .retain()
            .map(|_| ())
            .unwrap_or_else(|error| self.wrong.push(format!("retaining afterwards: {error}")));
        match scene::record(store, &scene::birth("later", &*self.machine.clock), 2) {
            Ok((_, event)) => self.ledger.keep(&event),
            Err(error) => self.wrong.push(format!("recording afterwards: {error}")),
        }
        if store.state() != StoreState::Ok {
            self.wrong.push(format!("the state stays {:?}", store.state()));
        }
        self.wrong.extend(self.ledger.check(store));
    }
}
