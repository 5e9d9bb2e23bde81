//! A camera and a hub, two programs: what was recorded on the one arrives on the other, once and whole, and it can be seen
//! how far it is.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Finished, Reply, Request, Setup, TestApp, nightjar, post, run, until};

/// A program's start, an event with its rolls, a try after a failed one: on a loaded machine.
const SOON: Duration = Duration::from_secs(120);

/// `nightjar hub`, with a key of ours that may do everything.
struct Hub {
    child: Child,
    addr: SocketAddr,
    key: String,
    folder: TempDir,
}

impl Hub {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let key = key(folder.path(), &["--name", "me", "--scope", "admin"]);
        let (child, addr) = serve(folder.path(), "127.0.0.1:0");
        Self { child, addr, key, folder }
    }

    /// Ends it; it comes back at the same address.
    fn stop(&mut self) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }

    fn resume(&mut self) {
        (self.child, self.addr) = serve(self.folder.path(), &self.addr.to_string());
    }

    /// A device's key, in a file of its own.
    fn key_file(&self, more: &[&str]) -> String {
        let path = self.folder.path().join("device.key");
        let mut args = vec!["--name", "Pole 7", "--scope", "upload"];
        args.extend(more);
        std::fs::write(&path, key(self.folder.path(), &args) + "\n").unwrap();
        path.display().to_string()
    }

    fn ask(&self, path: &str) -> Reply {
        Request::new("GET", path).header("X-API-Key", &self.key).send_unchecked(self.addr)
    }

    fn json(&self, path: &str) -> Value {
        let reply = self.ask(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// A camera that sends there.
    fn camera(&self, key_file: &str, upload: &str) -> Setup {
        let remote = format!(
            "[[remote]]\nname = \"attic\"\nurl = \"http://{}\"\napi_key_file = \"{key_file}\"\n",
            self.addr
        );
        let rolls = "[camera.recording]\npre_roll = \"1s\"\npost_roll = \"0s\"\n";
        Setup::scene("calm").with(&format!("[upload]\n{upload}\n{remote}")).more(rolls)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn hub(folder: &Path, args: &[&str]) -> Finished {
    run(args, &[("NIGHTJAR_HUB__PATH", folder.join("hub").to_str().unwrap())])
}

fn key(folder: &Path, more: &[&str]) -> String {
    let done = hub(folder, &[&["key", "add", "--hub"], more].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    done.out.trim().to_owned()
}

fn serve(folder: &Path, bind: &str) -> (Child, SocketAddr) {
    let mut command = Command::new(nightjar());
    command.current_dir(folder).arg("hub").stdin(Stdio::null()).stdout(Stdio::piped());
    command.env("NIGHTJAR_HUB__BIND", bind).env("NIGHTJAR_HUB__PATH", folder.join("hub"));
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let found = out.lines().map_while(Result::ok).find_map(|line| {
        let rest = line.split_once("http://")?.1.to_owned();
        rest.split(['/', ' ']).next()?.parse().ok()
    });
    let Some(addr) = found else { panic!("the hub ended with {:?} instead of serving", child.wait()) };
    (child, addr)
}

/// An event by hand, of about a second; its id.
fn record(app: &TestApp) -> String {
    app.wait_for("garden", "live", SOON);
    let ask = |action: &str| {
        let reply = post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": action }));
        assert_eq!(reply.status, 202, "{}", reply.text());
        reply.json()["event"].as_str().unwrap().to_owned()
    };
    let frames = || {
        let metrics = app.get("/metrics").text();
        let line = metrics.lines().find(|line| line.starts_with("nightjar_camera_frames_total")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let id = ask("start");
    let begun = frames();
    until("a second of pictures", SOON, || (frames() > begun + 15.0).then_some(()));
    ask("stop");
    until("the event is over", SOON, || {
        (app.json(&format!("/api/v1/events/{id}"))["state"] == "whole").then_some(())
    });
    id
}

/// How the event stands with the remote.
fn upload(app: &TestApp, id: &str) -> Value {
    app.json(&format!("/api/v1/events/{id}"))["uploads"][0].clone()
}

fn wait_for(app: &TestApp, id: &str, state: &str) -> Value {
    until(&format!("{id} is {state}"), SOON, || Some(upload(app, id)).filter(|it| it["state"] == state))
}

fn remote(app: &TestApp) -> Value {
    app.json("/api/v1/uploads")["remotes"][0].clone()
}

#[test]
fn an_event_arrives_on_the_hub_with_every_byte_and_both_tell_so() {
    let hub = Hub::start();
    let app = hub.camera(&hub.key_file(&[]), "").start();
    let id = record(&app);
    let done = wait_for(&app, &id, "done");
    assert_eq!((done["remote"].as_str(), done["stage"].as_str()), (Some("attic"), Some("clip")));
    let (here, there) =
        (app.json(&format!("/api/v1/events/{id}")), hub.json(&format!("/api/v1/events/{id}")));
    assert!(here["clip"]["sha256"].is_string());
    assert_eq!(here["clip"]["sha256"], there["clip"]["sha256"]);
    assert_eq!(there["camera"], "pole-7-garden");
    let clip = format!("/api/v1/events/{id}/clip.mp4");
    assert!(app.get(&clip).body == hub.ask(&clip).body, "byte for byte");
    let poster = here["pictures"]["poster"].as_str().unwrap();
    assert_eq!(hub.ask(poster).body, app.get(poster).body);
    let remote = remote(&app);
    assert_eq!(
        (remote["backlog"]["done"].as_u64(), remote["backlog"]["events"].as_u64()),
        (Some(1), Some(0))
    );
    assert_eq!((remote["state"].as_str(), remote["problem"].as_str()), (Some("idle"), None));
    let errands = app.json("/api/v1/uploads/errands?state=done&remote=attic");
    assert_eq!(errands["errands"][0]["event"].as_str(), Some(id.as_str()));
    let ready = app.json("/readyz");
    assert_eq!(ready["checks"]["remotes"][0]["ok"], true, "{ready}");
    let metrics = app.get("/metrics").text();
    assert!(metrics.contains("nightjar_upload_done{remote=\"attic\"} 1"), "{metrics}");
    let devices = hub.json("/api/v1/devices");
    assert!(devices.to_string().contains("Pole 7"), "{devices}");
}

#[test]
fn a_pause_outlives_a_restart_and_what_is_owed_goes_when_it_ends() {
    let hub = Hub::start();
    let app = hub.camera(&hub.key_file(&[]), "").start();
    assert_eq!(post(app.addr, "/api/v1/uploads/pause", &json!({})).status, 200);
    let id = record(&app);
    let app = app.again();
    let remote = until("it waits", SOON, || Some(remote(&app)).filter(|it| it["waiting"] == "paused"));
    assert_eq!(remote["backlog"]["events"], 1, "{remote}");
    assert_eq!(upload(&app, &id)["state"], "owed");
    let status = app.json("/storage/status");
    assert_eq!(status["transfer"]["pending_count"], 1);
    assert_eq!(status["pending_events"][0].as_str(), Some(id.as_str()));
    let answer = post(app.addr, "/api/v1/uploads/resume", &json!({}));
    assert_eq!((answer.status, &answer.json()["paused"]), (200, &json!(false)));
    wait_for(&app, &id, "done");
}

#[test]
fn what_the_hub_refused_is_told_and_goes_once_somebody_has_put_it_right() {
    let hub = Hub::start();
    let file = hub.key_file(&[]);
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("nj_", "nj_0")).unwrap();
    let app = hub.camera(&file, "").start();
    let id = record(&app);
    let refused = wait_for(&app, &id, "failed");
    assert!(refused["why"].as_str().is_some_and(|why| why.contains("key")), "{refused}");
    let told = remote(&app);
    assert!(told["last_error"]["why"].as_str().is_some_and(|why| why.contains("key")), "{told}");
    assert_eq!(app.json("/readyz")["checks"]["remotes"][0]["ok"], false);
    std::fs::write(&file, good).unwrap();
    app.signal(Signal::HUP);
    until("the new key is taken", SOON, || {
        assert_eq!(post(app.addr, "/api/v1/uploads/retry", &json!({ "event": id })).status, 200);
        (upload(&app, &id)["state"] == "done").then_some(())
    });
}

#[test]
fn a_hub_that_comes_back_gets_what_it_missed() {
    let mut hub = Hub::start();
    let app = hub.camera(&hub.key_file(&[]), "").start();
    hub.stop();
    let id = record(&app);
    let held = until("it is offline", SOON, || Some(remote(&app)).filter(|it| it["waiting"] == "offline"));
    assert_eq!(held["backlog"]["events"], 1, "{held}");
    hub.resume();
    let answer = post(app.addr, &format!("/storage/transfer/{id}"), &json!({}));
    assert_eq!(answer.json()["success"], true, "{}", answer.text());
    wait_for(&app, &id, "done");
    assert_eq!(hub.json(&format!("/api/v1/events/{id}"))["state"], "whole");
}

#[test]
fn a_clip_that_is_not_kept_goes_only_when_the_hub_has_proved_to_hold_it() {
    let hub = Hub::start();
    let app = hub.camera(&hub.key_file(&[]), "keep_clips = false\npaused = true").start();
    let id = record(&app);
    let before = app.json(&format!("/api/v1/events/{id}"));
    assert!(before["clip"].is_object(), "{before}");
    assert_eq!(post(app.addr, "/api/v1/uploads/resume", &json!({})).status, 200);
    let after = until("the clip is gone here", SOON, || {
        Some(app.json(&format!("/api/v1/events/{id}"))).filter(|it| it["state"] == "pictures")
    });
    assert_eq!((&after["clip"], &after["uploads"][0]["state"]), (&Value::Null, &json!("done")));
    let there = hub.json(&format!("/api/v1/events/{id}"));
    assert_eq!(there["clip"]["sha256"], before["clip"]["sha256"]);
}

#[test]
fn a_quota_that_is_used_up_is_told_on_the_camera() {
    let hub = Hub::start();
    let app = hub.camera(&hub.key_file(&["--quota", "20kB"]), "").start();
    let id = record(&app);
    let told = until("the hub has said no", SOON, || {
        Some(upload(&app, &id)).filter(|it| it["why"].as_str().is_some_and(|why| why.contains("20000 bytes")))
    });
    assert_ne!(told["state"], "done");
    assert!(app.json(&format!("/api/v1/events/{id}"))["clip"].is_object(), "it stays here");
}

#[test]
fn the_doctor_says_what_is_wrong_with_a_remote_and_how_to_mend_it() {
    let mut hub = Hub::start();
    let file = hub.key_file(&[]);
    // The hub looks for new keys about once a second.
    let good = until("the key is known", SOON, || {
        Some(hub.camera(&file, "").run(&["doctor", "remote", "--json"])).filter(|done| done.code == 0)
    });
    let told: Value = serde_json::from_str(&good.out).unwrap();
    assert_eq!((&told["ok"], &told["remotes"][0]["remote"]), (&json!(true), &json!("attic")));
    std::fs::write(&file, "nj_abcdefgh_nonsense\n").unwrap();
    let bad = hub.camera(&file, "").run(&["doctor", "remote", "attic"]);
    assert_eq!(bad.code, 1, "{}", bad.out);
    assert!(bad.out.contains("bad") && bad.out.contains("→") && bad.out.contains("key"), "{}", bad.out);
    let unknown = hub.camera(&file, "").run(&["doctor", "remote", "cellar"]);
    assert_eq!((unknown.code, unknown.err.contains("attic")), (2, true), "{}", unknown.err);
    hub.stop();
    let gone = hub.camera(&file, "").run(&["doctor"]);
    assert_eq!(gone.code, 1, "{}", gone.out);
    let none = Setup::scene("calm").run(&["doctor", "remote"]);
    assert_eq!((none.code, none.out.contains("none is configured")), (0, true), "{}", none.out);
}

#[test]
fn what_older_scripts_change_is_in_force_at_once_kept_and_refused_by_its_name() {
    let hub = Hub::start();
    let app = hub.camera(&hub.key_file(&[]), "").start();
    let change = |body: Value| post(app.addr, "/storage/config", &body);
    let answer = change(json!({
        "throttle_kbps": 800, "schedule_active": true, "schedule_window": "22:00-06:00", "max_size_mb": 500
    }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["config"]["throttle_kbps"], 800);
    let uploads = app.json("/api/v1/uploads");
    assert_eq!((&uploads["rate"], &uploads["window"]), (&json!(100_000), &json!("22:00-06:00")));
    assert!(uploads["in_window"].is_boolean());
    let status = app.json("/storage/status");
    assert_eq!(status["transfer"]["schedule_active"], true);
    assert_eq!(status["storage"]["max_size_mb"], 500.0);
    for (body, field) in [
        (json!({ "throttle_kbps": 1_000_001 }), "throttle_kbps"),
        (json!({ "schedule_window": "late" }), "schedule_window"),
        (json!({ "remote_storage_url": "http://elsewhere/" }), "remote_storage_url"),
        (json!({ "remote_api_key": "k" }), "remote_api_key"),
        (json!({ "speed": 1 }), "speed"),
    ] {
        let answer = change(body);
        assert_eq!((answer.status, answer.json()["field"].as_str()), (422, Some(field)), "{}", answer.text());
    }
    let app = app.again();
    assert_eq!(app.json("/api/v1/uploads")["window"], "22:00-06:00");
    let app = app.stopped().env("NIGHTJAR_UPLOAD__RATE", "1MB").start();
    let answer = post(app.addr, "/storage/config", &json!({ "throttle_kbps": 0 }));
    assert_eq!(
        (answer.status, answer.json()["field"].as_str()),
        (409, Some("throttle_kbps")),
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["by"], "the environment variable NIGHTJAR_UPLOAD__RATE");
}

/// What `docker compose up -d hub garden` does, with the words of the file: the key is made once, whoever starts first.
#[test]
fn the_services_of_the_compose_file_hand_the_key_over() {
    let compose = std::fs::read_to_string(tests::repository().join("compose.yaml")).unwrap();
    let word = |name: &str| {
        let line = compose.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        line.trim().to_owned()
    };
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("garden");
    let command = word("command: key add").replace("/run/nightjar-keys/garden", file.to_str().unwrap());
    let args: Vec<&str> = ["key", "add"].into_iter().chain(command.split(' ')).collect();
    for _ in 0..2 {
        let done = hub(folder.path(), &args);
        assert_eq!((done.code, done.out.contains("garden")), (0, true), "{}", done.err);
    }
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let keys = hub(folder.path(), &["key", "list", "--hub"]).out;
    assert_eq!(keys.lines().count(), 1, "{keys}");
    let (mut child, addr) = serve(folder.path(), "127.0.0.1:0");
    let name = word("NIGHTJAR_REMOTE__0__NAME:");
    let setup = Setup::scene("calm")
        .env("NIGHTJAR_REMOTE__0__NAME", &name)
        .env(
            "NIGHTJAR_REMOTE__0__URL",
            &word("NIGHTJAR_REMOTE__0__URL:").replace("hub:8080", &addr.to_string()),
        )
        .env("NIGHTJAR_REMOTE__0__API_KEY_FILE", file.to_str().unwrap());
    let done = setup.run(&["doctor", "remote", &name]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(done.code, 0, "{}", done.out);
}
