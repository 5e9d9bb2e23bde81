//! Pictures of a card: which of them were taken in one go, and the event that they become.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use codec::{Encoder, ScanError, Shaper};
use exif::{In, Tag, Value};
use frame::{JpegPicture, Picture};
use jiff::civil::DateTime;
use jiff::tz::Offset;
use motion::{EventEdge, EventEnd};
use recorder::{EncoderKind, Series, Sight, Source, Trouble};
use sha2::{Digest as _, Sha256};

use super::walk::Entry;
use crate::detect::Detector;
use crate::footage::Terms;
use crate::footage::clip::told;
use crate::footage::when::{self, By, When};
use crate::run::{Reasons, reason_of};

#[cfg(test)]
mod tests;

/// Pictures with more than this between them were not taken in one go.
const TOGETHER: Duration = Duration::from_secs(10);
/// An event of pictures is not longer than this, nor of more: a time lapse is cut into pieces.
const LONGEST: Duration = Duration::from_secs(300);
const MOST: usize = 500;
/// Fewer pictures than this say nothing of movement.
const FEWEST: usize = 3;
/// A file larger than this is no camera's picture.
const LARGEST: u64 = 64 << 20;
/// Quality of those that have to be encoded anew.
const QUALITY: u8 = 92;

/// A picture on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Still {
    pub(super) file: Entry,
    pub(super) when: When,
    /// Its time is to the second only.
    pub(super) is_coarse: bool,
}

impl Still {
    /// With the time that its EXIF data says, else its name, else the file.
    pub(super) fn of(file: Entry) -> Self {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let exif = exif_time(&file.path).filter(|(when, _)| when.is_set());
        let named = || {
            let when =
                when::in_name(&name).and_then(|civil| when::local(civil, By::Name)).filter(When::is_set)?;
            Some((when, true))
        };
        let (when, is_coarse) =
            exif.or_else(named).unwrap_or_else(|| (when::of_change(file.changed, Duration::ZERO), true));
        Self { file, when, is_coarse }
    }
}

/// When the camera says that the picture was taken, and whether only to the second.
fn exif_time(path: &Path) -> Option<(When, bool)> {
    let mut reader = BufReader::new(File::open(path).ok()?.take(LARGEST));
    // The whole file is never read: EXIF data stands before the picture.
    let mut head = Vec::new();
    reader.by_ref().take(1 << 20).read_to_end(&mut head).ok()?;
    let exif = exif::Reader::new().read_from_container(&mut io::Cursor::new(head)).ok()?;
    let text = |tag| match exif.get_field(tag, In::PRIMARY).map(|field| &field.value) {
        Some(Value::Ascii(words)) => words.first().cloned(),
        _ => None,
    };
    let (date, subsec, offset) = [
        (Tag::DateTimeOriginal, Tag::SubSecTimeOriginal, Tag::OffsetTimeOriginal),
        (Tag::DateTimeDigitized, Tag::SubSecTimeDigitized, Tag::OffsetTimeDigitized),
    ]
    .into_iter()
    .find_map(|(date, subsec, offset)| Some((text(date)?, text(subsec), text(offset))))?;
    let mut date = exif::DateTime::from_ascii(&date).ok()?;
    // What is odd in these says nothing against the date.
    let is_fine = subsec.is_some_and(|text| date.parse_subsec(&text).is_ok());
    let has_offset = offset.is_some_and(|text| date.parse_offset(&text).is_ok());
    let small = |n: u8| i8::try_from(n).ok();
    let nanos = i32::try_from(date.nanosecond.unwrap_or(0)).ok()?;
    let civil = DateTime::new(
        i16::try_from(date.year).ok()?,
        small(date.month)?,
        small(date.day)?,
        small(date.hour)?,
        small(date.minute)?,
        small(date.second.min(59))?,
        nanos,
    )
    .ok()?;
    let offset = date
        .offset
        .filter(|_| has_offset)
        .and_then(|minutes| Offset::from_seconds(i32::from(minutes) * 60).ok());
    let when = match offset {
        Some(offset) => {
            When { at: offset.to_timestamp(civil).ok()?, utc_offset: offset.seconds(), by: By::Exif }
        }
        None => when::local(civil, By::Exif)?,
    };
    Some((when, !is_fine))
}

/// Pictures of one folder, parted into those that were taken in one go, by time.
pub(super) fn bursts(mut stills: Vec<Still>) -> Vec<Vec<Still>> {
    stills.sort_by(|a, b| a.when.at.cmp(&b.when.at).then_with(|| a.file.path.cmp(&b.file.path)));
    let mut bursts: Vec<Vec<Still>> = Vec::new();
    for still in stills {
        let goes_on = bursts.last().is_some_and(|burst| {
            let (first, last) = (&burst[0], &burst[burst.len() - 1]);
            since(last, &still) <= TOGETHER && since(first, &still) <= LONGEST && burst.len() < MOST
        });
        match bursts.last_mut().filter(|_| goes_on) {
            Some(burst) => burst.push(still),
            None => bursts.push(vec![still]),
        }
    }
    bursts
}

fn since(first: &Still, then: &Still) -> Duration {
    Duration::try_from(then.when.at.duration_since(first.when.at)).unwrap_or_default()
}

/// When each was taken since the first one; those that only a second is known of are spread over it.
pub(super) fn times(burst: &[Still]) -> Vec<Duration> {
    let Some(first) = burst.first() else { return Vec::new() };
    let mut times = Vec::with_capacity(burst.len());
    let mut n = 0;
    while let Some(still) = burst.get(n) {
        let at = since(first, still);
        let same =
            burst[n..].iter().take_while(|it| it.is_coarse && it.when.at == still.when.at).count().max(1);
        let step = Duration::from_secs(1) / u32::try_from(same).unwrap_or(u32::MAX);
        times.extend((0..same).map(|k| at + step * u32::try_from(k).unwrap_or(0)));
        n += same;
    }
    times
}

/// What all of them are known by: of one picture its own digest.
pub(super) fn digest(burst: &[Still], progress: &mut dyn FnMut(u64)) -> Result<[u8; 32], (usize, io::Error)> {
    let mut all = Sha256::new();
    let mut last = [0; 32];
    for (n, still) in burst.iter().enumerate() {
        last = crate::footage::digest(&still.file.path, progress).map_err(|error| (n, error))?;
        all.update(last);
    }
    Ok(if burst.len() == 1 { last } else { all.finalize().into() })
}

/// A picture as it can be kept: the camera's own bytes, if browsers show them.
fn load(path: &Path) -> Result<JpegPicture, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map_err(|error| told(&error))?;
    match codec::scan(Bytes::from(bytes)) {
        // What is judged and drawn on it is as it is seen.
        Ok(picture) => {
            Shaper::new().and_then(|mut shaper| shaper.upright(picture)).map_err(|error| told(&error))
        }
        Err(
            ScanError::TooLarge(_)
            | ScanError::Sampling
            | ScanError::Unsupported(_)
            | ScanError::TooManyScans,
        ) => encoded_anew(path),
        Err(error) => Err(told(&error)),
    }
}

/// Of a picture that is too large as it is, or that browsers do not show.
fn encoded_anew(path: &Path) -> Result<JpegPicture, String> {
    let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut frames = capture::open_file(path).map_err(told)?;
    let Some((_, planes)) = frames.next_frame().map_err(told)? else {
        return Err(shown(&"there is no picture in it"));
    };
    let jpeg =
        Encoder::new(QUALITY).and_then(|mut encoder| encoder.i420(&planes)).map_err(|error| shown(&error))?;
    codec::scan(jpeg).map_err(|error| shown(&error))
}

/// What came of a burst.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) events: usize,
    pub(super) pictures: usize,
    /// Pictures that could not be used, each with why.
    pub(super) failures: Vec<String>,
}

/// Makes an event of a burst; of one whose pictures change their size several.
///
/// # Errors
/// When the store takes nothing.
pub(super) fn keep(
    burst: &[Still],
    terms: &Terms,
    source: &mut dyn FnMut(When) -> io::Result<Source>,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<Kept> {
    let mut kept = Kept::default();
    let mut open: Option<Burst> = None;
    let mut begun = Duration::ZERO;
    for (still, at) in burst.iter().zip(times(burst)) {
        progress(still.file.len);
        let picture = match load(&still.file.path) {
            Ok(picture) => picture,
            Err(why) => {
                kept.failures.push(why);
                continue;
            }
        };
        if open.as_ref().is_some_and(|open| open.size != picture.size)
            && let Some(before) = open.take()
        {
            kept.events += before.finish()?;
        }
        let burst = match &mut open {
            Some(open) => open,
            None => {
                begun = at;
                let mut source = source(still.when)?;
                source.settings.encoder = EncoderKind::Mjpeg;
                open.insert(Burst::new(source, terms, picture.size, burst.len() >= FEWEST)?)
            }
        };
        match burst.push(at - begun, picture) {
            Ok(()) => kept.pictures += 1,
            Err(Trouble::Store(error)) => return Err(error.into()),
            Err(other) => kept.failures.push(format!("{}: {other}", still.file.path.display())),
        }
    }
    if let Some(open) = open {
        kept.events += open.finish()?;
    }
    Ok(kept)
}

/// An event of pictures that is being made.
struct Burst {
    size: frame::Size,
    series: Series,
    detector: Option<Detector>,
    reasons: Reasons,
    end: Option<EventEnd>,
}

impl Burst {
    fn new(source: Source, terms: &Terms, size: frame::Size, is_judged: bool) -> anyhow::Result<Self> {
        let detector = if is_judged { Some(Detector::new(terms.motion.clone())?) } else { None };
        Ok(Self { size, series: Series::new(source)?, detector, reasons: Reasons::default(), end: None })
    }

    fn push(&mut self, at: Duration, picture: JpegPicture) -> Result<(), Trouble> {
        let picture = Picture::Jpeg(picture);
        // One that cannot be judged is kept all the same.
        let looked = self.detector.as_mut().and_then(|detector| detector.look(&picture, at).ok());
        let frame = self.series.push(at, picture)?;
        let Some(looked) = looked else { return Ok(()) };
        self.ended(looked.decision.edge.as_ref());
        let why = self.reasons.decided(frame.stamp(), frame.size(), &looked.decision);
        if looked.decision.motion {
            let reason = why.filter(|why| why.fired).map(|why| reason_of(&why).into());
            self.series.moves(&Sight { frame, field: looked.field, decision: looked.decision, reason });
        }
        Ok(())
    }

    fn ended(&mut self, edge: Option<&EventEdge>) {
        if let Some(EventEdge::Ended(end)) = edge {
            self.end = Some(end.clone());
        }
    }

    fn finish(mut self) -> anyhow::Result<usize> {
        let last = self.detector.as_mut().and_then(Detector::finish);
        self.ended(last.as_ref());
        let sentence = self.end.as_ref().and_then(|end| self.reasons.sentence_as(end.label));
        Ok(usize::from(self.series.finish(self.end.as_ref(), sentence.as_deref())?.is_some()))
    }
}
