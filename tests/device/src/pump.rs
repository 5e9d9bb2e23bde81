//! The camera's own time: a thread that fills a buffer for every frame, from `VIDIOC_STREAMON` to `VIDIOC_STREAMOFF`.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::buffers::Filled;
use crate::description::Mode;
use crate::faults::Faults;
use crate::fields::Errno;
use crate::handle::{Handle, State};
use crate::log::note;
use crate::system::now_ns;

/// How soon a fault that begins is felt.
const LOOK: Duration = Duration::from_millis(20);
/// Where a frame begins in its file, and its length.
type Place = (u64, usize);

/// A file of frames, by its parts.
#[derive(Debug)]
pub(crate) struct Film {
    file: File,
    places: Vec<Place>,
    next: usize,
    picture: Vec<u8>,
}

impl Film {
    pub(crate) fn open(path: &Path) -> Result<Self, Errno> {
        let file = File::open(path).map_err(|_| libc::EIO)?;
        let (mut places, mut at, mut length) = (Vec::new(), 0, [0; 4]);
        while file.read_exact_at(&mut length, at).is_ok() {
            let size = u32::from_le_bytes(length);
            places.push((at + 4, size as usize));
            at += 4 + u64::from(size);
        }
        if places.is_empty() {
            Err(libc::EIO)
        } else {
            Ok(Self { file, places, next: 0, picture: Vec::new() })
        }
    }

    /// The next frame's bytes; after the last comes the first.
    fn turn(&mut self) -> &[u8] {
        let (at, size) = self.places[self.next];
        self.next = (self.next + 1) % self.places.len();
        self.picture.resize(size, 0);
        if self.file.read_exact_at(&mut self.picture, at).is_err() {
            self.picture.clear();
        }
        &self.picture
    }
}

/// What the thread needs for one stream.
pub(crate) struct Pump {
    film: Film,
    interval_ns: u64,
    due_ns: u64,
    sequence: u32,
    first: bool,
}

impl Pump {
    pub(crate) fn new(mode: &Mode, rate: u32) -> Result<Self, Errno> {
        let interval_ns = 1_000_000_000 / u64::from(rate.max(1));
        let film = Film::open(&mode.frames)?;
        Ok(Self { film, interval_ns, due_ns: now_ns() + interval_ns, sequence: 0, first: true })
    }

    /// Runs until the stream ends or the camera is gone.
    pub(crate) fn run(mut self, handle: &Arc<Handle>) {
        let mut state = handle.lock();
        while state.streaming {
            let wait = Duration::from_nanos(self.due_ns.saturating_sub(now_ns())).min(LOOK);
            state = handle.wait(state, wait);
            if !state.streaming {
                break;
            }
            let faults = Faults::read(&handle.folder);
            if faults.away.is_some() {
                state.die(&handle.folder);
                break;
            }
            if now_ns() >= self.due_ns {
                self.frame(&mut state, &faults, &handle.folder);
            }
        }
    }

    fn frame(&mut self, state: &mut State, faults: &Faults, folder: &Path) {
        // A late thread skips frames, as a camera whose bus was busy does; it never hurries.
        while self.due_ns <= now_ns() {
            self.due_ns += self.interval_ns;
        }
        let sequence = self.sequence;
        self.sequence += 1;
        let picture = self.film.turn();
        if faults.stall || faults.drop_at(sequence) {
            return;
        }
        let error = faults.error_at(sequence);
        let cut = if error || faults.short_at(sequence) { picture.len() / 2 } else { picture.len() };
        let filled = Filled { used: 0, sequence, time_ns: now_ns(), error };
        if state.filled(&picture[..cut], filled, faults.padding) && std::mem::take(&mut self.first) {
            note(folder, "first buffer");
        }
    }
}
