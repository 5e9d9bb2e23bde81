//! A server on a port of its own, with a network between it and the client that can be told to fail.
//!
//! What it serves is a function from a whole request to a whole answer; a fault is applied to the first request that
//! its rule fits, as often as the rule says.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What is served.
pub(crate) type Handler = Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// What goes wrong.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Another answer, before the server sees anything; with `Retry-After` in seconds.
    Status(u16, Option<u32>),
    /// The server takes it, and the answer is lost.
    LoseAnswer,
    /// The server sees nothing, and the connection ends.
    Cut,
    /// One bit of the request's body is another one; at this share of it, in thousandths.
    Flip(usize),
    /// One bit of the answer's body is another one.
    FlipAnswer(usize),
    /// The connection ends in the middle of the answer.
    CutAnswer,
}

/// Which requests a fault is for.
#[derive(Debug, Clone)]
struct Rule {
    method: Method,
    within: String,
    skip: u32,
    times: usize,
    fault: Fault,
}

/// The rules, and what was asked for.
#[derive(Debug, Default)]
pub(crate) struct Network {
    rules: Mutex<Vec<Rule>>,
    log: Mutex<Vec<String>>,
    /// One fault in so many requests of every kind, drawn with a seed.
    storm: Mutex<Option<(u64, u64)>>,
    date: Mutex<Option<String>>,
}

impl Network {
    /// The next `times` requests with this method, and with `within` in path or query, meet the fault.
    pub(crate) fn fault(&self, method: &Method, within: &str, times: usize, fault: Fault) {
        self.fault_after(method, within, 0, times, fault);
    }

    /// As [`Self::fault`], once `skip` such requests went through.
    pub(crate) fn fault_after(&self, method: &Method, within: &str, skip: u32, times: usize, fault: Fault) {
        let rule = Rule { method: method.clone(), within: within.to_owned(), skip, times, fault };
        self.rules.lock().unwrap().push(rule);
    }

    /// Every `one_in`-th request or so meets a fault of any kind; 0: none any more.
    pub(crate) fn storm(&self, seed: u64, one_in: u64) {
        *self.storm.lock().unwrap() = (one_in > 0).then_some((seed | 1, one_in));
    }

    /// From now on the server's clock says that, in every answer.
    pub(crate) fn set_date(&self, date: &str) {
        *self.date.lock().unwrap() = Some(date.to_owned());
    }

    /// How many requests there were with this method and with `within` in path or query.
    pub(crate) fn count(&self, method: &Method, within: &str) -> usize {
        let start = format!("{method} ");
        self.log
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.starts_with(&start) && line.contains(within))
            .count()
    }

    fn meet(&self, request: &Request<Bytes>) -> Option<Fault> {
        let target = request.uri().to_string();
        self.log.lock().unwrap().push(format!("{} {target}", request.method()));
        let mut rules = self.rules.lock().unwrap();
        let fits = |rule: &Rule| rule.method == *request.method() && target.contains(&rule.within);
        if let Some(rule) = rules.iter_mut().find(|rule| rule.times > 0 && fits(rule)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                return None;
            }
            rule.times -= 1;
            return Some(rule.fault.clone());
        }
        let mut storm = self.storm.lock().unwrap();
        let (state, one_in) = storm.as_mut()?;
        chance(state).is_multiple_of(*one_in).then(|| match chance(state) % 7 {
            0 => Fault::Status(503, None),
            1 => Fault::Status(429, Some(1)),
            2 => Fault::LoseAnswer,
            3 => Fault::Flip(usize::try_from(chance(state) % 1000).unwrap()),
            4 => Fault::FlipAnswer(usize::try_from(chance(state) % 1000).unwrap()),
            5 => Fault::CutAnswer,
            _ => Fault::Cut,
        })
    }
}

/// A number that looks like chance (xorshift).
fn chance(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A server that is gone once this is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    /// Where.
    pub(crate) address: SocketAddr,
    /// What lies between it and the client.
    pub(crate) network: Arc<Network>,
    _tasks: JoinSet<()>,
}

impl Served {
    /// Its root.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Serves on a free port of this machine.
pub(crate) async fn serve(handler: Handler) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let network = Arc::new(Network::default());
    let shared = Arc::clone(&network);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            while connections.try_join_next().is_some() {}
            let (handler, network) = (Arc::clone(&handler), Arc::clone(&shared));
            let service = hyper::service::service_fn(move |request| {
                let (handler, network) = (Arc::clone(&handler), Arc::clone(&network));
                async move { answer(request, &handler, &network).await }
            });
            connections.spawn(async move {
                let serving = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(socket), service);
                // A lost answer ends the connection with an error: that is what it is for.
                _ = serving.await;
            });
        }
    });
    Served { address, network, _tasks: tasks }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct CutOff;

async fn answer(
    request: Request<Incoming>,
    handler: &Handler,
    network: &Network,
) -> Result<Response<CutBody>, CutOff> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Err(CutOff) };
    let mut request = Request::from_parts(parts, body.to_bytes());
    match network.meet(&request) {
        None => {
            let mut response = handler(request).await.map(CutBody::whole);
            if let Some(date) = &*network.date.lock().unwrap() {
                response.headers_mut().insert("date", date.parse().unwrap());
            }
            Ok(response)
        }
        Some(Fault::Status(status, after)) => {
            let mut response = Response::new(CutBody::whole(Bytes::from_static(b"<busy>\x1b[31m")));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some(after) = after {
                response.headers_mut().insert("retry-after", after.into());
            }
            Ok(response)
        }
        Some(Fault::Cut) => Err(CutOff),
        Some(Fault::LoseAnswer) => {
            handler(request).await;
            Err(CutOff)
        }
        Some(Fault::Flip(at)) => {
            *request.body_mut() = flipped(request.body(), at);
            Ok(handler(request).await.map(CutBody::whole))
        }
        Some(Fault::FlipAnswer(at)) => {
            Ok(handler(request).await.map(|body| CutBody::whole(flipped(&body, at))))
        }
        Some(Fault::CutAnswer) => {
            let response = handler(request).await;
            Ok(response.map(|body| if body.is_empty() { CutBody::whole(body) } else { CutBody::half(body) }))
        }
    }
}

fn flipped(body: &Bytes, thousandths: usize) -> Bytes {
    let mut body = body.to_vec();
    let at = (body.len() * thousandths / 1000).min(body.len().saturating_sub(1));
    if let Some(byte) = body.get_mut(at) {
        *byte ^= 0x10;
    }
    body.into()
}

/// A body that says how long it is and may end before.
#[derive(Debug)]
struct CutBody {
    rest: Full<Bytes>,
    says: u64,
    cut: bool,
}

impl CutBody {
    fn whole(body: Bytes) -> Self {
        Self { says: body.len() as u64, rest: Full::new(body), cut: false }
    }

    fn half(body: Bytes) -> Self {
        Self { says: body.len() as u64, rest: Full::new(body.slice(..body.len() / 2)), cut: true }
    }
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, CutOff>>> {
        let rest: std::pin::Pin<&mut Full<Bytes>> = std::pin::Pin::new(&mut self.rest);
        match rest.poll_frame(context).map_err(|never: Infallible| match never {}) {
            std::task::Poll::Ready(None) if self.cut => std::task::Poll::Ready(Some(Err(CutOff))),
            other => other,
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.says)
    }
}
