//! An `ffmpeg` child: pictures into its stdin, a stream out of its stdout, never waiting for longer than it may.
//!
//! It is started from the configuration's own words, never through a shell; whoever drops this has killed and reaped it. If
//! this process is killed, the child's stdin ends, and so does the child.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child as Process, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::Trouble;

/// A child that takes nothing and gives nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(3);
/// What it may take to end once its input has.
const LAST_WORDS: Duration = Duration::from_millis(800);
/// Of its complaints so much is kept.
const TOLD: usize = 400;

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    process: Process,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    errors: Option<ChildStderr>,
    told: String,
}

/// What moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Something,
    Nothing,
}

impl Child {
    /// Starts it.
    pub(super) fn start(program: &str, arguments: &[String]) -> Result<Self, Trouble> {
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut process =
            started.map_err(|error| Trouble::Child(format!("it cannot be started ({error})")))?;
        let (input, output, errors) = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let child = Self { process, input, output, errors, told: String::new() };
        let pipes = [
            child.input.as_ref().map(AsFd::as_fd),
            child.output.as_ref().map(AsFd::as_fd),
            child.errors.as_ref().map(AsFd::as_fd),
        ];
        for pipe in pipes.into_iter().flatten() {
            let flags = fcntl_getfl(pipe).map_err(std::io::Error::from)?;
            fcntl_setfl(pipe, flags | OFlags::NONBLOCK).map_err(std::io::Error::from)?;
        }
        Ok(child)
    }

    /// Gives it all of `bytes`; what it gives meanwhile is appended to `out`.
    pub(super) fn give(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Trouble> {
        let mut deadline = Instant::now() + PATIENCE;
        while !bytes.is_empty() {
            let before = bytes.len();
            let moved = self.turn(&mut bytes, out, deadline)?;
            if moved == Moved::Something || bytes.len() != before {
                deadline = Instant::now() + PATIENCE;
            } else if Instant::now() >= deadline {
                return Err(self.failed("it hangs"));
            }
        }
        self.turn(&mut bytes, out, Instant::now()).map(drop)
    }

    /// Its input ends; the rest of its output is appended to `out`.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Trouble> {
        self.input = None;
        let deadline = Instant::now() + LAST_WORDS;
        while self.output.is_some() {
            self.turn(&mut &[][..], out, deadline)?;
            if Instant::now() >= deadline {
                return Err(self.failed("it does not end"));
            }
        }
        Ok(())
    }

    /// Writes and reads what can be without waiting, after waiting for the first of these to be possible.
    fn turn(&mut self, bytes: &mut &[u8], out: &mut Vec<u8>, deadline: Instant) -> Result<Moved, Trouble> {
        self.wait(!bytes.is_empty(), deadline)?;
        let mut moved = Moved::Nothing;
        let mut chunk = [0; 1 << 16];
        if let Some(output) = &mut self.output {
            match output.read(&mut chunk) {
                Ok(0) => self.output = None,
                Ok(n) => {
                    out.extend_from_slice(&chunk[..n]);
                    moved = Moved::Something;
                }
                Err(error) if is_patient(&error) => {}
                Err(error) => return Err(self.failed(&error.to_string())),
            }
        }
        if let Some(errors) = &mut self.errors {
            match errors.read(&mut chunk) {
                Ok(0) => self.errors = None,
                Ok(n) => {
                    self.told.push_str(&String::from_utf8_lossy(&chunk[..n]));
                    let excess = self.told.chars().count().saturating_sub(TOLD);
                    self.told = self.told.chars().skip(excess).collect();
                }
                Err(error) if is_patient(&error) => {}
                Err(_) => self.errors = None,
            }
        }
        if let (Some(input), false) = (&mut self.input, bytes.is_empty()) {
            match input.write(bytes) {
                Ok(n) => {
                    *bytes = &bytes[n..];
                    moved = Moved::Something;
                }
                Err(error) if is_patient(&error) => {}
                Err(_) => return Err(self.failed("it ended")),
            }
        }
        Ok(moved)
    }

    fn wait(&self, writes: bool, deadline: Instant) -> Result<(), Trouble> {
        let mut fds = Vec::with_capacity(3);
        fds.extend(self.output.as_ref().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
        fds.extend(self.errors.as_ref().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
        if writes {
            fds.extend(self.input.as_ref().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::OUT)));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(Trouble::Clip(error.into())),
        }
    }

    /// What is wrong, with its own last words.
    fn failed(&mut self, what: &str) -> Trouble {
        let mut last = Vec::new();
        if let Some(errors) = &mut self.errors {
            // What it said before it ended is there already.
            errors.take(4096).read_to_end(&mut last).unwrap_or_default();
        }
        self.told.push_str(&String::from_utf8_lossy(&last));
        let words = self.told.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let colon = if words.is_empty() { "" } else { ": " };
        Trouble::Child(format!("{what}{colon}{}", words.chars().take(200).collect::<String>()))
    }
}

fn is_patient(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Drop for Child {
    fn drop(&mut self) {
        // Of one that has ended this changes nothing: its number is its own until it is reaped.
        kill_process_group(Pid::from_child(&self.process), Signal::KILL).unwrap_or_default();
        if let Err(error) = self.process.wait() {
            tracing::debug!(%error, "an encoder could not be reaped");
        }
    }
}
