//! How a capture thread is told to stop or to try again, wherever it waits: on a condition, a descriptor or a task.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use tokio_util::sync::CancellationToken;

/// One per camera, shared by its thread and its handle.
#[derive(Debug)]
pub(crate) struct Halt {
    flags: Mutex<Flags>,
    changed: Condvar,
    /// For tasks on the thread's own runtime.
    token: CancellationToken,
    /// For `poll`: becomes readable when stopped and stays so.
    descriptor: OwnedFd,
    /// For `poll`: readable while nudged.
    bell: OwnedFd,
}

#[derive(Debug, Default)]
struct Flags {
    stopped: bool,
    nudged: bool,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    Elapsed,
    Nudged,
    Stopped,
}

impl Halt {
    pub(crate) fn new() -> std::io::Result<Self> {
        let descriptor = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self {
            flags: Mutex::default(),
            changed: Condvar::new(),
            token: CancellationToken::new(),
            descriptor,
            bell,
        })
    }

    pub(crate) fn stop(&self) {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.changed.notify_all();
        self.token.cancel();
        // It can fail only if the counter is full, and then it is readable already.
        let _written = rustix::io::write(&self.descriptor, &1u64.to_ne_bytes());
    }

    /// Ends a back-off that is under way.
    pub(crate) fn nudge(&self) {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner).nudged = true;
        self.changed.notify_all();
        // As above.
        let _written = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }

    /// Forgets a nudge that came while nobody waited.
    pub(crate) fn forget_nudge(&self) {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner).nudged = false;
        // It fails if nobody rang.
        let _read = rustix::io::read(&self.bell, &mut [0; 8]);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Waits for a stop or a nudge, `time` at the most.
    pub(crate) fn wait(&self, time: Duration) -> Waited {
        let flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |flags: &mut Flags| !flags.stopped && !flags.nudged;
        let (flags, _) =
            self.changed.wait_timeout_while(flags, time, idle).unwrap_or_else(PoisonError::into_inner);
        match *flags {
            Flags { stopped: true, .. } => Waited::Stopped,
            Flags { nudged: true, .. } => Waited::Nudged,
            Flags { .. } => Waited::Elapsed,
        }
    }

    /// Waits for a stop or a nudge until `until`; `None` if `other` became readable first.
    pub(crate) fn wait_beside(&self, other: BorrowedFd<'_>, until: Instant) -> Option<Waited> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut watched = [self.descriptor.as_fd(), self.bell.as_fd(), other]
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
            let time = Timespec::try_from(left).ok();
            match poll(&mut watched, time.as_ref()) {
                Ok(0) if left.is_zero() => return Some(Waited::Elapsed),
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) if !watched[0].revents().is_empty() => return Some(Waited::Stopped),
                Ok(_) if !watched[1].revents().is_empty() => return Some(Waited::Nudged),
                Ok(_) => return None,
                // No descriptor to wait on is no reason not to wait.
                Err(_) => return Some(self.wait(left)),
            }
        }
    }

    /// Waits until `instant`; whether it was stopped.
    pub(crate) fn wait_until(&self, instant: Instant) -> bool {
        let time = instant.saturating_duration_since(Instant::now());
        let flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        let (flags, _) = self
            .changed
            .wait_timeout_while(flags, time, |flags| !flags.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        flags.stopped
    }

    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl AsFd for Halt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
