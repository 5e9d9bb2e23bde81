//! HTTP over what is kept: events, clips, pictures, the timeline; for every server that holds events. And the page, which
//! shows them.
//!
//! - **Reads** the store, off the tokio workers.
//! - **Writes** what a person says of an event, and deletes; through `store` alone.
//! - **Never** knows a camera, a ring or a detector.

mod app;
mod asked;
mod events;
mod file;
mod legacy;
mod links;
mod media;
mod overview;
pub mod page;
mod problem;
mod range;
mod routes;
mod stream;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod wire;

pub use app::{Archive, AskTransfers, Setup, Transfers, Wall};
pub use media::{send_clip, send_picture};
pub use routes::{link_routes, older_routes, routes};
pub use wire::event::{errand_stage, errand_state};
