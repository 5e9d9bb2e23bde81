//! Signed requests to one bucket, and its answers sorted.
//!
//! A request is signed in its query (SigV4), with every header that matters to what is kept signed along. What does not
//! belong here: what is asked for when ([`super`], [`super::parts`]).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use frame::Clock;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use reqwest::Url;
use rusty_s3::{Method, UrlStyle};

use super::xml::{self, Complaint};
use crate::http::{Outgoing, SetupError, redact};
use crate::remote::Failure;
use crate::remote::wire::{Heard, Wire};
use crate::settings::Secret;

/// A signature holds for so long: enough for a request that is under way, too short to be of use to others.
const HOLDS: Duration = Duration::from_secs(15 * 60);

/// One bucket, and the key to it.
pub(super) struct Bucket {
    wire: Wire,
    place: rusty_s3::Bucket,
    access_key: String,
    secret: Secret,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("url", &self.place.base_url().as_str()).finish_non_exhaustive()
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Empty: the bucket itself.
    pub(super) key: &'a str,
    pub(super) query: Vec<(&'static str, String)>,
    /// Names in lower case.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: Method, key: &'a str) -> Self {
        Self { method, key, query: Vec::new(), headers: Vec::new() }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// One answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    /// Status and text as they may be shown.
    words: String,
    after: Option<Duration>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What the store complains of; it may do so with a status of success.
    pub(super) fn complaint(&self) -> Option<Complaint> {
        match xml::complaint(&self.text) {
            None if !self.status.is_success() => Some(Complaint::default()),
            complaint => complaint,
        }
    }

    /// The answer, if there is nothing to complain of.
    pub(super) fn success(self) -> Result<Self, Failure> {
        match self.complaint() {
            None => Ok(self),
            Some(complaint) => Err(self.failure(&complaint)),
        }
    }

    /// What the store said, for people: its code and its words stand in the XML that it sent.
    fn words(&self) -> String {
        match self.complaint() {
            Some(Complaint { code, message }) if !code.is_empty() => {
                let [code, message] = [&code, &message].map(|text| redact(text, &[]));
                format!("the store answered {} {code}: {message}", self.status.as_u16())
            }
            _ => format!("the store answered {}", self.words),
        }
    }

    /// What a complaint means for the errand.
    pub(super) fn failure(&self, complaint: &Complaint) -> Failure {
        let Complaint { code, message } = complaint;
        let why = self.words();
        match (self.status.as_u16(), code.as_str()) {
            (_, "RequestTimeTooSkewed") => {
                Failure::Unreachable { why: format!("{why}; the clock here is wrong") }
            }
            (403, _) if message.contains("expired") => {
                Failure::Unreachable { why: format!("{why}; the clock here may be wrong") }
            }
            (_, "NoSuchBucket") => Failure::Unreachable { why },
            // Nothing is followed: the bucket lies in another region, or elsewhere altogether.
            (300..400, _) => Failure::Unreachable { why: format!("{why}; check endpoint and region") },
            (401 | 403, _) => Failure::Denied { why },
            // What did not arrive as it was sent is sent again.
            (
                400,
                "BadDigest"
                | "InvalidDigest"
                | "XAmzContentSHA256Mismatch"
                | "IncompleteBody"
                | "RequestTimeout",
            ) => Failure::again(why),
            (408 | 409 | 425 | 429 | 500.., _) | (200..300, _) => Failure::Again { why, after: self.after },
            _ => Failure::refused(why),
        }
    }
}

impl Bucket {
    pub(super) fn new(
        wire: Wire,
        name: &str,
        region: &str,
        key: (String, Secret),
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let endpoint = wire.root().clone();
        // Amazon wants the bucket in the host; of a store on somebody's own machine nobody knows but the path.
        let is_amazon = endpoint.host_str().is_some_and(|host| host.ends_with(".amazonaws.com"));
        let style = if is_amazon && !name.contains('.') { UrlStyle::VirtualHost } else { UrlStyle::Path };
        let place = rusty_s3::Bucket::new(endpoint, style, name.to_owned(), region.to_owned())
            .map_err(|error| SetupError(format!("bucket {name:?} makes no address: {error:?}")))?;
        let (access_key, secret) = key;
        Ok(Self { wire, place, access_key, secret, clock })
    }

    pub(super) fn name(&self) -> &str {
        self.place.name()
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Where the bucket's own requests go.
    pub(super) fn endpoint(&self) -> &Url {
        self.place.base_url()
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.wall()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Asks for what is the same when it is done twice, with nothing in the body.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        self.insist(ask, Outgoing::empty).await
    }

    /// Asks for what is the same when it is done twice; again if that fails in a moment.
    pub(super) async fn insist(
        &self,
        ask: Ask<'_>,
        body: impl Fn() -> Outgoing + Send + Sync,
    ) -> Result<Answer, Failure> {
        Ok(self.wire.insist(|| (self.request(&ask), body())).await?.into())
    }

    /// Asks once.
    pub(super) async fn give(&self, ask: Ask<'_>, body: Outgoing) -> Result<Answer, Failure> {
        Ok(self.wire.give(self.request(&ask), body).await?.into())
    }

    /// Asks for a body that is too long to be kept; the answer's head, or all of a refusal.
    pub(super) async fn open(&self, ask: Ask<'_>) -> Result<Result<reqwest::Response, Answer>, Failure> {
        let response = self.wire.open(self.request(&ask)).await?;
        if response.status().is_success() {
            Ok(Ok(response))
        } else {
            Ok(Err(self.wire.hear(response).await?.into()))
        }
    }

    fn request(&self, ask: &Ask<'_>) -> reqwest::RequestBuilder {
        let Ask { method, key, mut query, mut headers } = ask.clone();
        query.sort_unstable();
        headers.sort_unstable();
        let url = rusty_s3::signing::sign(
            &self.now(),
            method,
            self.place.object_url(key),
            &self.access_key,
            self.secret.reveal(),
            None,
            self.place.region(),
            HOLDS.as_secs(),
            query.iter().map(|(name, value)| (*name, value.as_str())),
            headers.iter().map(|(name, value)| (*name, value.as_str())),
        );
        let method = match method {
            Method::Head => http::Method::HEAD,
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Delete => http::Method::DELETE,
        };
        let request = self.wire.exactly(method, url);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

impl From<Heard> for Answer {
    fn from(heard: Heard) -> Self {
        let words = heard.words();
        let Heard { status, headers, text, after, .. } = heard;
        Self { status, headers, text, words, after }
    }
}
