//! The keys: `<data>/keys.json`, of each secret only its SHA-256.
//!
//! The secret is 256 random bits, so one hash is enough and nothing needs to be slow. A damaged file is never
//! written over: somebody's keys are in it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use frame::Clock;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fs::{Fs, Metadata};
use crate::publish;

#[cfg(test)]
mod tests;

/// More would be ten thousands of keys.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What keys may be allowed to do.
pub const SCOPES: [&str; 5] = ["view", "control", "upload", "metrics", "admin"];

/// Why keys could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file is there but not as it was written.
    #[error(
        "the key file {path} is damaged ({why}); nothing was changed. Mend it, or move it away and add the keys again"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The system said no.
    #[error("failed to {what} {path}: {source}")]
    Io {
        /// `read`, `write` …
        what: &'static str,
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A scope that there is not.
    #[error("{0} is not a scope; scopes are view, control, upload, metrics, admin")]
    UnknownScope(String),
    /// A key without a scope could do nothing.
    #[error("a key needs at least one scope; scopes are view, control, upload, metrics, admin")]
    NoScope,
    /// The name is empty or too long, or holds control characters.
    #[error("the name must have 1 to 64 characters and no control characters")]
    BadName,
    /// There is no such key.
    #[error("there is no key {0}; `nightjar key list` shows those there are")]
    Unknown(String),
}

/// One key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Public part: eight characters.
    pub id: String,
    /// For people.
    pub name: String,
    /// Of [`SCOPES`].
    pub scopes: Vec<String>,
    /// SHA-256 of the secret part.
    pub secret_sha256: [u8; 32],
    /// RFC 3339, UTC.
    pub created: String,
    /// Bytes that whoever has it may keep on a hub; `None`: as many as there is room for.
    pub quota: Option<u64>,
}

/// A key that was just made; the only time its text is known.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// As it is kept.
    pub key: Key,
    /// `nj_<id>_<43 characters>`, to be shown once.
    pub text: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The file's shape.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    version: u32,
    keys: Vec<KeyShape>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyShape {
    id: String,
    name: String,
    scopes: Vec<String>,
    sha256: String,
    created: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota: Option<u64>,
}

/// The key file of one data directory.
#[derive(Debug)]
pub struct Keys {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    cached: Mutex<Cached>,
}

#[derive(Debug, Default)]
struct Cached {
    /// Of the file when it was read.
    metadata: Option<Metadata>,
    keys: Arc<Vec<Key>>,
}

impl Keys {
    /// Nothing is read yet, nothing made.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, dir: &Path) -> Self {
        Self { fs, dir: dir.to_owned(), cached: Mutex::default() }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("keys.json")
    }

    /// Every key, from the disk; none if there is no file.
    ///
    /// # Errors
    /// [`KeyError::Damaged`], [`KeyError::Io`].
    pub fn list(&self) -> Result<Vec<Key>, KeyError> {
        let path = self.path();
        match self.fs.read(&path, MAX_BYTES) {
            Ok(bytes) => {
                parse(&bytes).map_err(|why| KeyError::Damaged { path: path.display().to_string(), why })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(io_error("read", &path, source)),
        }
    }

    /// Makes a key and keeps it. Makes the data directory, too.
    ///
    /// # Errors
    /// [`KeyError`]; then nothing was changed.
    pub fn add(
        &self,
        name: &str,
        scopes: &[String],
        secret: Secret,
        clock: &dyn Clock,
    ) -> Result<NewKey, KeyError> {
        self.add_with_quota(name, scopes, None, secret, clock)
    }

    /// The same for a device that may keep so many bytes on a hub.
    ///
    /// # Errors
    /// [`KeyError`]; then nothing was changed.
    pub fn add_with_quota(
        &self,
        name: &str,
        scopes: &[String],
        quota: Option<u64>,
        secret: Secret,
        clock: &dyn Clock,
    ) -> Result<NewKey, KeyError> {
        check(name, scopes)?;
        self.fs.create_dir_all(&self.dir).map_err(|source| io_error("make", &self.dir, source))?;
        let _lock = self.lock()?;
        let mut keys = self.list()?;
        let (id, text) = secret.name(&keys);
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let secret_sha256 = Sha256::digest(text.as_bytes()).into();
        let created = rfc3339(clock);
        let key = Key { id, name: name.to_owned(), scopes, secret_sha256, created, quota };
        keys.push(key.clone());
        self.write(&keys)?;
        let text = format!("nj_{}_{text}", key.id);
        Ok(NewKey { key, text })
    }

    /// Takes the key of that id away; a running server notices within a second.
    ///
    /// # Errors
    /// [`KeyError`]; then nothing was changed.
    pub fn revoke(&self, id: &str) -> Result<Key, KeyError> {
        // Without a directory there is no key, and none is to be made.
        if self.list()?.iter().all(|key| key.id != id) {
            return Err(KeyError::Unknown(id.to_owned()));
        }
        let _lock = self.lock()?;
        let mut keys = self.list()?;
        let index =
            keys.iter().position(|key| key.id == id).ok_or_else(|| KeyError::Unknown(id.to_owned()))?;
        let revoked = keys.remove(index);
        self.write(&keys)?;
        Ok(revoked)
    }

    /// Looks whether the file was changed and reads it again if so. If it can no longer be read, the keys that were
    /// known stay known, so that a full disk locks nobody out.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn refresh(&self) -> Result<(), KeyError> {
        let metadata = self.fs.metadata(&self.path()).ok();
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if metadata != cached.metadata || metadata.is_none() {
            cached.keys = Arc::new(self.list()?);
            cached.metadata = metadata;
        }
        Ok(())
    }

    /// The keys as of the last [`Keys::refresh`].
    #[must_use]
    pub fn known(&self) -> Arc<Vec<Key>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).keys.clone()
    }

    /// Two who change the keys at the same time do it one after the other.
    fn lock(&self) -> Result<Box<dyn std::fmt::Debug + Send>, KeyError> {
        let path = self.dir.join("keys.lock");
        self.fs.lock(&path).map_err(|source| io_error("lock", &path, source))
    }

    fn write(&self, keys: &[Key]) -> Result<(), KeyError> {
        let keys = keys.iter().map(|key| KeyShape {
            id: key.id.clone(),
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            sha256: hex(&key.secret_sha256),
            created: key.created.clone(),
            quota: key.quota,
        });
        let shape = FileShape { version: 1, keys: keys.collect() };
        let path = self.path();
        let bytes =
            serde_json::to_vec_pretty(&shape).map_err(|error| io_error("write", &path, error.into()))?;
        publish::replace(self.fs.as_ref(), &path, &bytes).map_err(|source| io_error("write", &path, source))
    }
}

/// 256 random bits and 40 for the id; the caller brings the randomness.
#[derive(Clone)]
pub struct Secret(pub [u8; 37]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// The id and the secret part; the id is one that no other key has.
    fn name(&self, keys: &[Key]) -> (String, String) {
        let (secret, id) = self.0.split_at(32);
        let mut number = id.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
        loop {
            let id = base32(number);
            if keys.iter().all(|key| key.id != id) {
                return (id, base64url(secret));
            }
            number += 1;
        }
    }
}

fn check(name: &str, scopes: &[String]) -> Result<(), KeyError> {
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(KeyError::BadName);
    }
    if scopes.is_empty() {
        return Err(KeyError::NoScope);
    }
    match scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        Some(unknown) => Err(KeyError::UnknownScope(unknown.clone())),
        None => Ok(()),
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<Key>, String> {
    let shape: FileShape = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if shape.version != 1 {
        return Err(format!("its version is {}, and this program knows 1", shape.version));
    }
    shape.keys.into_iter().map(parse_key).collect()
}

fn parse_key(shape: KeyShape) -> Result<Key, String> {
    let secret_sha256 =
        unhex(&shape.sha256).ok_or_else(|| format!("the hash of key {} is not one", shape.id))?;
    if let Some(scope) = shape.scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(format!("key {} has the unknown scope {scope}", shape.id));
    }
    let KeyShape { id, name, scopes, created, quota, .. } = shape;
    Ok(Key { id, name, scopes, secret_sha256, created, quota })
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> KeyError {
    KeyError::Io { what, path: path.display().to_string(), source }
}

/// UTC to the second.
fn rfc3339(clock: &dyn Clock) -> String {
    let at = jiff::Timestamp::try_from(clock.wall()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Eight characters without those that look alike.
fn base32(mut number: u64) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut text = [0; 8];
    for place in text.iter_mut().rev() {
        *place = LETTERS[usize::try_from(number % 32).unwrap_or(0)];
        number /= 32;
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
