//! No question for events costs more than three statements, however long the page. Counted where they are run: by SQLite itself.

use std::cell::RefCell;
use std::ffi::{c_char, c_int};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use frame::{Clock as _, SimClock};
use http::Request;
use rusqlite::auto_extension::{init_auto_extension, register_auto_extension};
use rusqlite::ffi;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use serde_json::{Value, json};
use store::outbox::RemoteRule;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use web::{Access, Front, Hosts, Life, Limits, Metrics};

use crate::testing::*;
use crate::{Archive, Setup, Transfers};

thread_local! {
    /// What this thread has run.
    static RUN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(event: TraceEvent<'_>) {
    // Once for each that has run to its end, what its triggers did included.
    if let TraceEvent::Profile(statement, _) = event {
        RUN.with_borrow_mut(|run| run.push(statement.sql().into_owned()));
    }
}

/// From now on every connection that is opened notes what it runs.
#[expect(unsafe_code, reason = "SQLite tells of each new connection through a C function alone")]
fn watch() {
    /// # Safety
    /// SQLite's own: the connection is one that has just been opened, and is not closed here.
    unsafe extern "C" fn begin(
        db: *mut ffi::sqlite3,
        message: *mut *mut c_char,
        _: *const ffi::sqlite3_api_routines,
    ) -> c_int {
        // SAFETY: what SQLite gave is handed on as it is, and nothing is opened or closed.
        unsafe {
            init_auto_extension(db, message, |connection| {
                connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(note));
                Ok(())
            })
        }
    }
    // SAFETY: the function lives as long as the program.
    unsafe { register_auto_extension(begin) }.unwrap();
}

/// A house with one thread for all that blocks, so that what a request runs is run there.
struct Counted {
    runtime: Runtime,
    router: Router,
    store: store::Store,
    clock: Arc<SimClock>,
    _dir: tempfile::TempDir,
}

impl Counted {
    fn open() -> Self {
        Self::with(archive)
    }

    /// One whose events are owed to two remotes.
    fn sending() -> Self {
        let house = Self::with(|store, clock, life| {
            let setup = Setup { store, life: life.clone(), wall: Arc::new(move || clock.wall()) };
            Archive::with_transfers(setup, Arc::new(Transfers::default))
        });
        let rules = ["attic", "hub"].map(|name| RemoteRule { name: name.to_owned(), pictures_first: true });
        house.store.set_remotes(&rules).unwrap();
        house
    }

    fn with(archive: impl FnOnce(Option<store::Store>, Arc<SimClock>, &Life) -> Archive) -> Self {
        watch();
        let mut runtime = Builder::new_current_thread();
        let idle = Duration::from_secs(600);
        let runtime = runtime.enable_all().max_blocking_threads(1).thread_keep_alive(idle).build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SimClock::at(UNIX_EPOCH + Duration::from_secs(NOON)));
        let store = open(dir.path(), clock.clone());
        let archive = archive(Some(store.clone()), clock.clone(), &Life::default());
        let (hosts, access, limits) = (Hosts::default(), Access::open(), Limits::default());
        let front = Front { hosts, access, limits, metrics: Metrics::default() };
        Self { runtime, router: table().into_router(archive, front), store, clock, _dir: dir }
    }

    /// The status, the answer, and what it cost.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Vec<u8>, Vec<String>) {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("content-type", "application/json").body(Body::from(body.to_owned()));
        self.runtime.block_on(async {
            tokio::task::spawn_blocking(|| RUN.take()).await.unwrap();
            let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
            let (head, body) = response.into_parts();
            let is_stream = head.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
            let body = if is_stream { Vec::new() } else { to_bytes(body, 1 << 24).await.unwrap().to_vec() };
            let run = tokio::task::spawn_blocking(|| RUN.take()).await.unwrap();
            (head.status.as_u16(), body, run.into_iter().filter(|sql| is_asked(sql)).collect())
        })
    }
}

/// The bounds of a transaction, and what the search looks up in its own tables, are part of a statement.
fn is_asked(sql: &str) -> bool {
    !["BEGIN", "COMMIT"].iter().any(|part| sql.starts_with(part)) && !sql.contains("'main'.")
}

#[test]
fn a_page_of_two_hundred_costs_what_a_page_of_one_does() {
    let house = Counted::open();
    let made = made::many(&house.store, &house.clock, 205);
    let note = json!({ "note": "white tail", "favourite": true }).to_string();
    assert_eq!(house.ask("PATCH", &format!("/api/v1/events/{}", made[7]), &note).0, 200);
    for filter in [
        "",
        "&camera=garden",
        "&label=animal&order=oldest",
        "&favourite=true",
        "&seen=false&camera=garden&label=animal",
        "&q=white",
        "&q=left&camera=garden",
        "&min_length_s=0.05&from=2023-11-15T12:00:00Z",
        "&origin=motion&to=2024-01-01T00:00:00Z",
    ] {
        let costs = ["1", "200"].map(|limit| {
            let path = format!("/api/v1/events?limit={limit}{filter}");
            let (status, body, first) = house.ask("GET", &path, "");
            assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
            let page = serde_json::from_slice::<Value>(&body).unwrap();
            assert!((1..=3).contains(&first.len()), "{path}: {first:?}");
            if let Some(next) = page["next"].as_str() {
                let (_, _, behind) = house.ask("GET", &format!("{path}&cursor={next}"), "");
                assert!(behind.len() <= 3, "{path}: {behind:?}");
            }
            first.len()
        });
        assert!(costs[1] <= costs[0].max(2), "{filter}: {costs:?}");
    }
}

#[test]
fn a_page_with_what_is_owed_of_each_event_costs_no_more_than_three() {
    let house = Counted::sending();
    made::many(&house.store, &house.clock, 60);
    let mut cursor = String::new();
    for limit in [1, 50] {
        let path = format!("/api/v1/events?limit={limit}{cursor}");
        let (status, body, run) = house.ask("GET", &path, "");
        let page = serde_json::from_slice::<Value>(&body).unwrap();
        assert_eq!((status, page["events"][0]["uploads"].as_array().map(Vec::len)), (200, Some(2)), "{page}");
        assert!(run.len() <= 3, "{path} runs {}: {run:#?}", run.len());
        cursor = format!("&cursor={}", page["next"].as_str().unwrap());
    }
}

#[test]
fn what_an_answer_costs_does_not_grow_with_what_is_kept() {
    let house = Counted::open();
    let made = made::many(&house.store, &house.clock, 30);
    let rows = table().rows().to_vec();
    for (place, row) in rows.iter().enumerate() {
        let path = row.path.replace("{event}", &made[place].to_string());
        let path = path.replace("{picture}", "poster.jpg").replace("{frame}", "0.jpg");
        let body = match row.method {
            "PATCH" => json!({ "label": "person", "note": "x", "favourite": false, "seen": true }),
            _ if path.ends_with("delete") => json!({ "ids": [made[28].to_string(), made[29].to_string()] }),
            _ => json!({}),
        };
        let (status, answer, run) = house.ask(row.method, &path, &body.to_string());
        assert!(status < 300, "{} {path}: {status} {}", row.method, String::from_utf8_lossy(&answer));
        // Retention asks as often as there is something to do; it is no question of a page.
        if path.ends_with("cleanup") {
            continue;
        }
        // What is changed is looked up, written, and followed by its file; what is deleted is noted, taken away, and
        // forgotten once its files are gone. The forecast looks at the totals, at the oldest event, and at the days.
        assert!(run.len() <= 3, "{} {path} runs {}: {run:#?}", row.method, run.len());
    }
}
