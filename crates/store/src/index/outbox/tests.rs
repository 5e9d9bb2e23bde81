//! Whatever is done in whatever order, errands are as a plain list of them would be, and none is lost, stuck or done
//! twice.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::event::{Clip, ClipCodec, Event};
use crate::index::tests::{DAY, MIDNIGHT, event, id};
use crate::outbox::{Backlog, ErrandQuery, ErrandState, ErrandView, Receipt};
use crate::query::Change;

mod acts;

use acts::{Act, End, acts};

const REMOTES: [&str; 3] = ["hub", "nas", "s3"];
const LEASE: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;

/// An errand as a plain value.
#[derive(Debug, Clone, PartialEq)]
struct Plain {
    stage: Stage,
    state: ErrandState,
    attempts: u32,
    by_hand: bool,
    due: Option<i64>,
    has_sent: bool,
    is_proven: bool,
}

struct Model {
    index: Index,
    now: Now,
    /// In order; whether pictures come first.
    remotes: Vec<(String, bool)>,
    events: BTreeMap<EventId, Event>,
    errands: BTreeMap<(EventId, String), Plain>,
    held: Vec<(Errand, Duration)>,
    /// Everything that was ever claimed.
    claimed: Vec<Errand>,
}

impl Model {
    fn new() -> Self {
        let now = Now { ms: MIDNIGHT * 1000, mono: Duration::from_secs(5) };
        let index = Index::in_memory().unwrap();
        Self {
            index,
            now,
            remotes: Vec::new(),
            events: BTreeMap::new(),
            errands: BTreeMap::new(),
            held: Vec::new(),
            claimed: Vec::new(),
        }
    }

    fn fresh(pictures_first: bool) -> Plain {
        Plain {
            stage: if pictures_first { Stage::Pictures } else { Stage::Clip },
            state: ErrandState::Owed,
            attempts: 0,
            by_hand: false,
            due: None,
            has_sent: false,
            is_proven: false,
        }
    }

    fn is_held(&self, event: EventId, remote: &str) -> bool {
        self.held
            .iter()
            .any(|(errand, until)| errand.event == event && errand.remote == remote && *until > self.now.mono)
    }

    fn is_due(&self, due: Option<i64>) -> bool {
        due.is_none_or(|due| due <= self.now.ms || due > self.now.ms + HOUR_MS)
    }

    fn act(&mut self, act: Act) -> Result<(), TestCaseError> {
        match act {
            Act::Insert(n, has_clip) => self.insert(n, has_clip),
            Act::Delete(n) => {
                if self.events.remove(&id(n)).is_some() {
                    self.index.tombstone(&[id(n)]).unwrap();
                    self.index.bury(&[id(n)]).unwrap();
                    self.errands.retain(|(event, _), _| *event != id(n));
                }
            }
            Act::TakeClip(n) => self.take_clips(&[id(n)]),
            Act::Favourite(n, is) => {
                if let Some(event) = self.events.get_mut(&id(n)) {
                    event.favourite = is;
                    let change = Change { favourite: Some(is), ..Change::default() };
                    self.index.change(id(n), &change).unwrap();
                }
            }
            Act::Remotes(rules) => self.set_remotes(&rules),
            Act::Claim(n, stage) => self.claim(REMOTES[n], stage)?,
            Act::Settle(n, end) => self.settle(n, end)?,
            Act::Renew(n) => {
                let Some(errand) = self.nth_claimed(n) else { return Ok(()) };
                let place = self.place_held(&errand);
                prop_assert_eq!(self.index.renew(&errand, LEASE, self.now), place.is_some());
                if let Some(place) = place {
                    self.held[place].1 = self.now.mono + LEASE;
                }
            }
            Act::Pass(seconds) => {
                self.now.mono += Duration::from_secs(seconds);
                self.now.ms += i64::try_from(seconds).unwrap() * 1000;
            }
            Act::Jump(minutes) => self.now.ms += minutes * 60_000,
            Act::Reopen => {
                self.index = Index::deserialize(&self.index.serialize().unwrap()).unwrap();
                self.held.clear();
            }
            Act::Retry(event, remote) => self.retry(event, remote)?,
            Act::Hasten(n) => {
                let waiting = |to: &String, errand: &Plain| to == REMOTES[n] && errand.due.is_some();
                let mut expected = 0;
                for (_, errand) in self.errands.iter_mut().filter(|((_, to), errand)| waiting(to, errand)) {
                    (errand.due, errand.attempts, expected) = (None, 0, expected + 1);
                }
                prop_assert_eq!(self.index.hasten(REMOTES[n]).unwrap(), expected);
            }
            Act::Free => {
                let expected: Vec<EventId> = self.provable().into_iter().collect();
                prop_assert_eq!(self.index.proven(100).unwrap(), expected.clone());
                self.take_clips(&expected);
            }
        }
        Ok(())
    }

    fn insert(&mut self, n: u64, has_clip: bool) {
        let clip = Clip {
            bytes: 1_000 + n,
            sha256: [u8::try_from(n).unwrap(); 32],
            codec: ClipCodec::H264,
            degraded: false,
        };
        let new = Event { clip: has_clip.then_some(clip), ..event(n) };
        assert_eq!(self.index.insert(&new, DAY).unwrap().is_new, !self.events.contains_key(&id(n)));
        if let std::collections::btree_map::Entry::Vacant(entry) = self.events.entry(id(n)) {
            entry.insert(new);
            for (remote, pictures_first) in &self.remotes {
                self.errands.insert((id(n), remote.clone()), Self::fresh(*pictures_first));
            }
        }
    }

    fn take_clips(&mut self, ids: &[EventId]) {
        for id in ids {
            let Some(event) = self.events.get_mut(id).filter(|event| event.clip.is_some()) else { continue };
            event.clip = None;
            self.index.degrade(&[*id]).unwrap();
            self.index.bury(&[*id]).unwrap();
            for (_, errand) in self.errands.iter_mut().filter(|((event, _), _)| event == id) {
                if errand.state != ErrandState::Done && errand.stage == Stage::Clip && errand.has_sent {
                    errand.state = ErrandState::Done;
                    (errand.due, errand.by_hand) = (None, false);
                }
            }
        }
    }

    fn set_remotes(&mut self, rules: &[Option<bool>]) {
        let rules: Vec<RemoteRule> = REMOTES
            .iter()
            .zip(rules)
            .filter_map(|(name, rule)| {
                Some(RemoteRule { name: (*name).to_owned(), pictures_first: (*rule)? })
            })
            .collect();
        self.index.set_remotes(&rules).unwrap();
        while self.index.settle_remotes().unwrap() {}
        let before = std::mem::take(&mut self.remotes);
        self.remotes = rules.iter().map(|rule| (rule.name.clone(), rule.pictures_first)).collect();
        let remotes = self.remotes.clone();
        self.errands.retain(|(_, to), _| remotes.iter().any(|(remote, _)| remote == to));
        for (remote, pictures_first) in &self.remotes {
            let was = before.iter().find(|(name, _)| name == remote).map(|(_, first)| *first);
            if was.is_none() {
                for event in self.events.keys() {
                    self.errands.insert((*event, remote.clone()), Self::fresh(*pictures_first));
                }
            } else if was != Some(*pictures_first) {
                for (_, errand) in self.errands.iter_mut().filter(|((_, to), _)| to == remote) {
                    if errand.state != ErrandState::Done {
                        let is_first = *pictures_first && !errand.has_sent;
                        errand.stage = if is_first { Stage::Pictures } else { Stage::Clip };
                    }
                }
            }
        }
    }

    fn claim(&mut self, remote: &str, pictures: Option<bool>) -> Result<(), TestCaseError> {
        let wanted = pictures.map(|is| if is { Stage::Pictures } else { Stage::Clip });
        let free: Vec<(EventId, Plain)> = self
            .errands
            .iter()
            .filter(|((event, to), errand)| {
                to == remote && errand.state == ErrandState::Owed && !self.is_held(*event, to)
            })
            .map(|((event, _), errand)| (*event, errand.clone()))
            .collect();
        let mut due: Vec<_> = free.iter().filter(|(_, errand)| self.is_due(errand.due)).collect();
        let waits = self.index.next_due(remote, self.now).unwrap();
        prop_assert_eq!(waits == Some(Duration::ZERO), !due.is_empty(), "{:?}", waits);
        let is_sending =
            self.held.iter().any(|(errand, until)| errand.remote == remote && *until > self.now.mono);
        prop_assert!(waits.is_some() || (free.is_empty() && !is_sending));
        due.retain(|(_, errand)| wanted.is_none_or(|stage| errand.stage == stage));
        due.sort_by_key(|(event, errand)| {
            let is_clip = errand.stage == Stage::Clip;
            let newest = if is_clip { 0 } else { u64::MAX - event.ms() };
            (!errand.by_hand, is_clip, newest, *event)
        });
        let expected = due.first().map(|(event, errand)| (*event, errand.stage, errand.attempts));
        let errand = self.index.claim(remote, wanted, LEASE, self.now).unwrap();
        prop_assert_eq!(errand.as_ref().map(|e| (e.event, e.stage, e.attempts)), expected);
        for (_, errand) in self.errands.iter_mut().filter(|((_, to), _)| to == remote) {
            let (due, now) = (errand.due, self.now.ms);
            errand.due = due.filter(|due| *due > now && *due <= now + HOUR_MS);
        }
        if let Some(errand) = errand {
            prop_assert!(self.claimed.iter().all(|other| other.lease != errand.lease), "a lease given twice");
            self.held.retain(|(other, _)| (other.event, &other.remote) != (errand.event, &errand.remote));
            self.held.push((errand.clone(), self.now.mono + LEASE));
            self.claimed.push(errand);
        }
        Ok(())
    }

    /// The newest claims first, so that most of them hold.
    fn nth_claimed(&self, n: usize) -> Option<Errand> {
        self.claimed.iter().rev().nth(n).cloned()
    }

    fn place_held(&self, errand: &Errand) -> Option<usize> {
        let is_it = |held: &(Errand, Duration)| held.0.lease == errand.lease && held.1 > self.now.mono;
        self.held.iter().position(is_it)
    }

    fn settle(&mut self, n: usize, end: End) -> Result<(), TestCaseError> {
        let Some(errand) = self.nth_claimed(n) else { return Ok(()) };
        let held = self.place_held(&errand);
        let clip = self.events.get(&errand.event).and_then(|event| event.clip.clone());
        let place = "there".to_owned();
        let sha256 = clip.as_ref().map(|clip| clip.sha256);
        let outcome = match end {
            End::Sent(true) => Outcome::Sent(Receipt { sha256, place }),
            End::Sent(false) => Outcome::Sent(Receipt { sha256: None, place }),
            End::Again(seconds) => Outcome::Again {
                after: Duration::from_secs(seconds),
                why: "no".to_owned(),
                resume: Some("3".to_owned()),
            },
            End::Refused => Outcome::Refused { why: "never".to_owned() },
            End::GivenBack => Outcome::GivenBack { resume: None },
        };
        let settled = self.index.settle(&errand, &outcome, self.now).unwrap();
        let plain = self.errands.get_mut(&(errand.event, errand.remote.clone()));
        let plain = plain.filter(|plain| {
            held.is_some() && plain.state == ErrandState::Owed && plain.stage == errand.stage
        });
        prop_assert_eq!(settled, plain.is_some(), "only the holder of the lease, and while it is owed");
        if let Some(place) = held {
            self.held.remove(place);
        }
        let Some(plain) = plain else { return Ok(()) };
        match end {
            End::Sent(has_proof) => {
                (plain.attempts, plain.has_sent) = (0, true);
                if errand.stage == Stage::Clip || clip.is_none() {
                    (plain.state, plain.by_hand) = (ErrandState::Done, false);
                    plain.is_proven = errand.stage == Stage::Clip && has_proof && clip.is_some();
                }
                plain.stage = Stage::Clip;
            }
            End::Again(seconds) => {
                plain.attempts += 1;
                plain.due = Some(self.now.ms + i64::try_from(seconds.min(3_600)).unwrap() * 1000);
            }
            End::Refused => {
                plain.attempts += 1;
                (plain.state, plain.by_hand) = (ErrandState::Failed, false);
            }
            End::GivenBack => {}
        }
        Ok(())
    }

    fn retry(&mut self, event: Option<u64>, remote: Option<usize>) -> Result<(), TestCaseError> {
        let remote = remote.map(|n| REMOTES[n]);
        let changed = self.index.retry(event.map(id), remote).unwrap();
        let mut expected = 0;
        for ((of, to), errand) in &mut self.errands {
            let is_meant = remote.is_none_or(|remote| remote == to) && event.is_none_or(|n| id(n) == *of);
            let is_idle = errand.state == ErrandState::Failed || errand.due.is_some();
            let may = if event.is_some() { errand.state != ErrandState::Done } else { is_idle };
            if is_meant && may {
                expected += 1;
                (errand.state, errand.due, errand.attempts) = (ErrandState::Owed, None, 0);
                errand.by_hand |= event.is_some();
            }
        }
        prop_assert_eq!(changed, expected);
        Ok(())
    }

    fn provable(&self) -> BTreeSet<EventId> {
        let has_all = |event: &&Event| {
            let mut of = self.errands.iter().filter(|((id, _), _)| *id == event.id).peekable();
            let has_some = of.peek().is_some();
            has_some && of.all(|(_, errand)| errand.state == ErrandState::Done && errand.is_proven)
        };
        let mortal = self.events.values().filter(|event| !event.favourite && event.clip.is_some());
        mortal.filter(has_all).map(|event| event.id).collect()
    }

    /// How each errand stands, by every way of asking.
    fn compare(&self) -> Result<(), TestCaseError> {
        let state = |key: &(EventId, String), errand: &Plain| {
            let is_sending = errand.state == ErrandState::Owed && self.is_held(key.0, &key.1);
            if is_sending { ErrandState::Sending } else { errand.state }
        };
        let as_seen =
            |view: &ErrandView| (view.event, view.remote.clone(), view.stage, view.state, view.attempts);
        let mut expected: Vec<_> = self
            .errands
            .iter()
            .map(|(key, e)| (key.0, key.1.clone(), e.stage, state(key, e), e.attempts))
            .collect();
        let ids: Vec<EventId> = self.events.keys().copied().collect();
        let mut of: Vec<_> = self.index.errands_of(&ids, self.now).unwrap().iter().map(as_seen).collect();
        of.sort_by_key(|seen| (seen.0, seen.1.clone()));
        prop_assert_eq!(&of, &expected);
        let names = self.index.backlog(self.now).unwrap();
        for (wanted, remote) in [
            None,
            Some(ErrandState::Owed),
            Some(ErrandState::Sending),
            Some(ErrandState::Failed),
            Some(ErrandState::Done),
        ]
        .into_iter()
        .flat_map(|state| [(state, None), (state, Some("nas".to_owned()))])
        {
            let mut query = ErrandQuery { remote: remote.clone(), state: wanted, limit: 3, cursor: None };
            let mut seen = Vec::new();
            loop {
                let (page, next) = self.index.errands(&query, self.now).unwrap();
                prop_assert!(page.len() == 3 || next.is_none(), "a page that goes on is full");
                seen.extend(page.iter().map(as_seen));
                query.cursor = next.map(|cursor| cursor.to_string().parse().unwrap());
                if next.is_none() {
                    break;
                }
            }
            expected.sort_by_key(|seen| {
                (std::cmp::Reverse(seen.0), names.iter().position(|of| of.remote == seen.1))
            });
            let mut expected = expected.clone();
            expected.retain(|seen| wanted.is_none_or(|state| state == seen.3));
            expected.retain(|seen| remote.as_ref().is_none_or(|remote| *remote == seen.1));
            prop_assert_eq!(seen, expected, "{:?} {:?}", wanted, remote);
        }
        self.compare_counts(names)
    }

    fn compare_counts(&self, backlogs: Vec<Backlog>) -> Result<(), TestCaseError> {
        for backlog in backlogs {
            let of: Vec<_> = self.errands.iter().filter(|((_, to), _)| *to == backlog.remote).collect();
            let count = |f: &dyn Fn(&Plain) -> bool| of.iter().filter(|(_, errand)| f(errand)).count() as u64;
            let is_owed = |errand: &Plain| errand.state == ErrandState::Owed;
            prop_assert_eq!(backlog.pictures, count(&|e| is_owed(e) && e.stage == Stage::Pictures));
            prop_assert_eq!(backlog.clips, count(&|e| is_owed(e) && e.stage == Stage::Clip));
            prop_assert_eq!(backlog.failed, count(&|e| e.state == ErrandState::Failed));
            prop_assert_eq!(backlog.done, count(&|e| e.state == ErrandState::Done));
            let oldest = of
                .iter()
                .filter(|(_, e)| is_owed(e))
                .map(|((event, _), _)| self.events[event].started)
                .next();
            prop_assert_eq!(backlog.oldest, oldest);
        }
        Ok(())
    }

    /// Everything that is owed can be sent now, each part once; what was refused after it is asked for.
    fn drain(&mut self) -> Result<(), TestCaseError> {
        self.now.mono += LEASE;
        self.now.ms += HOUR_MS;
        self.index.retry(None, None).unwrap();
        let mut sent = BTreeSet::new();
        for (remote, _) in self.remotes.clone() {
            while let Some(errand) = self.index.claim(&remote, None, LEASE, self.now).unwrap() {
                prop_assert!(sent.insert((errand.event, remote.clone(), errand.stage)), "sent twice");
                let sha256 = self.events[&errand.event].clip.as_ref().map(|clip| clip.sha256);
                let receipt = Receipt { sha256, place: String::new() };
                prop_assert!(self.index.settle(&errand, &Outcome::Sent(receipt), self.now).unwrap());
            }
            prop_assert_eq!(self.index.next_due(&remote, self.now).unwrap(), None);
        }
        let was_done = |key: &(EventId, String)| self.errands[key].state == ErrandState::Done;
        for key in self.errands.keys() {
            let parts = sent.iter().filter(|(event, to, _)| *event == key.0 && *to == key.1).count();
            prop_assert_eq!(parts == 0, was_done(key), "what was done is not sent again, what was not is");
        }
        for view in self.index.errands_of(&self.events.keys().copied().collect::<Vec<_>>(), self.now).unwrap()
        {
            prop_assert_eq!((view.state, view.bytes), (ErrandState::Done, 0));
        }
        let rows = self.index.evictable_oldest(None, 100).unwrap();
        prop_assert!(rows.iter().all(|row| row.uploaded != self.remotes.is_empty()));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 192 } else { 2_000 }))]

    #[test]
    fn errands_are_as_a_plain_list_of_them_would_be(acts in acts()) {
        let mut model = Model::new();
        for act in acts {
            model.act(act)?;
            model.compare()?;
        }
        prop_assert_eq!(model.index.check().unwrap(), Vec::<String>::new());
        model.drain()?;
        prop_assert_eq!(model.index.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_cursor_has_one_name() {
    let cursor = crate::outbox::ErrandCursor { event: id(3), remote: 2 };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    for bad in [
        "",
        "-",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1C",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1C-",
        "x-1",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1C-01",
    ] {
        assert!(bad.parse::<crate::outbox::ErrandCursor>().is_err(), "{bad}");
    }
}

#[test]
fn words_of_a_remote_are_kept_short() {
    let index = Index::in_memory().unwrap();
    index.set_remotes(&[RemoteRule { name: "hub".to_owned(), pictures_first: true }]).unwrap();
    while index.settle_remotes().unwrap() {}
    index.insert(&event(1), DAY).unwrap();
    let now = Now { ms: MIDNIGHT * 1000, mono: Duration::ZERO };
    let errand = index.claim("hub", None, LEASE, now).unwrap().unwrap();
    assert!(index.settle(&errand, &Outcome::Refused { why: "é".repeat(9_000) }, now).unwrap());
    let view = index.errands_of(&[id(1)], now).unwrap().pop().unwrap();
    assert_eq!((view.state, view.why.unwrap().chars().count()), (ErrandState::Failed, MOST_WHY));
    assert_eq!(
        index.backlog(now).unwrap()[0].last_error.as_ref().map(|(at, _)| at.as_second()),
        Some(MIDNIGHT)
    );
    assert_eq!(index.claim("hub", None, LEASE, now).unwrap(), None);
    assert_eq!(index.claim("nobody", None, LEASE, now).unwrap(), None);
    assert_eq!(index.next_due("nobody", now).unwrap(), None);
}
