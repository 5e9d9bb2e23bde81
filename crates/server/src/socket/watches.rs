//! The cameras that one client watches.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::live::{Channel, Part, Refused, Variant, ViewerGuard, Watcher};

/// Widths that are made for pages; what is asked for is rounded up to one of them, so that windows of every size
/// together cost six encodings at the most.
const WIDTHS: [u32; 6] = [160, 320, 480, 640, 960, 1280];

/// The widest picture a page is sent, however wide its window.
const WIDEST: u32 = WIDTHS[WIDTHS.len() - 1];

/// Cameras that one client watches at the same time.
pub(super) const MOST: usize = 16;

/// Why a camera is not watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotWatched {
    /// So many viewers are there.
    Viewers(Refused),
    /// The client watches so many already.
    Cameras,
}

impl std::fmt::Display for NotWatched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Viewers(refused) => refused.fmt(f),
            Self::Cameras => {
                write!(f, "{MOST} cameras are watched over this connection, and no more are shown.")
            }
        }
    }
}

/// A watch with its next picture, or its end.
type Next = Option<(Watch, Arc<Part>)>;

#[derive(Default)]
pub(super) struct Watches {
    /// One per watcher; each comes back with a picture or not at all.
    waiting: FuturesUnordered<BoxFuture<'static, Next>>,
    ends: HashMap<String, CancellationToken>,
    /// Whose share of the viewers' places they take; see [`web::Connection::counted_as`].
    address: Option<IpAddr>,
}

/// One camera that is watched.
struct Watch {
    camera: String,
    watcher: Watcher,
    end: CancellationToken,
    _guard: ViewerGuard,
}

impl Watch {
    /// Waits for the next picture; everything is let go when the watch is ended meanwhile.
    async fn wait(mut self) -> Option<(Self, Arc<Part>)> {
        let end = self.end.clone();
        tokio::select! {
            biased;
            () = end.cancelled() => None,
            part = self.watcher.next() => part.map(|part| (self, part)),
        }
    }
}

impl Watches {
    pub(super) fn of(address: Option<IpAddr>) -> Self {
        Self { address, ..Self::default() }
    }

    /// Begins to watch, or changes how.
    pub(super) fn begin(
        &mut self,
        channel: &Arc<Channel>,
        width: Option<u32>,
        fps: Option<f32>,
    ) -> Result<(), NotWatched> {
        let camera = channel.camera.id().to_owned();
        if self.ends.len() >= MOST && !self.ends.contains_key(&camera) {
            return Err(NotWatched::Cameras);
        }
        // Looked for first, so that a change does not fail for want of the place that it frees.
        let before = self.ends.remove(&camera);
        let guard = match &before {
            Some(_) => channel.readmit(self.address),
            None => channel.admit(self.address).map_err(NotWatched::Viewers)?,
        };
        if let Some(before) = before {
            before.cancel();
        }
        let variant = Variant::of(width.map(made_width), None, channel.source_width());
        let watcher = channel.watch(variant, fps);
        let end = CancellationToken::new();
        self.ends.insert(camera.clone(), end.clone());
        self.waiting.push(Box::pin(Watch { camera, watcher, end, _guard: guard }.wait()));
        Ok(())
    }

    /// Stops to watch; does nothing if it was not watched.
    pub(super) fn end(&mut self, camera: &str) {
        if let Some(end) = self.ends.remove(camera) {
            end.cancel();
        }
    }

    /// The next picture of any camera; never ready while none is watched. May be dropped.
    pub(super) async fn next(&mut self) -> (String, Arc<Part>) {
        loop {
            match self.waiting.next().await {
                Some(Some((watch, part))) if !watch.end.is_cancelled() => {
                    let camera = watch.camera.clone();
                    self.waiting.push(Box::pin(watch.wait()));
                    return (camera, part);
                }
                // That one has ended.
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

fn made_width(asked: u32) -> u32 {
    WIDTHS.into_iter().find(|&width| width >= asked).unwrap_or(WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_every_size_share_six_widths() {
        assert_eq!(made_width(1), 160);
        assert_eq!(made_width(640), 640);
        assert_eq!(made_width(641), 960);
        assert_eq!(made_width(5000), 1280);
    }
}
