//! Writing a clip, frame by frame.

use std::io::{self, SeekFrom};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::fragment::{Listed, MOST_FRAMES, fragment};
use super::head::{Head, TrackKind};
use super::index::Index;
use super::{ClipFacts, MAX_SAMPLE, TIMESCALE, ticks, time_of};
use crate::fs::FsFile;

/// A fragment that has lasted this long ends before the next key frame.
const LONG: u64 = TIMESCALE as u64 * 19 / 10;
/// One ends here though no key frame comes: what a torn tail costs at the most, if nobody syncs.
const TOO_LONG: u64 = TIMESCALE as u64 * 4;
/// A fragment of so many bytes ends with the next frame, whatever it is: what the writer holds in memory.
const LARGE: usize = 8 << 20;
/// What it holds at the most while nothing can be written.
const TOO_LARGE: usize = LARGE + MAX_SAMPLE;

#[derive(Debug, Clone, Copy)]
struct Pending {
    at: u64,
    len: usize,
    is_key: bool,
}

impl Pending {
    fn listed(&self, end: u64) -> Listed {
        Listed {
            // One that lasts longer is followed by a fragment, which tells its own time.
            ticks: u32::try_from(end - self.at).unwrap_or(u32::MAX),
            bytes: u32::try_from(self.len).unwrap_or(u32::MAX),
            is_key: self.is_key,
        }
    }
}

/// Writes a clip. Dropped without [`Self::finish`] it leaves a file that [`super::repair`] can make whole.
///
/// After an error of any method the clip is as it was: what could not be written is kept, up to 40 MiB, and tried
/// again by the next call.
#[derive(Debug)]
pub struct ClipWriter {
    file: Box<dyn FsFile>,
    head: Head,
    index: Index,
    /// Where the next fragment begins.
    end: u64,
    sequence: u32,
    frames: u64,
    pending: Vec<Pending>,
    /// The bytes of the pending frames.
    data: Vec<u8>,
    /// A fragment as it is written; kept for the next.
    buffer: Vec<u8>,
    last: Option<u64>,
    is_dirty: bool,
}

impl ClipWriter {
    /// Begins a clip in an empty file.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for a size or parameter sets that cannot be told in the file.
    pub fn new(mut file: Box<dyn FsFile>, track: TrackKind) -> io::Result<Self> {
        if !track.is_writable() {
            return Err(invalid("this track cannot be written"));
        }
        let head = Head::new(&track);
        let index = Index::default();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[head.bytes(), &index.reserved()].concat())?;
        let end = head.len();
        Ok(Self {
            file,
            head,
            index,
            end,
            sequence: 0,
            frames: 0,
            pending: Vec::new(),
            data: Vec::new(),
            buffer: Vec::new(),
            last: None,
            is_dirty: true,
        })
    }

    /// Adds a frame that is shown `at` after the first one. One that is not later than the frame before is put one
    /// tick (11 µs) behind it. The first frame must be a key frame.
    ///
    /// It reaches the file with its fragment: when a key frame comes 1.9 s or more after the fragment's first frame,
    /// or with [`Self::sync`].
    ///
    /// # Errors
    /// What the system says, the frame being kept all the same; `InvalidInput` for a frame that is empty, of more
    /// than 32 MiB, or not a key frame though it is the first; `StorageFull` if there is no more room to keep what
    /// could not be written. These are not taken.
    pub fn push(&mut self, at: Duration, data: &[u8], key: bool) -> io::Result<()> {
        if data.is_empty() || data.len() > MAX_SAMPLE || (!key && self.last.is_none()) {
            return Err(invalid("this frame cannot be written"));
        }
        if self.data.len() + data.len() > TOO_LARGE {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let at = match self.last {
            None => 0,
            Some(last) => ticks(at).max(last + 1),
        };
        let closed = if self.is_over(at, key) { self.write_out(self.pending.len(), at) } else { Ok(()) };
        self.last = Some(at);
        self.pending.push(Pending { at, len: data.len(), is_key: key });
        self.data.extend_from_slice(data);
        closed
    }

    /// Whether the pending frames are to be a fragment of their own, now that this one comes.
    fn is_over(&self, at: u64, is_key: bool) -> bool {
        let Some(first) = self.pending.first() else { return false };
        let span = at - first.at;
        // A fragment that began in the middle of a run ends with the run, so that the next can be played from.
        (is_key && (span >= LONG || !first.is_key))
            || span >= TOO_LONG
            || self.data.len() >= LARGE
            || self.pending.len() >= MOST_FRAMES
    }

    /// Ends the fragment and makes everything but the very last frame survive a power cut: how long that one lasted
    /// is known only with the next. A fragment begins with a key frame if this is called right after one was pushed;
    /// it need not.
    ///
    /// # Errors
    /// What the system says. If it was the syncing that failed, the file is suspect.
    pub fn sync(&mut self) -> io::Result<()> {
        if let Some((&last, rest)) = self.pending.split_last() {
            self.write_out(rest.len(), last.at)?;
        }
        if self.is_dirty {
            self.file.sync_data()?;
            self.is_dirty = false;
        }
        Ok(())
    }

    /// Bytes that the clip takes so far, with what is still to be written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end + u64::try_from(self.data.len()).unwrap_or(u64::MAX)
    }

    /// Frames pushed so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames + u64::try_from(self.pending.len()).unwrap_or(u64::MAX)
    }

    /// Writes the last fragment and the index, and syncs. The last frame lasts `last_duration`, at least a tick.
    ///
    /// # Errors
    /// What the system says, and the clip is not to be called whole; `InvalidInput` if no frame was pushed.
    pub fn finish(mut self, last_duration: Duration) -> io::Result<ClipFacts> {
        let Some(last) = self.last else { return Err(invalid("a clip without frames")) };
        let end = last + ticks(last_duration).clamp(1, u64::from(u32::MAX));
        self.write_out(self.pending.len(), end)?;
        // Cuts off what a write that failed has left.
        self.file.set_len(self.end)?;
        self.head.set_duration(end);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&[self.head.bytes(), &self.index.reserved()].concat())?;
        self.file.sync()?;
        let sha256 = digest(&mut *self.file)?;
        Ok(ClipFacts { bytes: self.end, sha256, frames: self.frames, duration: time_of(end) })
    }

    /// Writes the first `count` frames that are pending, the last of which ends at `end`.
    fn write_out(&mut self, count: usize, end: u64) -> io::Result<()> {
        let mut left = count;
        // More than one fragment only where earlier writes have failed.
        while left > 0 {
            let len = left.min(MOST_FRAMES);
            let end = self.pending.get(len).filter(|_| len < left).map_or(end, |next| next.at);
            self.write_fragment(len, end)?;
            left -= len;
        }
        Ok(())
    }

    fn write_fragment(&mut self, count: usize, end: u64) -> io::Result<()> {
        let frames = &self.pending[..count];
        let ends = frames.iter().skip(1).map(|next| next.at).chain([end]);
        let listed: Vec<Listed> = frames.iter().zip(ends).map(|(frame, end)| frame.listed(end)).collect();
        let (base, is_key) = frames.first().map_or((end, false), |first| (first.at, first.is_key));
        let data_len = frames.iter().map(|frame| frame.len).sum();
        self.buffer.clear();
        fragment(&mut self.buffer, self.sequence + 1, base, &listed, &self.data[..data_len]);
        // An earlier write may have failed half-way.
        self.file.seek(SeekFrom::Start(self.end))?;
        self.is_dirty = true;
        self.file.write_all(&self.buffer)?;
        let len = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        self.index.add(len, end - base, is_key);
        self.end += len;
        self.sequence += 1;
        self.frames += u64::try_from(count).unwrap_or(u64::MAX);
        self.pending.drain(..count);
        self.data.drain(..data_len);
        Ok(())
    }
}

/// SHA-256 of the whole file, read in pieces of 64 KiB.
pub(super) fn digest(file: &mut dyn FsFile) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    file.seek(SeekFrom::Start(0))?;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(len) => digest.update(&buffer[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
