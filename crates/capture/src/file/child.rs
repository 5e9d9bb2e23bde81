//! A child process whose output is read with a deadline, and which is always killed and reaped.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::halt::Halt;

/// How long a child may take to end after it closed its pipes.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A child process in a group of its own: stdin null, stdout and stderr piped.
#[derive(Debug)]
pub(crate) struct Child {
    inner: std::process::Child,
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
    halt: Arc<Halt>,
    reaped: bool,
}

/// What reading gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// So many bytes from stdout.
    Out(usize),
    /// So many bytes from stderr.
    Err(usize),
    /// Both are closed.
    Closed,
    /// Nothing until the deadline.
    Silent,
    /// Told to stop.
    Stopped,
}

impl Child {
    /// Starts the program itself, never a shell.
    pub(crate) fn spawn(program: &Path, arguments: &[OsString], halt: Arc<Halt>) -> io::Result<Self> {
        let mut inner = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let (out, err) = (inner.stdout.take(), inner.stderr.take());
        Ok(Self { inner, out, err, halt, reaped: false })
    }

    /// Reads what comes first, stderr before stdout; `want_out` bytes of stdout at the most, none if it is 0.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        want_out: usize,
        deadline: Instant,
    ) -> io::Result<Heard> {
        loop {
            let out = if want_out > 0 { self.out.as_ref().map(AsFd::as_fd) } else { None };
            let err = self.err.as_ref().map(AsFd::as_fd);
            if err.is_none() && out.is_none() && (self.out.is_none() || want_out == 0) {
                return Ok(Heard::Closed);
            }
            let [stopped, err, out] = ready([Some(self.halt.as_fd()), err, out], deadline)?;
            if stopped {
                return Ok(Heard::Stopped);
            }
            if let (true, Some(pipe)) = (err, &mut self.err) {
                match pipe.read(buffer)? {
                    0 => self.err = None,
                    n => return Ok(Heard::Err(n)),
                }
            } else if let (true, Some(pipe)) = (out, &mut self.out) {
                let most = want_out.min(buffer.len());
                match pipe.read(&mut buffer[..most])? {
                    0 => self.out = None,
                    n => return Ok(Heard::Out(n)),
                }
            } else if Instant::now() >= deadline {
                return Ok(Heard::Silent);
            }
        }
    }

    /// How it ended; it is killed if it does not, soon.
    pub(crate) fn status(&mut self) -> io::Result<ExitStatus> {
        self.out = None;
        self.err = None;
        let handle = pidfd_open(Pid::from_child(&self.inner), PidfdFlags::empty())?;
        let deadline = Instant::now() + LAST_WORDS;
        let ended = [Some(self.halt.as_fd()), Some(handle.as_fd()), None];
        let [_, ended, _] = ready(ended, deadline)?;
        if !ended {
            self.kill();
        }
        let status = self.inner.wait()?;
        self.reaped = true;
        Ok(status)
    }

    fn kill(&self) {
        // An error means that it is gone already.
        let _gone = kill_process_group(Pid::from_child(&self.inner), Signal::KILL);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _status = self.inner.wait();
        }
    }
}

/// Which of the descriptors can be read, waiting until the deadline for the first one.
fn ready(descriptors: [Option<BorrowedFd<'_>>; 3], deadline: Instant) -> io::Result<[bool; 3]> {
    loop {
        let mut polled: Vec<PollFd<'_>> = descriptors
            .iter()
            .flatten()
            .map(|descriptor| PollFd::from_borrowed_fd(*descriptor, PollFlags::IN))
            .collect();
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut polled, Some(&timeout)) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let mut states = polled.iter().map(|fd| !fd.revents().is_empty());
        return Ok(descriptors.map(|descriptor| descriptor.is_some() && states.next().unwrap_or(false)));
    }
}
