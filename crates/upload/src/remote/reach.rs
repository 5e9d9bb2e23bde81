//! The first steps of every probe: is there a way to the remote at all, and do both clocks agree?
//!
//! What does not belong here: whether the key is right and what it may do (the probe of each kind).

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::wire::Wire;
use super::{Failure, Finding};
use crate::http::{Outgoing, Place, of_name};

/// A name is resolved, and a connection made, within this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Clocks that differ by more make a label wrong.
const LABEL_SKEW_S: i64 = 120;

/// What the first answer told; `None` if there was none, and the findings say why.
pub(super) struct Reached {
    pub(super) headers: HeaderMap,
}

/// Looks the name up, connects, asks for `url` without a key.
pub(super) async fn reach(wire: &Wire, url: &Url, findings: &mut Vec<Finding>) -> Option<Reached> {
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default()?;
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), port))).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => {
            let mend = "check the host in the configuration, and that this machine has a name server";
            findings.push(Finding::bad(of_name(&host, &error), mend));
            return None;
        }
        Err(_) => {
            let mend = "check this machine's network and its name server";
            findings.push(Finding::bad(format!("nobody answers what the address of {host} is"), mend));
            return None;
        }
    };
    let listed: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    findings.push(Finding::ok(format!("{host} is {}", listed.join(", "))));
    if !connects(&addresses, findings).await {
        return None;
    }
    match wire.give(wire.exactly(Method::GET, url.clone()), Outgoing::empty()).await {
        Ok(answer) => {
            let secured = if url.scheme() == "https" { "the certificate is good" } else { "not encrypted" };
            findings.push(Finding::ok(format!("{host}:{port} answers over HTTP, {secured}")));
            Some(Reached { headers: answer.headers })
        }
        Err(failure) => {
            findings.push(no_answer(url, &failure));
            None
        }
    }
}

async fn connects(addresses: &[SocketAddr], findings: &mut Vec<Finding>) -> bool {
    let mut last = None;
    for address in addresses {
        match tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                findings.push(Finding::ok(format!("{address} takes connections")));
                return true;
            }
            Ok(Err(error)) => last = Some(Place::address(*address, PATIENCE).why(&error)),
            Err(_) => last = Some(format!("{address} does not answer within {} s", PATIENCE.as_secs())),
        }
    }
    let what = last.unwrap_or_else(|| "the name has no address".to_owned());
    findings.push(Finding::bad(what, "check host and port, that the server runs, and the firewalls between"));
    false
}

fn no_answer(url: &Url, failure: &Failure) -> Finding {
    let why = failure.why();
    let words = why.to_lowercase();
    let mend = if words.contains("certificate") {
        "give the authority's certificate as ca_file, or let the server have one for this host's name"
    } else if url.scheme() == "http" && words.contains("allow_http") {
        "use https, or allow_http = true if you accept that everybody on the way can read along"
    } else {
        "check that the port is that of an HTTP server, and that https is where it should be"
    };
    Finding::bad(format!("no answer over {}: {why}", url.scheme()), mend)
}

/// How far the remote's clock is ahead of ours, if it told the time.
pub(super) fn skew_s(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let date = headers.get("date")?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(date.as_second() - now.as_second())
}

/// What the difference of the clocks means; above `refuses_s` nothing works.
pub(super) fn clocks(skew_s: Option<i64>, refuses_s: Option<i64>) -> Finding {
    let mend = "set the clock of whichever is wrong: timedatectl, and a time server that both can reach";
    match skew_s {
        None => Finding::warning("the remote does not tell the time", "compare both clocks by hand"),
        Some(skew) if refuses_s.is_some_and(|most| skew.abs() > most) => {
            Finding::bad(format!("the clocks differ by {} s, more than the remote accepts", skew.abs()), mend)
        }
        Some(skew) if skew.abs() > LABEL_SKEW_S => {
            Finding::warning(format!("the clocks differ by {} s", skew.abs()), mend)
        }
        Some(skew) => Finding::ok(format!("both clocks agree within {} s", skew.abs().max(1))),
    }
}
