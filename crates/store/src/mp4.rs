//! A clip: one video track in fragmented MP4, that can be repaired however it was torn, and sought in once finished.
//!
//! ```text
//! ftyp moov │ 4096 bytes: `free`, once finished `sidx` and `free` │ moof mdat │ moof mdat │ …
//! ```
//!
//! While it is written only whole fragments are added; a frame is held until the next one says how long it lasted.
//! Finishing writes nothing twice but the 5 KiB before the first fragment. Each `moof` carries a digest of its
//! fragment, so that [`repair`] tells a fragment that reached the disk from one whose length alone did.
//!
//! What does not belong here: which frames a clip holds, and how they are encoded (`recorder`, `codec`).

mod boxes;
mod fragment;
mod head;
mod index;
mod read;
mod repair;
mod writer;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use head::TrackKind;
pub use read::{Facts, FrameFact, NotAClip, inspect, sample};
pub use repair::{Repaired, repair, repair_file};
pub use writer::ClipWriter;

/// Ticks a second; what most players count in.
const TIMESCALE: u32 = 90_000;

/// Frames larger than this are refused; ten times the largest JPEG that `codec` lets through would not be read back.
const MAX_SAMPLE: usize = 32 << 20;

/// What a finished clip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipFacts {
    /// Of the file.
    pub bytes: u64,
    /// Of the whole file.
    pub sha256: [u8; 32],
    /// How many.
    pub frames: u64,
    /// From the first frame to the end of the last one.
    pub duration: Duration,
}

/// The tick nearest to it.
fn ticks(at: Duration) -> u64 {
    let ticks = (at.as_nanos() * u128::from(TIMESCALE) + 500_000_000) / 1_000_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// Since the first frame, as close as nanoseconds go.
fn time_of(ticks: u64) -> Duration {
    let timescale = u64::from(TIMESCALE);
    let nanos = ticks % timescale * 1_000_000_000 / timescale;
    Duration::from_secs(ticks / timescale) + Duration::from_nanos(nanos)
}
