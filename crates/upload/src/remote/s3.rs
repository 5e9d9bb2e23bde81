//! An S3-compatible object store.
//!
//! Keys are `<prefix>/YYYY/MM/DD/<event id>/…`, the same for the same event, and so is what lies behind them: whatever
//! is sent twice is there once. An object's own checksum, an answer that repeats our SHA-256, or reading the clip back
//! proves what the store holds; a receipt without one of these carries no hash.
//!
//! Requests are signed by `rusty-s3`, which does no I/O, and go through the one client of this crate, with its limits
//! on addresses, redirects and time. `object_store` was the other choice: it brings a second version of the HTTP client
//! and of the time library, knows neither the list of an upload's parts nor that of unfinished uploads, and retries by
//! itself where the outbox does so. What does not belong here: the requests ([`bucket`]), a clip in parts ([`parts`]).

use std::sync::Arc;

use frame::Clock;
use jiff::SignedDuration;
use rusty_s3::Method;
use sha2::{Digest as _, Sha256};

use self::bucket::{Ask, Bucket};
use self::digest::Sums;
use self::parts::{Job, Note};
use crate::bundle::EventBundle;
use crate::http::{Patience, SetupError};
use crate::ledger::Receipt;
use crate::remote::doubt::Doubts;
use crate::remote::wire::Wire;
use crate::remote::{Failure, Finding, Remote};
use crate::settings::{Checksum, Kind, RemoteSettings};

mod bucket;
mod digest;
mod key;
mod parts;
mod probe;
mod xml;

/// An unfinished upload that nothing was added to for so long is nobody's any more.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);
/// Pages of a list that are read in one go.
const MOST_PAGES: usize = 100;

/// One bucket, or a part of it below a prefix.
#[derive(Debug)]
pub(crate) struct S3 {
    bucket: Bucket,
    prefix: String,
    checksum: Checksum,
    doubts: Doubts,
}

/// What the store says of an object.
#[derive(Debug)]
enum Held {
    /// Nothing is there, or we may not know.
    No,
    /// Something is.
    Yes {
        bytes: Option<u64>,
        /// Base64, by the store's own reckoning; with a number of parts behind it if there were several.
        checked: Option<String>,
        /// Hexadecimal, as whoever sent it said.
        said: Option<String>,
    },
}

impl S3 {
    /// As configured.
    ///
    /// # Errors
    /// What is wrong with the settings, for people.
    pub(crate) fn new(
        settings: &RemoteSettings,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let Kind::S3 { endpoint, bucket, region, prefix, access_key, secret, checksum } = &settings.kind
        else {
            return Err(SetupError("these are not the settings of an object store".to_owned()));
        };
        let wire = Wire::new(settings, endpoint, secret, patience, Arc::clone(&clock))?;
        let key = (access_key.clone(), secret.clone());
        let bucket = Bucket::new(wire, bucket, region, key, clock)?;
        Ok(Self { bucket, prefix: prefix.clone(), checksum: *checksum, doubts: Doubts::default() })
    }

    fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket.name())
    }

    /// Sends a whole object; → whether the store proved to have checked our SHA-256.
    async fn put(
        &self,
        bundle: &mut EventBundle,
        key: &str,
        bytes: bytes::Bytes,
        sums: &Sums,
    ) -> Result<bool, Failure> {
        let (name, value) = sums.header();
        let ask = Ask::new(Method::Put, key)
            .header("content-type", key::content_type(key))
            .header("x-amz-meta-sha256", hex(sums.sha256))
            .header(name, value);
        let answer = self.bucket.insist(ask, || bundle.body(bytes.clone())).await?.success()?;
        Ok(sums.is_repeated(answer.header("x-amz-checksum-sha256")))
    }

    async fn look(&self, key: &str) -> Result<Held, Failure> {
        let mut ask = Ask::new(Method::Head, key);
        if self.checksum != Checksum::None {
            ask = ask.header("x-amz-checksum-mode", "ENABLED");
        }
        let answer = self.bucket.ask(ask).await?;
        let text = |name| answer.header(name).map(str::to_owned);
        match answer.status.as_u16() {
            200 => Ok(Held::Yes {
                bytes: answer.header("content-length").and_then(|length| length.parse().ok()),
                checked: text("x-amz-checksum-sha256"),
                said: text("x-amz-meta-sha256"),
            }),
            // A key that may do nothing but write is a good key.
            403 | 404 => Ok(Held::No),
            _ => Err(answer.failure(&answer.complaint().unwrap_or_default())),
        }
    }

    /// Whether what lies there already is proved to be the clip.
    async fn is_there(&self, bundle: &mut EventBundle, job: Job<'_>) -> Result<bool, Failure> {
        let Held::Yes { bytes, checked, said } = self.look(job.key).await? else { return Ok(false) };
        if bytes.is_some_and(|bytes| bytes != job.bytes) || said.is_some_and(|said| said != hex(job.sha256)) {
            return Ok(false);
        }
        if let Some(checked) = checked {
            if !checked.contains('-') {
                return Ok(checked == digest::base64(job.sha256));
            }
            let hashes = parts::hashes(bundle, job).await?;
            if !hashes.is_empty() && digest::composite(&hashes) == checked {
                return Ok(true);
            }
        }
        Ok(self.read_back(bundle, job).await? == Some(true))
    }

    /// Whether the object is the clip, byte for byte; `None` if we may not read it.
    async fn read_back(&self, bundle: &mut EventBundle, job: Job<'_>) -> Result<Option<bool>, Failure> {
        let mut response = match self.bucket.open(Ask::new(Method::Get, job.key)).await? {
            Ok(response) => response,
            Err(answer) => {
                let complaint = answer.complaint().unwrap_or_default();
                return match complaint.code.as_str() {
                    "AccessDenied" => Ok(None),
                    "NoSuchKey" => Ok(Some(false)),
                    _ => Err(answer.failure(&complaint)),
                };
            }
        };
        let mut read = 0;
        let mut whole = Sha256::new();
        while let Some(piece) = self.bucket.wire().piece(&mut response).await? {
            read += piece.len() as u64;
            if read > job.bytes {
                return Ok(Some(false));
            }
            whole.update(&piece);
            bundle.sent(piece.len() as u64).await;
        }
        Ok(Some(<[u8; 32]>::from(whole.finalize()) == job.sha256))
    }

    async fn send_pictures(&self, bundle: &mut EventBundle, folder: &str) -> Result<(), Failure> {
        let names: Vec<_> = bundle.manifest().files.iter().map(|file| file.name.clone()).collect();
        for name in names {
            let bytes = bundle.file(&name).await?;
            let sums = Sums::of(bytes.clone(), self.checksum).await?;
            self.put(bundle, &format!("{folder}{name}"), bytes, &sums).await?;
        }
        // Last: where it is, the rest is too.
        let metadata = serde_json::to_vec_pretty(&bundle.manifest().metadata)
            .map_err(|error| Failure::refused(format!("metadata that makes no JSON: {error}")))?;
        let sums = Sums::of_now(&metadata, self.checksum);
        self.put(bundle, &format!("{folder}metadata.json"), metadata.into(), &sums).await?;
        Ok(())
    }

    /// The clip in one request.
    async fn send_whole(&self, bundle: &mut EventBundle, job: Job<'_>) -> Result<bool, Failure> {
        let mut reader = bundle.clip(0).await?;
        let bytes = reader.part(usize::try_from(job.bytes).unwrap_or(usize::MAX)).await?;
        let sums = Sums::of(bytes.clone(), self.checksum).await?;
        if sums.sha256 != job.sha256 {
            return Err(Failure::refused("the clip on this disk is no longer what was recorded"));
        }
        self.put(bundle, job.key, bytes, &sums).await
    }

    async fn send_clip(&self, bundle: &mut EventBundle, job: Job<'_>) -> Result<Receipt, Failure> {
        let place = self.place(job.key);
        let receipt = |proved: bool| Receipt { sha256: proved.then_some(job.sha256), place: place.clone() };
        if self.is_there(bundle, job).await? {
            if let Some(note) = Note::read(bundle.resume()) {
                parts::abort(&self.bucket, &note.key, &note.upload).await?;
            }
            return Ok(receipt(true));
        }
        let is_checked = if job.bytes <= parts::PART {
            self.send_whole(bundle, job).await?
        } else {
            parts::send(&self.bucket, bundle, job).await?
        };
        if is_checked {
            return Ok(receipt(true));
        }
        match self.read_back(bundle, job).await? {
            Some(true) => Ok(receipt(true)),
            None => Ok(receipt(false)),
            Some(false) => Err(Failure::again("the store holds something else than what was sent")),
        }
    }
}

#[async_trait::async_trait]
impl Remote for S3 {
    fn kind(&self) -> &'static str {
        "s3"
    }

    fn pictures_first(&self) -> bool {
        true
    }

    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let folder = key::folder(&self.prefix, bundle.event());
        let sent = self.send_pictures(bundle, &folder).await;
        self.doubts.weigh(bundle.event().id, sent)?;
        Ok(Receipt { sha256: None, place: self.place(&folder) })
    }

    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let folder = key::folder(&self.prefix, bundle.event());
        let Some(clip) = bundle.manifest().clip.clone() else {
            return Ok(Receipt { sha256: None, place: self.place(&folder) });
        };
        let Some(sha256) = unhex(&clip.sha256) else {
            return Err(Failure::refused("nothing tells what the clip's SHA-256 should be"));
        };
        let key = format!("{folder}{}", key::CLIP);
        let job = Job { key: &key, bytes: clip.bytes, sha256, mode: self.checksum };
        let sent = async {
            // The day it belongs to may have changed with the clock since the pictures went.
            if matches!(self.look(&format!("{folder}metadata.json")).await?, Held::No) {
                self.send_pictures(bundle, &folder).await?;
            }
            self.send_clip(bundle, job).await
        };
        let sent = sent.await;
        self.doubts.weigh(bundle.event().id, sent)
    }

    async fn tidy(&self) -> Result<u64, Failure> {
        let mut marker = None::<(String, String)>;
        let mut ended = 0;
        for _ in 0..MOST_PAGES {
            let mut ask = Ask::new(Method::Get, "").query("uploads", "").query("max-uploads", "100");
            ask = ask.query("prefix", key::stem(&self.prefix));
            if let Some((key, id)) = marker.take() {
                ask = ask.query("key-marker", key).query("upload-id-marker", id);
            }
            let answer = self.bucket.ask(ask).await?.success()?;
            let Some(page) = xml::uploads(&answer.text) else {
                return Err(Failure::again("the store's list of unfinished uploads could not be read"));
            };
            for upload in page.items {
                if self.is_forgotten(&upload).await? {
                    parts::abort(&self.bucket, &upload.key, &upload.id).await?;
                    ended += 1;
                }
            }
            marker = page.next;
            if marker.is_none() {
                break;
            }
        }
        Ok(ended)
    }

    async fn probe(&self) -> Vec<Finding> {
        probe::run(self).await
    }

    fn heard(&self) -> u64 {
        self.bucket.wire().heard()
    }
}

impl S3 {
    /// Whether it is a clip of ours that nothing was added to for a day: an attempt that goes on would have done so.
    async fn is_forgotten(&self, upload: &xml::Unfinished) -> Result<bool, Failure> {
        let is_old = |time: jiff::Timestamp| self.bucket.now().duration_since(time) > FORGOTTEN;
        if key::event_of_clip(&self.prefix, &upload.key).is_none() || !upload.begun.is_some_and(is_old) {
            return Ok(false);
        }
        Ok(parts::newest(&self.bucket, &upload.key, &upload.id).await?.is_none_or(is_old))
    }
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
