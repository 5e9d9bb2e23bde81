//! Waiting for a camera on the network to come back: knocking at its port costs a packet, starting a decoder for it does
//! not. So the back-off is for the decoder, and ends when somebody opens.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::halt::{Halt, Waited};

/// Between two knocks.
const EVERY: Duration = Duration::from_millis(500);
/// For an answer; whoever stops the camera meanwhile waits so long.
const ANSWER: Duration = Duration::from_millis(300);

/// Whether a problem with this code says that nobody is there, and not that somebody answers wrongly.
pub(crate) fn is_away(code: &str) -> bool {
    matches!(code, "refused" | "unreachable" | "timeout" | "no_such_host")
}

/// Waits for a stop, a nudge or an open port, `time` at the most.
pub(crate) fn rest(door: SocketAddr, halt: &Halt, time: Duration) -> Waited {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match halt.wait(left.min(EVERY)) {
            Waited::Elapsed if left > EVERY => {}
            waited => return waited,
        }
        if TcpStream::connect_timeout(&door, ANSWER).is_ok() {
            return Waited::Elapsed;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn an_open_port_ends_the_wait_and_a_closed_one_does_not() {
        let halt = Halt::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = listener.local_addr().unwrap();
        let began = Instant::now();
        assert_eq!(rest(door, &halt, LONG), Waited::Elapsed);
        assert!(began.elapsed() < Duration::from_secs(20));
        drop(listener);
        let began = Instant::now();
        assert_eq!(rest(door, &halt, EVERY * 3), Waited::Elapsed);
        assert!(began.elapsed() >= EVERY * 3);
    }

    #[test]
    fn a_nudge_and_a_stop_are_heard_while_nobody_opens() {
        let door = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let halt = Halt::new().unwrap();
        halt.nudge();
        assert_eq!(rest(door, &halt, LONG), Waited::Nudged);
        halt.stop();
        assert_eq!(rest(door, &halt, LONG), Waited::Stopped);
    }
}
