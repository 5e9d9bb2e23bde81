//! Whatever is sent: nothing outside the root is made, changed or read, nothing inside it has a name that a client chose,
//! nobody is answered 500, everybody who is refused is told why, and the hub goes on.
#![allow(clippy::unwrap_used, reason = "in a test a wrong guess must end the test, loudly")]
#![allow(clippy::too_many_lines, reason = "tables of attacks")]

mod castle;
#[path = "../common/mod.rs"]
mod common;
mod forms;
mod json;
mod links;
mod names;
mod others;
mod own;
mod sizes;
