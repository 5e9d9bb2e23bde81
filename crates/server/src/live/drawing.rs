//! What is written on a camera's pictures for those who do not ask for them raw, as the settings have it right now.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use codec::{Boxed, Corner, Overlay};
use frame::Frame;
use tokio::sync::watch;

use crate::{Camera, CameraConfig, MotionView, TimestampPosition, wire};

/// A decision on a frame that was taken so long before or after this one says nothing of it any more: at one look a
/// second, the fewest there are, boxes come and go; at ten they are at most two frames old.
const BELONGS: Duration = Duration::from_millis(500);

/// Which of it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Drawing {
    time: Option<Corner>,
    boxes: bool,
}

impl Drawing {
    fn of(settings: &CameraConfig) -> Self {
        let corner = match settings.timestamp_position {
            TimestampPosition::TopLeft => Corner::TopLeft,
            TimestampPosition::TopRight => Corner::TopRight,
            TimestampPosition::BottomLeft => Corner::BottomLeft,
            TimestampPosition::BottomRight => Corner::BottomRight,
        };
        Self { time: settings.show_timestamp.then_some(corner), boxes: settings.highlight_motion }
    }

    /// Whether anything is.
    pub(crate) fn is_on(self) -> bool {
        self != Self::default()
    }

    /// What is drawn on that frame. Nothing waits for detection: the boxes are those of the newest decision, if the
    /// frame that it judged was taken at nearly the same time and has the same size.
    pub(crate) fn overlay(self, frame: &Frame, motion: &MotionView) -> Overlay {
        let wall = frame.stamp().wall;
        let apart = wall.duration_since(motion.at).unwrap_or_else(|error| error.duration());
        let belongs = motion.detected && motion.size == frame.size() && apart <= BELONGS;
        let boxes = motion.regions.iter().filter(|_| self.boxes && belongs);
        Overlay {
            caption: self.time.map(|corner| (corner, wire::time::plain(wall))),
            boxes: boxes.map(|it| Boxed { rect: it.rect, label: it.label.to_owned() }).collect(),
        }
    }
}

/// The drawing as it is now, read from the settings only when something has changed: it is asked for each picture of
/// each viewer.
#[derive(Debug)]
pub(crate) struct Current {
    changes: watch::Receiver<u64>,
    read: Mutex<Option<(u64, Drawing)>>,
}

impl Current {
    pub(crate) fn of(camera: &dyn Camera) -> Self {
        Self { changes: camera.changes(), read: Mutex::new(None) }
    }

    pub(crate) fn get(&self, camera: &dyn Camera) -> Drawing {
        let tick = *self.changes.borrow();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match *read {
            Some((at, drawing)) if at == tick => drawing,
            _ => {
                let drawing = Drawing::of(&camera.settings());
                *read = Some((tick, drawing));
                drawing
            }
        }
    }
}
