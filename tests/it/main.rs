//! Black-box tests over the real binary, one program: every further test program would be linked again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a wrong guess must end the test, loudly"
)]

mod analyze;
mod architecture;
mod browser;
mod children;
mod config;
mod events;
mod hub;
mod import;
mod live;
mod logs;
mod motion;
mod picture;
mod proxy;
mod readme;
mod recording;
mod security;
mod service;
mod settings;
mod shutdown;
mod socket;
mod sources;
mod uploads;
mod v4l2;
