//! The power is cut before every operation of a play, in every way that the model disk allows; the store is opened
//! again; everything acknowledged must be there, and nothing half. Then it is cut again while that opening is at
//! work.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::disk::{Fate, ModelFs, State};
use super::ledger::Ledger;
use super::play::{Book, Machine, ModelIndex, ROOT, no_limits, play};
use super::sabotage::Sabotage;
use super::scene;
use crate::error::StoreError;
use crate::fs::Fs;
use crate::layout::{Layout, METADATA};
use crate::recover::holds_its_clip;
use crate::store::locked;

/// What was tried and what broke.
#[derive(Debug, Clone, Default)]
pub struct CutReport {
    /// Operations before which the power was cut.
    pub operations: u64,
    /// States of the disk after a cut that differ from each other.
    pub states: u64,
    /// The same after a second cut, during the recovery from a first.
    pub second: u64,
    /// Plays of which they are.
    pub plays: u64,
    /// How many of them broke a rule.
    pub broken: u64,
    /// The first few, in words.
    pub examples: Vec<String>,
}

/// The machine before one operation.
#[derive(Clone)]
struct Moment {
    disk: State,
    index: Option<Arc<Vec<u8>>>,
    ledger: Ledger,
}

/// Different ways to lose what was not synced; the random ones differ by seed.
const WAYS: u64 = 12;
/// Of each so many states, one is cut again.
const AGAIN: u64 = 5;
/// Ways of the second cut.
const WAYS_AGAIN: u64 = 4;
/// How many broken rules are told in words.
const EXAMPLES: usize = 5;

/// Cuts the power until so many states were seen, or until one breaks a rule if a bug was put in.
///
/// # Errors
/// Only if the play itself fails, without any cut.
pub fn power_cuts(seed: u64, wanted: u64, bug: Sabotage) -> Result<CutReport, StoreError> {
    let mut report = CutReport::default();
    let mut seen = HashSet::new();
    while report.states + report.second < wanted && (bug == Sabotage::None || report.broken == 0) {
        let moments = moments_of_play(seed + report.plays, bug)?;
        report.plays += 1;
        report.operations += moments.len() as u64;
        for (n, moment) in moments.iter().enumerate() {
            for way in 0..WAYS {
                if report.states + report.second >= wanted || (bug != Sabotage::None && report.broken > 0) {
                    return Ok(report);
                }
                cut(moment, (n as u64) << 8 | way, way, &mut seen, &mut report);
            }
        }
    }
    Ok(report)
}

fn moments_of_play(seed: u64, bug: Sabotage) -> Result<Vec<Moment>, StoreError> {
    let book: Book = Arc::default();
    let machine = Machine::new(ModelFs::default(), ModelIndex::default(), 0);
    let moments = watch(&machine, &book);
    let played = play(&machine, bug, seed, &book);
    machine.disk.watch(None);
    // With a bug the play may well end early.
    if bug == Sabotage::None {
        played?;
    }
    let mut moments = std::mem::take(&mut *locked(&moments));
    moments.push(Moment {
        disk: machine.disk.state(),
        index: machine.index.0.bytes().map(Arc::new),
        ledger: locked(&book).clone(),
    });
    Ok(moments)
}

/// Writes down how everything stands before each operation.
fn watch(machine: &Machine, book: &Book) -> Arc<Mutex<Vec<Moment>>> {
    let moments: Arc<Mutex<Vec<Moment>>> = Arc::default();
    let (into, index, book) = (Arc::clone(&moments), machine.index.clone(), Arc::clone(book));
    machine.disk.watch(Some(Arc::new(move |disk: &State| {
        let bytes = index.0.bytes();
        let mut moments = locked(&into);
        let before = moments.last().and_then(|moment| moment.index.clone());
        let index = match (bytes, before) {
            (Some(bytes), Some(before)) if *before == bytes => Some(before),
            (bytes, _) => bytes.map(Arc::new),
        };
        moments.push(Moment { disk: disk.clone(), index, ledger: locked(&book).clone() });
    })));
    moments
}

/// The fates of one way to lose things.
pub(super) fn fates(way: u64, seed: u64) -> impl FnMut() -> Fate {
    let mut state = (seed ^ 0x2545_f491_4f6c_dd1d).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bits = state >> 11;
        match way {
            0 => Fate::Dropped,
            1 => Fate::Kept,
            2 => Fate::Torn(512, bits),
            3 => Fate::Torn(4096, bits),
            _ => match state >> 5 & 3 {
                0 => Fate::Dropped,
                1 => Fate::Torn(512, bits),
                2 => Fate::Torn(4096, bits),
                _ => Fate::Kept,
            },
        }
    }
}

fn cut(moment: &Moment, seed: u64, way: u64, seen: &mut HashSet<(u64, usize)>, report: &mut CutReport) {
    if way > 1 && moment.disk.unsure() == 0 {
        return;
    }
    let left = moment.disk.cut(fates(way, seed));
    let index_at = moment.index.as_ref().map_or(0, |bytes| Arc::as_ptr(bytes) as usize);
    if !seen.insert((left.digest(), index_at)) {
        return;
    }
    report.states += 1;
    let again = report.states.is_multiple_of(AGAIN);
    let machine = match ModelIndex::of(moment.index.as_deref().map(Vec::as_slice)) {
        Ok(index) => Machine::new(ModelFs::with(left), index, 1),
        Err(error) => return report.broke(&[error.to_string()], "before opening"),
    };
    let book: Book = Arc::new(Mutex::new(moment.ledger.clone()));
    let moments = again.then(|| watch(&machine, &book));
    let wrong = after(&machine, &moment.ledger, report.states);
    if !wrong.is_empty() {
        report.broke(&wrong, "after a cut");
    }
    let Some(moments) = moments else { return };
    for (n, moment) in locked(&moments).iter().enumerate() {
        for way in 0..WAYS_AGAIN {
            if way > 1 && moment.disk.unsure() == 0 {
                continue;
            }
            let way = if way > 1 { way + 2 } else { way };
            let left = moment.disk.cut(fates(way, seed << 16 | (n as u64) << 4 | way));
            let index_at = moment.index.as_ref().map_or(0, |bytes| Arc::as_ptr(bytes) as usize);
            if !seen.insert((left.digest(), index_at)) {
                continue;
            }
            report.second += 1;
            let Ok(index) = ModelIndex::of(moment.index.as_deref().map(Vec::as_slice)) else { continue };
            let wrong = after(&Machine::new(ModelFs::with(left), index, 2), &moment.ledger, report.second);
            if !wrong.is_empty() {
                report.broke(&wrong, "after a second cut");
            }
        }
    }
}

/// What a cut left before anything is put right: every row has its files, on the disk.
pub(super) fn rows_without_files(machine: &Machine) -> Result<Vec<String>, StoreError> {
    let Some(index) = machine.index.present() else { return Ok(Vec::new()) };
    let layout = Layout::new(ROOT.into());
    let mut wrong = Vec::new();
    for id in index.ids(None, 1000)? {
        let (Some(event), Some(day)) = (index.get(id)?, index.folder(id)?) else { continue };
        let dir = layout.event(&day, id);
        let holds = event.clip.is_none() || holds_its_clip(&machine.disk, &dir, &event).unwrap_or(false);
        if !holds || machine.disk.metadata(&dir.join(METADATA)).is_err() {
            wrong.push(format!("{id}: a row without its files"));
        }
    }
    Ok(wrong)
}

/// Opens the store after a cut; → what is wrong.
fn after(machine: &Machine, ledger: &Ledger, n: u64) -> Vec<String> {
    let mut wrong = rows_without_files(machine).unwrap_or_else(|error| vec![error.to_string()]);
    let opened = machine.open(Arc::new(Sabotage::None), no_limits());
    machine.disk.watch(None);
    let store = match opened {
        Ok(store) => store,
        Err(error) => return vec![format!("it does not open: {error}")],
    };
    wrong.extend(ledger.check(&store));
    if store.state() != crate::StoreState::Ok {
        wrong.push(format!("it is {:?}", store.state()));
    }
    if n.is_multiple_of(3) {
        super::intake::again(&store, ledger, &mut wrong);
    }
    if n.is_multiple_of(8) {
        // The clock is back at noon, and yet a new event comes behind all others.
        match scene::record(
            &store,
            &scene::born_at(
                "later",
                frame::Stamp {
                    mono: std::time::Duration::ZERO,
                    wall: scene::noon() - std::time::Duration::from_secs(86_400),
                },
            ),
            1,
        ) {
            Ok((id, _)) if Some(id) > ledger.newest() => {}
            Ok((id, _)) => wrong.push(format!("{id}: a new event has a smaller id")),
            Err(error) => wrong.push(format!("no event can be recorded: {error}")),
        }
    }
    wrong
}

impl CutReport {
    pub(super) fn broke(&mut self, wrong: &[String], when: &str) {
        self.broken += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{when}: {}", wrong.join("; ")));
        }
    }
}
