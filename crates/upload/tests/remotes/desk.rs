//! An outbox of one event in memory, and the loop of attempts around a remote.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frame::{Rect, Size};
use sha2::{Digest as _, Sha256};
use store::StoreError;
use store::event::{Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Verdict};
use upload::{
    Backlog, ClipEntry, Errand, ErrandCursor, ErrandQuery, ErrandView, EventBundle, Failure, FileEntry,
    Ledger, Manifest, Outcome, Receipt, Remote, RemoteRule, Stage,
};

/// One event with its files.
#[derive(Debug)]
pub(crate) struct Desk {
    event: Arc<Event>,
    folder: tempfile::TempDir,
    resume: Mutex<Option<String>>,
    attempts: Mutex<u32>,
    /// Whether the last attempt left something there.
    progressed: Mutex<bool>,
    pub(crate) clip: Vec<u8>,
}

impl Desk {
    /// An event whose clip has so many bytes, and three pictures.
    pub(crate) fn with_clip(number: u128, bytes: usize) -> Arc<Self> {
        let clip = noise(number, bytes);
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            File::create(folder.path().join(name)).unwrap().write_all(bytes).unwrap();
        };
        write("clip.mp4", &clip);
        for name in ["poster.jpg", "thumb_0.jpg", "thumb_1.jpg"] {
            write(name, &[&[0xff, 0xd8][..], name.as_bytes(), &noise(number, 2000)].concat());
        }
        let event = Arc::new(event(number, &clip));
        Arc::new(Self {
            event,
            folder,
            resume: Mutex::default(),
            attempts: Mutex::default(),
            progressed: Mutex::default(),
            clip,
        })
    }

    pub(crate) fn event(&self) -> &Event {
        &self.event
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.clip).into()
    }

    pub(crate) fn resume(&self) -> Option<String> {
        self.resume.lock().unwrap().clone()
    }

    /// Whether the last attempt left something there that the next one goes on from.
    pub(crate) fn progressed(&self) -> bool {
        *self.progressed.lock().unwrap()
    }

    /// As if nobody had ever tried: after the index was built anew.
    pub(crate) fn forget(&self) {
        *self.resume.lock().unwrap() = None;
        *self.attempts.lock().unwrap() = 0;
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As somebody who asks for it again by hand.
    pub(crate) fn forget_attempts(&self) {
        *self.attempts.lock().unwrap() = 0;
    }

    /// One attempt.
    pub(crate) async fn attempt(
        self: &Arc<Self>,
        remote: &dyn Remote,
        stage: Stage,
    ) -> Result<Receipt, Failure> {
        let errand = Errand {
            remote: "there".to_owned(),
            event: self.event.id,
            stage,
            attempts: *self.attempts.lock().unwrap(),
            resume: self.resume(),
            lease: 1,
        };
        let ledger: Arc<dyn Ledger> = Arc::clone(self) as _;
        let mut bundle = EventBundle::open(ledger, errand).await?.unwrap();
        let ended = match stage {
            Stage::Pictures => remote.pictures(&mut bundle).await,
            Stage::Clip => remote.clip(&mut bundle).await,
        };
        *self.progressed.lock().unwrap() = bundle.progressed();
        if ended.is_err() {
            *self.attempts.lock().unwrap() += 1;
        }
        ended
    }

    /// Attempts until it is there; → the receipt and how many it took. Fails with what ended them otherwise.
    pub(crate) async fn until_there(
        self: &Arc<Self>,
        remote: &dyn Remote,
        stage: Stage,
    ) -> Result<(Receipt, u32), Failure> {
        let mut last = None;
        for attempt in 1..=100 {
            match self.attempt(remote, stage).await {
                Ok(receipt) => return Ok((receipt, attempt)),
                Err(failure @ (Failure::Again { .. } | Failure::Unreachable { .. })) => last = Some(failure),
                Err(other) => return Err(other),
            }
        }
        panic!("a hundred attempts came to nothing: {last:?}");
    }

    /// Pictures and clip.
    pub(crate) async fn all(self: &Arc<Self>, remote: &dyn Remote) -> Result<Receipt, Failure> {
        if remote.pictures_first() {
            self.until_there(remote, Stage::Pictures).await?;
            *self.resume.lock().unwrap() = None;
            *self.attempts.lock().unwrap() = 0;
        }
        Ok(self.until_there(remote, Stage::Clip).await?.0)
    }
}

/// Bytes that no compression and no accident makes.
pub(crate) fn noise(seed: u128, bytes: usize) -> Vec<u8> {
    let mut state = u64::try_from(seed & 0xffff_ffff).unwrap() | 1;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

fn event(number: u128, clip: &[u8]) -> Event {
    // A quarter of an hour before midnight in UTC, and the next day two hours to the east.
    let started: jiff::Timestamp = "2026-11-19T23:45:00.25Z".parse().unwrap();
    Event {
        id: EventId::from_parts(u64::try_from(started.as_millisecond()).unwrap(), number),
        camera: "garden".to_owned(),
        origin: Origin::Motion,
        state: State::Whole,
        started,
        utc_offset: 7200,
        duration: Duration::from_millis(4500),
        lead: Duration::from_secs(1),
        boot: None,
        mono: Duration::from_secs(60),
        clock_was_set: true,
        part: 1,
        part_of: None,
        verdict: Verdict {
            label: "animal".to_owned(),
            confidence: 0.9,
            alternatives: vec![("person".to_owned(), 0.1)],
            direction: "left".to_owned(),
            by_person: false,
        },
        sentence: Some("Something the size of a fox went left.".to_owned()),
        size: Size { width: 1280, height: 720 },
        frames: 67,
        missing: 0,
        regions: vec![Rect { x: 1, y: 2, w: 30, h: 40 }],
        trail: Vec::new(),
        clip: Some(Clip {
            bytes: clip.len() as u64,
            sha256: Sha256::digest(clip).into(),
            codec: ClipCodec::H264,
            degraded: false,
        }),
        pictures: Pictures { poster: true, thumb: false, trail: false, thumbnails: 2, bytes: 6000 },
        analysis: None,
        novelty: 0.5,
        favourite: false,
        note: String::new(),
        seen: false,
        source_sha256: None,
        source_id: None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Ledger for Desk {
    fn set_remotes(&self, _: &[RemoteRule]) -> Result<(), StoreError> {
        Ok(())
    }

    fn claim(&self, _: &str, _: Option<Stage>, _: Duration) -> Result<Option<Errand>, StoreError> {
        Ok(None)
    }

    fn next_due(&self, _: &str) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }

    fn renew(&self, _: &Errand, _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn note_resume(&self, _: &Errand, resume: Option<&str>) -> Result<bool, StoreError> {
        *self.resume.lock().unwrap() = resume.map(str::to_owned);
        Ok(true)
    }

    fn settle(&self, _: &Errand, _: Outcome) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        Ok(Vec::new())
    }

    fn errands(&self, _: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        Ok((Vec::new(), None))
    }

    fn hasten(&self, _: &str) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn retry(&self, _: Option<EventId>, _: Option<&str>) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn free_sent(&self, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn event(&self, id: EventId) -> Result<Option<Arc<Event>>, StoreError> {
        Ok((id == self.event.id).then(|| Arc::clone(&self.event)))
    }

    fn manifest(&self, _: EventId) -> Result<Option<Manifest>, StoreError> {
        let files = ["poster.jpg", "thumb_0.jpg", "thumb_1.jpg"].map(|name| {
            let bytes = std::fs::read(self.file(name)).unwrap();
            FileEntry {
                name: name.to_owned(),
                bytes: bytes.len() as u64,
                sha256: hex(&Sha256::digest(&bytes)),
            }
        });
        let clip =
            self.event.clip.as_ref().map(|clip| ClipEntry { bytes: clip.bytes, sha256: hex(&clip.sha256) });
        let metadata = serde_json::json!({"id": self.event.id.to_string(), "format": 1});
        Ok(Some(Manifest { metadata, files: files.into(), clip }))
    }

    fn open_file(&self, _: EventId, name: &str) -> Result<Option<(File, u64)>, StoreError> {
        let Ok(file) = File::open(self.file(name)) else { return Ok(None) };
        let length = file.metadata().unwrap().len();
        Ok(Some((file, length)))
    }

    fn on_owed(&self, _: Box<dyn Fn() + Send + Sync>) {}
}
