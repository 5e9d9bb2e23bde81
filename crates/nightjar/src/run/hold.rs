//! A camera's capture thread, held by those who look at it and by those who steer it.

use std::sync::{Arc, Mutex, PoisonError};

use capture::{SourceStatus, State, Supervisor};
use frame::{Clock, RingWriter};
use tokio::sync::watch;

use super::orders::Orders;

/// One camera's capture thread and what it was told last.
#[derive(Debug)]
pub(crate) struct Hold {
    /// Gone once it was told to stop.
    capture: Mutex<Option<Supervisor>>,
    /// What is in force, and whether something else was asked for that it cannot take while it runs.
    orders: Mutex<Standing>,
}

#[derive(Debug)]
struct Standing {
    in_force: Orders,
    pending: bool,
}

/// How far a change may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaches {
    /// Over HTTP: no child process is started or ended because of it.
    Running,
    /// The owner of this machine asked: a source may be made anew.
    Everything,
}

impl Hold {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread or no descriptor.
    pub(crate) fn start(
        id: &str,
        orders: Orders,
        writer: RingWriter,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let capture = Supervisor::start(orders.source_of(id), writer, clock)?;
        Ok(Self { capture: Mutex::new(Some(capture)), ..Self::idle(orders) })
    }

    /// Without a thread: it takes orders all the same.
    pub(crate) fn idle(orders: Orders) -> Self {
        let standing = Standing { in_force: orders, pending: false };
        Self { capture: Mutex::new(None), orders: Mutex::new(standing) }
    }

    fn look<T>(&self, look: impl FnOnce(&Supervisor) -> T) -> Option<T> {
        self.capture.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
    }

    /// How the source is doing; nothing once it was told to stop.
    pub(crate) fn status(&self) -> Option<Arc<SourceStatus>> {
        self.look(Supervisor::status)
    }

    /// Ticks with every change of the source's state.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.look(Supervisor::changes)
    }

    /// A lost source is tried now.
    pub(crate) fn retry_now(&self) {
        self.look(Supervisor::retry_now);
    }

    /// Whether a closed ring is what was to be expected: told to stop, or a file played to its end.
    pub(crate) fn may_end(&self) -> bool {
        self.status().is_none_or(|status| matches!(status.state, State::Ended | State::Stopped))
    }

    /// Stops the thread, which closes the ring. Takes about a second at the most.
    pub(crate) fn stop(&self) {
        // Taken out first, so that nobody who looks at the source waits for the thread to end.
        let capture = self.capture.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(capture) = capture {
            capture.stop();
        }
    }

    /// The configuration's word for the source in force.
    pub(crate) fn kind(&self) -> &'static str {
        self.standing().in_force.kind()
    }

    /// By how many degrees the picture of a source in a child process is turned now; HTTP never changes that.
    pub(crate) fn child_turned_by(&self) -> Option<u32> {
        let standing = self.standing();
        standing.in_force.runs_a_child().then(|| standing.in_force.shaping.rotation.degrees())
    }

    /// How pictures are turned and masked now.
    #[cfg(test)]
    pub(crate) fn shaping(&self) -> capture::Shaping {
        self.standing().in_force.shaping.clone()
    }

    /// Whether something was asked for that is not in force yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.standing().pending
    }

    /// Puts as much of it in force as the change may reach. The rest is pending.
    pub(crate) fn ask(&self, id: &str, asked: Orders, reaches: Reaches) {
        let mut standing = self.standing();
        let now = standing.in_force.towards(&asked, reaches);
        let taken = if now == standing.in_force {
            true
        } else if now.is_same_source(&standing.in_force) {
            self.look(|capture| capture.set(now.want, now.shaping.clone()));
            true
        } else {
            // A file that has been played to its end has no thread any more that could take another source.
            self.look(|capture| capture.replace(now.source_of(id))).unwrap_or(true)
        };
        standing.pending = now != asked || !taken;
        if taken {
            standing.in_force = now;
        }
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
