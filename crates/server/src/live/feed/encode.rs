//! The encode thread of a feed: newest frames only, as many a second as the fastest watcher wants.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use codec::CodecError;
use frame::{Frame, ReadError};

use crate::SourceState;
use crate::live::channel::Channel;
use crate::live::feed::{Feed, next_due};
use crate::live::pace::Pace;
use crate::live::{Maker, Part};

/// How long the thread may outlive its last watcher.
const PATIENCE: Duration = Duration::from_millis(200);

/// Starts the thread; it ends with the feed or when the ring is closed.
pub(super) fn start(channel: &Arc<Channel>, feed: &Arc<Feed>) -> io::Result<()> {
    // 15 characters are what Linux keeps of a thread's name.
    let name = format!("enc-{:.11}", channel.camera.id());
    let (channel, feed) = (channel.clone(), feed.clone());
    let alive = channel.life.tracker.token();
    let body = move || {
        let _alive = alive;
        if let Err(error) = run(&channel, &feed) {
            tracing::error!(camera = channel.camera.id(), %error, "failed to set up an encoder");
        }
    };
    std::thread::Builder::new().name(name).spawn(body).map(drop)
}

fn run(channel: &Channel, feed: &Feed) -> Result<(), CodecError> {
    let ring = channel.camera.ring();
    let mut maker = Maker::new(feed.variant())?;
    let mut pace = Pace::new(feed.rate());
    let mut reader = ring.reader();
    // Whoever came first should not wait for the next frame.
    if channel.camera.source().state == SourceState::Live
        && let Some(frame) = ring.latest()
        && pace.passes(frame.stamp().mono)
    {
        make(channel, feed, &mut maker, &frame);
    }
    while !feed.stop.is_cancelled() {
        match next_due(&mut reader, &mut pace, feed, PATIENCE) {
            // The last watcher may have left while this thread waited.
            Ok(Some(frame)) if !feed.stop.is_cancelled() => make(channel, feed, &mut maker, &frame),
            Ok(_) | Err(ReadError::TimedOut | ReadError::Lagged(_)) => {}
            Err(ReadError::Closed) => break,
        }
    }
    Ok(())
}

fn make(channel: &Channel, feed: &Feed, maker: &mut Maker, frame: &Frame) {
    match maker.jpeg(frame, channel) {
        Ok(jpeg) => feed.publish(Part::of_frame(frame, jpeg)),
        Err(error) => {
            channel.tally.encode_errors.inc();
            tracing::debug!(camera = channel.camera.id(), seq = frame.seq(), %error, "failed to encode a frame");
        }
    }
}
