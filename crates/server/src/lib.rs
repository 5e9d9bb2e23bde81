//! The camera server's HTTP side: MJPEG, snapshots, REST, the WebSocket and the web app.
//!
//! - **Reads** cameras through the traits [`Cameras`] and [`Camera`], which the binary implements: the ring of
//!   frames, the source's state, what moves.
//! - **Writes** nothing but HTTP answers; a change of settings is handed to [`Camera::change`].
//! - **Never** opens a camera, looks at pixels for motion, knows where files lie, or decodes and encodes on a
//!   tokio worker (that happens on threads of its own, only while somebody watches).

mod api;
mod app;
mod camera;
mod config;
mod health;
mod keys;
mod legacy;
mod live;
mod mjpeg;
mod openapi;
mod query;
mod recording;
mod routes;
mod snapshot;
mod socket;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod uploads;
mod wire;

pub use app::Setup;
pub use camera::{
    Activity, Applied, Bin, Camera, CameraConfig, Cameras, ChangeError, ConfigPatch, GateView, HistoryEntry,
    MotionView, Problem, RecordAction, RecordRefused, RecordingState, RecordingView, Region, SourceState,
    SourceView, StorageCheck, TimestampPosition, Visit, Why, Zone, ZoneKind,
};
pub use keys::StoredKeys;
pub use routes::{router, rows};
pub use uploads::{RemoteCounts, RemoteView, UnderWay, UploadPatch, Uploads, UploadsView};
