//! One client on one runtime of its own: requests with credentials, and every wait bounded and interruptible.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use tokio::runtime::{Builder, Runtime};

use crate::Problem;
use crate::halt::Halt;
use crate::http::address::Address;
use crate::http::auth::Challenge;
use crate::http::{checked, words};
use crate::supervisor::Tuning;

/// Why nothing came of a wait.
pub(crate) enum Cut {
    /// Not within its time.
    Silent,
    /// Told to stop.
    Stopped,
    Problem(Problem),
}

pub(crate) struct Client {
    address: Address,
    challenge: Option<Challenge>,
    http: reqwest::Client,
    halt: Arc<Halt>,
    /// Always there but while it is being dropped.
    runtime: Option<Runtime>,
}

impl Client {
    pub(crate) fn new(address: Address, tuning: Tuning, halt: Arc<Halt>) -> Result<Self, Problem> {
        let failed = |error: &dyn std::fmt::Display| {
            Problem::new(
                "system",
                format!("This machine could not prepare the connection: {error}."),
                "Restart Nightjar; if it stays, look for a shortage of memory or descriptors.",
            )
        };
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(1)
            .build()
            .map_err(|error| failed(&error))?;
        let builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .connect_timeout(tuning.connect)
            .pool_max_idle_per_host(1)
            .user_agent(concat!("nightjar/", env!("CARGO_PKG_VERSION")));
        let builder = match address.url.scheme() {
            "https" => {
                use_ring();
                builder
            }
            // The system's certificates take milliseconds to load and nobody asks for them here.
            _ => builder.tls_backend_preconfigured(without_roots().map_err(|error| failed(&error))?),
        };
        let http = builder.build().map_err(|error| failed(&error.without_url()))?;
        Ok(Self { address, challenge: None, http, halt, runtime: Some(runtime) })
    }

    pub(crate) fn host(&self) -> &str {
        &self.address.host
    }

    /// Waits for `work` on the runtime, until the deadline or until told to stop.
    pub(crate) fn run<T>(&self, deadline: Instant, work: impl Future<Output = T>) -> Result<T, Cut> {
        let Some(runtime) = &self.runtime else { return Err(Cut::Stopped) };
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.halt.token().cancelled() => Err(Cut::Stopped),
                done = tokio::time::timeout_at(deadline.into(), work) => done.map_err(|_| Cut::Silent),
            }
        })
    }

    /// One answer's head, within `patience`; credentials are given as often as it takes and no more.
    pub(crate) fn get(&mut self, patience: Duration) -> Result<Response, Cut> {
        let deadline = Instant::now() + patience;
        // Credentials made for an old challenge may be out of date; those made for a fresh one may not.
        let mut fresh = false;
        for _ in 0..3 {
            let request = self.request();
            let response = self.run(deadline, request)?;
            let response =
                response.map_err(|error| Cut::Problem(words::no_connection(self.host(), &error)))?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return checked(self.host(), response).map_err(Cut::Problem);
            }
            let challenge = Challenge::of(response.headers());
            let stale = challenge.as_ref().is_some_and(Challenge::is_stale);
            if self.address.credentials.is_none() || challenge.is_none() || (fresh && !stale) {
                break;
            }
            self.challenge = challenge;
            fresh = true;
        }
        Err(Cut::Problem(words::unauthorized(self.host(), self.address.credentials.is_some())))
    }

    fn request(&mut self) -> impl Future<Output = reqwest::Result<Response>> + use<> {
        let authorization = match (&mut self.challenge, &self.address.credentials) {
            (Some(challenge), Some(credentials)) => {
                challenge.answer(credentials, &self.address.path_and_query())
            }
            _ => None,
        };
        let mut request = self.http.get(self.address.url.clone()).header(
            ACCEPT,
            HeaderValue::from_static("multipart/x-mixed-replace, image/jpeg;q=0.9, */*;q=0.1"),
        );
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        request.send()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Name resolution may hang in the system's resolver; it is left to end by itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
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
