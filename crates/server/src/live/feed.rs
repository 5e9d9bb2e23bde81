//! One variant of one camera while somebody watches it.
//!
//! A task follows the ring and the source's state: it passes a camera's own JPEGs on as they are, and puts the
//! "no signal" picture in their place, once a second, while there are none. Where a picture has to be encoded a
//! named thread does that, newest frames only. Both put what they have into one slot; viewers take the newest.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use frame::{Frame, Picture, ReadError, Size};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::live::channel::Channel;
use crate::live::pace::Pace;
use crate::live::{Part, Variant};
use crate::{SourceState, SourceView};

mod encode;
mod watcher;

pub(crate) use watcher::Watcher;

/// Of raw pictures, and of variants that name none: a good picture at a tenth of a raw one's bytes.
pub(crate) const JPEG_QUALITY: u8 = 80;
/// How often the "no signal" picture is sent and the source's state looked at again.
const BEAT: Duration = Duration::from_secs(1);
/// Of the "no signal" picture before anything is known of the source.
const UNKNOWN_SIZE: Size = Size::new(640, 360);

/// The newest picture, and whether the feed is over.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    part: Option<Arc<Part>>,
    is_over: bool,
}

pub(crate) struct Feed {
    variant: Variant,
    slot: watch::Sender<Slot>,
    stop: CancellationToken,
    /// Pictures a second that each watcher asked for.
    rates: Mutex<Vec<Option<f32>>>,
}

impl Feed {
    /// Starts the task; the thread follows when there is something to encode.
    pub(crate) fn start(channel: &Arc<Channel>, variant: Variant) -> Arc<Self> {
        let slot = watch::Sender::new(Slot::default());
        let stop = channel.life.token.child_token();
        let feed = Arc::new(Self { variant, slot, stop, rates: Mutex::default() });
        channel.life.tracker.spawn(Pump::new(channel.clone(), feed.clone()).run());
        feed
    }

    pub(crate) fn variant(&self) -> Variant {
        self.variant
    }

    /// What was made last.
    pub(crate) fn newest(&self) -> Option<Arc<Part>> {
        self.slot.borrow().part.clone()
    }

    fn join(&self, fps: Option<f32>) -> watch::Receiver<Slot> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).push(fps);
        self.slot.subscribe()
    }

    /// Takes one watcher of that rate away; true if it was the last, and then the feed ends.
    pub(crate) fn part_with(&self, fps: Option<f32>) -> bool {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = rates.iter().position(|&rate| rate == fps) {
            rates.swap_remove(index);
        }
        if rates.is_empty() {
            self.stop.cancel();
        }
        rates.is_empty()
    }

    /// As many pictures a second as the fastest watcher wants; `None`: all.
    fn rate(&self) -> Option<f32> {
        let rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        rates.iter().copied().try_fold(0.0f32, |most, rate| rate.map(|rate| most.max(rate)))
    }

    /// Puts a picture into the slot, unless a newer frame is in it.
    fn publish(&self, mut part: Part) {
        self.slot.send_if_modified(|slot| {
            if let Some(old) = &slot.part {
                // A frame that was being encoded when the signal was lost is older than the news of that.
                if !part.no_signal && part.seq <= old.seq {
                    return false;
                }
                part.serial = old.serial + 1;
            }
            slot.part = Some(Arc::new(part));
            true
        });
    }

    fn finish(&self) {
        self.slot.send_modify(|slot| slot.is_over = true);
    }
}

/// The task.
struct Pump {
    channel: Arc<Channel>,
    feed: Arc<Feed>,
    /// The encode thread has been started.
    encodes: bool,
    last_frame: Option<Instant>,
    /// The "no signal" picture and what it was made from.
    stand_in: Option<(Size, Vec<String>, Bytes)>,
}

impl Pump {
    fn new(channel: Arc<Channel>, feed: Arc<Feed>) -> Self {
        Self { channel, feed, encodes: false, last_frame: None, stand_in: None }
    }

    async fn run(mut self) {
        let mut announced = self.channel.camera.ring().announcements();
        let mut changes = self.channel.camera.changes();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if !self.feed.variant.is_original() {
            self.start_thread();
        }
        if self.channel.camera.source().state == SourceState::Live {
            self.take_frame();
        }
        let (mut frames_come, mut changes_come) = (true, true);
        loop {
            tokio::select! {
                () = self.feed.stop.cancelled() => break,
                more = announced.changed(), if frames_come => {
                    frames_come = more.is_ok();
                    if frames_come {
                        self.take_frame();
                    }
                }
                more = changes.changed(), if changes_come => {
                    changes_come = more.is_ok();
                    self.look_at_source(false).await;
                }
                _ = beat.tick() => self.look_at_source(true).await,
            }
        }
        self.feed.finish();
    }

    /// A frame is in the ring: it is passed on, or the thread has been woken by it.
    fn take_frame(&mut self) {
        let Some(frame) = self.channel.camera.ring().latest() else { return };
        self.last_frame = Some(Instant::now());
        if self.encodes {
            return;
        }
        match frame.picture() {
            Picture::Jpeg(jpeg) => self.feed.publish(Part::of_frame(&frame, jpeg.bytes.clone())),
            Picture::Raw(_) => self.start_thread(),
        }
    }

    fn start_thread(&mut self) {
        self.encodes = true;
        if let Err(error) = encode::start(&self.channel, &self.feed) {
            tracing::error!(camera = self.channel.camera.id(), %error, "failed to start an encode thread");
        }
    }

    /// Shows "no signal" if the source gives none: at once when its state changes, then with every beat.
    async fn look_at_source(&mut self, is_beat: bool) {
        let source = self.channel.camera.source();
        let is_dark = self.feed.slot.borrow().part.as_ref().is_none_or(|part| part.no_signal);
        // A frame may overtake the news of the state that it ends, so a fresh frame is believed for a beat.
        let is_fresh = self.last_frame.is_some_and(|at| at.elapsed() < BEAT);
        let is_waiting = source.state == SourceState::Live && is_dark && !is_fresh;
        let is_lost = source.state != SourceState::Live && !(is_beat && is_fresh);
        if (is_waiting || is_lost) && (is_beat || !is_dark) {
            self.show_no_signal(&source).await;
        }
    }

    async fn show_no_signal(&mut self, source: &SourceView) {
        let latest = self.channel.camera.ring().latest();
        let size = self.stand_in_size(source, latest.as_deref());
        let lines = words(source);
        let jpeg = match &self.stand_in {
            Some((made, said, jpeg)) if *made == size && *said == lines => jpeg.clone(),
            _ => match draw(size, lines.clone()).await {
                Some(jpeg) => {
                    self.channel.tally.encodes.inc();
                    self.stand_in = Some((size, lines, jpeg.clone()));
                    jpeg
                }
                None => return,
            },
        };
        let seq = latest.map_or(0, |frame| frame.seq());
        self.feed.publish(Part::no_signal(seq, self.channel.clock.stamp(), jpeg));
    }

    fn stand_in_size(&self, source: &SourceView, latest: Option<&Frame>) -> Size {
        let size = latest.map(Frame::size).or(source.size).unwrap_or(UNKNOWN_SIZE);
        let width = self.feed.variant.width.map_or(size.width, |width| width.min(size.width));
        size.scaled_to_width(width)
    }
}

/// What the picture says.
fn words(source: &SourceView) -> Vec<String> {
    match (&source.problem, source.state) {
        (Some(problem), _) => vec!["No signal".to_owned(), problem.what.clone(), problem.mend.clone()],
        (None, SourceState::Opening | SourceState::Live) => {
            vec!["No signal yet".to_owned(), "The camera is being opened.".to_owned()]
        }
        (None, SourceState::Ended) => vec!["The end".to_owned(), "The recording has been played.".to_owned()],
        (None, SourceState::Lost) => vec!["No signal".to_owned(), "The camera gives no pictures.".to_owned()],
        (None, SourceState::Stopped) => vec!["No signal".to_owned(), "The camera was stopped.".to_owned()],
    }
}

async fn draw(size: Size, lines: Vec<String>) -> Option<Bytes> {
    let drawn = tokio::task::spawn_blocking(move || {
        let lines = lines.iter().map(String::as_str).collect::<Vec<_>>();
        codec::no_signal(size, &lines)
    });
    match drawn.await {
        Ok(Ok(jpeg)) => Some(jpeg),
        Ok(Err(error)) => {
            tracing::error!(%error, "failed to draw the picture that stands in for none");
            None
        }
        Err(error) => {
            tracing::error!(%error, "failed to draw the picture that stands in for none");
            None
        }
    }
}

/// Frames that are read for encoding, at the rate that is asked for.
fn next_due(
    reader: &mut frame::Reader,
    pace: &mut Pace,
    feed: &Feed,
    patience: Duration,
) -> Result<Option<Arc<Frame>>, ReadError> {
    let (frame, _) = reader.newest(patience)?;
    pace.set(feed.rate());
    Ok(pace.passes(frame.stamp().mono).then_some(frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_was_still_being_encoded_does_not_take_the_place_of_the_lost_signal() {
        let (slot, stop) = (watch::Sender::new(Slot::default()), CancellationToken::new());
        let feed = Feed { variant: Variant::default(), slot, stop, rates: Mutex::default() };
        let stamp = frame::Stamp { mono: Duration::ZERO, wall: std::time::SystemTime::UNIX_EPOCH };
        let part = |seq, no_signal| {
            let mut part = Part::no_signal(seq, stamp, Bytes::new());
            part.no_signal = no_signal;
            part
        };
        let is_dark = || feed.slot.borrow().part.as_ref().unwrap().no_signal;
        feed.publish(part(4, false));
        feed.publish(part(5, true));
        feed.publish(part(5, false));
        assert!(is_dark(), "the frame is the last one before the loss");
        feed.publish(part(6, false));
        assert!(!is_dark(), "the signal is back");
    }
}
