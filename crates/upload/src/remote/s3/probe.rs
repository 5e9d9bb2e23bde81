//! What `doctor` finds of a bucket, step by step; what it wrote it takes away again.

use rusty_s3::Method;

use super::bucket::{Answer, Ask};
use super::digest::Sums;
use super::{S3, key, xml};
use crate::http::Outgoing;
use crate::remote::reach::{clocks, reach, skew_s};
use crate::remote::{Failure, Finding};
use crate::settings::Checksum;

/// A store takes no request that is signed for another time than its own by more than that.
const MOST_SKEW_S: i64 = 15 * 60;
const PROBE: &[u8] = b"Nightjar was here, and meant to take this away again.\n";

/// Finds out.
pub(super) async fn run(store: &S3) -> Vec<Finding> {
    let mut findings = Vec::new();
    let bucket = &store.bucket;
    let Some(reached) = reach(bucket.wire(), bucket.endpoint(), &mut findings).await else { return findings };
    findings.push(clocks(skew_s(&reached.headers, bucket.now()), Some(MOST_SKEW_S)));
    if !may_list(store, &mut findings).await {
        return findings;
    }
    // A name of its own each time: two cameras may probe at once.
    let chance: u64 = rand::random();
    let key = format!("{}nightjar-probe-{chance:016x}", key::stem(&store.prefix));
    if may_write(store, &key, &mut findings).await {
        may_read(store, &key, &mut findings).await;
        may_delete(store, &key, &mut findings).await;
        may_clear(store, &mut findings).await;
    }
    findings
}

/// Whether the key is right and the bucket there. A list tells why not; the head of a bucket has no words.
async fn may_list(store: &S3, findings: &mut Vec<Finding>) -> bool {
    let ask = Ask::new(Method::Get, "").query("list-type", "2").query("max-keys", "1");
    let answer = store.bucket.ask(ask.query("prefix", key::stem(&store.prefix))).await;
    let name = store.bucket.name();
    let finding = match sorted(answer) {
        Ok(_) => Finding::ok(format!("bucket {name} is there, and the key opens it")),
        Err((code, why)) => match code.as_str() {
            "AccessDenied" => Finding::ok(format!("bucket {name} may not be listed, which is not needed")),
            "NoSuchBucket" => Finding::bad(
                format!("there is no bucket {name}"),
                "make it, or correct bucket in the configuration",
            ),
            "InvalidAccessKeyId" => {
                Finding::bad("the store does not know access_key", "correct access_key, or make a new key")
            }
            "SignatureDoesNotMatch" => Finding::bad(
                "the secret does not fit access_key, or the region is another one",
                "correct secret_key and region",
            ),
            "RequestTimeTooSkewed" => Finding::bad(why, "set this machine's clock"),
            _ => Finding::bad(why, "check endpoint, bucket, region and key"),
        },
    };
    let is_well = finding.state == crate::remote::FindingState::Ok;
    findings.push(finding);
    is_well
}

async fn may_write(store: &S3, key: &str, findings: &mut Vec<Finding>) -> bool {
    let sums = Sums::of_now(PROBE, store.checksum);
    match sorted(put(store, key, &sums).await) {
        Ok(answer) => {
            findings.push(Finding::ok("an object can be written"));
            findings.push(match store.checksum {
                Checksum::Sha256 if sums.is_repeated(answer.header("x-amz-checksum-sha256")) => {
                    Finding::ok("the store checks SHA-256")
                }
                Checksum::Sha256 => Finding::warning(
                    "the store does not say that it checked our SHA-256: every clip is read back once",
                    "nothing, or checksum = \"none\" to be honest about it",
                ),
                Checksum::Crc32c | Checksum::None => {
                    Finding::ok("SHA-256 is not asked for: every clip is read back once")
                }
            });
            true
        }
        Err((code, why)) => {
            let plain = Sums::of_now(PROBE, Checksum::None);
            let takes_plain = store.checksum != Checksum::None
                && code != "AccessDenied"
                && sorted(put(store, key, &plain).await).is_ok();
            findings.push(if takes_plain {
                Finding::bad(
                    format!("the store does not take the checksum: {why}"),
                    "set checksum = \"none\"",
                )
            } else {
                let mend = "let the key s3:PutObject and s3:AbortMultipartUpload below the prefix";
                Finding::bad(format!("nothing can be written: {why}"), mend)
            });
            takes_plain
        }
    }
}

async fn may_read(store: &S3, key: &str, findings: &mut Vec<Finding>) {
    findings.push(match sorted(store.bucket.ask(Ask::new(Method::Get, key)).await) {
        Ok(answer) if answer.text.as_bytes() == PROBE => Finding::ok("it reads back as it was written"),
        Ok(_) => Finding::bad("it reads back otherwise than it was written", "do not trust this store"),
        Err((_, why)) => Finding::warning(
            format!("it cannot be read back: {why}"),
            "let the key s3:GetObject below the prefix, or local clips are kept unless the store checks SHA-256",
        ),
    });
}

async fn may_delete(store: &S3, key: &str, findings: &mut Vec<Finding>) {
    findings.push(match sorted(store.bucket.ask(Ask::new(Method::Delete, key)).await) {
        Ok(_) => Finding::ok("it can be deleted again"),
        Err((_, why)) => Finding::warning(
            format!("{key} cannot be deleted: {why}"),
            "delete it by hand; nothing else is ever deleted there, so that the key needs no more rights",
        ),
    });
}

async fn may_clear(store: &S3, findings: &mut Vec<Finding>) {
    let ask = Ask::new(Method::Get, "").query("uploads", "").query("max-uploads", "1");
    let answer = sorted(store.bucket.ask(ask.query("prefix", key::stem(&store.prefix))).await);
    findings.push(match answer {
        Ok(answer) if xml::uploads(&answer.text).is_some() => {
            Finding::ok("uploads that were broken off can be found and cleared away")
        }
        Ok(_) => Finding::warning("the list of unfinished uploads cannot be read", LIFECYCLE),
        Err((_, why)) => Finding::warning(format!("unfinished uploads cannot be listed: {why}"), LIFECYCLE),
    });
}

const LIFECYCLE: &str = "let the key s3:ListBucketMultipartUploads, or give the bucket a lifecycle rule that aborts \
                         unfinished uploads after some days";

async fn put(store: &S3, key: &str, sums: &Sums) -> Result<Answer, Failure> {
    let (name, value) = sums.header();
    let ask = Ask::new(Method::Put, key).header("content-type", "text/plain").header(name, value);
    store.bucket.give(ask, Outgoing::of(PROBE)).await
}

/// The answer, or the store's code and words.
fn sorted(answer: Result<Answer, Failure>) -> Result<Answer, (String, String)> {
    let answer = answer.map_err(|failure| (String::new(), failure.why().to_owned()))?;
    match answer.complaint() {
        None => Ok(answer),
        Some(complaint) => {
            let why = answer.failure(&complaint).why().to_owned();
            Err((complaint.code, why))
        }
    }
}
