//! The black-box tests' tools: a started program, a client, cameras that misbehave, a browser.
//!
//! - **Reads** the program's answers, its log and its exit code; the scenes' exact truth.
//! - **Writes** only below temporary folders of its own, removed when the test ends.
//! - **Never** reaches into the program: what a test knows, a user could know.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a wrong guess must end the test, loudly"
)]

mod app;
mod browser;
mod camera;
mod chance;
mod check;
mod client;
mod clock;
mod described;
mod device;
mod hub;
mod live;
mod multipart;
mod proxy;
mod rtsp;
mod storm;
mod viewer;
mod wait;

pub use app::{Finished, Setup, TestApp, footage, nightjar, repository, run};
pub use browser::{Browser, Page};
pub use camera::{FakeCamera, Mode, number_of, numbered, still, truth};
pub use chance::Chance;
pub use check::described;
pub use client::{Reply, Request, delete, get, patch, post};
pub use clock::WallClock;
pub use described::{Answer, Described};
pub use device::{Device, device_library, pictures, planes};
pub use hub::{Sent, TestHub, digest};
pub use live::{Live, Said};
pub use multipart::{Part, Stream};
pub use proxy::{Faults, Proxy, Tally};
pub use rtsp::RtspCamera;
pub use storm::{Slow, Storm, narrow};
pub use viewer::Viewer;
pub use wait::{pause, until};
