//! API keys: `nightjar key …`, and who may come in as the server asks for it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use frame::{Clock, SystemClock};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use serde_json::json;
use server::StoredKeys;
use store::fs::RealFs;
use store::keys::{Key, Secret};
use store::links::LinkSecret;

use crate::cli::{KeyCommand, ScopeArg};
use crate::say;

/// Who may come in to what that data directory belongs to; the clock is what links expire by.
///
/// # Errors
/// When the key file is there and cannot be read.
pub(crate) fn open(data: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<StoredKeys> {
    let keys = Arc::new(store::keys::Keys::new(Arc::new(RealFs), data));
    let secret = Arc::new(LinkSecret::new(Arc::new(RealFs), data));
    Ok(StoredKeys::load(keys)?.with_links(secret, clock))
}

/// Runs `nightjar key …` on that data directory.
///
/// # Errors
/// When the key file cannot be read or written, or there is no such key.
pub(crate) fn run(command: &KeyCommand, data: &Path) -> anyhow::Result<()> {
    let keys = store::keys::Keys::new(Arc::new(RealFs), data);
    match command {
        KeyCommand::Add { name, scopes, json } => add(&keys, name, scopes, *json, data),
        KeyCommand::List { json } => list(&keys.list()?, *json),
        KeyCommand::Revoke { id } => {
            let key = keys.revoke(id)?;
            Ok(say::line(&format!(
                "revoked {} ({}); a running server refuses it from now on",
                key.id, key.name
            ))?)
        }
    }
}

fn add(
    keys: &store::keys::Keys,
    name: &str,
    scopes: &[ScopeArg],
    as_json: bool,
    data: &Path,
) -> anyhow::Result<()> {
    crate::run::make_data_dir(data)?;
    let mut secret = [0; 37];
    OsRng.try_fill_bytes(&mut secret).context("failed to get randomness from the system")?;
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let new = keys.add(name, &scopes, Secret(secret), &SystemClock::new())?;
    if as_json {
        let shown = json!({ "id": new.key.id, "key": new.text, "scopes": new.key.scopes });
        return Ok(say::line(&shown.to_string())?);
    }
    say::line(&new.text)?;
    say::note(&format!(
        "this is key {} ({}), for {}; it is shown this once. Send it as `Authorization: Bearer …` or `X-API-Key: …`, \
         or as the password when a browser asks for one.",
        new.key.id,
        new.key.name,
        new.key.scopes.join(", ")
    ));
    Ok(())
}

fn list(keys: &[Key], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let row = |key: &Key| json!({ "id": key.id, "name": key.name, "scopes": key.scopes, "created": key.created });
        return Ok(say::line(&serde_json::Value::from_iter(keys.iter().map(row)).to_string())?);
    }
    if keys.is_empty() {
        say::note("there is no key yet; make one with: nightjar key add --name me --scope view");
    }
    for key in keys {
        say::line(&format!("{}  {}  {:<24} {}", key.id, key.created, key.scopes.join(","), key.name))?;
    }
    Ok(())
}
