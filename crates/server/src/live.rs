//! From the ring to whoever watches: each variant of each camera is made once a frame, and only while somebody
//! watches it.
//!
//! A [`Channel`] is one camera's side of it: who watches what. A feed is one variant: a task that follows the ring
//! and the source's state, and, where pictures have to be encoded, a named thread. What does not belong here: how
//! parts go over a connection, that is `mjpeg` and `socket`.

mod channel;
mod crowd;
mod drawing;
mod feed;
mod maker;
mod pace;
mod part;
#[cfg(test)]
mod tests;
mod variant;

pub(crate) use channel::{Channel, ViewerGuard};
pub(crate) use crowd::{Crowd, Refused};
pub(crate) use feed::{JPEG_QUALITY, Watcher};
pub(crate) use maker::Maker;
pub(crate) use part::{OPENING, Part};
pub(crate) use variant::Variant;
