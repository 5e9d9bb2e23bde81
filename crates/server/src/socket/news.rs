//! What a client is told of cameras without asking: changes of state and settings, what moves, new activity.

use std::sync::Arc;
use std::time::Duration;

use frame::FrameSeq;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::live::Channel;
use crate::wire::camera::{CameraWire, regions};
use crate::wire::time;

/// How often figures that change all the time, such as the frame rate, are worth a message.
const FIGURES: Duration = Duration::from_secs(1);

/// Every camera's news.
pub(super) struct News {
    waiting: FuturesUnordered<BoxFuture<'static, Option<Told>>>,
}

/// What was told of one camera.
struct Told {
    channel: Arc<Channel>,
    changes: watch::Receiver<u64>,
    camera: CameraWire,
    at: Instant,
    seq: FrameSeq,
    was_moving: bool,
    activity: u64,
}

impl News {
    /// From now on, of these cameras.
    pub(super) fn of(channels: &[Arc<Channel>]) -> Self {
        let waiting = FuturesUnordered::new();
        for channel in channels {
            waiting.push(Box::pin(Told::now(channel).changed()) as BoxFuture<'static, _>);
        }
        Self { waiting }
    }

    /// The next messages; never ready if there is nothing that could change. May be dropped.
    pub(super) async fn next(&mut self) -> Vec<Value> {
        match self.waiting.next().await {
            Some(Some(mut told)) => {
                let news = told.news();
                self.waiting.push(Box::pin(told.changed()));
                news
            }
            Some(None) => Vec::new(),
            None => std::future::pending().await,
        }
    }
}

impl Told {
    fn now(channel: &Arc<Channel>) -> Self {
        // Subscribed first, so that nothing changes unseen in between.
        let changes = channel.camera.changes();
        let motion = channel.camera.motion();
        Self {
            changes,
            camera: CameraWire::of(channel),
            at: Instant::now(),
            seq: motion.seq,
            was_moving: motion.detected || !motion.regions.is_empty(),
            activity: motion.activity_version,
            channel: channel.clone(),
        }
    }

    /// Comes back once something changed; `None` if nothing ever will.
    async fn changed(mut self) -> Option<Self> {
        self.changes.changed().await.ok()?;
        Some(self)
    }

    fn news(&mut self) -> Vec<Value> {
        let mut news = Vec::new();
        let camera = CameraWire::of(&self.channel);
        let is_due = self.at.elapsed() >= FIGURES && camera.has_other_figures(&self.camera);
        if !camera.says_the_same(&self.camera) || is_due {
            news.push(json!({ "type": "camera", "camera": camera }));
            self.camera = camera;
            self.at = Instant::now();
        }
        news.extend(self.motion());
        news
    }

    fn motion(&mut self) -> Vec<Value> {
        let mut news = Vec::new();
        let id = self.channel.camera.id();
        let motion = self.channel.camera.motion();
        let is_moving = motion.detected || !motion.regions.is_empty();
        if motion.seq != self.seq && (is_moving || self.was_moving) {
            news.push(json!({
                "type": "motion",
                "camera": id,
                "seq": motion.seq,
                "time_ms": time::unix_ms(motion.at),
                "detected": motion.detected,
                "regions": regions(&motion),
            }));
        }
        if motion.activity_version != self.activity {
            news.push(json!({ "type": "activity", "camera": id }));
        }
        self.seq = motion.seq;
        self.was_moving = is_moving;
        self.activity = motion.activity_version;
        news
    }
}
