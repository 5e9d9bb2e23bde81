//! What `doctor` finds of a hub, step by step. Nothing is left there: an event is asked for that there never was.

use jiff::Timestamp;
use reqwest::Method;
use store::parcel::{Standing, UNKNOWN};

use super::{Nightjar, code};
use crate::http::Outgoing;
use crate::remote::Finding;
use crate::remote::reach::{clocks, reach, skew_s};
use crate::remote::wire::Wire;

/// The id of an event of 1970, which nobody has.
const NOBODYS: &str = "00000000000000000000000000";

/// Finds out.
pub(super) async fn run(hub: &Nightjar) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(reached) = reach(&Wire::of(hub.http.clone()), hub.http.root(), &mut findings).await else {
        return findings;
    };
    let now = Timestamp::try_from(hub.clock.wall()).unwrap_or(Timestamp::UNIX_EPOCH);
    findings.push(clocks(skew_s(&reached.headers, now), None));
    findings.push(knows_us(hub).await);
    findings
}

async fn knows_us(hub: &Nightjar) -> Finding {
    let answer = match hub.http.send(hub.request(Method::GET, &[NOBODYS]), Outgoing::empty()).await {
        Ok(answer) => answer,
        Err(failure) => return Finding::bad(failure.why(), "look into the hub's own log"),
    };
    match answer.status.as_u16() {
        200 if answer.json::<Standing>().is_ok_and(|standing| standing.state == UNKNOWN) => {
            Finding::ok("the key is right and may upload")
        }
        401 => Finding::bad(
            "the hub does not know the key",
            "make one there: nightjar key add --hub --name NAME --scope upload",
        ),
        403 => Finding::bad(
            "the hub knows the key, and it may not upload",
            "make one that may: nightjar key add --hub --name NAME --scope upload",
        ),
        404 | 405 if code(&answer).is_none() => Finding::bad(
            "what answers there is no hub",
            "check url; an older storage server has kind = \"legacy\"",
        ),
        421 => Finding::bad("the hub does not go by this name", "add the host of url to [hub] hosts there"),
        status => {
            Finding::bad(format!("the hub answered {status}: {}", answer.said), "look into the hub's own log")
        }
    }
}
