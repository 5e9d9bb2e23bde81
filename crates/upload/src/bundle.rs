//! All that one attempt has to do with: the errand, the event, its files, and what limits their sending.
//!
//! A remote asks the bundle for what it needs and opens nothing itself; so whatever way the attempt ends, the bundle's
//! scope lets go of everything. What does not belong here: what becomes of the errand (`reconcile`).

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use store::StoreError;
use store::event::Event;

use crate::http::Outgoing;
use crate::ledger::{Errand, Ledger, Manifest, Stage};
use crate::rates::{Journey, Leg, Meter};
use crate::remote::Failure;
use crate::scope::{Lent, Scope};
use crate::throttle::Throttle;

/// A small file is at most so long.
const MOST_FILE: u64 = 16 << 20;
/// How the file of the clip is called.
const CLIP: &str = "clip.mp4";

/// Where the next attempt may go on, as far as is known now.
pub(crate) type Noted = Arc<Mutex<Option<String>>>;

/// How fast bytes may go, where they are counted, and what an attempt noted.
#[derive(Debug, Clone)]
pub(crate) struct Gear {
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) noted: Noted,
}

impl Gear {
    /// As fast as it goes.
    pub(crate) fn free() -> Self {
        Self { throttle: Arc::new(Throttle::new(None)), meter: Arc::new(Meter::new()), noted: Arc::default() }
    }
}

/// All that one attempt has to do with.
#[derive(Debug)]
pub struct EventBundle {
    errand: Errand,
    event: Arc<Event>,
    manifest: Manifest,
    ledger: Arc<dyn Ledger>,
    gear: Gear,
    journey: Arc<Journey>,
    resume: Option<String>,
    progressed: bool,
    scope: Scope,
}

impl EventBundle {
    /// For an errand that was claimed; `None` if its event is gone.
    ///
    /// # Errors
    /// If the event's files could not be read.
    pub async fn open(ledger: Arc<dyn Ledger>, errand: Errand) -> Result<Option<Self>, Failure> {
        match Self::within(Scope::default(), ledger, errand, Gear::free()).await {
            Ok(bundle) => Ok(Some(bundle)),
            Err((_, None)) => Ok(None),
            Err((_, Some(failure))) => Err(failure),
        }
    }

    /// As [`Self::open`], in a scope that holds something already; that is given back if nothing comes of it, without a
    /// failure if the event is gone.
    pub(crate) async fn within(
        scope: Scope,
        ledger: Arc<dyn Ledger>,
        errand: Errand,
        gear: Gear,
    ) -> Result<Self, (Scope, Option<Failure>)> {
        let (asked, id) = (Arc::clone(&ledger), errand.event);
        let found = off_thread(move || {
            let Some(event) = asked.event(id)? else { return Ok(None) };
            Ok(asked.manifest(id)?.map(|manifest| (event, manifest)))
        });
        let (event, manifest) = match found.await {
            Ok(Some(found)) => found,
            Ok(None) => return Err((scope, None)),
            Err(failure) => return Err((scope, Some(failure))),
        };
        let resume = errand.resume.clone();
        gear.noted.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&resume);
        let journey = gear.meter.begin(id, errand.stage, to_go(&manifest, errand.stage));
        Ok(Self { errand, event, manifest, ledger, gear, journey, resume, progressed: false, scope })
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The errand as it was claimed.
    #[must_use]
    pub fn errand(&self) -> &Errand {
        &self.errand
    }

    /// Its metadata, and its files with their hashes.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The whole of a small file of the manifest.
    ///
    /// # Errors
    /// If it is not there or could not be read; another attempt may find it.
    pub async fn file(&mut self, name: &str) -> Result<Bytes, Failure> {
        let (lent, length) = self.lend(name).await?;
        if length > MOST_FILE {
            return Err(Failure::refused(format!("{name} is {length} bytes long, over 16 MiB")));
        }
        let bytes = read(&lent, 0, usize::try_from(length).unwrap_or(0)).await?;
        if bytes.len() as u64 != length {
            return Err(Failure::again(format!("{name} became shorter while it was read")));
        }
        self.journey.took_file(length);
        Ok(bytes)
    }

    /// The clip from that byte on.
    ///
    /// # Errors
    /// If there is none or it could not be opened.
    pub async fn clip(&mut self, offset: u64) -> Result<ClipReader, Failure> {
        let (lent, length) = self.lend(CLIP).await?;
        let listed = self.manifest.clip.as_ref().map_or(length, |clip| clip.bytes);
        if listed != length {
            return Err(Failure::again(format!(
                "the clip has {length} bytes on disk, and should have {listed}"
            )));
        }
        if offset > length {
            return Err(Failure::again(format!("the remote wants byte {offset} of a clip of {length}")));
        }
        self.journey.from(offset);
        let journey = Arc::clone(&self.journey);
        Ok(ClipReader { lent, at: offset, end: length, gear: self.gear.clone(), journey })
    }

    /// Bytes as the body of a request: they go no faster than they may, and are counted as they go.
    #[must_use]
    pub fn body(&self, bytes: Bytes) -> Outgoing {
        let (length, gear) = (bytes.len() as u64, self.gear.clone());
        let leg = self.journey.leg(length);
        let pieces = stream::unfold((bytes, gear, leg), |(mut rest, gear, mut leg)| async move {
            if rest.is_empty() {
                return None;
            }
            let piece = rest.split_to(gear.throttle.piece().min(rest.len()));
            gear.pass(piece.len(), leg.as_mut()).await;
            Some((Ok(piece), (rest, gear, leg)))
        });
        Outgoing::new(length, pieces)
    }

    /// Waits until so many bytes may go, and counts them: for what is sent otherwise than by [`Self::body`].
    pub async fn sent(&mut self, bytes: u64) {
        self.gear.pass(usize::try_from(bytes).unwrap_or(usize::MAX), None).await;
    }

    /// Bytes a second that went out to this remote of late.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.gear.meter.rate()
    }

    /// Where an earlier attempt, or this one, noted that one may go on.
    #[must_use]
    pub fn resume(&self) -> Option<&str> {
        self.resume.as_deref()
    }

    /// Notes where a later attempt may go on, so that it is known after a crash too; `None`: it begins anew.
    ///
    /// # Errors
    /// [`Failure::Cancelled`] if the errand is no longer ours; another one if it could not be noted.
    pub async fn note_resume(&mut self, resume: Option<String>) -> Result<(), Failure> {
        let (ledger, errand, noted) = (Arc::clone(&self.ledger), self.errand.clone(), resume.clone());
        let ours = off_thread(move || ledger.note_resume(&errand, noted.as_deref())).await?;
        self.gear.noted.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&resume);
        self.resume = resume;
        if self.resume.is_none() {
            self.set_back();
        }
        if ours { Ok(()) } else { Err(Failure::Cancelled) }
    }

    /// The remote has kept something of it for good: the next attempt, if one is needed, does not begin anew, and need not
    /// wait for long.
    pub fn progress(&mut self) {
        self.progressed = true;
    }

    /// What the remote has kept is lost or no good: the next attempt begins anew, and goes behind those of other events, or
    /// a few that never get through would hold up all.
    pub fn set_back(&mut self) {
        self.progressed = false;
    }

    /// Whether the next attempt does not begin anew.
    #[must_use]
    pub fn progressed(&self) -> bool {
        self.progressed
    }

    async fn lend(&mut self, name: &str) -> Result<(Lent, u64), Failure> {
        let (ledger, id, asked) = (Arc::clone(&self.ledger), self.errand.event, name.to_owned());
        match off_thread(move || ledger.open_file(id, &asked)).await? {
            Some((file, length)) => Ok((self.scope.lend(file), length)),
            None => Err(Failure::again(format!("{name} is not there"))),
        }
    }
}

impl Gear {
    async fn pass(&self, bytes: usize, leg: Option<&mut Leg>) {
        self.throttle.take(bytes).await;
        self.meter.count(bytes as u64);
        if let Some(leg) = leg {
            leg.passed(bytes as u64);
        }
    }
}

/// Bytes of the files that belong to a stage.
fn to_go(manifest: &Manifest, stage: Stage) -> u64 {
    match stage {
        Stage::Pictures => manifest.files.iter().map(|file| file.bytes).sum(),
        Stage::Clip => manifest.clip.as_ref().map_or(0, |clip| clip.bytes),
    }
}

/// The clip, read from front to back off the runtime's thread; closed with the attempt at the latest.
#[derive(Debug)]
pub struct ClipReader {
    lent: Lent,
    at: u64,
    end: u64,
    gear: Gear,
    journey: Arc<Journey>,
}

impl ClipReader {
    /// The byte that is read next.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// Bytes that are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The next bytes, `most` unless the clip ends before; empty at its end. Not held back: send them by
    /// [`EventBundle::body`].
    ///
    /// # Errors
    /// If the file could not be read, or is shorter than it was.
    pub async fn part(&mut self, most: usize) -> Result<Bytes, Failure> {
        let want = usize::try_from(self.left()).unwrap_or(usize::MAX).min(most);
        let bytes = read(&self.lent, self.at, want).await?;
        if bytes.len() < want {
            return Err(Failure::again("the clip became shorter while it was read"));
        }
        self.journey.took_part(self.at, bytes.len() as u64);
        self.at += bytes.len() as u64;
        Ok(bytes)
    }

    /// All that is left as the body of a request, or as a part of it: no faster than it may go, and counted as it goes.
    #[must_use]
    pub fn into_body(self) -> Outgoing {
        let length = self.left();
        let pieces = stream::unfold(self, |mut reader| async move {
            if reader.left() == 0 {
                return None;
            }
            let piece = match reader.part(reader.gear.throttle.piece()).await {
                Ok(piece) => piece,
                Err(failure) => {
                    reader.at = reader.end;
                    return Some((Err(io::Error::other(failure.why().to_owned())), reader));
                }
            };
            let mut leg = reader.journey.leg(piece.len() as u64);
            reader.gear.pass(piece.len(), leg.as_mut()).await;
            Some((Ok(piece), reader))
        });
        Outgoing::new(length, pieces)
    }
}

async fn read(lent: &Lent, at: u64, most: usize) -> Result<Bytes, Failure> {
    let lent = lent.clone();
    let read = tokio::task::spawn_blocking(move || lent.read_at(at, most)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) => Err(Failure::again(format!("a file could not be read: {error}"))),
        Err(_) => Err(Failure::Cancelled),
    }
}

/// Asks the ledger off the runtime's thread.
pub(crate) async fn off_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Failure::again(format!("what is kept here could not be read: {error}"))),
        Err(_) => Err(Failure::Cancelled),
    }
}
