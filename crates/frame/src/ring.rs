//! The ring of recent frames: one writer, any number of readers, one mutex.
//!
//! Under the mutex there are only O(1) moves of `Arc<Frame>`; evicted frames are freed and readers woken after it
//! is let go, readers clone `Arc`s and work outside. A std mutex and not tokio's, since it is held for less than a
//! microsecond and never across an await. What does not belong here: encoding, disk, anything that takes a closure
//! under the lock.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::watch;

use crate::sync::{Arc, Condvar, Mutex, MutexGuard};
use crate::{Frame, FrameSeq, Picture, Stamp};

#[cfg(all(test, feature = "model"))]
mod model;
#[cfg(all(test, not(feature = "model")))]
mod tests;

/// Frames that the ring holds at the most, so that neither the queue nor the list of evicted ones ever
/// allocates under the lock: 4,096 is over two minutes at 30 a second.
const MAX_FRAMES: usize = 4096;

/// How much the ring keeps. The newest frame is always kept, even if it alone is larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingLimits {
    /// Bytes of pictures.
    pub bytes: usize,
    /// Time between the oldest and the newest frame.
    pub span: Duration,
}

/// A frame before it has its number.
#[derive(Debug)]
pub struct NewFrame {
    /// When it was taken.
    pub stamp: Stamp,
    /// The source's own time stamp, counted from its first picture.
    pub media_time: Duration,
    /// The picture.
    pub picture: Picture,
}

/// What the ring holds right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingStats {
    /// Frames held.
    pub frames: usize,
    /// Bytes of pictures held.
    pub bytes: usize,
    /// The newest frame's number, 0 before the first.
    pub newest: FrameSeq,
}

/// How far a reader is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Frames that came and that it has not had.
    pub unread: u64,
    /// Frames in the ring: what is unread beyond them is lost.
    pub held: u64,
}

/// Frames that were overwritten before this reader came for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged {
    /// How many.
    pub missed: u64,
}

/// Why a reader got no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The reader fell behind; the next call goes on with the oldest frame that is left.
    Lagged(Lagged),
    /// Nothing came within the time given.
    TimedOut,
    /// The writer is gone and every frame has been read: nothing more is coming.
    Closed,
}

#[derive(Debug)]
struct Inner {
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
    newest: FrameSeq,
    /// The first number that may be shown; see [`Ring::clear`].
    floor: FrameSeq,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    limits: RingLimits,
    inner: Mutex<Inner>,
    arrived: Condvar,
    /// For tasks: the newest frame's number; closed when the writer is gone.
    announced: watch::Receiver<FrameSeq>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing beneath the lock can panic half-way, so a poisoned lock still guards a whole ring.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The readers' side; clone it freely.
#[derive(Debug, Clone)]
pub struct Ring {
    shared: Arc<Shared>,
}

/// The one writer's side. Dropping it closes the ring: readers get what is left, then [`ReadError::Closed`].
#[derive(Debug)]
pub struct RingWriter {
    shared: Arc<Shared>,
    announce: watch::Sender<FrameSeq>,
    evicted: Vec<Arc<Frame>>,
}

impl Ring {
    /// An empty ring and its writer.
    #[must_use]
    pub fn new(limits: RingLimits) -> (RingWriter, Self) {
        let (announce, announced) = watch::channel(0);
        let frames = VecDeque::with_capacity(MAX_FRAMES + 1);
        let inner = Mutex::new(Inner { frames, bytes: 0, newest: 0, floor: 1, closed: false });
        let shared = Arc::new(Shared { limits, inner, arrived: Condvar::new(), announced });
        let evicted = Vec::with_capacity(MAX_FRAMES + 1);
        (RingWriter { shared: shared.clone(), announce, evicted }, Self { shared })
    }

    /// The newest frame, if there is one.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<Frame>> {
        self.shared.lock().frames.back().cloned()
    }

    /// The frames of the last `span` before the newest one, oldest first: the pre-roll. They are the caller's;
    /// eviction does not touch them any more.
    #[must_use]
    pub fn last(&self, span: Duration) -> Vec<Arc<Frame>> {
        // Room is made before the lock is taken. The writer may push in between, never more than a few frames.
        let mut frames = Vec::with_capacity(self.stats().frames + 16);
        let inner = self.shared.lock();
        let Some(newest) = inner.frames.back() else { return frames };
        let from = newest.stamp().mono.saturating_sub(span);
        let start = inner.frames.partition_point(|frame| frame.stamp().mono < from);
        frames.extend(inner.frames.range(start..).cloned());
        frames
    }

    /// A reader that starts behind the newest frame: its first frame is the next one to come.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let next = self.shared.lock().newest + 1;
        Reader { shared: self.shared.clone(), next }
    }

    /// The frames that were taken at `since` or later and are numbered above `after`, oldest first. They are the
    /// caller's, as those of [`Self::last`].
    #[must_use]
    pub fn since(&self, since: Duration, after: FrameSeq) -> Vec<Arc<Frame>> {
        let mut frames = Vec::with_capacity(self.stats().frames + 16);
        let inner = self.shared.lock();
        let start = inner.frames.partition_point(|frame| frame.stamp().mono < since || frame.seq() <= after);
        frames.extend(inner.frames.range(start..).cloned());
        frames
    }

    /// A reader whose first frame is the one of that number, or the oldest one left if that is gone: it is told then how
    /// many it missed.
    #[must_use]
    pub fn reader_from(&self, seq: FrameSeq) -> Reader {
        Reader { shared: self.shared.clone(), next: seq.max(1) }
    }

    /// For tasks: changes to the newest frame's number with every push, closes when the writer is gone.
    #[must_use]
    pub fn announcements(&self) -> watch::Receiver<FrameSeq> {
        self.shared.announced.clone()
    }

    /// Lets go of every frame, because what they show must not be seen any more; numbers go on where they were.
    /// Whoever still holds one of them, or something made from it, finds its number below [`Self::floor`].
    pub fn clear(&self) {
        // Made and freed outside the lock.
        let mut frames = VecDeque::with_capacity(MAX_FRAMES + 1);
        {
            let mut inner = self.shared.lock();
            std::mem::swap(&mut inner.frames, &mut frames);
            inner.bytes = 0;
            inner.floor = inner.newest + 1;
        }
        drop(frames);
    }

    /// The first frame that may be shown: those before it were taken back by [`Self::clear`].
    #[must_use]
    pub fn floor(&self) -> FrameSeq {
        self.shared.lock().floor
    }

    /// Whether the writer is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }

    /// What it holds right now.
    #[must_use]
    pub fn stats(&self) -> RingStats {
        let inner = self.shared.lock();
        RingStats { frames: inner.frames.len(), bytes: inner.bytes, newest: inner.newest }
    }
}

impl RingWriter {
    /// The readers' side of it.
    #[must_use]
    pub fn ring(&self) -> Ring {
        Ring { shared: self.shared.clone() }
    }

    /// Numbers the frame, appends it and evicts what is over the limits. Never waits for a reader.
    pub fn push(&mut self, new: NewFrame) -> FrameSeq {
        // The frame is made before the lock is taken: this is the only writer, so the number cannot change meanwhile.
        let seq = self.shared.lock().newest + 1;
        let frame = Arc::new(Frame::new(seq, new.stamp, new.media_time, new.picture));
        let len = frame.picture().byte_len();
        {
            let mut inner = self.shared.lock();
            inner.bytes += len;
            inner.newest = seq;
            inner.frames.push_back(frame);
            while inner.is_over(self.shared.limits) {
                let Some(oldest) = inner.frames.pop_front() else { break };
                inner.bytes -= oldest.picture().byte_len();
                self.evicted.push(oldest);
            }
        }
        self.shared.arrived.notify_all();
        self.announce.send_replace(seq);
        self.evicted.clear();
        seq
    }
}

impl Inner {
    fn is_over(&self, limits: RingLimits) -> bool {
        let (Some(oldest), Some(newest)) = (self.frames.front(), self.frames.back()) else { return false };
        let span = newest.stamp().mono.saturating_sub(oldest.stamp().mono);
        self.frames.len() > 1
            && (self.bytes > limits.bytes || span > limits.span || self.frames.len() > MAX_FRAMES)
    }
}

impl Drop for RingWriter {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_all();
    }
}

/// One reader's place in the ring. It never holds the writer up; if it is too slow it is told what it missed.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    next: FrameSeq,
}

impl Reader {
    /// The next frame in order, waiting for it up to `patience`.
    ///
    /// # Errors
    /// [`ReadError::Lagged`] if frames were overwritten first, [`ReadError::TimedOut`], [`ReadError::Closed`].
    pub fn next(&mut self, patience: Duration) -> Result<Arc<Frame>, ReadError> {
        let inner = self.wait(patience, |_| true)?;
        let oldest = inner.newest + 1 - inner.frames.len() as u64;
        let (missed, frame) = match self.next.checked_sub(oldest) {
            Some(index) => (0, inner.frames.get(usize::try_from(index).unwrap_or(usize::MAX)).cloned()),
            None => (oldest - self.next, None),
        };
        drop(inner);
        self.next += missed;
        match frame {
            Some(frame) => {
                self.next += 1;
                Ok(frame)
            }
            None => Err(ReadError::Lagged(Lagged { missed })),
        }
    }

    /// The newest frame that this reader has not had yet and how many it skipped to get there, waiting up to
    /// `patience`: a mailbox of one, for whoever cares only for now.
    ///
    /// # Errors
    /// [`ReadError::TimedOut`] or [`ReadError::Closed`], never `Lagged`.
    pub fn newest(&mut self, patience: Duration) -> Result<(Arc<Frame>, u64), ReadError> {
        // What was taken back since is no frame to wake up for.
        let inner = self.wait(patience, |inner| !inner.frames.is_empty())?;
        let frame = inner.frames.back().cloned().ok_or(ReadError::Closed)?;
        drop(inner);
        let skipped = frame.seq() - self.next;
        self.next = frame.seq() + 1;
        Ok((frame, skipped))
    }

    /// How far it is behind right now.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let inner = self.shared.lock();
        Backlog { unread: (inner.newest + 1).saturating_sub(self.next), held: inner.frames.len() as u64 }
    }

    /// As [`Ring::floor`].
    #[must_use]
    pub fn floor(&self) -> FrameSeq {
        self.shared.lock().floor
    }

    /// The lock, held once there was a frame that this reader has not had and `enough` is content.
    fn wait(
        &self,
        patience: Duration,
        enough: impl Fn(&Inner) -> bool,
    ) -> Result<MutexGuard<'_, Inner>, ReadError> {
        let mut inner = self.shared.lock();
        #[cfg(not(feature = "model"))]
        let deadline = std::time::Instant::now() + patience;
        while inner.newest < self.next || !enough(&inner) {
            if inner.closed {
                return Err(ReadError::Closed);
            }
            #[cfg(not(feature = "model"))]
            {
                let left = deadline.saturating_duration_since(std::time::Instant::now());
                if left.is_zero() {
                    return Err(ReadError::TimedOut);
                }
                inner = self
                    .shared
                    .arrived
                    .wait_timeout(inner, left)
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .0;
            }
            // loom knows no time: in the model a reader with patience waits for ever, one without does not wait.
            #[cfg(feature = "model")]
            {
                if patience.is_zero() {
                    return Err(ReadError::TimedOut);
                }
                inner = self.shared.arrived.wait(inner).unwrap_or_else(std::sync::PoisonError::into_inner);
            }
        }
        Ok(inner)
    }
}
