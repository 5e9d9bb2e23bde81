//! A program's standard output as a camera: JPEG after JPEG, parted by their own markers.
//!
//! The program is the configuration's own words, started directly and never through a shell. It lives no longer than
//! the source that started it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::Size;

use crate::backoff::most_after;
use crate::child::{Child, Heard};
use crate::halt::Halt;
use crate::http::multipart::{Multipart, Part};
use crate::source::{Next, Opener, Payload, Source};
use crate::{Negotiated, Problem, Restart};

mod words;

#[cfg(test)]
mod tests;

use words::Words;

/// Bytes read at once; a pipe holds as many.
const CHUNK: usize = 64 << 10;

/// A program to be run.
#[derive(Debug)]
pub(crate) struct Command {
    /// The program and its arguments.
    pub(crate) run: Vec<String>,
    pub(crate) restart: Restart,
    /// The longest that it may take to its first picture: a camera's firmware is loaded, a stream is looked for.
    pub(crate) first: Duration,
    pub(crate) halt: Arc<Halt>,
}

impl Opener for Command {
    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        let Some((program, arguments)) = self.run.split_first() else { return Err(words::nothing_to_run()) };
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let words = Words::of(program);
        let child = Child::spawn(Path::new(program), &arguments, self.halt.clone())
            .map_err(|error| words.not_started(&error))?;
        Ok(Box::new(Output {
            child,
            words,
            restart: self.restart,
            first: self.first,
            parser: Multipart::new(""),
            parts: Vec::new(),
            ready: VecDeque::new(),
            scratch: vec![0; CHUNK],
            wrote: 0,
            pictures: 0,
            warning: None,
        }))
    }

    fn most_backoff(&self, code: &str) -> Duration {
        most_after(code)
    }
}

/// A program under way.
struct Output {
    child: Child,
    words: Words,
    restart: Restart,
    first: Duration,
    parser: Multipart,
    parts: Vec<Part>,
    ready: VecDeque<Part>,
    scratch: Vec<u8>,
    /// Bytes on its standard output so far.
    wrote: u64,
    pictures: u64,
    warning: Option<String>,
}

impl Source for Output {
    fn negotiated(&self) -> Negotiated {
        Negotiated { size: Size::new(0, 0), frame_rate: None, format: "JPEG" }
    }

    fn next(&mut self, patience: Duration) -> Result<Next, Problem> {
        let patience = if self.pictures == 0 { self.first } else { patience };
        // Absolute: a program that writes something else, be it for ever, gives no picture.
        let deadline = Instant::now() + patience;
        loop {
            if let Some(part) = self.ready.pop_front() {
                self.pictures += 1;
                let payload = match part {
                    Part::Picture(bytes) => Payload::Jpeg(bytes),
                    Part::Refused(error) => Payload::Refused(error),
                };
                return Ok(Next::Picture { payload, media_time: None, skipped: 0 });
            }
            if Instant::now() >= deadline {
                return self.silent(patience);
            }
            match self.child.read(&mut self.scratch, CHUNK, deadline) {
                Ok(Heard::Out(n)) => {
                    self.wrote += n as u64;
                    self.parser.feed(&self.scratch[..n], &mut self.parts);
                    self.ready.extend(self.parts.drain(..));
                }
                Ok(Heard::Err(n)) => self.words.hear(&self.scratch[..n]),
                Ok(Heard::Silent) => return self.silent(patience),
                Ok(Heard::Stopped) => return Ok(Next::Stopped),
                Ok(Heard::Closed) => return self.ended(),
                Err(error) => return Err(words::system(&error)),
            }
        }
    }

    fn warning(&mut self) -> Option<String> {
        self.warning.take()
    }
}

impl Output {
    /// No picture in time. Before the first one it is worth saying why.
    fn silent(&self, patience: Duration) -> Result<Next, Problem> {
        match (self.pictures, self.wrote) {
            (0, 0) => Err(self.words.wrote_nothing(patience)),
            (0, bytes) => Err(self.words.wrote_no_pictures(bytes)),
            _ => Ok(Next::Silent),
        }
    }

    /// The program is done; whether that is the end of the camera is the policy's to say.
    fn ended(&mut self) -> Result<Next, Problem> {
        let status = self.child.status().map_err(|error| words::system(&error))?;
        let problem = self.words.ended(how(status), self.pictures, self.wrote);
        let is_over = match self.restart {
            Restart::Always => false,
            Restart::OnFailure => status.success(),
            Restart::Never => true,
        };
        if !is_over {
            return Err(problem);
        }
        if !status.success() {
            self.warning = Some(problem.what);
        }
        Ok(Next::Ended)
    }
}

/// How it ended, for people.
fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "ended".to_owned(),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "is gone".to_owned(),
    }
}
