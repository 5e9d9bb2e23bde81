//! Our own hub: first what belongs to the event, then its small files, then its clip part by part, and at last a receipt.
//!
//! Everything is asked for and nothing assumed: where an attempt goes on is what the hub says it has, so an answer that
//! was lost, a hub that was restarted or an index that was built anew costs a question and no second copy.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use frame::Clock;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use sha2::{Digest as _, Sha256};
use store::event::EventId;
use store::parcel::{self, Standing};

use super::{Beat, Failure, Finding, Remote};
use crate::bundle::EventBundle;
use crate::http::{Answer, Http, Outgoing, Patience, SetupError, Way};
use crate::ledger::Receipt;
use crate::settings::{RemoteSettings, Secret};

mod clip;
mod probe;
#[cfg(test)]
mod tests;

/// How often the hub may change its mind within one attempt before that is given up.
const MOST_TURNS: u32 = 3;

/// One hub.
#[derive(Debug)]
pub(super) struct Nightjar {
    http: Http,
    /// `Bearer …`; marked as sensitive.
    key: HeaderValue,
    clock: Arc<dyn Clock>,
    parts: clip::Parts,
}

impl Nightjar {
    pub(super) fn new(
        settings: &RemoteSettings,
        url: &str,
        key: &Secret,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.reveal()))
            .map_err(|_| SetupError("the key holds characters that no key has".to_owned()))?;
        bearer.set_sensitive(true);
        let way = Way {
            url: url.to_owned(),
            allow_http: settings.allow_http,
            ca_file: settings.ca_file.clone(),
            patience,
            secrets: vec![key.clone()],
            clock: Arc::clone(&clock),
        };
        Ok(Self { http: Http::new(way)?, key: bearer, clock, parts: clip::Parts::default() })
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let segments: Vec<_> = ["api", "v1", "ingest"].iter().chain(segments).copied().collect();
        self.http.request(method, &segments).header(AUTHORIZATION, self.key.clone())
    }

    /// How far the event has come there.
    async fn standing(&self, id: EventId) -> Result<Standing, Failure> {
        let id_text = id.to_string();
        let ask = || (self.request(Method::GET, &[&id_text]), Outgoing::empty());
        told(id, &self.http.insist(ask).await?)
    }

    /// Says what belongs to the event; → how far it has come there.
    async fn announce(&self, bundle: &EventBundle) -> Result<Standing, Failure> {
        let id = bundle.event().id;
        let words = serde_json::to_vec(bundle.manifest())
            .map_err(|error| Failure::refused(format!("the event cannot be described: {error}")))?;
        let words = Bytes::from(words);
        for turn in 0..MOST_TURNS {
            // Words that were damaged on their way must not be taken for words that cannot be.
            let say = || {
                let request = self.request(Method::PUT, &[&id.to_string()]);
                let request = request.header(CONTENT_TYPE, "application/json");
                (request.header("content-digest", digest(&words)), bundle.body(words.clone()))
            };
            let answer = self.http.insist(say).await?;
            if answer.status != StatusCode::CONFLICT || turn + 1 == MOST_TURNS {
                return told(id, &answer);
            }
            // Somebody's words about the event may have changed since it was begun.
            let standing = self.standing(id).await.map_err(|_| answer.failure())?;
            match standing.state.as_str() {
                parcel::FILES => self.give_up(id).await?,
                // As it is kept there it is as good; its clip is what is compared.
                parcel::CLIP | parcel::STORED => return Ok(standing),
                _ => return Err(answer.failure()),
            }
        }
        Err(Failure::again("the hub does not make up its mind about the event"))
    }

    /// Gives up what is there of an event that is not whole.
    async fn give_up(&self, id: EventId) -> Result<(), Failure> {
        let id = id.to_string();
        let ask = || (self.request(Method::DELETE, &[&id]), Outgoing::empty());
        let answer = self.http.insist(ask).await?;
        if answer.status == StatusCode::NOT_FOUND { Ok(()) } else { answer.success().map(|_| ()) }
    }

    /// Brings there what goes before the clip.
    async fn small_files(&self, bundle: &mut EventBundle) -> Result<Standing, Failure> {
        let mut standing = self.announce(bundle).await?;
        let id = bundle.event().id;
        // Each file once: a hub that wants one again does not keep what it takes.
        for name in std::mem::take(&mut standing.wants) {
            if standing.state != parcel::FILES {
                break;
            }
            if !bundle.manifest().files.iter().any(|file| file.name == name) {
                return Err(Failure::again(format!(
                    "the hub wants {name:?}, which does not belong to the event"
                )));
            }
            let bytes = bundle.file(&name).await?;
            let bring = || {
                let request = self.request(Method::PUT, &[&id.to_string(), "files", &name]);
                let request = request.header(CONTENT_TYPE, "application/octet-stream");
                (request.header("content-digest", digest(&bytes)), bundle.body(bytes.clone()))
            };
            let answer = self.http.insist(bring).await?;
            standing = told(id, &answer)?;
            bundle.progress();
        }
        match standing.state.as_str() {
            parcel::CLIP | parcel::STORED => Ok(standing),
            _ => Err(Failure::again("the hub wants files again that it was given")),
        }
    }
}

#[async_trait::async_trait]
impl Remote for Nightjar {
    fn kind(&self) -> &'static str {
        "nightjar"
    }

    fn pictures_first(&self) -> bool {
        true
    }

    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let standing = self.small_files(bundle).await?;
        let place = standing.receipt.map_or_else(String::new, |receipt| receipt.path);
        Ok(Receipt { sha256: None, place })
    }

    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let mut standing = self.standing(bundle.event().id).await?;
        if !matches!(standing.state.as_str(), parcel::CLIP | parcel::STORED) {
            standing = self.small_files(bundle).await?;
        }
        clip::send(self, bundle, standing).await
    }

    /// What is left there of events that were never finished the hub itself takes away.
    async fn tidy(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    async fn probe(&self) -> Vec<Finding> {
        probe::run(self).await
    }

    async fn beat(&self, beat: &Beat) -> Result<(), Failure> {
        let words = serde_json::to_vec(beat)
            .map_err(|error| Failure::refused(format!("a beat cannot be written: {error}")))?;
        let request = self.request(Method::PUT, &["device"]).header(CONTENT_TYPE, "application/json");
        self.http.send(request, Outgoing::of(words)).await?.success().map(|_| ())
    }

    fn hears_beats(&self) -> bool {
        true
    }

    fn heard(&self) -> u64 {
        self.http.heard()
    }
}

/// How far that event has come, by an answer.
fn told(id: EventId, answer: &Answer) -> Result<Standing, Failure> {
    if !answer.status.is_success() {
        return Err(failure(answer));
    }
    let standing: Standing = answer.json()?;
    if standing.event.parse() != Ok(id) {
        return Err(Failure::again("the hub answered for another event"));
    }
    Ok(standing)
}

/// What an answer means that is no success.
fn failure(answer: &Answer) -> Failure {
    match answer.status.as_u16() {
        // Damaged on its way.
        422 if code(answer).as_deref() == Some("digest") => Failure::again(answer.said.clone()),
        421 => Failure::Unreachable { why: format!("the hub does not go by this name ({})", answer.said) },
        404 | 405 if code(answer).is_none() => {
            Failure::Unreachable { why: format!("what answers there is no hub ({})", answer.status.as_u16()) }
        }
        _ => answer.failure(),
    }
}

/// A problem document's word for programs.
fn code(answer: &Answer) -> Option<String> {
    member(answer, "code")?.as_str().map(ToOwned::to_owned)
}

fn member(answer: &Answer, name: &str) -> Option<serde_json::Value> {
    let mut problem: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(problem.get_mut(name)?.take())
}

/// RFC 9530.
fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}
