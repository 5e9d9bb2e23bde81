//! RTSP cameras, through an `ffmpeg` child that decodes what they send.
//!
//! The address, with user and password in it, goes to the child through its stdin, as a list of one entry: arguments
//! can be read by everybody on the machine. What comes back in complaints is stripped of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::Size;

use crate::backoff::most_after;
use crate::ffmpeg::{Decoded, Frames, Input, Tools};
use crate::halt::{Halt, Waited};
use crate::knock;
use crate::source::{Next, Opener, Payload, Source};
use crate::{Negotiated, Problem, Transport};

mod address;
mod schedule;
mod words;

use address::Address;
use schedule::Schedule;

/// The protocols that the child may speak: those of RTSP, and the pipe that the address comes through.
const PROTOCOLS: &str = "pipe,rtsp,rtsps,rtp,rtcp,srtp,tcp,udp,tls,crypto";

/// A camera on the network.
pub(crate) struct Rtsp {
    pub(crate) url: String,
    pub(crate) transport: Transport,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Frames a second that are wanted; what the camera sends beyond is left out.
    pub(crate) frame_rate: f32,
    pub(crate) tools: Tools,
    /// The longest that it may take to the first picture: a key frame has to come.
    pub(crate) first: Duration,
    pub(crate) halt: Arc<Halt>,
}

impl Opener for Rtsp {
    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        let address = Address::parse(&self.url, self.user.as_deref(), self.password.as_deref())?;
        // The list adds nothing to what was learned of the stream it names.
        let brief = ["-fpsprobesize", "0", "-analyzeduration", "100000"];
        let list_in = ["-protocol_whitelist", PROTOCOLS, "-f", "concat", "-safe", "0", "-i", "pipe:0"];
        let arguments = brief.iter().chain(&list_in);
        let input = Input {
            arguments: arguments.map(Into::into).collect(),
            stdin: list(&address, self.transport, self.first),
            filter: None,
            hidden: address.hidden(),
        };
        let frames = Frames::open(input, &self.tools, self.halt.clone())
            .map_err(|failure| words::failed(&address.host, failure))?;
        Ok(Box::new(Stream {
            frames,
            host: address.host,
            first: self.first,
            schedule: Schedule::new(self.frame_rate, Instant::now()),
        }))
    }

    fn rest(&mut self, halt: &Halt, time: Duration, code: &str) -> Waited {
        let address = Address::parse(&self.url, None, None).ok();
        match address.and_then(|address| address.door()).filter(|_| knock::is_away(code)) {
            Some(door) => knock::rest(door, halt, time),
            None => halt.wait(time),
        }
    }

    fn most_backoff(&self, code: &str) -> Duration {
        // While nobody is there the wait ends with a knock.
        if knock::is_away(code) { Duration::MAX } else { most_after(code) }
    }
}

/// The list of one entry that the child reads.
fn list(address: &Address, transport: Transport, first: Duration) -> Vec<u8> {
    // Within single quotes only the quote itself is special.
    let url = address.full().replace('\'', "'\\''");
    let transport = match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    // Without nobuffer the child keeps up to five seconds back while it looks at the stream; and to find out the rate,
    // which is measured here anyway, it would look at it for three.
    format!(
        "ffconcat version 1.0\nfile '{url}'\noption rtsp_transport {transport}\noption timeout {}\noption fflags nobuffer\n\
         option fpsprobesize 0\noption analyzeduration 500000\n",
        first.as_micros()
    )
    .into_bytes()
}

/// A stream under way.
struct Stream {
    frames: Frames,
    host: String,
    first: Duration,
    schedule: Schedule,
}

impl Source for Stream {
    fn negotiated(&self) -> Negotiated {
        // The pictures' own size counts, and the rate is measured: what RTSP says of it is often wrong.
        Negotiated { size: Size::new(0, 0), frame_rate: None, format: "I420" }
    }

    fn next(&mut self, patience: Duration) -> Result<Next, Problem> {
        loop {
            let is_first = self.frames.count() == 0;
            let patience = if is_first { self.first } else { patience };
            let decoded = self.frames.next(patience).map_err(|failure| words::failed(&self.host, failure))?;
            match decoded {
                Decoded::Frame(time, picture) => {
                    let Some(time) = self.schedule.place(time, Instant::now()) else { continue };
                    let payload = Payload::Raw(picture);
                    return Ok(Next::Picture { payload, media_time: Some(time), skipped: 0 });
                }
                Decoded::Silent if is_first => return Err(words::no_picture(&self.host, self.first)),
                Decoded::Silent => return Ok(Next::Silent),
                Decoded::Stopped => return Ok(Next::Stopped),
                Decoded::Ended { complaint } => return Err(words::ended(&self.host, &complaint)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_told_through_the_pipe_and_quoted() {
        let address = Address::parse("rtsp://cam/it's?a=b", Some("e'v"), Some("p w")).unwrap();
        let text = String::from_utf8(list(&address, Transport::Udp, Duration::from_secs(10))).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ffconcat version 1.0");
        assert_eq!(lines[1], "file 'rtsp://e'\\''v:p%20w@cam/it'\\''s?a=b'");
        assert!(lines.contains(&"option rtsp_transport udp") && lines.contains(&"option timeout 10000000"));
    }
}
