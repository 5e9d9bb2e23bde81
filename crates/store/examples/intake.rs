//! `cargo run --release -p store --example intake [CLIPS] [MEGABYTES] [FOLDER]`: how fast clips come in, held against
//! writing, hashing and syncing the same bytes plainly; ends with 1 below 0.7 times as fast.
#![expect(clippy::print_stdout, reason = "its lines are what it is for")]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::{Size, Stamp};
use sha2::{Digest, Sha256};
use store::event::{Clip, ClipCodec, Event, EventId, Origin, PictureName, State, Verdict};
use store::fs::BeneathFs;
use store::intake::{Arrival, Finish};
use store::mp4::{ClipWriter, TrackKind};
use store::parcel::{self, ClipEntry, event_of};
use store::{Birth, Finished, Opening, Retention, Store};

/// What a request brings at once.
const PART: usize = 1 << 20;
const SIZE: Size = Size::new(1280, 720);

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mut number = |or: usize| words.next().and_then(|word| word.parse().ok()).unwrap_or(or);
    let (clips, bytes) = (number(40), number(10) << 20);
    let folder = std::env::args().nth(3).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("nightjar-intake-{}", std::process::id()));
    let timed = run(&folder, clips, bytes);
    // What is left of it is only in the way.
    std::fs::remove_dir_all(&folder).unwrap_or_default();
    match timed {
        Ok((plain, ours)) => {
            let rate = |took: Duration| (clips * bytes) as f64 / 1e6 / took.as_secs_f64();
            let ratio = plain.as_secs_f64() / ours.as_secs_f64();
            println!(
                "{clips} clips of {} MiB: {:.0} MB/s written, hashed and synced plainly, {:.0} MB/s received with \
                 pictures and rows: {ratio:.2} times",
                bytes >> 20,
                rate(plain),
                rate(ours)
            );
            if ratio >= 0.7 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("intake: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Both in turns, so that neither has the quieter disk.
fn run(folder: &Path, clips: usize, bytes: usize) -> Result<(Duration, Duration), Box<dyn Error>> {
    let open = |name: &str| -> Result<Store, Box<dyn Error>> {
        let root = folder.join(name);
        let fs = Arc::new(BeneathFs::open(&root)?);
        let retention = Retention { max_age: None, max_size: None, min_free: None };
        Ok(Store::open(Opening { root, fs, retention, ..Opening::default() })?)
    };
    let (camera, hub) = (open("camera")?, open("hub")?);
    let event = record(&camera, bytes)?;
    let manifest = camera.manifest(event)?.ok_or("no manifest")?;
    let read = |name: &str| -> Result<Vec<u8>, Box<dyn Error>> {
        let (mut file, bytes) = camera.open_file(event, name)?.ok_or("no such file")?;
        let mut read = Vec::with_capacity(usize::try_from(bytes)?);
        std::io::Read::read_to_end(&mut file, &mut read)?;
        Ok(read)
    };
    let mut files = Vec::new();
    for file in &manifest.files {
        files.push((file.name.clone(), read(&file.name)?));
    }
    let (clip, entry) = (read("clip.mp4")?, manifest.clip.clone().ok_or("no clip")?);
    let template = event_of(&manifest.metadata)?;
    let (mut plain, mut ours) = (Duration::ZERO, Duration::ZERO);
    for n in 0..clips + 1 {
        let event = Event { id: EventId::from_parts(1_763_650_000_000, n as u128), ..template.clone() };
        let began = Instant::now();
        plainly(&folder.join(format!("{n}.mp4")), &clip)?;
        let middle = Instant::now();
        receive(&hub, event, &files, &clip, &entry)?;
        // The first warms up.
        if n > 0 {
            plain += middle - began;
            ours += middle.elapsed();
        }
    }
    Ok((plain, ours))
}

fn plainly(path: &Path, clip: &[u8]) -> Result<(), Box<dyn Error>> {
    let (mut file, mut sum) = (File::create_new(path)?, Sha256::new());
    for part in clip.chunks(PART) {
        file.write_all(part)?;
        sum.update(part);
    }
    file.sync_all()?;
    std::hint::black_box(sum.finalize());
    Ok(())
}

fn receive(
    hub: &Store,
    event: Event,
    files: &[(String, Vec<u8>)],
    clip: &[u8],
    entry: &ClipEntry,
) -> Result<(), Box<dyn Error>> {
    let id = event.id;
    hub.receive(Arrival {
        event,
        files: files.to_vec(),
        device: "k3y".to_owned(),
        owes_clip: true,
        manifest_sha256: parcel::sha256_of(&entry.sha256)?,
        said: None,
    })?;
    let mut incoming = hub.incoming(id)?;
    for part in clip.chunks(PART) {
        incoming.write(part)?;
    }
    match incoming.finish(entry)? {
        Finish::Stored(..) => Ok(()),
        Finish::Wrong => Err("it is wrong".into()),
    }
}

/// An event with a clip of about so many bytes.
fn record(camera: &Store, bytes: usize) -> Result<EventId, Box<dyn Error>> {
    let jpeg = |len: usize| {
        let mut jpeg = vec![0xff, 0xd8];
        jpeg.extend((0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7f));
        jpeg.extend([0xff, 0xd9]);
        jpeg
    };
    let mut draft = camera.begin(&Birth {
        camera: "garden".to_owned(),
        origin: Origin::Motion,
        started: Stamp {
            mono: Duration::ZERO,
            wall: std::time::UNIX_EPOCH + Duration::from_secs(1_763_650_000),
        },
        utc_offset: 0,
        lead: Duration::ZERO,
        clock_was_set: true,
        size: SIZE,
        part: 1,
        part_of: None,
    })?;
    let mut writer = ClipWriter::new(draft.create_clip()?, TrackKind::Mjpeg { size: SIZE })?;
    let frame = jpeg(100_000);
    let frames = bytes / frame.len();
    for n in 0..frames {
        writer.push(Duration::from_millis(66 * n as u64), &frame, true)?;
    }
    let facts = writer.finish(Duration::from_millis(66))?;
    draft.write(PictureName::Poster, &jpeg(150_000))?;
    draft.write(PictureName::Thumb, &jpeg(10_000))?;
    let clip = Clip { bytes: facts.bytes, sha256: facts.sha256, codec: ClipCodec::Mjpeg, degraded: false };
    let event = draft.commit(Finished {
        state: State::Whole,
        duration: facts.duration,
        lead: Duration::ZERO,
        clock_was_set: true,
        verdict: Verdict {
            label: "animal".to_owned(),
            confidence: 0.8,
            alternatives: Vec::new(),
            direction: "left".to_owned(),
            by_person: false,
        },
        sentence: None,
        frames: facts.frames,
        missing: 0,
        regions: Vec::new(),
        trail: Vec::new(),
        clip: Some(clip),
        analysis: None,
        novelty: 0.5,
        source_sha256: None,
        source_id: None,
    })?;
    Ok(event.id)
}
