//! One clip through the detector, and through the recorder if it is to be kept.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use capture::{FileError, Problem, VideoFile};
use frame::{I420, Picture};
use motion::{Decision, EventEdge, EventEnd, Settings};
use recorder::{Source, Trouble};
use store::event::Event;

use super::when::{self, When};
use super::{Reel, Terms, Vault};
use crate::detect::Detector;

/// Frames a second of a clip that does not say.
const RATE: f32 = 15.0;

/// Whether somebody wants the program to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicI32>);

impl Stop {
    /// With this exit code.
    pub(crate) fn ask(&self, code: i32) {
        self.0.store(code, Ordering::SeqCst);
    }

    /// The exit code, if somebody does.
    pub(crate) fn asked(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::SeqCst)).ok().filter(|code| *code != 0)
    }
}

/// What came of one clip.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Frames that were judged.
    pub(crate) frames: u64,
    /// Of them, those in which something moved.
    pub(crate) moving: u64,
    /// The last frame's time.
    pub(crate) end: Duration,
    /// What moved.
    pub(crate) ends: Vec<EventEnd>,
    /// What was kept.
    pub(crate) events: Vec<Arc<Event>>,
    /// What is wrong with the file although frames came of it.
    pub(crate) warning: Option<String>,
    /// Why it was given up.
    pub(crate) error: Option<String>,
}

/// When the clip was taken.
pub(crate) fn when(path: &Path, video: &VideoFile) -> std::io::Result<When> {
    let changed = std::fs::metadata(path)?.modified()?;
    Ok(when::of_clip(path, video.created(), video.info().duration.unwrap_or_default(), changed))
}

/// What the recorder has to know of a clip.
pub(crate) fn source(
    vault: &Vault,
    terms: &Terms,
    camera: &str,
    when: When,
    frame_rate: Option<f32>,
    sha256: [u8; 32],
) -> std::io::Result<Source> {
    Ok(Source {
        camera: camera.to_owned(),
        store: vault.store().clone(),
        settings: terms.recording.clone(),
        began: when.wall(),
        utc_offset: when.utc_offset,
        clock_was_set: when.is_set(),
        frame_rate: frame_rate.unwrap_or(RATE),
        amend: Arc::new(move |finished, _| finished.source_sha256 = Some(sha256)),
        begun: vault.notes()?,
    })
}

/// Looks through all frames; `each` is told of every one.
///
/// # Errors
/// `each`'s, and when the store takes nothing any more; what is wrong with the file itself is in what was found.
pub(crate) fn look(
    path: &Path,
    frames: &mut dyn Iterator<Item = Result<(Duration, I420), FileError>>,
    settings: &Settings,
    mut reel: Option<Reel>,
    stop: &Stop,
    each: &mut dyn FnMut(u64, &Decision) -> anyhow::Result<()>,
) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut detector = Detector::new(settings.clone())?;
    for next in frames {
        if stop.asked().is_some() {
            return Ok(found);
        }
        let looked = next.map_err(told).and_then(|(at, planes)| {
            let picture = Picture::Raw(planes);
            let told = |error| format!("{}: frame {}: {error}", path.display(), found.frames);
            let looked = detector.look(&picture, at).map_err(told)?;
            Ok((at, picture, looked))
        });
        let (at, picture, looked) = match looked {
            Ok(looked) => looked,
            Err(error) => {
                found.error = Some(error);
                return Ok(found);
            }
        };
        let edges = [looked.cut.as_ref(), looked.decision.edge.as_ref()];
        found.ends.extend(edges.into_iter().flatten().filter_map(ended));
        each(found.frames, &looked.decision)?;
        found.frames += 1;
        found.moving += u64::from(looked.decision.motion);
        found.end = at;
        if let Some(kept) = &mut reel
            && let Err(trouble) = kept.take(at, picture, looked)
        {
            given_up(path, trouble, &mut found)?;
            return Ok(found);
        }
    }
    let last = detector.finish();
    found.ends.extend(last.as_ref().and_then(ended));
    if stop.asked().is_none()
        && let Some(reel) = reel
    {
        match reel.finish(last.as_ref()) {
            Ok(events) => found.events = events,
            Err(trouble) => given_up(path, trouble, &mut found)?,
        }
    }
    Ok(found)
}

/// What the store does not take ends everything, since it would not take the next file either.
fn given_up(path: &Path, trouble: Trouble, found: &mut Found) -> anyhow::Result<()> {
    match trouble {
        Trouble::Store(error) => Err(error.into()),
        other => {
            found.error = Some(format!("{}: {other}", path.display()));
            Ok(())
        }
    }
}

/// Events that were too short to be worth keeping are not told either.
fn ended(edge: &EventEdge) -> Option<EventEnd> {
    match edge {
        EventEdge::Ended(end) if !end.brief => Some(end.clone()),
        _ => None,
    }
}

/// What is missing on this machine comes with how to get it, as the server says it.
pub(crate) fn told(error: FileError) -> String {
    match error {
        FileError::NoFfmpeg(_) => {
            let problem = Problem::from(error);
            format!("{} {}", problem.what, problem.mend)
        }
        other => other.to_string(),
    }
}
