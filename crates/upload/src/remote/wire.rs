//! How the older server and object stores are asked over the house's HTTP client: whole answers as text and words for
//! people, long ones piece by piece, bodies of known length.
//!
//! What does not belong here: what an answer means (the remotes), and where a client may go (`http`).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frame::Clock;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use crate::http::{Answer, Http, Outgoing, Patience, SetupError, Way};
use crate::remote::Failure;
use crate::settings::{RemoteSettings, Secret};

/// The way to one remote.
#[derive(Debug, Clone)]
pub(super) struct Wire(Http);

/// A whole answer.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Its first 64 KiB.
    pub(super) text: String,
    /// What it asked for by `Retry-After`.
    pub(super) after: Option<Duration>,
    said: String,
}

impl Heard {
    /// The status and what was said with it, as people may read it.
    pub(super) fn words(&self) -> String {
        let said =
            if self.said.is_empty() { self.status.canonical_reason().unwrap_or("") } else { &self.said };
        format!("{}: {said}", self.status.as_u16())
    }
}

impl From<Answer> for Heard {
    fn from(answer: Answer) -> Self {
        let Answer { status, headers, body, said, after } = answer;
        Self { status, headers, text: String::from_utf8_lossy(&body).into_owned(), after, said }
    }
}

impl Wire {
    /// The same way, for who speaks over it otherwise too.
    pub(super) fn of(http: Http) -> Self {
        Self(http)
    }

    pub(super) fn new(
        settings: &RemoteSettings,
        url: &str,
        secret: &Secret,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let way = Way {
            url: url.to_owned(),
            allow_http: settings.allow_http,
            ca_file: settings.ca_file.clone(),
            patience,
            secrets: vec![secret.clone()],
            clock,
        };
        Ok(Self(Http::new(way)?))
    }

    pub(super) fn root(&self) -> &Url {
        self.0.root()
    }

    /// A request for what lies below the root.
    pub(super) fn at(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.0.request(method, segments)
    }

    /// A request for exactly that address.
    pub(super) fn exactly(&self, method: Method, url: Url) -> RequestBuilder {
        self.0.exactly(method, url)
    }

    /// Asks once.
    pub(super) async fn give(&self, request: RequestBuilder, body: Outgoing) -> Result<Heard, Failure> {
        Ok(self.0.send(request, body).await?.into())
    }

    /// Asks for what is the same when it is done twice, with something in the body; again if that fails in a moment.
    pub(super) async fn insist(
        &self,
        make: impl FnMut() -> (RequestBuilder, Outgoing) + Send,
    ) -> Result<Heard, Failure> {
        Ok(self.0.insist(make).await?.into())
    }

    /// How often the remote has answered without a fault of its own.
    pub(super) fn heard(&self) -> u64 {
        self.0.heard()
    }

    /// Asks; → the answer's head, its body still to be read.
    pub(super) async fn open(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.0.open(request, Outgoing::empty()).await
    }

    /// Reads an answer to its end.
    pub(super) async fn hear(&self, response: Response) -> Result<Heard, Failure> {
        Ok(self.0.rest(response).await?.into())
    }

    /// The next piece of an answer's body; `None` at its end.
    pub(super) async fn piece(&self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        self.0.piece(response).await
    }

    /// Words of a remote, as they may be shown.
    pub(super) fn redact(&self, words: &str) -> String {
        self.0.redact(words)
    }
}
