//! The built-in scene, rendered in real time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frame::{I420, Size};
use scene::Scene;

use crate::halt::Halt;
use crate::source::{Next, Opener, Payload, Source, Want};
use crate::{Negotiated, Problem};

/// Renders the scene of that name. The scene's time goes on while the source is opened again.
#[derive(Debug)]
pub(crate) struct Demo {
    pub(crate) scene: String,
    pub(crate) seed: u64,
    pub(crate) want: Want,
    pub(crate) halt: Arc<Halt>,
}

impl Opener for Demo {
    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        let Want { size, frame_rate } = self.want;
        let scene = Scene::named(&self.scene, size, self.seed).map_err(|unknown| {
            Problem::new(
                "no_scene",
                format!("{unknown}."),
                "Set the scene in the configuration to one of those, or leave it out.",
            )
        })?;
        let interval = Duration::from_secs_f32(1.0 / frame_rate.clamp(0.1, 240.0));
        Ok(Box::new(Rendering {
            scene,
            size,
            interval,
            begin: Instant::now(),
            number: 0,
            halt: self.halt.clone(),
        }))
    }

    fn ask(&mut self, want: Want) -> bool {
        self.want = want;
        true
    }
}

/// A scene under way. Frame `n` shows the scene at `n` intervals and is due then: an absolute schedule, so that
/// nothing adds up. A late machine skips frames, it does not fall behind.
struct Rendering {
    scene: Scene,
    size: Size,
    interval: Duration,
    begin: Instant,
    number: u32,
    halt: Arc<Halt>,
}

impl Source for Rendering {
    fn negotiated(&self) -> Negotiated {
        let frame_rate = Some(1.0 / self.interval.as_secs_f32());
        Negotiated { size: self.size, frame_rate, format: "I420" }
    }

    fn next(&mut self, _patience: Duration) -> Result<Next, Problem> {
        let passed = self.begin.elapsed();
        let due_now = u32::try_from(passed.as_nanos() / self.interval.as_nanos().max(1)).unwrap_or(u32::MAX);
        let skipped = due_now.saturating_sub(self.number);
        self.number += skipped;
        let media_time = self.interval * self.number;
        let mut planes = Vec::with_capacity(I420::len_of(self.size));
        self.scene.render(media_time, &mut planes);
        self.number += 1;
        if self.halt.wait_until(self.begin + media_time) {
            return Ok(Next::Stopped);
        }
        let picture = I420::new(self.size, Bytes::from(planes)).ok_or_else(|| {
            Problem::new("no_scene", "The demo scene gave no picture of this size.", "Choose another size.")
        })?;
        Ok(Next::Picture {
            payload: Payload::Raw(picture),
            media_time: Some(media_time),
            skipped: u64::from(skipped),
        })
    }
}
