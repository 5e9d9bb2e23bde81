//! One watcher of a feed: the newest picture that it has not had, and how many it missed.

use std::sync::Arc;

use tokio::sync::watch;

use crate::live::channel::Channel;
use crate::live::feed::{Feed, Slot};
use crate::live::pace::Pace;
use crate::live::{Part, Variant};

/// Keeps its feed alive; leaves it when dropped.
pub(crate) struct Watcher {
    channel: Arc<Channel>,
    feed: Arc<Feed>,
    slot: watch::Receiver<Slot>,
    wish: Variant,
    fps: Option<f32>,
    pace: Pace,
    last: Option<u64>,
}

impl Watcher {
    /// Called under the channel's lock, so that the feed does not end meanwhile.
    pub(crate) fn join(channel: Arc<Channel>, feed: Arc<Feed>, wish: Variant, fps: Option<f32>) -> Self {
        let mut slot = feed.join(fps);
        // What is in the slot counts as new: the first picture comes at once.
        slot.mark_changed();
        Self { channel, feed, slot, wish, fps, pace: Pace::new(fps), last: None }
    }

    /// The newest picture, once there is one that was not had yet and is due; `None` when the feed is over.
    /// May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Arc<Part>> {
        loop {
            self.slot.changed().await.ok()?;
            let part = {
                let slot = self.slot.borrow_and_update();
                if slot.is_over {
                    return None;
                }
                slot.part.clone()
            };
            let Some(part) = part else { continue };
            if self.channel.in_force(self.wish).drawn != self.feed.variant().drawn {
                // Drawing was switched on or off: the same viewer goes on with the other pictures.
                *self = self.channel.watch(self.wish, self.fps);
                continue;
            }
            if !part.no_signal && part.seq < self.channel.camera.ring().floor() {
                // From before a mask was set.
                continue;
            }
            let missed = self.last.map_or(0, |last| part.serial.saturating_sub(last + 1));
            self.last = Some(part.serial);
            self.channel.tally.skipped.add(missed);
            if part.no_signal || self.pace.passes(part.mono) {
                self.channel.tally.parts.inc();
                return Some(part);
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.channel.leave(&self.feed, self.fps);
    }
}
