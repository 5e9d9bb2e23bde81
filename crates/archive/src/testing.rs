//! A server on a real socket that shows events and nothing else, over a store of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use frame::{Clock, SimClock};
use store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use utoipa::openapi::Info;
use web::{Access, Ended, Front, Hosts, Life, Limits, Metrics, Need, Problem, Routes, Scope};

use crate::{Archive, Setup, older_routes, routes};

// The one that the black-box tests use.
#[path = "../../../tests/support/described.rs"]
#[allow(unreachable_pub, dead_code, reason = "there it is a crate's surface")]
mod described;
pub(crate) mod made;

use described::{Answer, Described};
pub(crate) use made::{Wish, open};

/// A hang is a failure, not a hung test run.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}

pub(crate) fn table() -> Routes<Archive> {
    let nothing = async || Problem::of_status(http::StatusCode::NOT_FOUND);
    older_routes(routes(Routes::new(Need::Key(Scope::View), nothing)))
}

fn described() -> &'static Described {
    static DESCRIBED: std::sync::LazyLock<Described> = std::sync::LazyLock::new(|| {
        Described::new(serde_json::to_value(table().document(Info::new("Test", "0"))).unwrap())
    });
    &DESCRIBED
}

/// Noon of 2023-11-15, UTC.
pub(crate) const NOON: u64 = 1_700_049_600;

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) life: Life,
    _dir: tempfile::TempDir,
    serving: tokio::task::JoinHandle<std::io::Result<Ended>>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(Access::open(), Limits::default()).await
    }

    pub(crate) async fn with(access: Access, limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SimClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)));
        let store = open(dir.path(), clock.clone());
        let (life, metrics) = (Life::default(), Metrics::default());
        let archive = archive(Some(store.clone()), clock.clone(), &life);
        let front = Front { hosts: Hosts::default(), access, limits, metrics: metrics.clone() };
        let router = table().into_router(archive, front);
        let listener = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let served = life.clone();
        let serving = TaskTracker::new().spawn(async move {
            web::serve(listener, router, limits, web::Room::default(), &metrics, &served).await
        });
        Self { address, store, clock, life, _dir: dir, serving }
    }

    /// One request on a connection of its own; the answer is read to its end and held to the description.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(self.request(method, path, headers, body).as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        soon("the end of the answer", stream.read_to_end(&mut bytes)).await.unwrap_or_default();
        let reply = Reply::parse(&bytes);
        reply.check(method, path);
        reply
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        format!("{request}\r\n{body}")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &serde_json::Value) -> Reply {
        self.ask(method, path, &[("Content-Type", "application/json")], &body.to_string()).await
    }

    /// A connection whose answer goes on.
    pub(crate) async fn begin(&self, path: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(self.request("GET", path, headers, "").as_bytes()).await.unwrap();
        stream
    }

    pub(crate) async fn stop(self) -> Ended {
        self.life.token.cancel();
        soon("the end of the server", self.serving).await.unwrap().unwrap()
    }
}

/// What shows what `store` keeps.
pub(crate) fn archive(store: Option<Store>, clock: Arc<SimClock>, life: &Life) -> Archive {
    Archive::new(Setup { store, life: life.clone(), wall: Arc::new(move || clock.wall()) })
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer's head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    #[track_caller]
    fn check(&self, method: &str, path: &str) {
        let (status, content_type) = (self.status, self.header("content-type"));
        let answer = Answer { method, path, status, content_type, body: Some(&self.body) };
        if let Err(no) = described().check(&answer) {
            panic!("{method} {path} is answered as nobody described: {no}\n{}", self.head);
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(this, _)| this.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}
