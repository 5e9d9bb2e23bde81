//! Every row of the route table, every method, every way to show a key: each expects its code, and all of it is taken
//! from the table, so that a new row is walked as well.

use std::collections::BTreeSet;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use web::{Need, Row, Scope};

use crate::testing::*;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How a request shows who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Nothing,
    WrongKey,
    Key(Scope),
    Session(Scope),
    Link,
}

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Status(u16),
    /// The handler itself answers.
    Handled,
}

/// The row that a method on that path comes to.
fn row_of<'a>(rows: &'a [Row], method: &str, path: &str) -> Option<&'a Row> {
    let method = if method == "HEAD" { "GET" } else { method };
    rows.iter().find(|row| row.method == method && row.path == path)
}

fn expected(rows: &[Row], method: &str, path: &str, by: By) -> Outcome {
    let row = row_of(rows, method, path);
    match (row.map(|row| row.need), by) {
        (Some(Need::Open), _) => Outcome::Handled,
        (_, By::Nothing | By::WrongKey) => Outcome::Status(401),
        (Some(_), By::Link) if row.is_some_and(|row| row.linkable) => Outcome::Handled,
        (_, By::Link) => Outcome::Status(401),
        (None, By::Key(_) | By::Session(_)) => Outcome::Status(405),
        (Some(Need::Key(needed)), By::Key(has) | By::Session(has)) => {
            if has == needed || has == Scope::Admin { Outcome::Handled } else { Outcome::Status(403) }
        }
    }
}

/// Paths with their `{names}` filled in; a new name is to be added here.
fn concrete(path: &str, event: &str) -> String {
    let path = path.replace("{id}", "garden").replace("{visit}", "7").replace("{event}", event);
    let path = path.replace("{picture}", "poster.jpg").replace("{frame}", "0.jpg");
    assert!(!path.contains('{'), "{path}");
    path
}

struct Walk {
    house: Keyed,
    /// One that is there; another one once it was deleted.
    event: String,
    texts: Vec<(Scope, String)>,
    sessions: Vec<(Scope, String)>,
    /// So that no address shows more than one wrong key: those are slowed down.
    addresses: u16,
}

impl Walk {
    async fn begin(rows: &[Row]) -> Self {
        let house = Keyed::start().await;
        house.server.garden.push_jpeg(50);
        let event = house.event();
        let mut walk = Self { house, event, texts: Vec::new(), sessions: Vec::new(), addresses: 1 };
        for (seed, scope) in Scope::ALL.into_iter().enumerate() {
            let text = walk.house.add(scope.as_str(), seed as u8).await.text;
            let opens = |row: &&Row| {
                row.method == "GET"
                    && matches!(row.need, Need::Key(need) if need == scope || scope == Scope::Admin)
            };
            if let Some(row) = rows.iter().find(opens) {
                walk.sessions
                    .push((scope, walk.house.session_at(&concrete(row.path, &walk.event), &text).await));
            }
            walk.texts.push((scope, text));
        }
        walk
    }

    fn text(&self, scope: Scope) -> String {
        self.texts.iter().find(|(this, _)| *this == scope).unwrap().1.clone()
    }

    /// The path, perhaps as a link, and the headers that show who sends it.
    async fn show(&self, path: &str, is_linkable: bool, by: By) -> (String, String) {
        let path = concrete(path, &self.event);
        match by {
            By::Nothing => (path, String::new()),
            By::WrongKey => (path, format!("X-API-Key: {}x\r\n", self.text(Scope::Admin))),
            By::Key(scope) => (path, format!("X-API-Key: {}\r\n", self.text(scope))),
            By::Session(scope) => {
                let cookie = &self.sessions.iter().find(|(this, _)| *this == scope).unwrap().1;
                let own = self.house.server.address;
                (path, format!("Cookie: {cookie}\r\nOrigin: http://{own}\r\n"))
            }
            // Where no link is made, one is made up.
            By::Link if is_linkable => (self.house.link(&self.text(Scope::View), &path).await, String::new()),
            By::Link => (format!("{path}?expires=9999999999&signature=k1.AAAA"), String::new()),
        }
    }

    /// Status and head: streams do not end.
    async fn ask(&mut self, method: &str, path: &str, headers: &str) -> (u16, String) {
        self.addresses += 1;
        let [high, low] = self.addresses.to_be_bytes();
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 1, high, low], 0).into()).unwrap();
        let address = self.house.server.address;
        let mut stream = socket.connect(address).await.unwrap();
        let body = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("a head", stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        (head[9..12].parse().unwrap(), head)
    }

    async fn step(&mut self, rows: &[Row], method: &str, path: &str, by: By) {
        let is_linkable = row_of(rows, "GET", path).is_some_and(|row| row.linkable);
        let (target, headers) = self.show(path, is_linkable, by).await;
        let (status, head) = self.ask(method, &target, &headers).await;
        let told = format!("{method} {path} by {by:?}: {head}");
        assert!(head.to_ascii_lowercase().contains("\r\nx-request-id: "), "{told}");
        match expected(rows, method, path, by) {
            Outcome::Status(expected) => assert_eq!(status, expected, "{told}"),
            Outcome::Handled => {
                assert!(!matches!(status, 401 | 403 | 404 | 405 | 421 | 429 | 500..), "{told}");
            }
        }
        if method == "DELETE" && status == 204 {
            self.event = self.house.event();
        }
        if status == 405 {
            assert_eq!(allowed(&head), methods_of(rows, path), "{told}");
        }
    }
}

fn allowed(head: &str) -> BTreeSet<String> {
    let line = head.lines().find_map(|line| line.strip_prefix("allow: ")).expect("Allow");
    line.split(',').map(|method| method.trim().to_owned()).collect()
}

fn methods_of(rows: &[Row], path: &str) -> BTreeSet<String> {
    METHODS.into_iter().filter(|method| row_of(rows, method, path).is_some()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_under_every_method_answers_every_way_to_show_a_key_with_its_code() {
    let rows = crate::rows();
    assert!(rows.len() > 40);
    let mut walk = Walk::begin(&rows).await;
    let mut ways = vec![By::Nothing, By::WrongKey, By::Link];
    ways.extend(Scope::ALL.map(By::Key));
    ways.extend(walk.sessions.iter().map(|(scope, _)| By::Session(*scope)));
    assert_eq!(walk.sessions.len(), 3, "view, metrics and admin may get something");
    let paths = rows.iter().map(|row| row.path).collect::<BTreeSet<_>>();
    for path in paths {
        for method in METHODS {
            for &by in &ways {
                walk.step(&rows, method, path, by).await;
            }
        }
    }
}

#[test]
fn only_health_is_open_and_only_pictures_are_linkable_and_no_row_is_there_twice() {
    let rows = crate::rows();
    let open = rows.iter().filter(|row| row.need == Need::Open).map(|row| row.path).collect::<Vec<_>>();
    assert_eq!(open, ["/healthz"]);
    for row in &rows {
        let last = row.path.rsplit('/').next().unwrap();
        let is_picture = ["stream", "snapshot", "thumbnail", "{picture}", "{frame}"].contains(&last)
            || last.ends_with(".jpg")
            || last.ends_with(".mp4");
        let is_words = row.path == "/api/v1/events/stream";
        assert_eq!(row.linkable, is_picture && !is_words, "{row:?}");
        let path = concrete(row.path, "01KAGW3M6J9Z0T4V8Q2X5Y7B1C");
        assert_eq!(Row::of(&rows, row.method, &path), Some(row), "another row takes its path");
        assert!(row.need != Need::Open || row.method == "GET", "what changes something is never open");
        let changes = row.method != "GET" && row.path != "/api/v1/links";
        assert!(
            !changes || row.need != Need::Key(Scope::View),
            "{row:?} changes something and needs only view"
        );
    }
    let keys = rows.iter().map(|row| (row.method, row.path)).collect::<BTreeSet<_>>();
    assert_eq!(keys.len(), rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_route_is_no_oracle_and_404_for_those_who_may_look() {
    let mut walk = Walk::begin(&crate::rows()).await;
    for path in ["/nothing", "/api/v1/nothing", "/api/v2/cameras", "/app.css", "/status/", "//status"] {
        for method in METHODS {
            for (by, expected) in
                [(By::Nothing, 401), (By::WrongKey, 401), (By::Link, 401), (By::Key(Scope::Upload), 403)]
            {
                let (target, headers) = walk.show(path, false, by).await;
                assert_eq!(
                    walk.ask(method, &target, &headers).await.0,
                    expected,
                    "{method} {path} by {by:?}"
                );
            }
        }
        let (target, headers) = walk.show(path, false, By::Key(Scope::View)).await;
        assert_eq!(walk.ask("GET", &target, &headers).await.0 == 200, path == "/app.css", "{path}");
    }
}
