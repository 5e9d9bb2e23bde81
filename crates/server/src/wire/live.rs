//! The messages of the WebSocket.

use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::wire::camera::{CameraWire, RegionWire};
use crate::wire::why::WhyWire;

/// A text message from the server. New types and new keys may be added; a client lets pass what it does not know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveMessage)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Told {
    /// The first message.
    Hello {
        /// The version of the messages.
        v: u32,
        /// The program's.
        version: &'static str,
        /// The server's clock, milliseconds since 1970.
        now_ms: f64,
        /// All cameras, in order.
        cameras: Vec<CameraWire>,
    },
    /// A camera's state or settings changed. Figures that change all the time are told once a second at the most.
    Camera { camera: Box<CameraWire> },
    /// A decision, while something moves or just stopped to, or when there is a new reason.
    Motion {
        /// The camera's id.
        camera: String,
        /// The number of the frame that was judged, as in the head of a picture.
        seq: u64,
        /// When that frame was taken, milliseconds since 1970.
        time_ms: f64,
        detected: bool,
        regions: Vec<RegionWire>,
        /// Why something fired last, or what was held back since.
        #[schema(required)]
        why: Option<WhyWire>,
    },
    /// A visit began or ended: the camera's activity is worth asking for again.
    Activity {
        /// The camera's id.
        camera: String,
    },
    /// The answer to `time`.
    Time {
        /// As it was sent.
        #[schema(value_type = f64)]
        t0: Number,
        /// The server's clock, milliseconds since 1970.
        now_ms: f64,
    },
    /// A message that was not understood, or not done.
    Error {
        /// For programs.
        code: &'static str,
        /// For people.
        detail: String,
        /// The camera that was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        camera: Option<String>,
    },
}

/// A text message to the server, at most 4096 bytes long and 20 a second.
#[derive(Debug, ToSchema)]
#[schema(as = LiveRequest)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(dead_code, reason = "describes what `socket::protocol` reads key by key, for better messages")]
pub(crate) enum Asked {
    /// Which version the client speaks. Need not be sent; one that the server does not speak is answered by a close.
    Hello {
        /// 1.
        v: u32,
    },
    /// Pictures of a camera from now on; again to change how. At most 16 cameras at a time.
    Watch {
        /// The camera's id.
        camera: String,
        /// Pixels, 1 to 8192; rounded up to one of 160, 320, 480, 640, 960, 1280. Without it the camera's own pictures.
        width: Option<f64>,
        /// Pictures a second at the most, 0.1 to 120.
        fps: Option<f64>,
    },
    /// No more pictures of a camera.
    Unwatch {
        /// The camera's id.
        camera: String,
    },
    /// What time the server has.
    Time {
        /// Any number; it comes back.
        t0: f64,
    },
}
