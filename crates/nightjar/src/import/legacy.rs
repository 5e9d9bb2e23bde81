//! `nightjar import --legacy`: events of the older system, with all that it said of them, and the labels of its patterns.
//!
//! A folder with `metadata.json` is an event: its clip is `motion.*` beside it, its pictures are `thumbnails/thumb_N.jpg`. What
//! the older system said stays word for word in our metadata, under `legacy`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use capture::{FileError, open_file};
use codec::Encoder;
use frame::{Picture, Size, Stamp};
use recorder::{EncoderKind, Series, Source, Trouble};
use store::event::{Clip, EventId, Origin, PictureName, State};
use store::mp4;
use store::query::Change;
use store::{Birth, Draft, Finished};

use super::Import;
use super::walk::{self, Folder};
use crate::footage::clip::{self, told};
use crate::footage::digest;
use crate::footage::when::{self, When};

mod patterns;
mod record;

use patterns::Pattern;
use record::Record;

/// What the older system called the file.
const METADATA: &str = "metadata.json";
/// A file of it that is larger is none.
const MOST_METADATA: u64 = 4 << 20;
/// A thumbnail that is larger is none.
const MOST_PICTURE: u64 = 8 << 20;
/// Most thumbnails of an event that are taken over.
const MOST_THUMBNAILS: usize = 100;
const QUALITY: u8 = 85;

/// Takes all events below a folder over, then the labels.
///
/// # Errors
/// When nothing can be stored.
pub(super) fn import(import: &mut Import, root: &Path) -> anyhow::Result<()> {
    let data = import.data.clone();
    let mut bases = Vec::new();
    let mut total = 0;
    walk::folders(root, data.as_deref(), &mut |_| (), &mut |folder| {
        if is_event(&folder) {
            total += folder.clips.iter().map(|file| 2 * file.len).sum::<u64>();
        } else {
            bases.extend(
                folder.others.into_iter().map(|file| file.path).filter(|path| patterns::is_base(path)),
            );
        }
        Ok(())
    })?;
    import.bar.inc_length(total);
    let camera = import.terms.camera_of(root);
    let mut taken = Taken { camera, by_hash: HashMap::new() };
    let mut unread = Vec::new();
    walk::folders(root, data.as_deref(), &mut |text| unread.push(text), &mut |folder| {
        if is_event(&folder) && import.stop.asked().is_none() {
            import.tally.odd += folder.odd;
            taken.event(import, &folder)?;
        }
        Ok(())
    })?;
    for text in unread {
        import.failed(text);
    }
    if import.stop.asked().is_some() {
        return Ok(());
    }
    let mut found = Vec::new();
    for path in bases {
        match patterns::read(&path, import.vault.as_ref().filter(|_| !import.is_dry)) {
            Ok(more) => found.extend(more),
            Err(error) => import.failed(format!("{}: {error:#}", path.display())),
        }
    }
    taken.label(import, found)
}

fn is_event(folder: &Folder) -> bool {
    folder.others.iter().any(|file| file.path.ends_with(METADATA))
}

/// What was taken over so far.
struct Taken {
    camera: String,
    /// Events by the hash of their movement.
    by_hash: HashMap<String, EventId>,
}

/// An event of the older system, as it lies there.
#[derive(Debug, Clone)]
struct Old {
    record: Record,
    camera: String,
    when: When,
    clip: Option<PathBuf>,
    pictures: Vec<Bytes>,
    sha256: [u8; 32],
    /// For what is too much for its metadata.
    folder: PathBuf,
}

impl Taken {
    fn event(&mut self, import: &mut Import, folder: &Folder) -> anyhow::Result<()> {
        let path = folder.path.join(METADATA);
        let mut record = match read(&path, MOST_METADATA).and_then(|bytes| Record::read(&bytes)) {
            Ok(record) => record,
            Err(error) => {
                import.failed(format!("{}: {error:#}", path.display()));
                return Ok(());
            }
        };
        let name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        record.id.get_or_insert(name);
        let clip = clip_of(folder);
        let bar = import.bar.clone();
        let counted = clip.as_deref().unwrap_or(&path);
        let sha256 = match digest(counted, &mut |bytes| bar.inc(bytes)) {
            Ok(sha256) => sha256,
            Err(error) => {
                import.failed(format!("{}: {error}", counted.display()));
                return Ok(());
            }
        };
        if let Some(id) = known(import, &record, &sha256)? {
            import.tally.known_events += 1;
            self.remember(&record, id);
            return Ok(());
        }
        let changed =
            std::fs::metadata(counted).and_then(|it| it.modified()).unwrap_or(std::time::UNIX_EPOCH);
        let when =
            record.started().unwrap_or_else(|| when::of_clip(&folder.path, None, Duration::ZERO, changed));
        let camera =
            import.terms.camera.clone().or_else(|| record.camera()).unwrap_or_else(|| self.camera.clone());
        import.tally.camera(&camera);
        import.tally.by(when.by);
        import.tally.events += 1;
        import.tally.stored += 1;
        let Some(vault) = import.vault.as_ref().filter(|_| !import.is_dry) else { return Ok(()) };
        let kept_in = vault.folder()?.to_owned();
        let pictures = thumbnails(&folder.path, import);
        let old = Old { record, camera, when, clip, pictures, sha256, folder: kept_in };
        match keep(import, &old)? {
            Some(id) => self.remember(&old.record, id),
            None => {
                import.tally.events -= 1;
                import.tally.stored -= 1;
            }
        }
        Ok(())
    }

    fn remember(&mut self, record: &Record, id: EventId) {
        if let Some(hash) = record.hash() {
            self.by_hash.insert(hash, id);
        }
    }

    /// The labels of patterns go onto their events; what belongs to none is kept as it is.
    fn label(&self, import: &mut Import, patterns: Vec<Pattern>) -> anyhow::Result<()> {
        import.tally.patterns += patterns.len();
        let mut rest = Vec::new();
        for pattern in patterns {
            let Some(vault) = &import.vault else { continue };
            let id = self.event_of(vault.store(), &pattern)?;
            match (id, pattern.label()) {
                (Some(id), Some((label, note))) if !import.is_dry => {
                    import.tally.applied += usize::from(relabel(vault.store(), id, label, note)?);
                }
                (Some(_), Some(_)) => import.tally.applied += 1,
                _ => rest.push(pattern),
            }
        }
        import.tally.put_by += rest.len();
        if let Some(vault) = import.vault.as_ref().filter(|_| !rest.is_empty() && !import.is_dry) {
            let path = patterns::put_by(vault.folder()?, &rest).context("failed to keep patterns")?;
            import.tally.notes.push(format!(
                "{} patterns without a label or an event here are kept in {}",
                rest.len(),
                path.display()
            ));
        }
        Ok(())
    }

    fn event_of(&self, store: &store::Store, pattern: &Pattern) -> anyhow::Result<Option<EventId>> {
        for id in pattern.ids() {
            if let Some(found) = store.find_source_id(&id)? {
                return Ok(Some(found));
            }
        }
        Ok(pattern.hash().and_then(|hash| self.by_hash.get(&hash).copied()))
    }
}

/// Whether the label is new. What a person has said here counts more.
fn relabel(store: &store::Store, id: EventId, label: &str, word: Option<String>) -> anyhow::Result<bool> {
    let Some(event) = store.get(id)?.filter(|event| !event.verdict.by_person) else { return Ok(false) };
    let note = word.filter(|_| event.note.is_empty()).map(|word| format!("“{word}” in the older system"));
    store.change(id, &Change { label: Some(label.to_owned()), note, ..Change::default() })?;
    Ok(true)
}

fn known(import: &Import, record: &Record, sha256: &[u8; 32]) -> anyhow::Result<Option<EventId>> {
    let Some(vault) = &import.vault else { return Ok(None) };
    if let Some(id) = &record.id
        && let Some(found) = vault.store().find_source_id(id)?
    {
        return Ok(Some(found));
    }
    Ok(vault.known(sha256)?)
}

fn clip_of(folder: &Folder) -> Option<PathBuf> {
    let is_motion = |path: &Path| path.file_stem().is_some_and(|stem| stem == "motion");
    let clips = || folder.clips.iter().filter(|file| file.len > 0);
    clips().find(|file| is_motion(&file.path)).or_else(|| clips().next()).map(|file| file.path.clone())
}

fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(
        u64::try_from(bytes.len()).is_ok_and(|len| len <= most),
        "it is larger than {most} bytes"
    );
    Ok(bytes)
}

/// `thumbnails/thumb_N.jpg`, by their numbers.
fn thumbnails(folder: &Path, import: &mut Import) -> Vec<Bytes> {
    let mut numbered = Vec::new();
    for dir in [folder.join("thumbnails"), folder.to_owned()] {
        let Ok((listed, _)) = walk::list(&dir, &mut |_| ()) else { continue };
        for file in listed.stills {
            let stem = file.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let number = stem.rsplit('_').next().and_then(|digits| digits.parse::<u64>().ok());
            numbered.push((number.unwrap_or(u64::MAX), file.path));
        }
    }
    numbered.sort();
    let mut pictures = Vec::new();
    for (_, path) in numbered.into_iter().take(MOST_THUMBNAILS) {
        let picture = read(&path, MOST_PICTURE).and_then(|bytes| Ok(codec::scan(Bytes::from(bytes))?.bytes));
        match picture {
            Ok(bytes) => pictures.push(bytes),
            Err(error) => import.failed(format!("{}: {error:#}", path.display())),
        }
    }
    pictures
}

/// Keeps it: its clip as it is, if it is one of ours, else encoded anew; without one its pictures.
fn keep(import: &mut Import, old: &Old) -> anyhow::Result<Option<EventId>> {
    let id = match &old.clip {
        Some(path) if is_ours(path) => Some(copy(import, old, path)?),
        Some(path) => match encode(import, old, path)? {
            None if import.stop.asked().is_some() => None,
            None => Some(pictures_alone(import, old)?),
            encoded => encoded,
        },
        None => Some(pictures_alone(import, old)?),
    };
    if let Some(vault) = &import.vault {
        if id.is_some() {
            vault.is_through()?;
        } else {
            vault.take_back()?;
        }
    }
    Ok(id)
}

fn is_ours(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| {
        mp4::inspect(std::io::BufReader::new(file)).is_ok_and(|facts| !facts.frames.is_empty())
    })
}

/// Everything that the older system said of it.
fn amend(old: &Old, finished: &mut Finished, draft: &mut Draft, size: Size) {
    let record = &old.record;
    finished.verdict = record.verdict();
    finished.regions = record.regions(size);
    finished.analysis = record.analysis();
    finished.lead = finished.lead.min(finished.duration);
    finished.source_sha256 = Some(old.sha256);
    finished.source_id.clone_from(&record.id);
    for (n, picture) in (0..).zip(&old.pictures) {
        if let Err(error) = draft.write(PictureName::Thumbnail(n), picture) {
            crate::say::fault(&format!("a thumbnail of {} could not be kept: {error}", record.name()));
        }
    }
    if draft.keep(record.whole()).is_ok() {
        return;
    }
    // Too much for the file beside the clip: it gets one of its own.
    let name = format!("legacy-event-{}.json", draft.id());
    let kept = serde_json::to_vec(&record.whole())
        .map_err(std::io::Error::from)
        .and_then(|bytes| store::publish::replace(&store::fs::RealFs, &old.folder.join(&name), &bytes))
        .map_err(anyhow::Error::from)
        .and_then(|()| Ok(draft.keep(serde_json::json!({ "kept_in": format!("imported/{name}") }))?));
    if let Err(error) = kept {
        crate::say::fault(&format!("what was said of {} could not be kept: {error:#}", record.name()));
    }
}

fn begin(import: &Import, old: &Old, size: Size) -> anyhow::Result<Draft> {
    let vault = import.vault.as_ref().context("there is no place to keep it")?;
    let draft = vault.store().begin(&Birth {
        camera: old.camera.clone(),
        origin: Origin::Import,
        started: Stamp { mono: Duration::ZERO, wall: old.when.wall() },
        utc_offset: old.when.utc_offset,
        lead: Duration::ZERO,
        clock_was_set: old.when.is_set(),
        size,
        part: 1,
        part_of: None,
    })?;
    vault.notes()?(draft.id());
    Ok(draft)
}

/// As it is known without looking at a clip.
fn finished(old: &Old, clip: Option<Clip>) -> Finished {
    Finished {
        state: if clip.is_some() { State::Whole } else { State::Pictures },
        duration: old.record.duration(),
        lead: Duration::ZERO,
        clock_was_set: old.when.is_set(),
        verdict: old.record.verdict(),
        sentence: None,
        frames: if clip.is_some() { old.record.frames() } else { 0 },
        missing: 0,
        regions: Vec::new(),
        trail: Vec::new(),
        clip,
        analysis: None,
        novelty: 0.0,
        source_sha256: None,
        source_id: None,
    }
}

/// A clip in our own form, byte for byte.
fn copy(import: &Import, old: &Old, path: &Path) -> anyhow::Result<EventId> {
    let facts = mp4::inspect(std::io::BufReader::new(File::open(path)?))?;
    let mut draft = begin(import, old, facts.size)?;
    let mut source = File::open(path)?.take(facts.bytes);
    let mut file = draft.create_clip()?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let len = source.read(&mut buffer)?;
        if len == 0 {
            break;
        }
        file.write_all(&buffer[..len])?;
    }
    file.sync()?;
    drop(file);
    // Of a file with something behind its last fragment only the part before is taken.
    let is_all = std::fs::metadata(path)?.len() == facts.bytes;
    let sha256 = if is_all { old.sha256 } else { part_digest(path, facts.bytes)? };
    let clip = Clip { bytes: facts.bytes, sha256, codec: facts.codec, degraded: false };
    let mut finished = finished(old, Some(clip));
    finished.frames = u64::try_from(facts.frames.len()).unwrap_or(u64::MAX);
    finished.duration = facts.frames.last().map_or(Duration::ZERO, |frame| frame.at);
    if let Some(poster) = poster(path, old) {
        draft.write(PictureName::Poster, &poster)?;
    }
    amend(old, &mut finished, &mut draft, facts.size);
    let id = draft.id();
    draft.commit(finished)?;
    Ok(id)
}

fn part_digest(path: &Path, bytes: u64) -> std::io::Result<[u8; 32]> {
    use sha2::Digest as _;
    let mut digest = sha2::Sha256::new();
    let mut source = File::open(path)?.take(bytes);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(digest.finalize().into()),
            len => digest.update(&buffer[..len]),
        }
    }
}

/// The first thumbnail, or the clip's first frame.
fn poster(path: &Path, old: &Old) -> Option<Bytes> {
    old.pictures.first().cloned().or_else(|| {
        let (_, planes) = open_file(path).ok()?.next_frame().ok()??;
        Encoder::new(QUALITY).and_then(|mut encoder| encoder.i420(&planes)).ok()
    })
}

fn pictures_alone(import: &Import, old: &Old) -> anyhow::Result<EventId> {
    let size = old.pictures.first().and_then(|it| Some(codec::scan(it.clone()).ok()?.size));
    let size = old.record.size().or(size).unwrap_or(Size::new(1, 1));
    let mut draft = begin(import, old, size)?;
    if let Some(poster) = old.pictures.first() {
        draft.write(PictureName::Poster, poster)?;
    }
    let mut finished = finished(old, None);
    amend(old, &mut finished, &mut draft, size);
    let id = draft.id();
    draft.commit(finished)?;
    Ok(id)
}

/// Any clip that `ffmpeg` reads, as H.264 of ours; `None` if nothing came of it, which is told.
fn encode(import: &mut Import, old: &Old, path: &Path) -> anyhow::Result<Option<EventId>> {
    let mut video = match open_file(path) {
        Ok(video) => video,
        Err(error) => return lost(import, error),
    };
    let vault = import.vault.as_ref().context("there is no place to keep it")?;
    let rate = video.info().frame_rate;
    let mut source: Source = clip::source(vault, &import.terms, &old.camera, old.when, rate, old.sha256)?;
    source.settings.encoder = match source.settings.encoder {
        EncoderKind::Mjpeg => EncoderKind::H264,
        other => other,
    };
    if !old.pictures.is_empty() {
        source.settings.thumbnails = 0;
    }
    let (shared, size) = (old.clone(), Arc::new(OnceLock::new()));
    let seen = size.clone();
    source.amend = Arc::new(move |finished, draft| {
        amend(&shared, finished, draft, seen.get().copied().unwrap_or(Size::new(1, 1)));
    });
    let mut series = Series::new(source)?;
    let mut frames = 0_u64;
    loop {
        if import.stop.asked().is_some() {
            return Ok(None);
        }
        match video.next_frame() {
            Ok(Some((at, planes))) => {
                size.get_or_init(|| planes.size());
                match series.push(at, Picture::Raw(planes)) {
                    Ok(_) => frames += 1,
                    Err(Trouble::Store(error)) => return Err(error.into()),
                    Err(error) => {
                        import.failed(format!("{}: {error}; the rest of its event is kept", path.display()));
                        return Ok(None);
                    }
                }
            }
            Ok(None) => break,
            Err(error) if frames == 0 => return lost(import, error),
            // What came until then is more than nothing.
            Err(error) => {
                import.failed(told(error));
                break;
            }
        }
    }
    // Its child may have ended because the program is to.
    if import.stop.asked().is_some() {
        return Ok(None);
    }
    if let Some(warning) = video.warning() {
        import.note(&format!("nightjar: warning: {warning}"));
    }
    let event = series.finish(None, None)?;
    import.tally.encoded += usize::from(event.is_some());
    Ok(event.map(|event| event.id))
}

fn lost(import: &mut Import, error: FileError) -> anyhow::Result<Option<EventId>> {
    if matches!(error, FileError::NoFfmpeg(_)) {
        anyhow::bail!(told(error));
    }
    import.failed(format!("{}; the rest of its event is kept", told(error)));
    Ok(None)
}
