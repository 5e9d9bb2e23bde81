//! Waiting for a camera to come back: the kernel tells when a node appears, so that nobody waits out a back-off.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

use crate::halt::{Halt, Waited};

#[cfg(test)]
mod tests;

/// After a node appeared, so long for its permissions and links to be set: otherwise the first try would be refused.
const SETTLING: Duration = Duration::from_millis(100);

/// Waits for a stop, a nudge or something new among the nodes below `root`, `time` at the most.
pub(super) fn rest(root: Option<&Path>, halt: &Halt, time: Duration) -> Waited {
    let until = Instant::now() + time;
    let Some(nodes) = root.and_then(Nodes::watch) else { return halt.wait(time) };
    loop {
        if let Some(waited) = halt.wait_beside(nodes.queue.as_fd(), until) {
            return waited;
        }
        if nodes.has_news() {
            return halt.wait(SETTLING.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// The folders where nodes and their links appear, being watched.
#[derive(Debug)]
struct Nodes {
    queue: OwnedFd,
}

impl Nodes {
    fn watch(root: &Path) -> Option<Self> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        let appears = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB;
        inotify::add_watch(&queue, root, appears).ok()?;
        for links in ["v4l", "v4l/by-id", "v4l/by-path"] {
            // They are there only while there is a camera; the root tells of the first one.
            let _not_there = inotify::add_watch(&queue, root.join(links), appears);
        }
        Some(Self { queue })
    }

    /// Whether one of the changes so far is of a video node or a link to one.
    fn has_news(&self) -> bool {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.queue, &mut room);
        let mut found = false;
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            found |= name == "v4l" || name.starts_with("by-") || name.contains("video");
        }
        found
    }
}
