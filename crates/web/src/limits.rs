//! Every bound on what one client, or all together, may take.

use std::time::Duration;

/// The bounds; the default suits a small computer in a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Connections of one address (an IPv6 /64 counts as one); loopback is exempt, since proxies come from there.
    pub connections_per_address: usize,
    /// Until a request's head is complete; also how long a connection may lie idle between two requests.
    pub header: Duration,
    /// Bytes of a request's head; also what waits for the socket before a streaming body is asked for more.
    pub header_bytes: usize,
    /// Until a request's body is complete.
    pub body: Duration,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Until a handler has its answer's head; the body of a stream may take longer.
    pub handler: Duration,
    /// A write that makes no progress for this long ends the connection; streams may set their own.
    pub write_stall: Duration,
    /// Handlers at work at the same time; more are answered 503.
    pub in_flight: usize,
    /// Bytes that the kernel may hold for one connection (it doubles the value for its own use): about one frame,
    /// so that a viewer who does not read costs no more.
    pub send_buffer: usize,
    /// Bytes that may lie unsent in the kernel before it takes more.
    pub unsent: u32,
    /// What open connections get to end once the token has fired.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            connections_per_address: 64,
            header: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            body: Duration::from_secs(10),
            body_bytes: 64 * 1024,
            handler: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            in_flight: 256,
            send_buffer: 128 * 1024,
            unsent: 16 * 1024,
            grace: Duration::from_millis(800),
        }
    }
}
