//! A clip that is too long for one request: in parts, each of them checked, taken up again where an attempt broke off.
//!
//! What an attempt knows of the parts lies with the errand; what the store holds is asked for. A part that the store
//! does not list, or lists with another length or checksum, is sent again. What does not belong here: whether the whole
//! is what it should be in the end ([`super`]).

use http::StatusCode;
use jiff::Timestamp;
use rusty_s3::Method;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::bucket::{Ask, Bucket};
use super::digest::{self, Sums};
use super::xml::{self, HeldPart};
use crate::bundle::EventBundle;
use crate::http::Outgoing;
use crate::remote::Failure;
use crate::settings::Checksum;

/// Bytes of a part, unless there would be too many: what an attempt holds in memory.
pub(super) const PART: u64 = 8 << 20;
/// A store takes no more parts than that.
const MOST_PARTS: u64 = 10_000;
/// Parts on a page of a list: an answer is read up to 64 KiB.
const PAGE: &str = "100";

/// What lies with the errand.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) upload: String,
    pub(super) key: String,
    part: u64,
    sha256: String,
    algorithm: Option<String>,
    /// Entity tags of the parts that are there, in order; empty where one is not known.
    tags: Vec<String>,
}

impl Note {
    pub(super) fn read(resume: Option<&str>) -> Option<Self> {
        serde_json::from_str(resume?).ok()
    }

    fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// What is to be sent where, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) key: &'a str,
    pub(super) bytes: u64,
    /// Of the whole clip.
    pub(super) sha256: [u8; 32],
    pub(super) mode: Checksum,
}

impl Job<'_> {
    /// Bytes of every part but the last.
    pub(super) fn part(&self) -> u64 {
        self.bytes.div_ceil(MOST_PARTS).next_multiple_of(1 << 20).max(PART)
    }

    fn note(&self, upload: String) -> Note {
        Note {
            upload,
            key: self.key.to_owned(),
            part: self.part(),
            sha256: digest::base64(self.sha256),
            algorithm: digest::algorithm(self.mode).map(str::to_owned),
            tags: Vec::new(),
        }
    }
}

/// Sends all parts and has them put together; → whether the store proved to have checked our SHA-256 of each.
pub(super) async fn send(bucket: &Bucket, bundle: &mut EventBundle, job: Job<'_>) -> Result<bool, Failure> {
    let (mut note, held) = take_up(bucket, bundle, job).await?;
    let mut reader = bundle.clip(0).await?;
    let mut whole = Sha256::new();
    let mut sums = Vec::new();
    let mut all_checked = true;
    let most = usize::try_from(job.part()).unwrap_or(usize::MAX);
    while reader.left() > 0 {
        let bytes = reader.part(most).await?;
        let index = sums.len();
        let (part_sums, hashed) = hash(whole, bytes.clone(), job.mode).await?;
        whole = hashed;
        let there = held.iter().find(|part| part.number as usize == index + 1);
        let there = there.filter(|part| is_the_same(part, bytes.len(), &part_sums));
        let known = note.tags.get(index).filter(|tag| !tag.is_empty()).cloned();
        match (there, there.and_then(|part| part.etag.clone()).or(known)) {
            (Some(part), Some(tag)) => {
                all_checked &= part_sums.is_repeated(part.sha256.as_deref());
                remember(&mut note, index, tag);
            }
            _ => {
                let (tag, checked) = put(bucket, bundle, &note, index, bytes, &part_sums).await?;
                all_checked &= checked;
                remember(&mut note, index, tag);
                bundle.note_resume(note.text()).await?;
                bundle.progress();
            }
        }
        sums.push(part_sums);
    }
    if <[u8; 32]>::from(whole.finalize()) != job.sha256 {
        abort(bucket, &note.key, &note.upload).await?;
        return Err(Failure::refused("the clip on this disk is no longer what was recorded"));
    }
    put_together(bucket, bundle, job, &note, &sums).await?;
    Ok(all_checked)
}

/// The hashes of the parts of the clip on disk, if its whole is what was recorded.
pub(super) async fn hashes(bundle: &mut EventBundle, job: Job<'_>) -> Result<Vec<[u8; 32]>, Failure> {
    let mut reader = bundle.clip(0).await?;
    let mut whole = Sha256::new();
    let mut hashes = Vec::new();
    let most = usize::try_from(job.part()).unwrap_or(usize::MAX);
    while reader.left() > 0 {
        let bytes = reader.part(most).await?;
        let (sums, hashed) = hash(whole, bytes, Checksum::Sha256).await?;
        whole = hashed;
        hashes.push(sums.sha256);
    }
    if <[u8; 32]>::from(whole.finalize()) == job.sha256 { Ok(hashes) } else { Ok(Vec::new()) }
}

/// Ends an upload that nobody goes on with; one that is gone is ended.
pub(super) async fn abort(bucket: &Bucket, key: &str, upload: &str) -> Result<(), Failure> {
    let answer = bucket.ask(Ask::new(Method::Delete, key).query("uploadId", upload)).await?;
    match answer.complaint() {
        Some(complaint) if !(answer.status == 404 || complaint.code == "NoSuchUpload") => {
            Err(answer.failure(&complaint))
        }
        _ => Ok(()),
    }
}

/// The upload that an earlier attempt began, if it is one of the same bytes and still there, or a new one.
async fn take_up(
    bucket: &Bucket,
    bundle: &mut EventBundle,
    job: Job<'_>,
) -> Result<(Note, Vec<HeldPart>), Failure> {
    if let Some(note) = Note::read(bundle.resume()) {
        let is_ours = Note { tags: Vec::new(), ..note.clone() } == job.note(note.upload.clone());
        if !is_ours {
            abort(bucket, &note.key, &note.upload).await?;
        } else if let Some(held) = held_parts(bucket, &note.key, &note.upload).await? {
            return Ok((note, held));
        }
        bundle.note_resume(None).await?;
    }
    // An answer may have been lost that would have told us of one, or a crash came before it was noted.
    forget_all(bucket, job.key).await?;
    let mut ask = Ask::new(Method::Post, job.key)
        .query("uploads", "")
        .header("content-type", super::key::content_type(job.key))
        .header("x-amz-meta-sha256", super::hex(job.sha256));
    if let Some(algorithm) = digest::algorithm(job.mode) {
        ask = ask.header("x-amz-checksum-algorithm", algorithm);
    }
    // Once: each time makes an upload.
    let answer = bucket.give(ask, Outgoing::empty()).await?.success()?;
    let Some(upload) = xml::upload_id(&answer.text) else {
        return Err(Failure::again("the store began an upload and did not say which"));
    };
    let note = job.note(upload);
    bundle.note_resume(note.text()).await?;
    Ok((note, Vec::new()))
}

/// When something was last added to an upload; `None` if nothing was, or nobody knows.
pub(super) async fn newest(bucket: &Bucket, key: &str, upload: &str) -> Result<Option<Timestamp>, Failure> {
    let held = held_parts(bucket, key, upload).await?;
    Ok(held.unwrap_or_default().iter().filter_map(|part| part.when).max())
}

/// The parts that the store holds; `None` if it knows nothing of the upload any more.
async fn held_parts(bucket: &Bucket, key: &str, upload: &str) -> Result<Option<Vec<HeldPart>>, Failure> {
    let mut held = Vec::new();
    let mut after = 0;
    loop {
        let ask = Ask::new(Method::Get, key)
            .query("uploadId", upload)
            .query("max-parts", PAGE)
            .query("part-number-marker", after.to_string());
        let answer = bucket.ask(ask).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let answer = answer.success()?;
        let Some(page) = xml::parts(&answer.text) else {
            return Err(Failure::again("the store's list of parts could not be read"));
        };
        held.extend(page.items);
        match page.next {
            Some(next) if next > after => after = next,
            _ => return Ok(Some(held)),
        }
    }
}

fn is_the_same(held: &HeldPart, bytes: usize, sums: &Sums) -> bool {
    held.bytes == bytes as u64 && held.sha256.as_deref().is_none_or(|said| sums.is_repeated(Some(said)))
}

fn remember(note: &mut Note, index: usize, tag: String) {
    if note.tags.len() <= index {
        note.tags.resize(index + 1, String::new());
    }
    if let Some(known) = note.tags.get_mut(index) {
        *known = tag;
    }
}

/// Sends one part; → its entity tag, and whether the store proved to have checked our SHA-256.
async fn put(
    bucket: &Bucket,
    bundle: &mut EventBundle,
    note: &Note,
    index: usize,
    bytes: bytes::Bytes,
    sums: &Sums,
) -> Result<(String, bool), Failure> {
    let (name, value) = sums.header();
    let ask = Ask::new(Method::Put, &note.key)
        .query("partNumber", (index + 1).to_string())
        .query("uploadId", &note.upload)
        .header(name, value);
    let answer = bucket.insist(ask, || bundle.body(bytes.clone())).await?;
    if answer.status == 404 {
        // Ended by somebody else, or forgotten: the next attempt begins anew.
        bundle.note_resume(None).await?;
        return Err(Failure::again("the store knows nothing of the upload any more"));
    }
    let answer = answer.success()?;
    let Some(tag) = answer.header("etag") else {
        return Err(Failure::again("the store took a part and gave no entity tag for it"));
    };
    Ok((tag.to_owned(), sums.is_repeated(answer.header("x-amz-checksum-sha256"))))
}

async fn put_together(
    bucket: &Bucket,
    bundle: &mut EventBundle,
    job: Job<'_>,
    note: &Note,
    sums: &[Sums],
) -> Result<(), Failure> {
    let element = digest::element(job.mode);
    let parts = note.tags.iter().zip(sums);
    let parts = parts.map(|(tag, sums)| (tag.as_str(), element.map(|element| (element, sums.value()))));
    let body = xml::completion(parts);
    let ask =
        Ask::new(Method::Post, job.key).query("uploadId", &note.upload).header("content-type", "text/xml");
    let answer = bucket.give(ask, Outgoing::of(body)).await?;
    if answer.status == 404 {
        bundle.note_resume(None).await?;
        return Err(Failure::again("the store knows nothing of the upload any more"));
    }
    let code = answer.complaint().map(|complaint| complaint.code);
    if matches!(code.as_deref(), Some("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall")) {
        // What we noted of the parts is not what it holds: begun anew, since nothing tells which one.
        abort(bucket, &note.key, &note.upload).await?;
        bundle.note_resume(None).await?;
        return Err(Failure::again("the store does not hold the parts as they were sent"));
    }
    let answer = answer.success()?;
    if xml::is_completed(&answer.text) {
        Ok(())
    } else {
        Err(Failure::again("the store did not say that it is done"))
    }
}

/// Ends every unfinished upload of that key. A store that lets nobody list them has to end them by itself.
async fn forget_all(bucket: &Bucket, key: &str) -> Result<(), Failure> {
    let ask = Ask::new(Method::Get, "").query("uploads", "").query("max-uploads", "100").query("prefix", key);
    let answer = bucket.ask(ask).await?;
    let cannot = answer.status == StatusCode::NOT_IMPLEMENTED;
    let page = match answer.success() {
        Ok(answer) => xml::uploads(&answer.text),
        Err(failure @ Failure::Again { .. }) if !cannot => return Err(failure),
        Err(_) => None,
    };
    for upload in page.map(|page| page.items).unwrap_or_default().iter().filter(|upload| upload.key == key) {
        abort(bucket, key, &upload.id).await?;
    }
    Ok(())
}

/// The sums of one part, and the whole's hash carried on; off the runtime's thread.
async fn hash(mut whole: Sha256, bytes: bytes::Bytes, mode: Checksum) -> Result<(Sums, Sha256), Failure> {
    let hashed = tokio::task::spawn_blocking(move || {
        whole.update(&bytes);
        (Sums::of_now(&bytes, mode), whole)
    });
    hashed.await.map_err(|_| Failure::Cancelled)
}
