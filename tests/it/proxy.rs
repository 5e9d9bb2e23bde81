//! The failing network that the courier is tested with: it does what it says, and harms nothing else.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tests::{Chance, Faults, Proxy, until};

/// A server that answers every request with the bytes it was sent, and remembers them.
struct Echo {
    addr: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Echo {
    fn start(is_chunked: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let all = Arc::clone(&seen);
        thread(move || {
            for wire in listener.incoming().map_while(Result::ok) {
                let all = Arc::clone(&all);
                thread(move || while echo(&wire, &all, is_chunked).is_some() {});
            }
        });
        Self { addr, seen }
    }

    fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().clone()
    }
}

fn thread(run: impl FnOnce() + Send + 'static) {
    drop(std::thread::Builder::new().name("echo".into()).spawn(run).unwrap());
}

fn echo(mut wire: &TcpStream, all: &Mutex<Vec<Vec<u8>>>, is_chunked: bool) -> Option<()> {
    let body = message(wire)?.1;
    all.lock().unwrap().push(body.clone());
    let answer = if is_chunked {
        let (first, rest) = body.split_at(body.len() / 2);
        let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        let chunks = [first, rest]
            .iter()
            .filter(|part| !part.is_empty())
            .map(|part| chunk(part))
            .collect::<Vec<_>>()
            .concat();
        [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &chunks, b"0\r\n\r\n"].concat()
    } else {
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat()
    };
    wire.write_all(&answer).ok()
}

/// The next message's head and what it carries; `None` if it is cut off.
fn message(mut wire: impl Read) -> Option<(String, Vec<u8>)> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        wire.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let value =
        |name: &str| head.lines().find_map(|line| line.to_lowercase().strip_prefix(name).map(str::to_owned));
    let mut body = Vec::new();
    if value("transfer-encoding: chunked").is_some() {
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                wire.read_exact(&mut byte).ok()?;
                line.push(byte[0]);
            }
            let size = usize::from_str_radix(String::from_utf8(line).unwrap().trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            wire.read_exact(&mut chunk).ok()?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else {
        let len = value("content-length: ").map_or(0, |len| len.trim().parse().unwrap());
        body.resize(len, 0);
        wire.read_exact(&mut body).ok()?;
    }
    Some((head, body))
}

/// Sends it on a connection that is there, or a new one; the answer's head and body.
fn ask(kept: &mut Option<TcpStream>, to: SocketAddr, body: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut wire = kept.take().unwrap_or_else(|| TcpStream::connect(to).unwrap());
    wire.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    wire.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let answer = message(&wire)?;
    if !answer.0.to_lowercase().contains("connection: close") {
        *kept = Some(wire);
    }
    Some(answer)
}

const ONE: Faults = Faults::NONE;

#[test]
fn without_faults_every_byte_comes_through_on_few_connections() {
    for is_chunked in [false, true] {
        let echo = Echo::start(is_chunked);
        let proxy = Proxy::start(echo.addr, ONE, 1);
        let (mut chance, mut wire) = (Chance::new(7), None);
        for len in [0, 1, 1000, 65_536, 300_000, 3_000_000, 17] {
            let body = chance.bytes(len);
            let (_, back) = ask(&mut wire, proxy.addr(), &body).expect("an answer");
            assert!(back == body, "{len} bytes came back as they went");
        }
        let tally = proxy.tally();
        assert_eq!((tally.requests, tally.connections, tally.faults()), (7, 1, 0));
        assert_eq!(echo.seen().len(), 7);
    }
}

#[test]
fn each_fault_is_what_it_is_called() {
    let body = Chance::new(3).bytes(100_000);
    let once = |faults: Faults| {
        let echo = Echo::start(false);
        let proxy = Proxy::start(echo.addr, faults, 11);
        let begun = Instant::now();
        let answers: Vec<_> = (0..20).map(|_| ask(&mut None, proxy.addr(), &body)).collect();
        // It counts when it is through with a connection, which may be after its client is.
        until("all of them are counted", Duration::from_secs(60), || {
            ((proxy.tally().requests, proxy.tally().faults()) == (20, 20)).then_some(())
        });
        (answers, echo.seen(), begun.elapsed())
    };
    let (answers, seen, _) = once(Faults { reset: 1.0, ..ONE });
    assert!(answers.iter().all(Option::is_none) && seen.len() < 20, "some were cut on their way there");
    assert!(!seen.is_empty(), "and some on their way back");
    let (answers, seen, _) = once(Faults { lost: 1.0, ..ONE });
    assert!(answers.iter().all(Option::is_none));
    assert!(seen.len() == 20 && seen.iter().all(|bytes| *bytes == body), "all of it was done");
    let (answers, seen, _) = once(Faults { error: 1.0, ..ONE });
    assert!(answers.iter().flatten().filter(|answer| answer.0.starts_with("HTTP/1.1 50")).count() == 20);
    assert!((1..20).contains(&seen.len()), "some were done and some not");
    let (answers, seen, _) = once(Faults { busy: 1.0, ..ONE });
    assert!(
        answers
            .iter()
            .flatten()
            .filter(|answer| answer.0.contains("429 ") && answer.0.contains("Retry-After: 1"))
            .count()
            == 20
    );
    assert!(seen.is_empty());
    let (answers, seen, _) = once(Faults { flip: 1.0, ..ONE });
    let bits = |one: &[u8]| one.iter().zip(&body).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
    assert!(
        answers.iter().flatten().filter(|answer| bits(&answer.1) == 1).count() == 20,
        "one bit, there or back"
    );
    assert!(seen.iter().all(|bytes| bits(bytes) <= 1) && seen.iter().any(|bytes| bits(bytes) == 1));
}

#[test]
fn a_hole_answers_nothing_until_it_ends() {
    let echo = Echo::start(false);
    let proxy = Proxy::start(echo.addr, Faults { hole: 1.0, ..ONE }, 5);
    let begun = Instant::now();
    let mut wires: Vec<_> = (0..20).map(|_| TcpStream::connect(proxy.addr()).unwrap()).collect();
    for wire in &mut wires {
        wire.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        wire.set_read_timeout(Some(Duration::from_secs(4))).unwrap();
    }
    let mut ended = 0;
    for wire in &mut wires {
        match wire.read(&mut [0]) {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => ended += 1,
            Err(_) => {}
            Ok(read) => assert_eq!(read, 0, "nothing is answered"),
        }
    }
    assert!(
        begun.elapsed() > Duration::from_secs(1) && (10..20).contains(&ended),
        "{ended} ended by themselves"
    );
    assert!(echo.seen().is_empty());
}

#[test]
fn faults_come_as_often_as_they_are_said_to_and_the_server_may_move() {
    let (first, second) = (Echo::start(false), Echo::start(false));
    let storm = Faults { hole: 0.0, ..Faults::STORM };
    let proxy = Proxy::start(first.addr, storm, 99);
    let mut wire = None;
    for _ in 0..1000 {
        ask(&mut wire, proxy.addr(), b"twelve bytes");
    }
    let tally = proxy.tally();
    for (what, count, expected) in [
        ("resets", tally.resets, 200),
        ("lost", tally.lost, 100),
        ("errors", tally.errors, 100),
        ("429", tally.busy, 50),
    ] {
        assert!(
            count.abs_diff(expected) < expected / 2,
            "{what}: {count} of 1000, about {expected} were asked for"
        );
    }
    proxy.set(ONE);
    proxy.aim(second.addr);
    let mut wire = None;
    for _ in 0..10 {
        assert!(ask(&mut wire, proxy.addr(), b"x").is_some());
    }
    assert_eq!((second.seen().len(), proxy.tally().faults()), (10, tally.faults()));
}
