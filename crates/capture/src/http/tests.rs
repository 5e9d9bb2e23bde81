use std::io::Write;
use std::net::TcpListener;
use std::sync::Mutex;

use super::*;
use crate::SourceKind;
use crate::supervisor::Tuning;
use crate::testing::{
    FakeCamera, STREAM, Watched, answer, eventually, http, jpeg, part, quick, until_closed,
};

/// A backoff that holds still, so that the first problem can be read in peace.
fn patient() -> Tuning {
    Tuning { first_backoff: Duration::from_secs(60), most_backoff: Duration::from_secs(60), ..quick() }
}

fn problem_of(camera: &FakeCamera) -> Problem {
    let problem = Watched::start(http(camera.url()), patient()).problem();
    assert!(!problem.to_string().contains("hush"), "{problem}");
    problem
}

#[test]
fn every_bad_answer_becomes_a_clear_problem() {
    let html = answer("200 OK", "Content-Type: text/html\r\n", b"<html>");
    let moved = answer("302 Found", "Location: http://eve:secret@other.example/x?hush\r\n", b"");
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("not_a_stream", html, "sends a web page"),
        (
            "unauthorized",
            answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", b""),
            "asks for a user",
        ),
        ("forbidden", answer("403 Forbidden", "", b""), "403"),
        ("not_found", answer("404 Not Found", "", b""), "404"),
        ("redirect", moved, "on to http://other.example/x?…."),
        ("redirect", answer("301 Moved", "Location: /elsewhere\r\n", b""), "on to /elsewhere."),
        ("busy", answer("503 Busy", "", b""), "503"),
        ("server_error", answer("500 Oops", "", b""), "500"),
        ("unexpected_status", answer("204 No Content", "", b""), "204"),
        ("empty", Vec::new(), "without a picture"),
        ("not_http", b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), "not in HTTP"),
        ("empty", STREAM.into(), "without a picture"),
        ("empty", answer("200 OK", "Content-Type: image/jpeg\r\n", b""), "without a picture"),
        ("ended", [STREAM.as_bytes(), &part()].concat(), "ended the stream"),
    ];
    for (code, bytes, words) in table {
        let problem = problem_of(&FakeCamera::saying(bytes));
        assert_eq!(problem.code, code, "{problem}");
        assert!(problem.what.contains(words), "{problem}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}

#[test]
fn nobody_there_is_told_from_nobody_answering() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let silent = Watched::start(http(format!("http://{address}/")), patient()).problem();
    assert_eq!(silent.code, "timeout", "{silent}");
    drop(listener);
    let gone = Watched::start(http(format!("http://{address}/")), patient()).problem();
    assert_eq!(gone.code, "refused", "{gone}");
    let unknown = Watched::start(http("http://camera.invalid/".into()), patient()).problem();
    assert_eq!(unknown.code, "no_such_host", "{unknown}");
}

#[test]
fn plain_text_where_tls_is_expected_is_a_tls_problem() {
    let camera = FakeCamera::new(|_, _| false);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answering = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _sent = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        until_closed(&mut stream);
    };
    let thread = std::thread::Builder::new().name("plain".into()).spawn(answering).unwrap();
    let problem = Watched::start(http(format!("https://{address}/")), patient()).problem();
    assert_eq!(problem.code, "tls", "{problem}");
    thread.join().unwrap();
    drop(camera);
}

#[test]
fn a_stream_goes_silent_and_is_found_out() {
    let camera = FakeCamera::new(|_, stream| {
        let _sent = stream.write_all(&[STREAM.as_bytes(), &part().repeat(5)].concat());
        until_closed(stream);
        false
    });
    let watched = Watched::start(http(camera.url()), patient());
    let began = Instant::now();
    let problem = watched.problem();
    assert_eq!(problem.code, "stalled", "{problem}");
    assert!(began.elapsed() < Duration::from_secs(2));
    let counters = watched.supervisor.status().counters;
    assert_eq!((counters.frames, counters.stalls, counters.lost), (5, 1, 1));
}

#[test]
fn a_picture_is_polled_over_one_connection_at_the_wanted_rate() {
    let camera = FakeCamera::new(|_, stream| {
        stream.write_all(&answer("200 OK", "Content-Type: image/jpeg\r\n", &jpeg())).is_ok()
    });
    let began = Instant::now();
    let watched = Watched::start(http(camera.url()), quick());
    watched.frames(10);
    // Ten pictures at 50 a second are nine intervals.
    assert!(began.elapsed() >= Duration::from_millis(180));
    assert_eq!(camera.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    let negotiated = watched.supervisor.status().negotiated.unwrap();
    assert_eq!((negotiated.size, negotiated.format), (frame::Size::new(64, 48), "JPEG"));
}

/// A polled camera whose answers after the second one fail so many times in a row.
fn failing(times: usize) -> FakeCamera {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    FakeCamera::new(move |_, stream| {
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let bytes = if (2..2 + times).contains(&n) {
            answer("503 Busy", "", b"")
        } else {
            answer("200 OK", "Content-Type: image/jpeg\r\n", &jpeg())
        };
        stream.write_all(&bytes).is_ok()
    })
}

#[test]
fn a_poll_that_fails_twice_is_no_loss_and_one_that_fails_for_long_is() {
    let tuning = Tuning { floor: Duration::from_secs(10), unmeasured: Duration::from_secs(10), ..patient() };
    let camera = failing(2);
    let watched = Watched::start(http(camera.url()), tuning);
    watched.frames(8);
    assert_eq!(watched.supervisor.status().counters.lost, 0);
    drop(watched);
    let camera = failing(usize::MAX - 2);
    let watched = Watched::start(http(camera.url()), tuning);
    assert_eq!(watched.problem().code, "busy");
    assert_eq!(watched.supervisor.status().counters.frames, 2);
}

#[test]
fn damaged_pictures_are_counted_and_never_reach_the_ring() {
    let whole = part();
    let cut = {
        let jpeg = jpeg();
        let short = &jpeg[..jpeg.len() / 2];
        [b"--frame\r\n\r\n", short, b"\r\n"].concat()
    };
    let nonsense = b"--frame\r\n\r\n\xff\xd8\xff\x01\x02\x03 nonsense\r\n".to_vec();
    let bytes = [STREAM.as_bytes(), &whole, &cut, &nonsense, &whole, b"--frame\r\n"].concat();
    let camera = FakeCamera::new(move |_, stream| {
        let _sent = stream.write_all(&bytes);
        until_closed(stream);
        false
    });
    let watched = Watched::start(http(camera.url()), patient());
    watched.problem();
    let counters = watched.supervisor.status().counters;
    assert_eq!((counters.frames, counters.dropped_truncated, counters.refused), (2, 1, 1));
    assert_eq!(watched.ring.stats().newest, 2);
}

#[test]
fn a_camera_that_sends_only_unusable_pictures_is_told_so() {
    let camera = FakeCamera::new(|_, stream| {
        let _sent = stream.write_all(STREAM.as_bytes());
        while stream.write_all(b"--frame\r\n\r\nno picture at all\r\n").is_ok() {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        false
    });
    let problem = problem_of(&camera);
    assert_eq!(problem.code, "bad_pictures", "{problem}");
}

/// A camera that wants credentials; says which Authorization headers it got.
fn guarded(challenge: &'static str, good: fn(&str) -> bool) -> (FakeCamera, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let camera = FakeCamera::new(move |head, stream| {
        let given =
            head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("").to_owned();
        let bytes = if good(&given) {
            answer("200 OK", "Content-Type: image/jpeg\r\n", &jpeg())
        } else {
            answer("401 Unauthorized", &format!("WWW-Authenticate: {challenge}\r\n"), b"")
        };
        log.lock().unwrap().push(given);
        stream.write_all(&bytes).is_ok()
    });
    (camera, seen)
}

fn with_password(camera: &FakeCamera) -> SourceKind {
    SourceKind::Http { url: camera.url(), user: Some("eve".into()), password: Some("secret".into()) }
}

#[test]
fn basic_credentials_are_given_when_asked_for() {
    let (camera, seen) = guarded("Basic realm=\"cam\"", |given| given == "Basic ZXZlOnNlY3JldA==");
    let watched = Watched::start(with_password(&camera), quick());
    watched.frames(3);
    assert_eq!(seen.lock().unwrap()[0], "", "nothing is given unasked");
}

#[test]
fn digest_credentials_count_up_and_a_stale_nonce_is_replaced() {
    let (camera, seen) =
        guarded("Digest realm=\"cam\", nonce=\"fresh\", qop=\"auth\", algorithm=SHA-256", |given| {
            given.contains("nonce=\"fresh\"") && !given.contains("nc=00000003")
        });
    let watched = Watched::start(with_password(&camera), quick());
    watched.frames(6);
    let seen = seen.lock().unwrap();
    assert!(seen[1].starts_with("Digest ") && seen[1].contains("uri=\"/video?token=hush\""), "{:?}", seen[1]);
    assert!(seen[1].contains("nc=00000001") && seen[2].contains("nc=00000002"));
    assert!(seen[4].contains("nc=00000001"), "a new challenge begins a new count");
}

#[test]
fn a_wrong_password_is_given_once_and_not_for_ever() {
    for challenge in ["Basic realm=\"x\"", "Digest realm=\"x\", nonce=\"y\", qop=\"auth\""] {
        let (camera, seen) = guarded(challenge, |_| false);
        let watched = Watched::start(with_password(&camera), patient());
        let problem = watched.problem();
        assert_eq!(problem.code, "unauthorized");
        assert!(problem.what.contains("refuses the user and password"), "{problem}");
        assert_eq!(seen.lock().unwrap().len(), 2);
    }
}

#[test]
fn stopping_takes_no_time_whatever_the_camera_does() {
    let hung_head = FakeCamera::new(|_, stream| {
        until_closed(stream);
        false
    });
    let hung_body = FakeCamera::new(|_, stream| {
        let _sent = stream.write_all(STREAM.as_bytes());
        until_closed(stream);
        false
    });
    let slow = Tuning { unmeasured: Duration::from_secs(60), answer: Duration::from_secs(60), ..patient() };
    let backing_off = FakeCamera::saying(answer("404 Not Found", "", b""));
    for camera in [hung_head, hung_body, backing_off] {
        let watched = Watched::start(http(camera.url()), slow);
        eventually("a connection", || {
            (camera.connections.load(std::sync::atomic::Ordering::SeqCst) > 0).then_some(())
        });
        let began = Instant::now();
        watched.supervisor.stop();
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn retry_now_ends_the_back_off() {
    let camera = FakeCamera::saying(answer("404 Not Found", "", b""));
    let watched = Watched::start(http(camera.url()), patient());
    watched.problem();
    assert!(watched.supervisor.status().next_try.is_some());
    watched.supervisor.retry_now();
    eventually("a second try", || (watched.supervisor.status().counters.lost >= 2).then_some(()));
}
