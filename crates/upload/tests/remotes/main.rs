//! The remotes that others have made, against servers that are as strict as any of them: an older storage server of our
//! own making, and a real S3-compatible one.

#![allow(clippy::unwrap_used, reason = "in a test a wrong guess must end the test, loudly")]

mod desk;
mod faults;
mod legacy;
mod objects;
mod older;
mod s3;

use std::sync::Arc;
use std::time::Duration;

use upload::{Finding, FindingState, Kind, Patience, Remote, RemoteSettings, connect};

/// How often an attempt makes a request that may be made twice before it gives up.
const TRIES: usize = 4;
/// Shorter than anybody would wait, and long for one machine.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), silence: Duration::from_secs(5) };

fn remote(kind: Kind) -> Arc<dyn Remote> {
    let settings =
        RemoteSettings { name: "there".to_owned(), kind, at_once: 1, allow_http: false, ca_file: None };
    connect(&settings, PATIENCE, Arc::new(frame::SystemClock::new())).unwrap()
}

/// What is not well.
fn wrong(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.state != FindingState::Ok).collect()
}
