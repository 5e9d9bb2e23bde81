//! Every bound on what one client, or all together, may take.

use std::time::Duration;

/// The bounds; the default suits a small computer in a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time; when there are more, the oldest that has not yet asked for anything makes room.
    pub connections: usize,
    /// Connections of one address (an IPv6 /64 counts as one); loopback is exempt, since proxies come from there.
    pub connections_per_address: usize,
    /// Requests that one address may make at once, and then every second; loopback is exempt here, too.
    pub requests_at_once: u32,
    /// See [`Limits::requests_at_once`].
    pub requests_per_second: u32,
    /// Until a request's head is complete; also how long a connection may lie idle between two requests.
    pub header: Duration,
    /// Bytes of a request's head; also what waits for the socket before a streaming body is asked for more.
    pub header_bytes: usize,
    /// Until a request's body is complete.
    pub body: Duration,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// What a body that a handler takes as it comes, see [`crate::Intake`], may keep it waiting in all. Beside that it
    /// earns a second with every KiB, and may not owe more than [`Limits::body`].
    pub stream: Duration,
    /// Such bodies under way at the same time; more are answered 503.
    pub streams: usize,
    /// Until a handler has its answer's head, once it has the body; the body of a stream may take longer.
    pub handler: Duration,
    /// Who takes nothing of what waits for it for so long is closed, and so is who takes less than a KiB a second for
    /// a while; streams may be less patient.
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

impl Limits {
    /// For a server that many cameras send to: several behind one address, each with several requests an event.
    #[must_use]
    pub fn of_hub() -> Self {
        Self {
            connections_per_address: 256,
            requests_at_once: 2_000,
            requests_per_second: 500,
            streams: 512,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 64,
            requests_at_once: 200,
            requests_per_second: 50,
            header: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            body: Duration::from_secs(10),
            body_bytes: 64 * 1024,
            stream: Duration::from_secs(60 * 60),
            streams: 64,
            handler: Duration::from_secs(30),
            write_stall: Duration::from_secs(8),
            in_flight: 256,
            send_buffer: 128 * 1024,
            unsent: 16 * 1024,
            grace: Duration::from_millis(800),
        }
    }
}
