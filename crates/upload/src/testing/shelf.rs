//! A ledger in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use frame::Size;
use sha2::{Digest as _, Sha256};
use store::StoreError;
use store::event::{Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Verdict};
use store::parcel::hex;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::ledger::{
    Backlog, ClipEntry, Errand, ErrandCursor, ErrandQuery, ErrandState, ErrandView, FileEntry, Ledger,
    Manifest, Outcome, RemoteRule, Stage,
};

/// The event of that number; later ones are newer.
pub(crate) fn event_id(number: u64) -> EventId {
    EventId::from_parts(1_790_000_000_000 + number, u128::from(number))
}

/// Events that all have the same files, owed to one remote.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: TempDir,
    clip: Clip,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    rows: BTreeMap<EventId, Row>,
    leases: u64,
    settled: Vec<(EventId, Outcome)>,
    freed: u64,
    nudges: Vec<Box<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) stage: Stage,
    pub(crate) state: ErrandState,
    pub(crate) attempts: u32,
    pub(crate) resume: Option<String>,
    pub(crate) why: Option<String>,
    due: Option<Instant>,
    lease: Option<(u64, Instant)>,
}

impl Shelf {
    pub(crate) fn with(events: u64, stage: Stage) -> Arc<Self> {
        Self::of(&[7; 300_000], events, stage)
    }

    pub(crate) fn of(clip: &[u8], events: u64, stage: Stage) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clip.mp4"), clip).unwrap();
        for name in ["poster.jpg", "track.json"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let clip = Clip {
            bytes: clip.len() as u64,
            sha256: Sha256::digest(clip).into(),
            codec: ClipCodec::H264,
            degraded: false,
        };
        let shelf = Arc::new(Self { folder, clip, rows: Mutex::default() });
        for number in 0..events {
            shelf.owe(event_id(number), stage);
        }
        shelf
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.clip.sha256
    }

    pub(crate) fn owe(&self, id: EventId, stage: Stage) {
        self.owe_from(id, stage, None);
    }

    /// As [`Self::owe`], due in `wait`.
    pub(crate) fn owe_later(&self, id: EventId, stage: Stage, wait: Duration) {
        self.owe_from(id, stage, Some(Instant::now() + wait));
    }

    fn owe_from(&self, id: EventId, stage: Stage, due: Option<Instant>) {
        let row =
            Row { stage, state: ErrandState::Owed, attempts: 0, resume: None, why: None, due, lease: None };
        let mut rows = self.rows();
        rows.rows.insert(id, row);
        for nudge in &rows.nudges {
            nudge();
        }
    }

    pub(crate) fn row(&self, number: u64) -> Row {
        self.rows().rows[&event_id(number)].clone()
    }

    pub(crate) fn forget(&self, number: u64) {
        self.rows().rows.remove(&event_id(number));
    }

    /// Somebody else has it now.
    pub(crate) fn take_lease(&self, number: u64) {
        if let Some(row) = self.rows().rows.get_mut(&event_id(number)) {
            row.lease = Some((u64::MAX, Instant::now() + Duration::from_secs(86400)));
        }
    }

    pub(crate) fn settled(&self) -> Vec<(EventId, Outcome)> {
        self.rows().settled.clone()
    }

    pub(crate) fn freed(&self) -> u64 {
        self.rows().freed
    }

    pub(crate) fn count(&self, state: ErrandState) -> usize {
        self.rows().rows.values().filter(|row| row.state == state).count()
    }

    pub(crate) fn leases(&self) -> usize {
        self.rows().rows.values().filter(|row| row.lease.is_some()).count()
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.rows().rows.values().map(|row| row.attempts).sum()
    }

    pub(crate) fn is_all_done(&self) -> bool {
        self.rows().rows.values().all(|row| row.state == ErrandState::Done)
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn event_of(&self, id: EventId) -> Event {
        let started = jiff::Timestamp::from_millisecond(i64::try_from(id.ms()).unwrap()).unwrap();
        Event {
            id,
            camera: "garden".to_owned(),
            origin: Origin::Motion,
            state: State::Whole,
            started,
            utc_offset: 3600,
            duration: Duration::from_secs(4),
            lead: Duration::from_secs(1),
            boot: None,
            mono: Duration::ZERO,
            clock_was_set: true,
            part: 1,
            part_of: None,
            verdict: Verdict {
                label: "animal".to_owned(),
                confidence: 0.9,
                alternatives: Vec::new(),
                direction: "left".to_owned(),
                by_person: false,
            },
            sentence: None,
            size: Size { width: 640, height: 360 },
            frames: 60,
            missing: 0,
            regions: Vec::new(),
            trail: Vec::new(),
            clip: Some(self.clip.clone()),
            pictures: Pictures { poster: true, bytes: 10, ..Pictures::default() },
            analysis: None,
            novelty: 0.5,
            favourite: false,
            note: String::new(),
            seen: false,
            source_sha256: None,
            source_id: None,
        }
    }
}

impl Row {
    fn is_leased(&self) -> bool {
        self.lease.is_some_and(|(_, until)| until > Instant::now())
    }

    fn holds(&self, errand: &Errand) -> bool {
        self.lease.is_some_and(|(lease, until)| lease == errand.lease && until > Instant::now())
    }
}

impl Ledger for Shelf {
    fn set_remotes(&self, _: &[RemoteRule]) -> Result<(), StoreError> {
        Ok(())
    }

    fn claim(&self, remote: &str, _: Option<Stage>, lease: Duration) -> Result<Option<Errand>, StoreError> {
        let now = Instant::now();
        let mut rows = self.rows();
        rows.leases += 1;
        let number = rows.leases;
        let is_due = |row: &Row| {
            row.state == ErrandState::Owed && !row.is_leased() && row.due.is_none_or(|due| due <= now)
        };
        let of = |stage: Stage| move |row: &Row| row.stage == stage && is_due(row);
        let pictures = rows.rows.iter().rev().find(|(_, row)| of(Stage::Pictures)(row)).map(|(id, _)| *id);
        let clip = || rows.rows.iter().find(|(_, row)| of(Stage::Clip)(row)).map(|(id, _)| *id);
        let Some(event) = pictures.or_else(clip) else { return Ok(None) };
        let row = rows.rows.get_mut(&event).unwrap();
        row.lease = Some((number, now + lease));
        let (stage, attempts, resume) = (row.stage, row.attempts, row.resume.clone());
        Ok(Some(Errand { remote: remote.to_owned(), event, stage, attempts, resume, lease: number }))
    }

    fn next_due(&self, _: &str) -> Result<Option<Duration>, StoreError> {
        let now = Instant::now();
        let rows = self.rows();
        let owed = rows.rows.values().filter(|row| row.state == ErrandState::Owed);
        let due = owed.map(|row| match row.lease.filter(|_| row.is_leased()) {
            Some((_, until)) => until,
            None => row.due.unwrap_or(now),
        });
        Ok(due.min().map(|due| due.saturating_duration_since(now)))
    }

    fn renew(&self, errand: &Errand, lease: Duration) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.rows.get_mut(&errand.event).filter(|row| row.holds(errand)) else {
            return Ok(false);
        };
        row.lease = Some((errand.lease, Instant::now() + lease));
        Ok(true)
    }

    fn note_resume(&self, errand: &Errand, resume: Option<&str>) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.rows.get_mut(&errand.event).filter(|row| row.holds(errand)) else {
            return Ok(false);
        };
        row.resume = resume.map(ToOwned::to_owned);
        Ok(true)
    }

    fn settle(&self, errand: &Errand, outcome: Outcome) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        rows.settled.push((errand.event, outcome.clone()));
        let Some(row) = rows.rows.get_mut(&errand.event).filter(|row| row.holds(errand)) else {
            return Ok(false);
        };
        row.lease = None;
        match outcome {
            Outcome::Sent(_) if row.stage == Stage::Pictures => {
                (row.stage, row.attempts, row.due, row.resume) = (Stage::Clip, 0, None, None);
            }
            Outcome::Sent(_) => row.state = ErrandState::Done,
            Outcome::Again { after, why, resume } => {
                row.attempts += 1;
                (row.due, row.why, row.resume) = (Some(Instant::now() + after), Some(why), resume);
            }
            Outcome::Refused { why } => (row.state, row.why) = (ErrandState::Failed, Some(why)),
            Outcome::GivenBack { resume } => (row.due, row.resume) = (None, resume),
        }
        Ok(true)
    }

    fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let clips = self.count(ErrandState::Owed) as u64;
        Ok(vec![Backlog { remote: "hub".to_owned(), clips, ..Backlog::default() }])
    }

    fn errands(&self, query: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        let rows = self.rows();
        let wanted = rows.rows.iter().filter(|(_, row)| query.state.is_none_or(|state| state == row.state));
        let views = wanted.map(|(id, row)| ErrandView {
            remote: "hub".to_owned(),
            event: *id,
            camera: "garden".to_owned(),
            started: jiff::Timestamp::UNIX_EPOCH,
            stage: row.stage,
            state: row.state,
            attempts: row.attempts,
            due_in: None,
            why: row.why.clone(),
            bytes: 0,
            done_at: None,
        });
        Ok((views.collect(), None))
    }

    fn retry(&self, event: Option<EventId>, _: Option<&str>) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let mut count = 0;
        for (_, row) in rows.rows.iter_mut().filter(|(id, _)| event.is_none_or(|event| event == **id)) {
            if row.state == ErrandState::Failed {
                (row.state, row.attempts, row.due) = (ErrandState::Owed, 0, None);
                count += 1;
            }
        }
        for nudge in &rows.nudges {
            nudge();
        }
        Ok(count)
    }

    fn hasten(&self, _: &str) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let waiting = rows.rows.values_mut().filter(|row| row.due.is_some());
        Ok(waiting.map(|row| (row.attempts, row.due) = (0, None)).count() as u64)
    }

    fn free_sent(&self, limit: u32) -> Result<u64, StoreError> {
        self.rows().freed += u64::from(limit);
        Ok(0)
    }

    fn event(&self, id: EventId) -> Result<Option<Arc<Event>>, StoreError> {
        Ok(self.rows().rows.contains_key(&id).then(|| Arc::new(self.event_of(id))))
    }

    fn manifest(&self, id: EventId) -> Result<Option<Manifest>, StoreError> {
        let files = ["poster.jpg", "track.json"].map(|name| FileEntry {
            name: name.to_owned(),
            bytes: name.len() as u64,
            sha256: hex(&Sha256::digest(name)),
        });
        Ok(Some(Manifest {
            metadata: serde_json::json!({ "id": id.to_string() }),
            files: files.into(),
            clip: Some(ClipEntry { bytes: self.clip.bytes, sha256: hex(&self.clip.sha256) }),
        }))
    }

    fn open_file(&self, _: EventId, name: &str) -> Result<Option<(File, u64)>, StoreError> {
        let Ok(file) = File::open(self.folder.path().join(name)) else { return Ok(None) };
        let bytes = file.metadata().unwrap().len();
        Ok(Some((file, bytes)))
    }

    fn on_owed(&self, nudge: Box<dyn Fn() + Send + Sync>) {
        self.rows().nudges.push(nudge);
    }
}
