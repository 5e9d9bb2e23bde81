//! The hub as a program: what it asks for, what it keeps over a kill, and how it ends.

use std::time::Duration;

use tests::{Request, Sent, Setup, TestHub, get};

/// A start, a word of the log: on a loaded machine.
const SOON: Duration = Duration::from_secs(60);

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
fn a_camera_s_key_is_made_under_the_configuration_that_names_its_file() {
    let setup = Setup::hub("[[remote]]\nurl = \"http://127.0.0.1:9\"\napi_key_file = \"hub.key\"\n");
    let refused = setup.run(&["config", "check"]);
    assert_eq!(refused.code, 78, "{}", refused.err);
    let file = setup.folder().join("hub.key");
    let made = setup.run(&[
        "key",
        "add",
        "--hub",
        "--name",
        "pi",
        "--scope",
        "upload",
        "--out",
        file.to_str().unwrap(),
    ]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(setup.run(&["config", "check"]).code, 0);
}

#[test]
fn a_hangup_takes_over_what_it_can_and_names_what_waits_for_a_restart() {
    let hub = TestHub::start("[hub]\nmax_event = \"3MiB\"\n");
    let most = || hub.get("/api/v1/hub").json()["max_event_bytes"].clone();
    assert_eq!(most(), 3 << 20);
    let configure = |text: &str| {
        std::fs::write(hub.app.folder().join("nightjar.toml"), text).unwrap();
        hub.app.signal(rustix::process::Signal::HUP);
    };
    configure(
        "[hub]\nmax_event = \"2MiB\"\nincomplete_for = \"1h\"\nhosts = [\"hub.example\"]\nmax_age = \"3d\"\n",
    );
    tests::until("it is in force", SOON, || (most() == 2 << 20).then_some(()));
    assert_eq!(hub.get("/api/v1/storage").json()["retention"]["max_age_s"], 3.0 * 86_400.0);
    tests::until("what has changed", SOON, || {
        let log = hub.app.log();
        let names = ["hub.hosts", "hub.incomplete_for", "hub.max_age", "hub.max_event"];
        names.iter().all(|name| log.contains(name)).then_some(())
    });
    let waits = "this waits for a restart; until then the old value is in force what=\"hub.hosts\"";
    tests::until("what waits", SOON, || hub.app.log().contains(waits).then_some(()));
    assert_eq!(hub.app.log().matches("waits for a restart").count(), 1, "{}", hub.app.log());
    configure("[hub]\nmax_event = \"2MiB\nhosts = []\n");
    tests::until("a word on it", SOON, || hub.app.log().contains("was not taken over").then_some(()));
    assert_eq!(most(), 2 << 20, "what was in force stays");
}

#[test]
fn a_key_that_is_revoked_or_made_counts_at_once() {
    let hub = TestHub::start("");
    let status = |key: &str| {
        Request::new("GET", "/api/v1/hub").header("X-API-Key", key).send_unchecked(hub.addr()).status
    };
    let run = |args: &[&str]| {
        let path = hub.app.folder().join("hub");
        let done = tests::run(args, &[("NIGHTJAR_HUB__PATH", path.to_str().unwrap())]);
        assert_eq!(done.code, 0, "{}", done.err);
        done.out
    };
    let made = run(&["key", "add", "--hub", "--name", "two", "--scope", "view", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let [id, key] = ["id", "key"].map(|name| made[name].as_str().unwrap().to_owned());
    tests::until("it opens", SOON, || (status(&key) == 200).then_some(()));
    run(&["key", "revoke", "--hub", &id]);
    tests::until("it opens nothing", SOON, || (status(&key) == 401).then_some(()));
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
