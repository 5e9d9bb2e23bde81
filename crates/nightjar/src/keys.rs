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
use store::keys::{Key, NewKey, Secret};
use store::links::LinkSecret;

use crate::cli::{KeyCommand, ScopeArg};
use crate::config::format_size;
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
        KeyCommand::Add { name, scopes, quota, out, json, .. } => {
            let wanted = Wanted { name, scopes, quota: *quota };
            match out {
                Some(path) => add_to(&keys, &wanted, path, data),
                None => add(&keys, &wanted, *json, data),
            }
        }
        KeyCommand::List { json, .. } => list(&keys.list()?, *json),
        KeyCommand::Revoke { id, .. } => {
            let key = keys.revoke(id)?;
            Ok(say::line(&format!(
                "revoked {} ({}); a running server refuses it from now on",
                key.id, key.name
            ))?)
        }
    }
}

/// What is to be made.
struct Wanted<'a> {
    name: &'a str,
    scopes: &'a [ScopeArg],
    quota: Option<u64>,
}

impl Wanted<'_> {
    fn make(&self, keys: &store::keys::Keys, data: &Path) -> anyhow::Result<NewKey> {
        crate::run::make_data_dir(data)?;
        let mut secret = [0; 37];
        OsRng.try_fill_bytes(&mut secret).context("failed to get randomness from the system")?;
        let scopes: Vec<String> = self.scopes.iter().map(|scope| scope.name().to_owned()).collect();
        Ok(keys.add_with_quota(self.name, &scopes, self.quota, Secret(secret), &SystemClock::new())?)
    }
}

/// Into a file, for a program that reads it there. Done again, it does nothing.
fn add_to(keys: &store::keys::Keys, wanted: &Wanted<'_>, path: &Path, data: &Path) -> anyhow::Result<()> {
    let named = || format!("the key file {}", path.display());
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let id = text.trim().strip_prefix("nj_").and_then(|rest| rest.split('_').next());
            let known = keys.list()?.into_iter().find(|key| Some(key.id.as_str()) == id);
            if let Some(key) = known {
                return Ok(say::line(&format!("{} holds key {} ({}) already", named(), key.id, key.name))?);
            }
            anyhow::ensure!(text.trim().is_empty(), "{} holds something else; nothing was changed", named());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("failed to read {}", named())),
    }
    let new = wanted.make(keys, data)?;
    if let Err(error) = crate::run::publish(path, format!("{}\n", new.text).as_bytes()) {
        // Nobody will ever know it.
        keys.revoke(&new.key.id)?;
        return Err(error).with_context(|| format!("failed to write {}", named()));
    }
    Ok(say::line(&format!("key {} ({}) is in {}", new.key.id, new.key.name, path.display()))?)
}

fn add(keys: &store::keys::Keys, wanted: &Wanted<'_>, as_json: bool, data: &Path) -> anyhow::Result<()> {
    let new = wanted.make(keys, data)?;
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
        let row = |key: &Key| {
            let mut row =
                json!({ "id": key.id, "name": key.name, "scopes": key.scopes, "created": key.created });
            if let Some(quota) = key.quota {
                row["quota"] = quota.into();
            }
            row
        };
        return Ok(say::line(&serde_json::Value::from_iter(keys.iter().map(row)).to_string())?);
    }
    if keys.is_empty() {
        say::note("there is no key yet; make one with: nightjar key add --name me --scope view");
    }
    for key in keys {
        let quota = key.quota.map(|quota| format!(" (up to {})", format_size(quota))).unwrap_or_default();
        say::line(&format!("{}  {}  {:<24} {}{quota}", key.id, key.created, key.scopes.join(","), key.name))?;
    }
    Ok(())
}
