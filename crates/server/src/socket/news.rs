//! What a client is told of cameras without asking: changes of state and settings, what moves, new activity.

use std::sync::Arc;
use std::time::Duration;

use frame::FrameSeq;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Why;
use crate::live::Channel;
use crate::wire::camera::{CameraWire, regions};
use crate::wire::live::Told;
use crate::wire::time;
use crate::wire::why::WhyWire;

/// How often figures that change all the time, such as the frame rate, are worth a message.
const FIGURES: Duration = Duration::from_secs(1);

/// Every camera's news.
pub(super) struct News {
    waiting: FuturesUnordered<BoxFuture<'static, Option<Known>>>,
}

/// What was told of one camera.
struct Known {
    channel: Arc<Channel>,
    changes: watch::Receiver<u64>,
    camera: CameraWire,
    at: Instant,
    seq: FrameSeq,
    was_moving: bool,
    activity: u64,
    why: Option<Arc<Why>>,
}

/// Whether it is the very same reason, and not one that happens to read alike.
fn same(one: Option<&Arc<Why>>, other: Option<&Arc<Why>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

impl News {
    /// From now on, of these cameras.
    pub(super) fn of(channels: &[Arc<Channel>]) -> Self {
        let waiting = FuturesUnordered::new();
        for channel in channels {
            waiting.push(Box::pin(Known::now(channel).changed()) as BoxFuture<'static, _>);
        }
        Self { waiting }
    }

    /// The next messages; never ready if there is nothing that could change. May be dropped.
    pub(super) async fn next(&mut self) -> Vec<Told> {
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

impl Known {
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
            why: motion.why.clone(),
            channel: channel.clone(),
        }
    }

    /// Comes back once something changed; `None` if nothing ever will.
    async fn changed(mut self) -> Option<Self> {
        self.changes.changed().await.ok()?;
        Some(self)
    }

    fn news(&mut self) -> Vec<Told> {
        let mut news = Vec::new();
        let camera = CameraWire::of(&self.channel);
        let is_due = self.at.elapsed() >= FIGURES && camera.has_other_figures(&self.camera);
        if !camera.says_the_same(&self.camera) || is_due {
            news.push(Told::Camera { camera: Box::new(camera.clone()) });
            self.camera = camera;
            self.at = Instant::now();
        }
        news.extend(self.motion());
        news
    }

    fn motion(&mut self) -> Vec<Told> {
        let mut news = Vec::new();
        let id = self.channel.camera.id();
        let motion = self.channel.camera.motion();
        let is_moving = motion.detected || !motion.regions.is_empty();
        let has_other_reason = !same(motion.why.as_ref(), self.why.as_ref());
        if motion.seq != self.seq && (is_moving || self.was_moving) || has_other_reason {
            news.push(Told::Motion {
                camera: id.to_owned(),
                seq: motion.seq,
                time_ms: time::unix_ms(motion.at),
                detected: motion.detected,
                regions: regions(&motion),
                why: motion.why.as_deref().map(WhyWire::of),
            });
        }
        if motion.activity_version != self.activity {
            news.push(Told::Activity { camera: id.to_owned() });
        }
        self.why.clone_from(&motion.why);
        self.seq = motion.seq;
        self.was_moving = is_moving;
        self.activity = motion.activity_version;
        news
    }
}
