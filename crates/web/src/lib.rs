//! What both servers stand on: the accept loop, its limits, problems, keys, request ids, metrics.
//!
//! - **Reads** sockets and requests; keys through a trait that the caller implements.
//! - **Writes** HTTP answers and one log line a request, never a query's values or a credential.
//! - **Never** knows a camera, a file or a route: those are the callers'.
//!
//! The way of a request stands in one place, [`front`]: request id → log → panic → host → rate →
//! key → origin → body limit → load → timeout → handler.

mod accept;
mod access;
mod body;
mod doorstep;
mod files;
mod front;
mod hosts;
mod keys;
mod limits;
mod links;
mod metrics;
mod origin;
mod pace;
mod problem;
mod rate;
mod request_id;
mod room;
mod routes;
mod seats;
mod session;
pub mod shape;
mod socket;
mod table;
mod throttle;

pub use accept::{Ended, Life, bind, serve};
pub use access::{Access, Admission, Guard};
pub use body::json;
pub use front::Front;
pub use hosts::Hosts;
pub use keys::{KeyCheck, KeyRecord, NoKeys, Scope, Unreadable, hash_secret, parse_key};
pub use limits::Limits;
pub use links::{Link, LinkKeeper};
pub use metrics::{Counter, Gauge, Histogram, Metrics};
pub use problem::Problem;
pub use request_id::RequestId;
pub use room::Room;
pub use routes::Routes;
pub use socket::Connection;
pub use table::{Intake, Need, Row, Rows, Table};
