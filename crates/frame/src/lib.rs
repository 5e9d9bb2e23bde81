//! A frame, its clock, its geometry, and the ring of recent frames.
//!
//! - **Reads** nothing: frames are handed in by `capture`, already scanned and stamped.
//! - **Writes** nothing but its own memory.
//! - **Never** decodes a picture (that is `codec`), does I/O, spawns a thread or a task, or logs.
//!
//! Everything here is plain data or a lock with O(1) work beneath it, so that the capture thread
//! can never be made to wait by whoever looks at its frames.

mod clock;
mod geometry;
mod outline;
mod picture;
mod ring;
mod sync;

pub use clock::{Clock, SimClock, Stamp, SystemClock};
pub use geometry::{Point, Polygon, Rect, Rotation, Size};
pub use outline::{MAX_CORNERS, OutlineFault, outline};
pub use picture::{Frame, FrameSeq, I420, JpegPicture, Luma, Picture, Sampling};
pub use ring::{Backlog, Lagged, NewFrame, ReadError, Reader, Ring, RingLimits, RingStats, RingWriter};
