//! The hub as a program: what it asks for, what it keeps over a kill, and how it ends.

use std::time::Duration;

use tests::{Request, Sent, Setup, TestHub, get};

#[test]
fn an_event_that_is_cut_off_by_a_kill_goes_on_where_it_stood_and_is_played() {
    let sent = Sent::recorded();
    let mut hub = TestHub::start("");
    assert_eq!(sent.pictures(&hub)["state"], "clip");
    let half = sent.clip.len() / 2;
    assert_eq!(sent.part(&hub, 0, half).status, 200);
    // Seen before its clip is there.
    let listed = hub.get(&format!("/api/v1/events/{}", sent.id));
    assert_eq!((listed.status, &listed.json()["camera"]), (200, &"pi-garden".into()));
    hub = hub.killed();
    let offset = usize::try_from(sent.standing(&hub)["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(offset, half, "what the system had in memory is still there after a kill");
    assert_eq!(sent.part(&hub, offset, sent.clip.len()).status, 200);
    let done = sent.finish(&hub);
    assert_eq!(done.status, 200, "{}", done.text());
    let receipt = done.json()["receipt"].clone();
    assert_eq!(receipt["sha256"], sent.manifest["clip"]["sha256"]);
    hub = hub.killed();
    assert_eq!(sent.finish(&hub).json()["receipt"], receipt, "the same word after another kill");
    let clip = format!("/api/v1/events/{}/clip.mp4", sent.id);
    assert!(hub.get(&clip).body == sent.clip, "byte for byte");
    let piece = Request::new("GET", &clip).header("X-API-Key", &hub.key).header("Range", "bytes=10-19");
    let piece = piece.send_unchecked(hub.addr());
    assert_eq!((piece.status, &piece.body[..]), (206, &sent.clip[10..20]));
    let setup = hub.app.stopped();
    let list = setup.run(&["events", "check", "--data", "./hub"]);
    assert_eq!(list.code, 0, "{} {}", list.out, list.err);
}

#[test]
fn a_hub_asks_for_a_key_on_this_machine_as_well() {
    let hub = TestHub::start("");
    assert!(
        hub.app.out().starts_with("Nightjar's hub is listening at http://127.0.0.1:"),
        "{}",
        hub.app.out()
    );
    assert_eq!(get_plain(&hub, "/healthz"), 200);
    for path in ["/", "/readyz", "/metrics", "/api/v1/events", "/api/v1/hub", "/nothing"] {
        assert_eq!(get_plain(&hub, path), 401, "{path}");
    }
    assert_eq!(hub.get("/readyz").status, 200);
    let other = Request::new("GET", "/").host("hub.example").send_unchecked(hub.addr());
    assert_eq!((other.status, other.text().contains("[hub]")), (421, true), "{}", other.text());
}

fn get_plain(hub: &TestHub, path: &str) -> u16 {
    Request::new("GET", path).send_unchecked(hub.addr()).status
}

#[test]
fn on_a_network_a_hub_without_a_key_does_not_start_and_says_how_to_make_one() {
    let setup = Setup::hub("");
    let done = setup.run(&["hub", "--bind", "0.0.0.0:0"]);
    assert_eq!(done.code, 78, "{}", done.err);
    assert!(done.err.contains("nightjar key add --hub --name me"), "{}", done.err);
    let key = TestHub::add(&setup, &["--name", "me", "--scope", "view"]);
    let hub = TestHub { app: setup.arg("--bind").arg("0.0.0.0:0").start(), key, device: String::new() };
    assert_eq!(hub.get("/api/v1/hub").status, 200);
}

#[test]
fn a_hub_ends_in_time_whatever_is_being_sent() {
    let sent = Sent::recorded();
    let hub = TestHub::start("");
    sent.pictures(&hub);
    let headers = [("Upload-Offset", "0"), ("Content-Digest", &*tests::digest(&sent.clip))];
    let mut request = Request::new("PATCH", &sent.path("/clip")).header("X-API-Key", &hub.device);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    // Said to come, and only half of it does.
    let _line = request.declared(sent.clip.len(), &sent.clip[..sent.clip.len() / 2]).open(hub.addr());
    let begun = std::time::Instant::now();
    let setup = hub.app.stopped();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let again = setup.start();
    assert_eq!(get(again.addr, "/healthz").status, 200);
}
