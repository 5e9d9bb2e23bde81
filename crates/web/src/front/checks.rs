//! What a request is held against before its handler, each check by itself; their order is the front's.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::Request;
use http::header::{self, HeaderValue};
use http::{StatusCode, Version};

use crate::access::{Pass, Shown, Verdict};
use crate::front::{Gate, Way};
use crate::hosts::asked_of;
use crate::links::Flaw;
use crate::seats::neighbourhood;
use crate::{Connection, Need, Problem, session};

pub(super) fn host(gate: &Gate, request: &Request) -> Result<(), Problem> {
    let Some(host) = asked_of(request) else {
        let headers = request.headers();
        // Older than the header; what it guards against, a page in a browser, sends both this and an Origin.
        let is_older = request.version() == Version::HTTP_10 && !headers.contains_key(header::HOST);
        if is_older && !headers.contains_key(header::ORIGIN) {
            return Ok(());
        }
        let detail = "The request names no host, or more than one; send one Host header.";
        return Err(Problem::bad_request("host_missing", detail));
    };
    if gate.front.hosts.allows(host) {
        return Ok(());
    }
    let section = gate.front.hosts.section();
    let detail = format!(
        "This server does not answer to that host name. Use its address, localhost or a .local name, or add the name to \
         hosts in the section [{section}] of the configuration (or to NIGHTJAR_{}__HOSTS).",
        section.to_uppercase()
    );
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", detail))
}

/// Whether this address asks too often; programs of this machine, and proxies, may.
pub(super) fn rate(gate: &Gate, request: &Request) -> Result<(), Problem> {
    let Some(peer) = peer(request).filter(|peer| !peer.is_loopback()) else { return Ok(()) };
    let Some(wait) = gate.rate.take(peer, Instant::now()) else { return Ok(()) };
    gate.slowed.inc();
    let limits = &gate.front.limits;
    let detail = format!(
        "Too many requests came from this address: {} at once and {} a second are answered.",
        limits.requests_at_once, limits.requests_per_second
    );
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        .header(header::RETRY_AFTER, (wait.as_secs() + 1).into()))
}

fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Connection>().map(|connection| neighbourhood(connection.peer()))
}

/// The key that lets the request in; `None` where none is asked for.
pub(super) fn key(gate: &Gate, way: Way, request: &Request) -> Result<Option<Pass>, Problem> {
    let access = &gate.front.access;
    if !access.is_required() {
        return Ok(None);
    }
    let link = if way.linkable { access.check_link(request.uri()) } else { None };
    let flaw = match link {
        Some(Ok(pass)) => return scoped(way, pass),
        Some(Err(flaw)) => Some(flaw),
        None => None,
    };
    match (access.check(request.headers()), flaw) {
        (Verdict::Good(pass), _) => scoped(way, pass),
        (Verdict::Wrong, _) => {
            Err(wrong(gate, request, "key_wrong", "This key is not known, or was revoked."))
        }
        (Verdict::Missing, None) => {
            let detail =
                "A key is needed: as Authorization: Bearer, as X-API-Key, or as the password of basic auth.";
            Err(Problem::unauthorized("key_missing", detail))
        }
        // Whoever shows this had a good one: nothing to slow down.
        (Verdict::Missing, Some(Flaw::Expired)) => {
            Err(Problem::unauthorized("link_expired", "This link's time is over; ask for a new one."))
        }
        (Verdict::Missing, Some(Flaw::Wrong)) => {
            let detail =
                "This link is not good for this path and query, or its key was revoked; ask for a new one.";
            Err(wrong(gate, request, "link_wrong", detail))
        }
    }
}

/// Whether the key may do what the row asks for.
fn scoped(way: Way, pass: Pass) -> Result<Option<Pass>, Problem> {
    match way.need {
        Some(Need::Key(scope)) if !pass.record.may(scope) => match way.or {
            Some(or) if pass.record.may(or) => Ok(Some(pass)),
            _ => Err(Problem::scope_missing(scope)),
        },
        _ => Ok(Some(pass)),
    }
}

fn wrong(gate: &Gate, request: &Request, code: &'static str, detail: &str) -> Problem {
    gate.refused_keys.inc();
    let Some(wait) = gate.throttle.refuse(peer(request), Instant::now()) else {
        return Problem::unauthorized(code, detail);
    };
    let seconds = wait.as_secs() + 1;
    let detail =
        format!("Too many wrong keys came from this address. Come again in {seconds} s with a good one.");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_wrong_keys", detail)
        .header(header::RETRY_AFTER, seconds.into())
}

/// A browser that showed its key to the page gets a session, and one whose session is ageing a new one. Programs that
/// send a key with every request get none.
pub(super) fn new_cookie(gate: &Gate, pass: &Pass, request: &Request) -> Option<HeaderValue> {
    let access = &gate.front.access;
    let is_wanted = match pass.shown {
        Shown::Session(left) => session::is_due(left),
        Shown::Key => request.uri().path() == "/" || request.headers().contains_key("sec-fetch-site"),
        // It opens one thing, and must not grow into everything that its key may do.
        Shown::Link(_) => false,
    };
    let cookie = || access.sessions().cookie(&pass.record, access.uptime(), request.headers());
    is_wanted.then(cookie).flatten()
}
