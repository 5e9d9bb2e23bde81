//! Events small enough for ten thousand of them to be recorded in a second.

use std::time::{Duration, SystemTime};

use frame::{Clock, Point, Rect, Size, Stamp};

use crate::draft::{Birth, Draft, Finished};
use crate::error::StoreError;
use crate::event::{
    Analysis, Characteristics, Clip, ClipCodec, Event, EventId, Moment, Origin, PictureName, State, Temporal,
    Verdict,
};
use crate::mp4::{ClipWriter, TrackKind};
use crate::store::Store;
use crate::track::{GateRecord, Track};

pub(crate) const SIZE: Size = Size::new(64, 48);
/// The time between two frames.
pub(crate) const STEP: Duration = Duration::from_millis(200);

/// 2026-11-20, noon.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_176_000)
}

pub(crate) fn birth(camera: &str, clock: &dyn Clock) -> Birth {
    born_at(camera, clock.stamp())
}

pub(crate) fn born_at(camera: &str, started: Stamp) -> Birth {
    Birth {
        camera: camera.to_owned(),
        origin: Origin::Motion,
        started,
        utc_offset: 3600,
        lead: STEP,
        clock_was_set: true,
        size: SIZE,
        part: 1,
        part_of: None,
    }
}

/// What is known of an event with such a clip, all of it different from nothing.
pub(crate) fn finished(clip: Option<Clip>, frames: u64) -> Finished {
    Finished {
        state: State::Whole,
        duration: STEP * u32::try_from(frames).unwrap_or(0),
        lead: STEP,
        clock_was_set: true,
        verdict: Verdict {
            label: "animal".to_owned(),
            confidence: 0.8,
            alternatives: vec![("person".to_owned(), 0.1)],
            direction: "left".to_owned(),
            by_person: false,
        },
        sentence: Some("Something moved to the left.".to_owned()),
        frames,
        missing: 0,
        regions: vec![Rect::new(1, 2, 3, 4)],
        trail: vec![Point { x: 0.25, y: 0.5 }, Point { x: 0.3, y: 0.5 }],
        clip,
        analysis: Some(Analysis {
            characteristics: Characteristics { mean_magnitude: 1.5, ..Characteristics::default() },
            temporal: Temporal { direction_changes: 2, ..Temporal::default() },
            histogram: vec![0.5, 0.5],
            signature_hash: "0123456789abcdef".to_owned(),
        }),
        novelty: 0.5,
        source_sha256: None,
        source_id: None,
    }
}

/// A frame's bytes: a JPEG to whoever looks at its ends alone.
pub(crate) fn frame(n: u64) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    bytes.extend((0..300_u64).map(|i| (i.wrapping_mul(n.wrapping_add(7)) >> 2 & 0x7f) as u8));
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// Begins a clip of JPEGs in the draft.
pub(crate) fn clip(draft: &mut Draft) -> Result<ClipWriter, StoreError> {
    let file = draft.create_clip()?;
    ClipWriter::new(file, TrackKind::Mjpeg { size: SIZE })
        .map_err(|error| StoreError::io("write a clip", error))
}

pub(crate) fn push(writer: &mut ClipWriter, n: u64) -> Result<(), StoreError> {
    let at = STEP * u32::try_from(n).unwrap_or(0);
    writer.push(at, &frame(n), true).map_err(|error| StoreError::io("write a clip", error))
}

pub(crate) fn close(writer: ClipWriter) -> Result<Clip, StoreError> {
    let facts = writer.finish(STEP).map_err(|error| StoreError::io("write a clip", error))?;
    Ok(Clip { bytes: facts.bytes, sha256: facts.sha256, codec: ClipCodec::Mjpeg, degraded: false })
}

/// Pictures and track.
pub(crate) fn trimmings(draft: &mut Draft) -> Result<(), StoreError> {
    for (n, name) in (100..).zip([PictureName::Poster, PictureName::Thumb, PictureName::Thumbnail(0)]) {
        draft.write(name, &frame(n))?;
    }
    draft.track(&Track {
        moments: vec![Moment {
            at: STEP,
            boxes: vec![(1, Rect::new(1, 2, 3, 4), "animal".to_owned())],
            motion: 0.1,
        }],
        gates: vec![GateRecord {
            name: "area".to_owned(),
            value: 9.0,
            limit: 5.0,
            at_least: true,
            passed: true,
        }],
    })
}

/// A whole event of so many frames.
pub(crate) fn record(
    store: &Store,
    birth: &Birth,
    frames: u64,
) -> Result<(EventId, std::sync::Arc<Event>), StoreError> {
    let mut draft = store.begin(birth)?;
    let mut writer = clip(&mut draft)?;
    for n in 0..frames {
        push(&mut writer, n)?;
    }
    let clip = close(writer)?;
    trimmings(&mut draft)?;
    let id = draft.id();
    Ok((id, draft.commit(finished(Some(clip), frames))?))
}
