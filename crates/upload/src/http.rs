//! The one way to a remote over HTTP: a client that goes only where it was told to, waits no longer than it should, and
//! reads no more of an answer than it needs.
//!
//! What does not belong here: what is asked for (the remotes), and what follows from a failure (`reconcile`).

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use frame::Clock;
use jiff::Timestamp;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::remote::Failure;
use crate::settings::Secret;

mod address;
mod exact;
mod insist;
mod outgoing;
mod trouble;
mod words;

pub(crate) use insist::A_MOMENT;
pub use outgoing::Outgoing;
pub(crate) use trouble::{Place, of_name};
pub(crate) use words::redact;

use address::{Checked, Reach};
use trouble::deepest;

/// Bytes of an answer, at most.
const MOST_ANSWER: usize = 64 * 1024;
/// A body of so many bytes tells how fast the way is.
const SPEAKS: u64 = 64 * 1024;
/// Time-outs in a row stretch the patience up to so many times.
const MOST_SLOWNESS: u32 = 8;

/// How long a remote may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// Without a byte moving either way.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), silence: Duration::from_secs(30) }
    }
}

/// Where a remote is and how it may be spoken to.
#[derive(Debug, Clone)]
pub struct Way {
    /// Its root; what is asked for lies below.
    pub url: String,
    /// Plain HTTP to hosts outside the local network is allowed.
    pub allow_http: bool,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long it may take.
    pub patience: Patience,
    /// What never stands in a log or an error.
    pub secrets: Vec<Secret>,
    /// For dates in answers.
    pub clock: Arc<dyn Clock>,
}

/// Why a remote cannot even be tried: something is wrong with what was configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub String);

/// A client for one remote.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    root: Url,
    reach: Reach,
    patience: Patience,
    secrets: Arc<[Secret]>,
    clock: Arc<dyn Clock>,
    /// How many times the usual patience this link was found to need, from 1.
    slowness: Arc<AtomicU32>,
    /// Bytes a second that it carried when it was last seen to; 0: never yet.
    speed: Arc<AtomicU64>,
    /// How often it answered, whatever, as one does that is well.
    heard: Arc<AtomicU64>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("root", &self.root.as_str()).finish_non_exhaustive()
    }
}

impl Http {
    /// For the remote at that address.
    ///
    /// # Errors
    /// If the address is none that may be called, or the certificates could not be read.
    pub fn new(way: Way) -> Result<Self, SetupError> {
        let root = root(&way.url)?;
        let is_plain = root.scheme() == "http";
        let reach = if is_plain && !way.allow_http { Reach::NearBy } else { Reach::Anywhere };
        check_literal(reach, &root).map_err(SetupError)?;
        let patience = way.patience;
        let builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .retry(reqwest::retry::never())
            .connect_timeout(patience.connect)
            // Whoever answers may close what was idle; some do after 5 s.
            .pool_idle_timeout(Duration::from_secs(4))
            .pool_max_idle_per_host(2)
            .tcp_user_timeout(patience.silence)
            .dns_resolver(Checked(reach))
            .user_agent(concat!("nightjar/", env!("CARGO_PKG_VERSION")));
        let failed =
            |error: &dyn fmt::Display| SetupError(format!("no connection could be prepared: {error}"));
        let builder = if is_plain {
            // The system's certificates take milliseconds to load and nobody asks for them here.
            builder.tls_backend_preconfigured(without_roots().map_err(|error| failed(&error))?)
        } else {
            use_ring();
            builder.tls_certs_merge(certificates(way.ca_file.as_ref())?)
        };
        let client = builder.build().map_err(|error| failed(&error.without_url()))?;
        let (secrets, clock) = (way.secrets.into(), way.clock);
        Ok(Self {
            client,
            root,
            reach,
            patience,
            secrets,
            clock,
            slowness: Arc::new(AtomicU32::new(1)),
            speed: Arc::default(),
            heard: Arc::default(),
        })
    }

    /// The remote's root.
    #[must_use]
    pub fn root(&self) -> &Url {
        &self.root
    }

    /// How often the remote has answered without a fault of its own.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// A request for what lies below the root; each segment is escaped as a whole.
    pub fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self.client.request(method, url)
    }

    /// Sends it, and reads the answer as far as it may be long. Every status is an answer.
    ///
    /// # Errors
    /// If no whole answer came.
    pub async fn send(&self, request: RequestBuilder, body: Outgoing) -> Result<Answer, Failure> {
        let response = self.open(request, body).await?;
        self.answered(response).await
    }

    /// Sends it; → the answer's head, its body still to be read. Every status is an answer.
    ///
    /// How long it may take is for the body of the request to say: as long as it moves, or as we hold it back, all is well.
    ///
    /// # Errors
    /// If no answer began.
    pub async fn open(&self, request: RequestBuilder, body: Outgoing) -> Result<Response, Failure> {
        let length = body.length();
        let (body, watch) = body.watched();
        let request = request.header(CONTENT_LENGTH, length);
        let request = if length > 0 { request.body(body) } else { request };
        let request = request.build().map_err(|error| self.broken(error))?;
        check_literal(self.reach, request.url()).map_err(Failure::refused)?;
        let slowness = self.slowness.load(Ordering::Relaxed);
        // What it carried a moment ago may well be four times what it carries now.
        let speed = self.speed.load(Ordering::Relaxed) / 4;
        let began = Instant::now();
        tokio::select! {
            biased;
            answer = self.client.execute(request) => match answer {
                Ok(response) => {
                    if !response.status().is_server_error() {
                        self.heard.fetch_add(1, Ordering::Relaxed);
                    }
                    self.slowness.store(1, Ordering::Relaxed);
                    if length >= SPEAKS {
                        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
                        self.speed.store(length.saturating_mul(1000) / millis, Ordering::Relaxed);
                    }
                    Ok(response)
                }
                Err(error) => Err(self.broken(error)),
            },
            () = watch.stalled(self.patience.silence, speed, slowness) => {
                self.slowness.store((slowness * 2).min(MOST_SLOWNESS), Ordering::Relaxed);
                Err(self.silent(if watch.is_out() { "answered" } else { "taken more" }))
            }
        }
    }

    /// Reads the body of an answer as far as it is kept, and sorts it.
    async fn answered(&self, mut response: Response) -> Result<Answer, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let reading = async {
            let mut body = BytesMut::new();
            while let Some(piece) = response.chunk().await.map_err(|error| self.broken(error))? {
                let room = MOST_ANSWER - body.len();
                body.extend_from_slice(piece.get(..room).unwrap_or(&piece));
                if piece.len() > room {
                    break;
                }
            }
            Ok(body.freeze())
        };
        let read = tokio::time::timeout(self.patience.silence * 2, reading).await;
        let body = read.unwrap_or_else(|_| Err(self.silent("ended its answer")))?;
        let said = words::clean(&body, &self.secrets);
        let now = Timestamp::try_from(self.clock.wall()).unwrap_or(Timestamp::UNIX_EPOCH);
        let after = words::retry_after(&headers, now);
        Ok(Answer { status, headers, body, said, after })
    }

    /// A failure of the connection, for people and without secrets.
    pub(crate) fn broken(&self, error: reqwest::Error) -> Failure {
        let (is_connect, is_builder) = (error.is_connect(), error.is_builder());
        let place = Place::of(&self.root, self.patience.connect);
        let place = if is_connect { place } else { place.connected() };
        let error = error.without_url();
        if is_builder {
            Failure::refused(self.redact(&format!("the request could not be made: {}", deepest(&error))))
        } else if is_connect {
            Failure::Unreachable { why: self.redact(&place.why(&error)) }
        } else {
            Failure::again(self.redact(&place.why(&error)))
        }
    }

    /// Words of a remote, or about it, as they may be shown.
    pub(crate) fn redact(&self, words: &str) -> String {
        words::redact(words, &self.secrets)
    }

    fn silent(&self, what: &str) -> Failure {
        Failure::again(format!("{} has not {what} in time", self.host()))
    }

    fn host(&self) -> &str {
        self.root.host_str().unwrap_or("the remote")
    }
}

/// An address in the place of a name is connected to without asking the resolver, so it is checked before.
fn check_literal(reach: Reach, url: &Url) -> Result<(), String> {
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    host.parse::<IpAddr>().map_or(Ok(()), |address| reach.check(address))
}

/// What a remote answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its head.
    pub headers: HeaderMap,
    /// Its first 64 KiB.
    pub body: Bytes,
    /// Its words, as they may be shown.
    pub said: String,
    /// What it asked for by `Retry-After`, at most an hour.
    pub after: Option<Duration>,
}

impl Answer {
    /// What it holds, if it is a success.
    ///
    /// # Errors
    /// What its status means, or that it is not what was expected.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let body = self.success()?;
        serde_json::from_slice(body)
            .map_err(|_| Failure::again(format!("the answer is not what was expected: {}", self.said)))
    }

    /// Its body, if it is a success.
    ///
    /// # Errors
    /// What its status means.
    pub fn success(&self) -> Result<&Bytes, Failure> {
        if self.status.is_success() { Ok(&self.body) } else { Err(self.failure()) }
    }

    /// What a status that is no success means for the errand.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let code = self.status.as_u16();
        let said =
            if self.said.is_empty() { self.status.canonical_reason().unwrap_or("") } else { &self.said };
        let why = format!("{code}: {said}");
        match code {
            401 | 403 => Failure::Denied { why: format!("the key is not accepted ({why})") },
            408 | 425 | 429 => Failure::Again { why, after: self.after },
            400..500 => Failure::Refused { why },
            // Nothing is followed: the key is for the configured address alone.
            300..400 => Failure::Unreachable { why: format!("it points to another address ({why})") },
            _ => Failure::Again { why, after: self.after },
        }
    }
}

/// The address, if it may be one.
fn root(url: &str) -> Result<Url, SetupError> {
    let root = Url::parse(url).map_err(|error| SetupError(format!("the address is none: {error}")))?;
    let wrong = match root.scheme() {
        "http" | "https" if root.host_str().is_none_or(str::is_empty) => "has no host",
        "http" | "https" if !root.username().is_empty() || root.password().is_some() => {
            "holds a password: keys have settings of their own"
        }
        "http" | "https" if root.query().is_some() || root.fragment().is_some() => "holds a ? or a #",
        "http" | "https" => return Ok(root),
        _ => "begins neither with https:// nor with http://",
    };
    Err(SetupError(format!("the address {wrong}")))
}

fn certificates(file: Option<&PathBuf>) -> Result<Vec<Certificate>, SetupError> {
    let Some(path) = file else { return Ok(Vec::new()) };
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|error| SetupError(format!("failed to read {shown}: {error}")))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(SetupError(format!("{shown} holds no certificate"))),
        Err(error) => Err(SetupError(format!("{shown} holds no certificates: {error}"))),
    }
}

/// The TLS library needs to be told once a process who does its arithmetic.
fn use_ring() {
    static ONCE: Once = Once::new();
    // An error means that somebody else has told it already.
    ONCE.call_once(|| {
        let _already = rustls::crypto::ring::default_provider().install_default();
    });
}

fn without_roots() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
