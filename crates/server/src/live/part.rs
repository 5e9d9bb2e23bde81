//! One picture on its way to viewers, in the shapes that they take, each made at most once.

use std::fmt::Write;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use bytes::{BufMut, Bytes, BytesMut};
use frame::{Frame, FrameSeq};

/// What a multipart stream begins with, before its first part.
pub(crate) const OPENING: Bytes = Bytes::from_static(b"--frame\r\n");
const CLOSING: &[u8] = b"\r\n--frame\r\n";
/// Room for a part's headers: the longest is 95 bytes.
const HEADERS: usize = 128;

/// One picture of one variant.
#[derive(Debug)]
pub(crate) struct Part {
    /// Within its feed, without gaps, so that a viewer can tell what it skipped.
    pub(crate) serial: u64,
    /// The frame's number; of the last frame where there is no signal.
    pub(crate) seq: FrameSeq,
    /// When it was taken.
    pub(crate) wall: SystemTime,
    /// The same on the capture clock.
    pub(crate) mono: Duration,
    /// Stands in for a picture that there is not.
    pub(crate) no_signal: bool,
    pub(crate) jpeg: Bytes,
    multipart: OnceLock<Bytes>,
    message: OnceLock<Bytes>,
}

impl Part {
    pub(crate) fn of_frame(frame: &Frame, jpeg: Bytes) -> Self {
        Self {
            serial: 0,
            seq: frame.seq(),
            wall: frame.stamp().wall,
            mono: frame.stamp().mono,
            no_signal: false,
            jpeg,
            multipart: OnceLock::new(),
            message: OnceLock::new(),
        }
    }

    pub(crate) fn no_signal(seq: FrameSeq, stamp: frame::Stamp, jpeg: Bytes) -> Self {
        Self {
            serial: 0,
            seq,
            wall: stamp.wall,
            mono: stamp.mono,
            no_signal: true,
            jpeg,
            multipart: OnceLock::new(),
            message: OnceLock::new(),
        }
    }

    /// The part of a multipart stream: headers, picture, and the boundary that closes it, so that a browser, which
    /// shows a part once it is closed, is never one picture late. One buffer for all viewers: each costs one write.
    pub(crate) fn multipart(&self) -> Bytes {
        self.multipart.get_or_init(|| multipart(&self.jpeg, self.wall)).clone()
    }

    /// The binary message of the WebSocket: a little-endian header of 24 bytes, the camera's id, the JPEG.
    pub(crate) fn message(&self, camera: &str) -> Bytes {
        self.message.get_or_init(|| message(self, camera)).clone()
    }
}

fn multipart(jpeg: &Bytes, wall: SystemTime) -> Bytes {
    let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut headers = String::with_capacity(HEADERS);
    // Writing to a String cannot fail.
    write!(
        headers,
        "Content-Type: image/jpeg\r\nContent-Length: {}\r\nX-Timestamp: {}.{:06}\r\n\r\n",
        jpeg.len(),
        since.as_secs(),
        since.subsec_micros()
    )
    .unwrap_or_default();
    let mut part = BytesMut::with_capacity(headers.len() + jpeg.len() + CLOSING.len());
    part.put_slice(headers.as_bytes());
    part.put_slice(jpeg);
    part.put_slice(CLOSING);
    part.freeze()
}

fn message(part: &Part, camera: &str) -> Bytes {
    let id = camera.as_bytes();
    // Ids are at most 63 characters of `[a-z0-9-]`; a longer one would be cut rather than break the shape.
    let id = &id[..id.len().min(usize::from(u8::MAX))];
    let mut message = BytesMut::with_capacity(24 + id.len() + part.jpeg.len());
    message.put_u8(1);
    message.put_u8(u8::try_from(id.len()).unwrap_or(u8::MAX));
    message.put_u16_le(u16::from(part.no_signal));
    message.put_u32_le(0);
    message.put_u64_le(part.seq);
    message.put_f64_le(crate::wire::time::unix_ms(part.wall));
    message.put_slice(id);
    message.put_slice(&part.jpeg);
    message.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(len: usize) -> Part {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_042);
        let stamp = frame::Stamp { mono: Duration::ZERO, wall };
        Part::no_signal(7, stamp, Bytes::from(vec![0xd8; len]))
    }

    #[test]
    fn the_part_is_exact_to_the_byte_and_closed_by_its_boundary() {
        let expected = b"Content-Type: image/jpeg\r\nContent-Length: 3\r\nX-Timestamp: 1700000000.000042\r\n\r\n\xd8\xd8\xd8\r\n--frame\r\n";
        assert_eq!(&part(3).multipart()[..], &expected[..]);
    }

    #[test]
    fn all_viewers_share_one_buffer() {
        let part = part(1000);
        assert_eq!(part.multipart().as_ptr(), part.multipart().as_ptr());
        assert_eq!(part.message("garden").as_ptr(), part.message("garden").as_ptr());
    }

    #[test]
    fn the_message_is_laid_out_as_the_page_reads_it() {
        let message = part(2).message("garden");
        assert_eq!(message[..8], [1, 6, 1, 0, 0, 0, 0, 0]);
        assert_eq!(message[8..16], 7u64.to_le_bytes());
        assert_eq!(message[16..24], 1_700_000_000_000.042f64.to_le_bytes());
        assert_eq!(&message[24..], b"garden\xd8\xd8");
    }
}
