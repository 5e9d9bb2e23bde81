//! The storage server: events of many cameras, received, kept and shown.
//!
//! - **Reads** what cameras send, as hostile as anything from the network.
//! - **Writes** through `store` alone, beneath one root.
//! - **Never** knows a frame, a detector or a live picture; what shows events is `archive`'s.

mod app;
mod body;
mod device;
mod devices;
mod digest;
mod health;
mod ingest;
mod janitor;
mod legacy;
mod openapi;
mod pending;
mod problem;
mod routes;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod turns;
mod wire;

pub use app::{Live, Settings, Setup};
pub use janitor::{Chores, Janitor};
pub use routes::{router, rows};
