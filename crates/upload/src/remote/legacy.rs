//! A storage server of the older system, spoken to as its own cameras do.
//!
//! It has no receipts and no hashes, and stores what it is sent as often as it is sent. So it is asked for the event
//! before anything is sent, since nobody knows after a crash or a lost answer; and the clip is read back and compared
//! before a receipt carries its SHA-256. What it holds wrongly is deleted there and sent again. What does not belong here:
//! the words of the metadata ([`words`]), a clip in several requests ([`chunked`]).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use frame::Clock;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bundle::EventBundle;
use crate::http::{Outgoing, Patience, SetupError};
use crate::ledger::Receipt;
use crate::remote::doubt::Doubts;
use crate::remote::wire::{Heard, Wire};
use crate::remote::{Failure, Finding, Remote};
use crate::settings::{Kind, RemoteSettings, Secret};

mod chunked;
mod form;
mod probe;
mod words;

/// A chunk lies in memory twice, as it is and as base64: it is no larger than this, whatever was configured.
const MOST_CHUNK: u64 = 32 << 20;

/// One server.
pub(crate) struct Legacy {
    wire: Wire,
    key: Secret,
    chunk: u64,
    clock: Arc<dyn Clock>,
    doubts: Doubts,
}

impl fmt::Debug for Legacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Legacy").field("wire", &self.wire).field("chunk", &self.chunk).finish_non_exhaustive()
    }
}

/// What lies with the errand between attempts.
#[derive(Debug, Clone, Serialize, Deserialize, Default, PartialEq, Eq)]
struct Note {
    /// An upload in chunks that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upload: Option<String>,
    /// Its chunks that the server has taken, and how large they are.
    #[serde(default)]
    taken: u64,
    #[serde(default)]
    chunk: u64,
    /// What the server calls the event, if not as we do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// It called one otherwise before, which was deleted there.
    #[serde(default)]
    renamed: bool,
}

impl Note {
    fn of(bundle: &EventBundle) -> Self {
        bundle.resume().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    async fn keep(&self, bundle: &mut EventBundle) -> Result<(), Failure> {
        if self.upload.is_none() && self.event.is_none() {
            bundle.set_back();
        }
        let text = if *self == Self::default() { None } else { serde_json::to_string(self).ok() };
        if text.as_deref() == bundle.resume() { Ok(()) } else { bundle.note_resume(text).await }
    }
}

/// A request that failed.
#[derive(Debug)]
struct Fault {
    /// The server knows nothing of what it was for.
    is_gone: bool,
    failure: Failure,
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self { is_gone: false, failure }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        fault.failure
    }
}

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
struct Clip {
    bytes: u64,
    sha256: [u8; 32],
}

/// What the server holds in place of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Same,
    Other,
    /// It shows nobody.
    Unknown,
}

impl Legacy {
    /// As configured.
    ///
    /// # Errors
    /// What is wrong with the settings, for people.
    pub(crate) fn new(
        settings: &RemoteSettings,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let Kind::Legacy { url, key, chunk } = &settings.kind else {
            return Err(SetupError("these are not the settings of an older storage server".to_owned()));
        };
        let wire = Wire::new(settings, url, key, patience, Arc::clone(&clock))?;
        Ok(Self {
            wire,
            key: key.clone(),
            chunk: (*chunk).clamp(1, MOST_CHUNK),
            clock,
            doubts: Doubts::default(),
        })
    }

    fn request(&self, method: Method, segments: &[&str]) -> reqwest::RequestBuilder {
        self.wire.at(method, segments).header("x-api-key", self.key.reveal())
    }

    /// Sends JSON and reads JSON.
    async fn call(&self, segments: &[&str], body: &Value) -> Result<Value, Fault> {
        let body = body.to_string();
        let digest = digest_of(Sha256::digest(&body).into());
        self.post(segments, "application/json", digest, Outgoing::of(body)).await
    }

    async fn post(
        &self,
        segments: &[&str],
        content_type: &str,
        digest: String,
        body: Outgoing,
    ) -> Result<Value, Fault> {
        let request = self.request(Method::POST, segments);
        let request = request.header("content-type", content_type).header("content-digest", digest);
        taken(&self.wire.give(request, body).await?)
    }

    /// Sends JSON that may come twice.
    async fn post_again(
        &self,
        segments: &[&str],
        digest: &str,
        body: impl Fn() -> Outgoing + Send + Sync,
    ) -> Result<Value, Fault> {
        let make = || {
            let request = self.request(Method::POST, segments).header("content-type", "application/json");
            (request.header("content-digest", digest), body())
        };
        taken(&self.wire.insist(make).await?)
    }

    /// Whether the server knows the event.
    async fn knows(&self, id: &str) -> Result<bool, Failure> {
        let ask = || (self.request(Method::GET, &["storage", "events", id]), Outgoing::empty());
        let answer = self.wire.insist(ask).await?;
        match answer.status.as_u16() {
            200 => Ok(true),
            // One that knows no such path knows no such event.
            404 | 405 | 410 | 501 => Ok(false),
            _ => Err(refusal(&answer)),
        }
    }

    /// Reads the clip back.
    async fn held(&self, bundle: &mut EventBundle, id: &str, clip: Clip) -> Result<Held, Failure> {
        let request = self.request(Method::GET, &["storage", "events", id, "video"]);
        let mut response = self.wire.open(request).await?;
        match response.status().as_u16() {
            200 => {}
            403 | 404 | 405 | 410 | 501 => return Ok(Held::Unknown),
            _ => return Err(refusal(&self.wire.hear(response).await?)),
        }
        if response.content_length().is_some_and(|length| length != clip.bytes) {
            return Ok(Held::Other);
        }
        let mut whole = Sha256::new();
        let mut read = 0;
        while let Some(piece) = self.wire.piece(&mut response).await? {
            read += piece.len() as u64;
            if read > clip.bytes {
                return Ok(Held::Other);
            }
            whole.update(&piece);
            bundle.sent(piece.len() as u64).await;
        }
        let is_same = read == clip.bytes && <[u8; 32]>::from(whole.finalize()) == clip.sha256;
        Ok(if is_same { Held::Same } else { Held::Other })
    }

    /// Reads the clip back, and deletes there what is not it.
    async fn proved(&self, bundle: &mut EventBundle, id: &str, clip: Clip) -> Result<Receipt, Failure> {
        let mut held = self.held(bundle, id, clip).await;
        if matches!(held, Ok(Held::Other | Held::Unknown) | Err(Failure::Again { after: None, .. })) {
            // It may have been changed on its way back, or we were asking for another.
            held = self.held(bundle, id, clip).await;
        }
        let held = held?;
        let place = format!("{}/storage/events/{id}", self.wire.root().as_str().trim_end_matches('/'));
        match held {
            Held::Same => Ok(Receipt { sha256: Some(clip.sha256), place }),
            Held::Unknown => Ok(Receipt { sha256: None, place }),
            Held::Other => {
                self.delete(id).await?;
                Note::default().keep(bundle).await?;
                Err(Failure::again("the server held another clip than was sent; it was deleted there"))
            }
        }
    }

    async fn send(&self, bundle: &mut EventBundle, clip: Clip) -> Result<Receipt, Failure> {
        let note = Note::of(bundle);
        let ours = bundle.event().id.to_string();
        let id = note.event.clone().unwrap_or_else(|| ours.clone());
        let is_known = self.knows(&id).await?;
        // Somebody who tried before asks twice: a question that was changed on its way would make a second event.
        let may_be = bundle.errand().attempts > 0 || bundle.resume().is_some();
        if is_known || (may_be && self.knows(&id).await?) {
            return self.proved(bundle, &id, clip).await;
        }
        let answer = if clip.bytes <= self.chunk {
            form::send(self, bundle, clip).await?
        } else {
            chunked::send(self, bundle, note.clone()).await?
        };
        bundle.progress();
        let id = match answer.get("event_id").and_then(Value::as_str) {
            Some(id) if id != ours => {
                self.is_renamed(bundle, id, note.renamed).await?;
                id.to_owned()
            }
            _ => ours,
        };
        self.proved(bundle, &id, clip).await
    }

    /// The server gave the event another id than we did. Most do not: the metadata was changed on its way, so what it holds
    /// is deleted there; one that does it again has its own way of naming.
    async fn is_renamed(&self, bundle: &mut EventBundle, id: &str, before: bool) -> Result<(), Failure> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if id.is_empty() || id.len() > 128 || !id.bytes().all(is_plain) {
            return Err(Failure::refused("the server gave the event an id that is none"));
        }
        if before {
            return Note { event: Some(id.to_owned()), ..Note::default() }.keep(bundle).await;
        }
        self.delete(id).await?;
        Note { renamed: true, ..Note::default() }.keep(bundle).await?;
        Err(Failure::again("the server gave the event another id than it has; it was deleted there"))
    }

    async fn delete(&self, id: &str) -> Result<(), Failure> {
        let ask = || (self.request(Method::DELETE, &["storage", "events", id]), Outgoing::empty());
        let answer = self.wire.insist(ask).await?;
        if matches!(answer.status.as_u16(), 200 | 204 | 404 | 410) { Ok(()) } else { Err(refusal(&answer)) }
    }

    /// The pictures that go with the clip, as their files.
    async fn thumbnails(&self, bundle: &mut EventBundle) -> Result<Vec<Bytes>, Failure> {
        let mut pictures = Vec::new();
        for number in 0..bundle.event().pictures.thumbnails {
            pictures.push(bundle.file(&format!("thumb_{number}.jpg")).await?);
        }
        Ok(pictures)
    }
}

#[async_trait::async_trait]
impl Remote for Legacy {
    fn kind(&self) -> &'static str {
        "legacy"
    }

    fn pictures_first(&self) -> bool {
        false
    }

    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        self.clip(bundle).await
    }

    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let Some(clip) = bundle.manifest().clip.clone() else {
            return Err(Failure::refused("an older server takes no event without its clip"));
        };
        let Some(sha256) = unhex(&clip.sha256) else {
            return Err(Failure::refused("nothing tells what the clip's SHA-256 should be"));
        };
        let sent = self.send(bundle, Clip { bytes: clip.bytes, sha256 }).await;
        self.doubts.weigh(bundle.event().id, sent)
    }

    /// It lists no unfinished uploads; one that is given up is cancelled where that is decided.
    async fn tidy(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    async fn probe(&self) -> Vec<Finding> {
        probe::run(self).await
    }

    fn heard(&self) -> u64 {
        self.wire.heard()
    }
}

/// What a server answered that took what it was given.
fn taken(answer: &Heard) -> Result<Value, Fault> {
    if answer.status != StatusCode::OK {
        let is_gone = matches!(answer.status.as_u16(), 404 | 410);
        return Err(Fault { is_gone, failure: refusal(answer) });
    }
    let value: Value = serde_json::from_str(&answer.text)
        .map_err(|_| Failure::again(format!("the answer is no JSON, {}", answer.words())))?;
    if value.get("success") == Some(&Value::Bool(false)) {
        return Err(Failure::again(format!("the server did not succeed, {}", answer.words())).into());
    }
    Ok(value)
}

/// What an answer that is not 200 means for the errand.
fn refusal(answer: &Heard) -> Failure {
    let why = format!("the server answered {}", answer.words());
    match answer.status.as_u16() {
        401 | 403 => Failure::Denied { why },
        // Nothing is followed: the key is for the configured address alone.
        300..400 => Failure::Unreachable { why: format!("{why}; url must be where the server itself is") },
        413 => Failure::refused(format!("{why}; a smaller chunk_size may help")),
        // 409 is about other uploads under way.
        400..500 if !matches!(answer.status.as_u16(), 408 | 409 | 425 | 429) => Failure::refused(why),
        _ => Failure::Again { why, after: answer.after },
    }
}

/// The value of `Content-Digest` (RFC 9530).
fn digest_of(sha256: [u8; 32]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
