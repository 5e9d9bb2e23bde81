//! The clip of an event, part by part from where the hub has it, until there is a receipt for our own bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use store::parcel::{self, Standing};
use tokio::time::Instant;

use super::{MOST_TURNS, Nightjar, code, digest, failure, member, told};
use crate::bundle::{ClipReader, EventBundle};
use crate::http::{A_MOMENT, Outgoing};
use crate::ledger::Receipt;
use crate::remote::Failure;

const LEAST_PART: u64 = 1 << 20;
const MOST_PART: u64 = 8 << 20;
/// A part is to take about so many ms: what is lost with it, and how soon the page moves.
const PART_TAKES: u64 = 5000;

/// How large parts are on this way, by how fast the last one went.
#[derive(Debug)]
pub(super) struct Parts(AtomicU64);

impl Default for Parts {
    fn default() -> Self {
        Self(AtomicU64::new(LEAST_PART))
    }
}

impl Parts {
    fn size(&self) -> usize {
        usize::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(1 << 20)
    }

    /// A whole part took so long: at most twice that size next.
    fn took(&self, bytes: u64, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        let wanted = bytes.saturating_mul(PART_TAKES) / millis;
        let most = self.0.load(Ordering::Relaxed).saturating_mul(2).min(MOST_PART);
        self.0.store(wanted.clamp(LEAST_PART, most.max(LEAST_PART)), Ordering::Relaxed);
    }

    fn failed(&self) {
        self.0.store(LEAST_PART, Ordering::Relaxed);
    }
}

/// Brings the clip there from where the hub has it.
pub(super) async fn send(
    hub: &Nightjar,
    bundle: &mut EventBundle,
    mut standing: Standing,
) -> Result<Receipt, Failure> {
    let Some(clip) = bundle.manifest().clip.clone() else { return no_clip(&standing) };
    let mut turns = 0;
    let mut reader: Option<ClipReader> = None;
    loop {
        if standing.state == parcel::STORED {
            return proof(&standing, &clip.sha256);
        }
        if standing.state != parcel::CLIP || turns >= MOST_TURNS {
            return Err(Failure::again("the hub does not go on with the clip"));
        }
        let before = standing.offset;
        standing = if before >= clip.bytes {
            finish(hub, bundle).await?
        } else {
            let mut open = match reader.take().filter(|reader| reader.offset() == before) {
                Some(open) => open,
                None => bundle.clip(before).await?,
            };
            let began = Instant::now();
            match part(hub, bundle, &mut open).await {
                // Asked for, since what is there already need not go twice.
                Err(Failure::Again { after: None, .. })
                    if turns + 1 < MOST_TURNS && began.elapsed() < A_MOMENT =>
                {
                    hub.standing(bundle.event().id).await?
                }
                next => {
                    reader = Some(open);
                    next?
                }
            }
        };
        if standing.offset > before {
            turns = 0;
            bundle.progress();
        } else {
            // It has less than it had, or wants the same again.
            turns += 1;
        }
    }
}

/// Sends one part; → how far the clip has come.
async fn part(hub: &Nightjar, bundle: &EventBundle, reader: &mut ClipReader) -> Result<Standing, Failure> {
    let (id, offset) = (bundle.event().id, reader.offset());
    let bytes = reader.part(hub.parts.size()).await?;
    let length = bytes.len() as u64;
    let request = hub
        .request(Method::PATCH, &[&id.to_string(), "clip"])
        .header(CONTENT_TYPE, "application/octet-stream")
        .header("upload-offset", offset)
        .header("content-digest", digest(&bytes));
    let began = Instant::now();
    let answer = match hub.http.send(request, bundle.body(bytes)).await {
        Ok(answer) => answer,
        Err(failure) => {
            hub.parts.failed();
            return Err(failure);
        }
    };
    if answer.status == StatusCode::CONFLICT {
        let Some(offset) = member(&answer, "offset").and_then(|offset| offset.as_u64()) else {
            return Err(failure(&answer));
        };
        return Ok(Standing { offset, ..waiting(id) });
    }
    if answer.status == StatusCode::NOT_FOUND && code(&answer).is_some() {
        return Err(Failure::again(answer.said));
    }
    let standing = told(id, &answer)?;
    if length >= LEAST_PART {
        hub.parts.took(length, began.elapsed());
    }
    Ok(standing)
}

/// Says that all of it is there; → with a receipt, or from where it goes on.
async fn finish(hub: &Nightjar, bundle: &EventBundle) -> Result<Standing, Failure> {
    let id = bundle.event().id;
    let ask = || (hub.request(Method::POST, &[&id.to_string(), "finish"]), Outgoing::empty());
    let answer = hub.http.insist(ask).await?;
    match (answer.status.as_u16(), code(&answer).as_deref()) {
        (409, Some("offset")) => {
            let offset = member(&answer, "offset").and_then(|offset| offset.as_u64()).unwrap_or(0);
            Ok(Standing { offset, ..waiting(id) })
        }
        // Something was changed there after it was checked: all of it again.
        (422, Some("digest")) => hub.standing(id).await,
        (404, Some(_)) => Err(Failure::again(answer.said)),
        _ => told(id, &answer),
    }
}

fn waiting(id: store::event::EventId) -> Standing {
    Standing {
        event: id.to_string(),
        state: parcel::CLIP.to_owned(),
        wants: Vec::new(),
        offset: 0,
        receipt: None,
    }
}

/// The hub's word that it keeps our clip.
fn proof(standing: &Standing, ours: &str) -> Result<Receipt, Failure> {
    let Some(receipt) = &standing.receipt else {
        return Err(Failure::again("the hub has the event and gives no receipt"));
    };
    if receipt.sha256 != ours {
        return Err(Failure::again("the hub's receipt is for another clip than ours"));
    }
    let sha256 = parcel::sha256_of(&receipt.sha256).map_err(Failure::again)?;
    Ok(Receipt { sha256: Some(sha256), place: receipt.path.clone() })
}

fn no_clip(standing: &Standing) -> Result<Receipt, Failure> {
    match &standing.receipt {
        Some(receipt) => Ok(Receipt { sha256: None, place: receipt.path.clone() }),
        None if standing.state == parcel::CLIP => {
            Err(Failure::again("the hub waits for a clip that is no longer here"))
        }
        None => Err(Failure::again("the hub gives no receipt")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_and_shrink_with_the_way() {
        let parts = Parts::default();
        assert_eq!(parts.size(), 1 << 20);
        for expected in [2, 4, 8, 8] {
            parts.took(1 << 20, Duration::from_millis(10));
            assert_eq!(parts.size(), expected << 20);
        }
        parts.took(8 << 20, Duration::from_secs(20));
        assert_eq!(parts.size(), 2 << 20);
        parts.took(2 << 20, Duration::from_secs(600));
        assert_eq!(parts.size(), 1 << 20);
    }
}
