//! `nightjar doctor`: tries what this machine depends on, and says what is wrong and how to mend it.
//!
//! What is tried so far: the remotes. Nothing is changed and nothing is left there.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use frame::{Clock, SystemClock};
use serde_json::{Value, json};
use upload::{Finding, FindingState, Patience, RemoteSettings};

use crate::cli::{DoctorArgs, DoctorCommand};
use crate::config::Config;
use crate::{Usage, say};

/// Tries it; exit code 1 if anything is bad.
///
/// # Errors
/// When there is no remote of that name, or nothing can be written.
pub(crate) fn run(args: &DoctorArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let name = match &args.what {
        Some(DoctorCommand::Remote { name }) => name.as_deref(),
        None => None,
    };
    let chosen: Vec<&RemoteSettings> =
        config.remotes.iter().filter(|remote| name.is_none_or(|name| remote.name == name)).collect();
    if let Some(name) = name.filter(|_| chosen.is_empty()) {
        let there: Vec<&str> = config.remotes.iter().map(|remote| remote.name.as_str()).collect();
        let there = if there.is_empty() { "none is configured".into() } else { there.join(", ") };
        return Err(Usage(format!("there is no remote {name:?}; there is: {there}")).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("failed to start the runtime")?;
    let mut found: Vec<(&RemoteSettings, Vec<Finding>)> = Vec::new();
    for remote in chosen {
        if !args.json {
            say::line(&format!("remote {}", remote.name))?;
        }
        let findings = runtime.block_on(probe(remote));
        if !args.json {
            findings.iter().try_for_each(tell)?;
        }
        found.push((remote, findings));
    }
    let is_bad = found.iter().flat_map(|(_, findings)| findings).any(|it| it.state == FindingState::Bad);
    if args.json {
        say::line(&format!("{:#}", document(&found, is_bad)))?;
    } else if found.is_empty() {
        say::line("remote: none is configured, so nothing leaves this machine")?;
    }
    if args.what.is_none() && !args.json {
        say::note("tried: remote. How cameras and the disk are is told by /readyz of a running server.");
    }
    Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn probe(remote: &RemoteSettings) -> Vec<Finding> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    match upload::connect(remote, Patience::default(), clock) {
        Ok(it) => it.probe().await,
        Err(error) => vec![Finding::bad(error.to_string(), "correct its [[remote]] table")],
    }
}

fn tell(finding: &Finding) -> std::io::Result<()> {
    say::line(&format!("  {:<7} {}", word(finding.state), finding.what))?;
    match &finding.mend {
        Some(mend) => say::line(&format!("          → {mend}")),
        None => Ok(()),
    }
}

fn word(state: FindingState) -> &'static str {
    match state {
        FindingState::Ok => "ok",
        FindingState::Warning => "warning",
        FindingState::Bad => "bad",
    }
}

fn document(found: &[(&RemoteSettings, Vec<Finding>)], is_bad: bool) -> Value {
    let one = |finding: &Finding| json!({ "state": word(finding.state), "what": finding.what, "mend": finding.mend });
    let remotes: Vec<Value> = found
        .iter()
        .map(|(remote, findings)| {
            json!({ "remote": remote.name, "findings": findings.iter().map(one).collect::<Vec<_>>() })
        })
        .collect();
    json!({ "ok": !is_bad, "remotes": remotes })
}
