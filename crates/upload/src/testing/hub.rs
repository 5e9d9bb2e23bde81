//! A hub in memory that speaks the wire between our camera and our hub, and fails as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::event::EventId;
use store::parcel::{Manifest, ReceiptShape, Standing, hex};
use tokio::net::TcpListener;

/// What a request meets with.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    None,
    /// Nothing is done, and this said, with `Retry-After`.
    Status(u16, Option<u64>, &'static str),
    /// All is done, and the connection closed without a word.
    LoseAnswer,
    /// Nothing is done, and the connection closed without a word.
    Reset,
    /// Nothing is done, and nothing said, ever.
    BlackHole,
    /// What comes has a bit flipped.
    Damage,
    /// Of the clip only so many bytes are left.
    Forget(usize),
    /// A bit of the clip is flipped on the hub's disk.
    Spoil,
    /// Receipts are for something else.
    WrongReceipt,
    /// Answers are for another event.
    OtherEvent,
    /// The answer has no end.
    Endless,
}

type Faults = Box<dyn FnMut(u32, &str) -> Fault + Send>;

struct Parcel {
    manifest: Manifest,
    files: BTreeMap<String, Bytes>,
    clip: Vec<u8>,
    is_stored: bool,
}

struct Inside {
    parcels: BTreeMap<String, Parcel>,
    faults: Faults,
    asked: Vec<String>,
    bytes: u64,
}

#[derive(Clone)]
pub(crate) struct FakeHub {
    inside: Arc<Mutex<Inside>>,
    port: u16,
}

impl FakeHub {
    /// `fault` is asked with the number of the request and its path.
    pub(crate) async fn start(fault: impl FnMut(u32, &str) -> Fault + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside =
            Inside { parcels: BTreeMap::new(), faults: Box::new(fault), asked: Vec::new(), bytes: 0 };
        let hub = Self { inside: Arc::new(Mutex::new(inside)), port };
        let app = Router::new().fallback(serve).with_state(hub.clone());
        tokio::runtime::Handle::current().spawn(async move { axum::serve(listener, app).await });
        hub
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.lock().asked.clone()
    }

    /// Bytes of bodies that were taken.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    pub(crate) fn clip(&self, id: EventId) -> Option<Bytes> {
        let inside = self.lock();
        let parcel = inside.parcels.get(&id.to_string()).filter(|parcel| parcel.is_stored)?;
        Some(parcel.clip.clone().into())
    }

    pub(crate) fn files(&self, id: EventId) -> Vec<String> {
        self.lock().parcels[&id.to_string()].files.keys().cloned().collect()
    }

    pub(crate) fn stored(&self) -> usize {
        self.lock().parcels.values().filter(|parcel| parcel.is_stored).count()
    }

    pub(crate) fn lose(&self, id: EventId) {
        self.lock().parcels.remove(&id.to_string());
    }

    /// As if the event had been announced with other words.
    pub(crate) fn begin_other(&self, id: EventId) {
        let files = vec![store::parcel::FileEntry {
            name: "poster.jpg".to_owned(),
            bytes: 1,
            sha256: hex(&Sha256::digest("other")),
        }];
        let manifest = Manifest { metadata: json!({"id": id.to_string()}), files, clip: None };
        let parcel = Parcel { manifest, files: BTreeMap::new(), clip: Vec::new(), is_stored: false };
        self.lock().parcels.insert(id.to_string(), parcel);
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Parcel {
    fn wants(&self) -> Vec<String> {
        let names = self.manifest.files.iter().map(|file| &file.name);
        names.filter(|name| !self.files.contains_key(*name)).cloned().collect()
    }

    fn standing(&self, id: &str, fault: &Fault) -> Standing {
        let wants = self.wants();
        let state = match () {
            () if !wants.is_empty() => "files",
            () if self.is_stored || self.manifest.clip.is_none() => "stored",
            () => "clip",
        };
        let sha256 = match fault {
            Fault::WrongReceipt => Sha256::digest("other"),
            _ => Sha256::digest(&self.clip),
        };
        let receipt = ReceiptShape {
            event: id.to_owned(),
            sha256: hex(&sha256),
            bytes: self.clip.len() as u64,
            received: "2026-11-20T12:00:00Z".to_owned(),
            path: format!("events/2026/09/21/{id}"),
        };
        let receipt = (state == "stored").then_some(receipt);
        Standing {
            event: id.to_owned(),
            state: state.to_owned(),
            wants,
            offset: self.clip.len() as u64,
            receipt,
        }
    }
}

async fn serve(State(hub): State<FakeHub>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let fault = {
        let mut inside = hub.lock();
        let n = u32::try_from(inside.asked.len()).unwrap();
        inside.asked.push(format!("{} {path}", head.method));
        (inside.faults)(n, &path)
    };
    match fault {
        Fault::Status(status, after, words) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), words).into_response();
            if let Some(after) = after {
                response.headers_mut().insert("retry-after", after.into());
            }
            return response;
        }
        // Ends the connection's task, and so the connection, without troubling the panic hook.
        Fault::Reset => std::panic::resume_unwind(Box::new(())),
        Fault::BlackHole => std::future::pending().await,
        Fault::Endless => {
            let endless = futures_util::stream::repeat_with(|| {
                Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4096]))
            });
            return Body::from_stream(endless).into_response();
        }
        _ => {}
    }
    if head.headers.get("authorization").is_none_or(|key| key != "Bearer nj_secret") {
        return (StatusCode::UNAUTHORIZED, r#"{"code":"unauthorized"}"#).into_response();
    }
    let Ok(body) = to_bytes(body, 64 << 20).await else { return StatusCode::BAD_REQUEST.into_response() };
    let body = match fault {
        Fault::Damage if !body.is_empty() => {
            let mut damaged = body.to_vec();
            damaged[0] ^= 4;
            damaged.into()
        }
        _ => body,
    };
    let answer = answer(&hub, head.method.as_str(), &path, &head.headers, body, &fault);
    match fault {
        Fault::LoseAnswer => std::panic::resume_unwind(Box::new(())),
        _ => answer,
    }
}

fn problem(status: u16, code: &str, offset: Option<usize>) -> Response {
    let body = json!({ "code": code, "detail": code, "offset": offset });
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

fn is_whole(headers: &HeaderMap, body: &[u8]) -> bool {
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
    headers.get("content-digest").is_some_and(|said| *said == *digest)
}

fn answer(
    hub: &FakeHub,
    method: &str,
    path: &str,
    headers: &HeaderMap,
    body: Bytes,
    fault: &Fault,
) -> Response {
    let mut inside = hub.lock();
    inside.bytes += body.len() as u64;
    let segments: Vec<_> = path.trim_start_matches("/api/v1/ingest/").split('/').collect();
    let id = segments[0];
    let parcel = inside.parcels.get_mut(id);
    match (method, &segments[1..], parcel) {
        ("PUT", [], _) if id == "device" => return r#"{"now":"2026-11-20T12:00:00Z"}"#.into_response(),
        ("PUT", [], None) => {
            let manifest = serde_json::from_slice(&body).unwrap();
            let parcel = Parcel { manifest, files: BTreeMap::new(), clip: Vec::new(), is_stored: false };
            inside.parcels.insert(id.to_owned(), parcel);
        }
        ("PUT", [], Some(parcel)) if parcel.manifest == serde_json::from_slice(&body).unwrap() => {}
        ("PUT", [], Some(_)) => return problem(409, "other_event", None),
        ("DELETE", [], _) => {
            inside.parcels.remove(id);
            return StatusCode::NO_CONTENT.into_response();
        }
        ("PUT", ["files", name], Some(parcel)) => {
            if !is_whole(headers, &body) {
                return problem(422, "digest", None);
            }
            parcel.files.insert((*name).to_owned(), body);
        }
        ("PATCH", ["clip"], Some(parcel)) => {
            if let Some(problem) = append(parcel, headers, &body, fault) {
                return problem;
            }
        }
        ("POST", ["finish"], Some(parcel)) => {
            if let Some(problem) = finish(parcel, fault) {
                return problem;
            }
        }
        ("GET", [], _) => {}
        _ => return problem(404, "not_found", None),
    }
    let unknown = Standing {
        event: id.to_owned(),
        state: "unknown".to_owned(),
        wants: Vec::new(),
        offset: 0,
        receipt: None,
    };
    let mut standing = inside.parcels.get(id).map_or(unknown, |parcel| parcel.standing(id, fault));
    if matches!(fault, Fault::OtherEvent) {
        standing.event = "01KAG5N8YV0000000000000000".to_owned();
    }
    axum::Json(standing).into_response()
}

fn append(parcel: &mut Parcel, headers: &HeaderMap, body: &[u8], fault: &Fault) -> Option<Response> {
    if let Fault::Forget(left) = fault {
        parcel.clip.truncate(*left);
    }
    let said = headers.get("upload-offset").and_then(|said| said.to_str().ok()?.parse().ok());
    if said != Some(parcel.clip.len()) {
        return Some(problem(409, "offset", Some(parcel.clip.len())));
    }
    if !is_whole(headers, body) || body.len() > 8 << 20 {
        return Some(problem(422, "digest", None));
    }
    parcel.clip.extend_from_slice(body);
    None
}

fn finish(parcel: &mut Parcel, fault: &Fault) -> Option<Response> {
    if matches!(fault, Fault::Spoil) {
        parcel.clip[5] ^= 1;
    }
    let announced = parcel.manifest.clip.clone().unwrap();
    if parcel.clip.len() as u64 != announced.bytes {
        return Some(problem(409, "offset", Some(parcel.clip.len())));
    }
    if hex(&Sha256::digest(&parcel.clip)) != announced.sha256 {
        parcel.clip.clear();
        return Some(problem(422, "digest", None));
    }
    parcel.is_stored = true;
    None
}
