//! A child process whose output is read with a deadline, and which is always killed and reaped: by its owner, by
//! [`kill_children`] when the process leaves in a hurry, and by the kernel when it is killed itself.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::halt::Halt;

#[cfg(test)]
mod tests;

/// How long a child may take to end after it closed its pipes.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// All children that are not reaped yet.
static LIVE: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn live() -> MutexGuard<'static, Vec<Pid>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every child process that a source or an open file has running, for a process that ends without stopping
/// its cameras. Takes microseconds and waits for nobody.
pub fn kill_children() {
    // A number stays in the list until right before its child is reaped, so it is never another process's.
    for pid in live().iter() {
        kill(*pid);
    }
}

/// The whole group: a wrapper script's own children, too.
fn kill(pid: Pid) {
    // An error means that it is gone already.
    let _gone = kill_process_group(pid, Signal::KILL);
}

/// `setpriv` where it can make the kernel kill a child with the thread that started it, even if that thread's
/// process was killed with no time for last words. Part of util-linux, which every Debian has.
fn tether() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let look = || {
        let found = located(Path::new("setpriv")).ok()?;
        // Others by that name lack the option.
        let mut trial = Command::new(&found);
        let trial = trial.args(["--pdeathsig", "KILL", "--"]).arg(&found).arg("--help");
        let quiet = trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success()).then_some(found)
    };
    FOUND.get_or_init(look).as_deref()
}

/// Where a program is, by `PATH` if its name has no folder.
fn located(program: &Path) -> io::Result<PathBuf> {
    let is_program = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).map(|folder| folder.join(program)).collect();
    if program.components().count() > 1 {
        places = vec![program.to_owned()];
    }
    places.into_iter().find(|place| is_program(place)).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// A line that a child wrote, without the credentials of any address in it.
pub(crate) fn hushed(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, authority) = rest.split_at(at + 3);
        let end = authority.find(['/', ' ', '\'', '"', '?']).unwrap_or(authority.len());
        shown.push_str(before);
        // A password may hold an @, and what stands before the last one is no host.
        rest = authority[..end].rfind('@').map_or(authority, |sign| &authority[sign + 1..]);
    }
    shown + rest
}

/// A child process in a group of its own: stdout and stderr piped.
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
    /// Starts the program itself, never a shell. It lives no longer than the thread that calls this.
    pub(crate) fn spawn(program: &Path, arguments: &[OsString], halt: Arc<Halt>) -> io::Result<Self> {
        Self::spawn_with(program, arguments, &[], halt)
    }

    /// The same with something on its stdin, which then ends; it must fit into a pipe, 64 KiB.
    pub(crate) fn spawn_with(
        program: &Path,
        arguments: &[OsString],
        stdin: &[u8],
        halt: Arc<Halt>,
    ) -> io::Result<Self> {
        // Found here and not by the tether, whose failure would look like the program's own.
        let program = located(program)?;
        let mut command = match tether() {
            Some(tether) => {
                let mut command = Command::new(tether);
                command.args(["--pdeathsig", "KILL", "--"]).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        // Held over the start, so that `kill_children` misses none.
        let mut all = live();
        let mut inner = command
            .args(arguments)
            .stdin(if stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        all.push(Pid::from_child(&inner));
        drop(all);
        if let Some(mut pipe) = inner.stdin.take() {
            // One that ended already says why by itself.
            let _written = pipe.write_all(stdin);
        }
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

    /// How it ended; it is killed if it does not, soon. What it started and left behind is killed, too.
    pub(crate) fn status(&mut self) -> io::Result<ExitStatus> {
        self.out = None;
        self.err = None;
        let handle = pidfd_open(Pid::from_child(&self.inner), PidfdFlags::empty())?;
        let deadline = Instant::now() + LAST_WORDS;
        let ended = [Some(self.halt.as_fd()), Some(handle.as_fd()), None];
        ready(ended, deadline)?;
        // Of one that has ended already this changes nothing; its group is its own until it is reaped.
        self.kill();
        let status = self.reap()?;
        self.reaped = true;
        Ok(status)
    }

    fn kill(&self) {
        kill(Pid::from_child(&self.inner));
    }

    fn reap(&mut self) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(&self.inner);
        live().retain(|other| *other != pid);
        self.inner.wait()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _status = self.reap();
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
