//! One camera's viewers: how many there are, and which variants they watch.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use codec::Overlay;
use frame::{Clock, Frame, FrameSeq};
use web::{Counter, Gauge, Life, Metrics};

use crate::Camera;
use crate::live::Variant;
use crate::live::crowd::{Crowd, Refused};
use crate::live::drawing::Current;
use crate::live::feed::{Feed, Watcher};

/// Variants of one camera at the same time, beside its own picture; each is a thread that decodes and encodes. Whoever
/// asks for one more gets the nearest of those there are.
const MAX_VARIANTS: usize = 8;

/// Counted for one camera.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) encodes: Counter,
    pub(crate) encode_errors: Counter,
    pub(crate) parts: Counter,
    pub(crate) skipped: Counter,
    viewers: Gauge,
}

impl Tally {
    fn new(metrics: &Metrics, camera: &str) -> Self {
        let labels = &[("camera", camera)];
        Self {
            encodes: metrics.counter("nightjar_encodes_total", "Pictures encoded for viewers.", labels),
            encode_errors: metrics.counter(
                "nightjar_encode_errors_total",
                "Pictures that could not be encoded.",
                labels,
            ),
            parts: metrics.counter("nightjar_viewer_frames_total", "Pictures handed to viewers.", labels),
            skipped: metrics.counter(
                "nightjar_viewer_skipped_total",
                "Pictures viewers were too slow for.",
                labels,
            ),
            viewers: metrics.gauge("nightjar_viewers", "Viewers right now.", labels),
        }
    }
}

/// One camera's viewers.
pub(crate) struct Channel {
    pub(crate) camera: Arc<dyn Camera>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) life: Life,
    pub(crate) tally: Tally,
    viewers: AtomicUsize,
    /// Of all cameras together.
    crowd: Arc<Crowd>,
    drawing: Current,
    feeds: Mutex<HashMap<Variant, Arc<Feed>>>,
}

impl Channel {
    pub(crate) fn new(
        camera: Arc<dyn Camera>,
        clock: Arc<dyn Clock>,
        life: Life,
        metrics: &Metrics,
        crowd: Arc<Crowd>,
    ) -> Self {
        let tally = Tally::new(metrics, camera.id());
        let drawing = Current::of(camera.as_ref());
        let (viewers, feeds) = (AtomicUsize::new(0), Mutex::default());
        Self { camera, clock, life, tally, viewers, crowd, drawing, feeds }
    }

    /// How many watch right now.
    pub(crate) fn viewers(&self) -> usize {
        self.viewers.load(Ordering::Relaxed)
    }

    /// How many watch any camera right now.
    pub(crate) fn crowd(&self) -> usize {
        self.crowd.len()
    }

    /// Pixels from left to right of what the source delivers, once known.
    pub(crate) fn source_width(&self) -> Option<u32> {
        let latest = self.camera.ring().latest().map(|frame| frame.size().width);
        latest.or_else(|| self.camera.source().size.map(|size| size.width))
    }

    /// A viewer's place, if there is one left for that address; see [`web::Connection::counted_as`].
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<ViewerGuard, Refused> {
        self.crowd.enter(address, self.camera.settings().max_clients as usize)?;
        Ok(self.seat(address))
    }

    /// A place for a viewer that is about to give one back.
    pub(crate) fn readmit(self: &Arc<Self>, address: Option<IpAddr>) -> ViewerGuard {
        self.crowd.enter_again(address);
        self.seat(address)
    }

    fn seat(self: &Arc<Self>, address: Option<IpAddr>) -> ViewerGuard {
        self.show(self.viewers.fetch_add(1, Ordering::AcqRel) + 1);
        ViewerGuard { channel: self.clone(), address }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand viewers")]
    fn show(&self, viewers: usize) {
        self.tally.viewers.set(viewers as f64);
    }

    /// The variant that stands for a wish right now: where nothing is to be drawn, a drawn one is the plain one.
    pub(crate) fn in_force(&self, wish: Variant) -> Variant {
        Variant { drawn: wish.drawn && self.drawing.get(self.camera.as_ref()).is_on(), ..wish }
    }

    /// What is drawn on that frame for those who do not want it raw.
    pub(crate) fn overlay(&self, frame: &Frame) -> Overlay {
        self.drawing.get(self.camera.as_ref()).overlay(frame, &self.camera.motion())
    }

    /// The picture of that frame if a feed has just made it.
    pub(crate) fn made(&self, variant: Variant, seq: FrameSeq) -> Option<Bytes> {
        let feed = self.feeds().get(&variant).cloned()?;
        feed.newest().filter(|part| !part.no_signal && part.seq == seq).map(|part| part.jpeg.clone())
    }

    /// The pictures of one variant from now on, at most `fps` of them a second.
    pub(crate) fn watch(self: &Arc<Self>, wish: Variant, fps: Option<f32>) -> Watcher {
        let variant = self.in_force(wish);
        let mut feeds = self.feeds();
        let variant = self.affordable(variant, &feeds);
        let feed = feeds.entry(variant).or_insert_with(|| Feed::start(self, variant)).clone();
        Watcher::join(self.clone(), feed, wish, fps)
    }

    /// The variant itself while there is room for it, else the one that is nearest.
    fn affordable(&self, wish: Variant, feeds: &HashMap<Variant, Arc<Feed>>) -> Variant {
        let made = feeds.keys().copied().filter(|variant| !variant.is_original());
        if wish.is_original() || feeds.contains_key(&wish) || made.clone().count() < MAX_VARIANTS {
            return wish;
        }
        let source = self.source_width();
        // Whoever wants it raw is shown nothing that is drawn, and the other way round.
        made.filter(|variant| variant.drawn == wish.drawn)
            .min_by_key(|variant| variant.distance(wish, source))
            .unwrap_or(wish)
    }

    /// A watcher left. The feed ends with its last one; under the lock, so that nobody joins one that is ending.
    pub(crate) fn leave(&self, feed: &Arc<Feed>, fps: Option<f32>) {
        let mut feeds = self.feeds();
        if feed.part_with(fps) {
            feeds.remove(&feed.variant());
        }
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<Variant, Arc<Feed>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn variants(&self) -> usize {
        self.feeds().len()
    }
}

/// A viewer's place; given back when dropped.
pub(crate) struct ViewerGuard {
    channel: Arc<Channel>,
    address: Option<IpAddr>,
}

impl Drop for ViewerGuard {
    fn drop(&mut self) {
        let before = self.channel.viewers.fetch_sub(1, Ordering::AcqRel);
        self.channel.show(before - 1);
        self.channel.crowd.leave(self.address);
    }
}
