//! Every answer that a test reads is held to the description that the program itself serves.

use std::sync::OnceLock;

use crate::app::Setup;
use crate::client::{Reply, Request};
use crate::described::{Answer, Described};

/// The program's own description, asked for once a test run of a program of its own: the one under test may want a key.
#[must_use]
pub fn described() -> &'static Described {
    static DESCRIBED: OnceLock<Described> = OnceLock::new();
    DESCRIBED.get_or_init(|| {
        let app = Setup::scene("calm").start();
        let reply = Request::new("GET", "/api/v1/openapi.json").send_unchecked(app.addr);
        assert_eq!(reply.status, 200, "{}", reply.text());
        Described::new(reply.json())
    })
}

/// Ends the test with what is not described.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, reply: &Reply) {
    let answer = Answer {
        method,
        path,
        status: reply.status,
        content_type: reply.header("content-type"),
        body: Some(&reply.body),
    };
    if let Err(no) = described().check(&answer) {
        panic!("{method} {path} is answered as nobody described: {no}\n{}", reply.text());
    }
}

/// The same of a stream's head.
#[track_caller]
pub(crate) fn check_head(path: &str, status: u16, content_type: Option<&str>) {
    let answer = Answer { method: "GET", path, status, content_type, body: None };
    if let Err(no) = described().check(&answer) {
        panic!("GET {path} is answered as nobody described: {no}");
    }
}
