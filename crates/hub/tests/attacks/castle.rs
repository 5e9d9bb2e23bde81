//! A hub in a folder with things around it that must stay as they are, and what every answer of it is held to.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use hub::Settings;

use crate::common::{Client, Reply, Server, listing};

/// What lies around the data directory, and must never be seen.
pub(crate) const CANARY: &str = "the canary of things that are nobody's business";

/// How many were tried, over all tests of this program.
static TRIED: AtomicUsize = AtomicUsize::new(0);

/// A hub in a folder with things around it that must stay as they are.
pub(crate) struct Castle {
    pub(crate) server: Server,
    pub(crate) pond: Client,
    pub(crate) garden: Client,
    pub(crate) person: Client,
    before: Vec<(PathBuf, String)>,
}

impl Castle {
    pub(crate) fn new() -> Self {
        let server = Server::start(Settings { max_event: 4 << 20, ..Settings::default() });
        let around = server.around.path();
        for (name, text) in [
            ("secret.txt", CANARY),
            ("etc/passwd", CANARY),
            ("data2/motion.mp4", CANARY),
            ("motion.mp4", CANARY),
        ] {
            let path = around.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let pond = server.key("pond", &["upload"]);
        let garden = server.key("garden", &["upload"]);
        let person = server.key("me", &["view", "control"]);
        let before = listing(around, &server.data());
        Self { server, pond, garden, person, before }
    }

    /// Holds an answer, and what it did, against what is claimed.
    #[track_caller]
    pub(crate) fn held(&self, what: &str, reply: &Reply) {
        TRIED.fetch_add(1, Ordering::Relaxed);
        let words = format!("{what}: {} {} {}", reply.status, reply.head, reply.text());
        assert!(reply.status != 500, "{words}");
        assert!(reply.status < 500 || matches!(reply.status, 503 | 507), "{words}");
        if reply.status >= 400 && !reply.body.is_empty() {
            let problem = reply.json();
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(detail.len() > 10 && problem["code"].is_string(), "{words}");
            assert_eq!(problem["status"], reply.status, "{words}");
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{words}");
            let inside = self.server.around.path().display().to_string();
            assert!(
                !words.contains(&inside) && !detail.contains("errno") && !detail.contains("os error"),
                "{words}"
            );
        }
        assert!(!words.contains(CANARY), "{words}");
        let after = listing(self.server.around.path(), &self.server.data());
        assert_eq!(after, self.before, "{words}");
    }

    /// The same, of an answer that must be a refusal.
    #[track_caller]
    pub(crate) fn refused(&self, what: &str, reply: &Reply) {
        self.held(what, reply);
        assert!(reply.status >= 400 || reply.status == 0, "{what}: {} {}", reply.status, reply.text());
    }

    /// Nothing in the data directory has a name that is not one of ours.
    #[track_caller]
    pub(crate) fn is_tidy(&self) {
        for (path, _) in listing(&self.server.data(), Path::new("")) {
            let name = path.strip_prefix(self.server.data()).unwrap().display().to_string();
            assert!(is_ours(&name), "{name:?} is nobody's name");
        }
        assert_eq!(self.server.store.check(), Vec::<String>::new());
        assert_eq!(self.person.get("/healthz").status, 200);
        assert_eq!(self.person.get("/storage/events").status, 200);
    }
}

fn is_ours(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    let is_id =
        |text: &str| text.len() == 26 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let is_number = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    let is_picture = |text: &str| {
        let number = text.strip_prefix("thumb_").and_then(|rest| rest.strip_suffix(".jpg"));
        matches!(text, "poster.jpg" | "thumb.jpg" | "trail.jpg")
            || number.is_some_and(|n| n.parse::<u8>().is_ok())
    };
    match &parts[..] {
        ["events" | "drafts" | "incoming" | "quarantine"] => true,
        ["events", file] => *file == "nightjar.id" || is_number(file, 4),
        ["events", year, rest @ ..] if is_number(year, 4) => match rest {
            [month] => is_number(month, 2),
            [month, day] => is_number(month, 2) && is_number(day, 2),
            [_, _, id] => is_id(id),
            [_, _, id, file] => {
                is_id(id)
                    && (matches!(*file, "clip.mp4" | "metadata.json" | "track.json") || is_picture(file))
            }
            _ => false,
        },
        ["drafts", id] => is_id(id),
        ["incoming", part] => part.strip_suffix(".part").is_some_and(is_id),
        [file] => {
            matches!(*file, "nightjar.id" | "store.lock" | "keys.json" | "keys.lock" | "time.json")
                || file.starts_with("index.sqlite")
        }
        _ => false,
    }
}

/// Says how many were tried.
pub(crate) fn told() {
    eprintln!("{} attacks tried so far", TRIED.load(Ordering::Relaxed));
}
