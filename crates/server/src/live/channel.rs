//! One camera's viewers: how many there are, and which variants they watch.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frame::Clock;
use web::{Counter, Gauge, Life, Metrics};

use crate::Camera;
use crate::live::Variant;
use crate::live::feed::{Feed, Watcher};

/// Variants of one camera at the same time, beside its own picture; each is a thread that decodes and encodes. Whoever
/// asks for one more gets the nearest of those there are.
const MAX_VARIANTS: usize = 8;

/// So many viewers are allowed, and there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) usize);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            1 => f.write_str("1 viewer is watching, and no more are allowed."),
            n => write!(f, "{n} viewers are watching, and no more are allowed."),
        }
    }
}

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
    crowd: Arc<AtomicUsize>,
    feeds: Mutex<HashMap<Variant, Arc<Feed>>>,
}

impl Channel {
    pub(crate) fn new(
        camera: Arc<dyn Camera>,
        clock: Arc<dyn Clock>,
        life: Life,
        metrics: &Metrics,
        crowd: Arc<AtomicUsize>,
    ) -> Self {
        let tally = Tally::new(metrics, camera.id());
        Self { camera, clock, life, tally, viewers: AtomicUsize::new(0), crowd, feeds: Mutex::default() }
    }

    /// How many watch right now.
    pub(crate) fn viewers(&self) -> usize {
        self.viewers.load(Ordering::Relaxed)
    }

    /// How many watch any camera right now.
    pub(crate) fn crowd(&self) -> usize {
        self.crowd.load(Ordering::Relaxed)
    }

    /// Pixels from left to right of what the source delivers, once known.
    pub(crate) fn source_width(&self) -> Option<u32> {
        let latest = self.camera.ring().latest().map(|frame| frame.size().width);
        latest.or_else(|| self.camera.source().size.map(|size| size.width))
    }

    /// A viewer's place, if there is one left.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<ViewerGuard, Refused> {
        let max = self.camera.settings().max_clients as usize;
        let taken =
            self.crowd.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < max).then_some(n + 1));
        taken.map_err(|_| Refused(max))?;
        self.show(self.viewers.fetch_add(1, Ordering::AcqRel) + 1);
        Ok(ViewerGuard { channel: self.clone() })
    }

    /// A place for a viewer that is about to give one back.
    pub(crate) fn readmit(self: &Arc<Self>) -> ViewerGuard {
        self.crowd.fetch_add(1, Ordering::AcqRel);
        self.show(self.viewers.fetch_add(1, Ordering::AcqRel) + 1);
        ViewerGuard { channel: self.clone() }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand viewers")]
    fn show(&self, viewers: usize) {
        self.tally.viewers.set(viewers as f64);
    }

    /// The pictures of one variant from now on, at most `fps` of them a second.
    pub(crate) fn watch(self: &Arc<Self>, variant: Variant, fps: Option<f32>) -> Watcher {
        let mut feeds = self.feeds();
        let variant = self.affordable(variant, &feeds);
        let feed = feeds.entry(variant).or_insert_with(|| Feed::start(self, variant)).clone();
        Watcher::join(self.clone(), feed, fps)
    }

    /// The variant itself while there is room for it, else the one that is nearest.
    fn affordable(&self, wish: Variant, feeds: &HashMap<Variant, Arc<Feed>>) -> Variant {
        let made = feeds.keys().copied().filter(|variant| !variant.is_original());
        if wish.is_original() || feeds.contains_key(&wish) || made.clone().count() < MAX_VARIANTS {
            return wish;
        }
        let source = self.source_width();
        made.min_by_key(|variant| variant.distance(wish, source)).unwrap_or(wish)
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
}

impl Drop for ViewerGuard {
    fn drop(&mut self) {
        let before = self.channel.viewers.fetch_sub(1, Ordering::AcqRel);
        self.channel.show(before - 1);
        self.channel.crowd.fetch_sub(1, Ordering::AcqRel);
    }
}
