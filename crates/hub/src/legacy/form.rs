//! A `multipart/form-data` body, read as it comes: a part at a time, none of them longer than it may be.
//!
//! The parser holds what it has not made out yet, so between two parts it gets no more than a head may have.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use multer::{Field, Multipart};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use web::Problem;

use crate::digest;
use crate::problem::{too_large, wrong_digest};

/// Bytes of a part's head, and of what stands before the first one.
const MOST_HEAD: u64 = 64 * 1024;
/// Parts of a form, known and unknown ones.
const MOST_PARTS: usize = 200;
/// Bytes that may come behind the last part.
const MOST_END: u64 = 64 * 1024;

/// What ends a body before its end.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("a part's head is too large")]
    Head,
    #[error("{0}")]
    Body(axum::Error),
}

/// A body that two read: the parser, and who wants its digest.
struct Source {
    body: Mutex<Body>,
    /// Bytes that may yet be taken of it.
    left: AtomicU64,
    hash: Option<Mutex<Sha256>>,
}

impl Source {
    async fn next(&self) -> Result<Option<Bytes>, Fault> {
        if self.left.load(Ordering::Relaxed) == 0 {
            return Err(Fault::Head);
        }
        loop {
            let Some(frame) = self.body.lock().await.frame().await else { return Ok(None) };
            let Ok(bytes) = frame.map_err(Fault::Body)?.into_data() else { continue };
            if let Some(hash) = &self.hash {
                hash.lock().await.update(&bytes);
            }
            let left = self.left.load(Ordering::Relaxed).saturating_sub(bytes.len() as u64);
            self.left.store(left, Ordering::Relaxed);
            return Ok(Some(bytes));
        }
    }
}

/// A form that is being read.
pub(super) struct Form {
    parser: Multipart<'static>,
    source: Arc<Source>,
    said: Option<[u8; 32]>,
    parts: usize,
}

/// One part of it.
pub(super) struct Part {
    /// Empty if it has none.
    pub(super) name: String,
    field: Field<'static>,
    hash: Sha256,
    said: Option<[u8; 32]>,
    len: u64,
}

impl Form {
    /// Of a request. Nothing is read yet.
    ///
    /// # Errors
    /// 415 if it is no form, 400 if it names no boundary or a digest that cannot be read.
    pub(super) fn of(request: Request) -> Result<Self, Problem> {
        let boundary = boundary(request.headers())?;
        let said = digest::said(request.headers())?;
        let source = Arc::new(Source {
            body: Mutex::new(request.into_body()),
            left: AtomicU64::new(MOST_HEAD),
            hash: said.map(|_| Mutex::default()),
        });
        let pieces = futures_util::stream::try_unfold(source.clone(), |source| async {
            Ok::<_, Fault>(source.next().await?.map(|bytes| (bytes, source)))
        });
        Ok(Self { parser: Multipart::new(pieces, boundary), source, said, parts: 0 })
    }

    /// The next part; the one before has to be read to its end.
    ///
    /// # Errors
    /// 400 if this is no form.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Problem> {
        self.source.left.store(MOST_HEAD, Ordering::Relaxed);
        let field = self.parser.next_field().await.map_err(told)?;
        self.source.left.store(u64::MAX, Ordering::Relaxed);
        let Some(field) = field else { return Ok(None) };
        self.parts += 1;
        if self.parts > MOST_PARTS {
            let detail = format!("The form has more than {MOST_PARTS} parts.");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
        }
        let said = digest::said(field.headers())?;
        let name = field.name().unwrap_or_default().to_owned();
        Ok(Some(Part { name, field, hash: Sha256::new(), said, len: 0 }))
    }

    /// What is behind the last part, and whether all of it is what its digest says.
    ///
    /// # Errors
    /// 422 if it is not.
    pub(super) async fn end(self) -> Result<(), Problem> {
        let (Some(said), Some(hash)) = (self.said, &self.source.hash) else { return Ok(()) };
        self.source.left.store(MOST_END, Ordering::Relaxed);
        while self.source.next().await.map_err(|fault| problem(&fault))?.is_some() {}
        let found: [u8; 32] = hash.lock().await.clone().finalize().into();
        if found == said {
            return Ok(());
        }
        Err(wrong_digest("The body is not what its Content-Digest says: it was damaged on its way."))
    }
}

impl Part {
    /// The next bytes of it, of which there may be `most`; `None` at its end.
    ///
    /// # Errors
    /// 413 for more, 400 if it breaks off, 422 if it is not what its own digest says.
    pub(super) async fn bytes(&mut self, most: u64) -> Result<Option<Bytes>, Problem> {
        let Some(bytes) = self.field.chunk().await.map_err(told)? else {
            let found: [u8; 32] = self.hash.clone().finalize().into();
            if self.said.is_some_and(|said| said != found) {
                let name: String = self.name.chars().filter(|c| !c.is_control()).take(40).collect();
                return Err(wrong_digest(format!("The part {name} is not what its Content-Digest says.")));
            }
            return Ok(None);
        };
        self.len += bytes.len() as u64;
        if self.len > most {
            return Err(too_large("A part of the form", self.len, most));
        }
        if self.said.is_some() {
            self.hash.update(&bytes);
        }
        Ok(Some(bytes))
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Part::bytes`].
    pub(super) async fn whole(&mut self, most: u64) -> Result<Vec<u8>, Problem> {
        let mut all = Vec::new();
        while let Some(bytes) = self.bytes(most).await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// Lets it pass.
    ///
    /// # Errors
    /// As [`Part::bytes`].
    pub(super) async fn skip(&mut self, most: u64) -> Result<(), Problem> {
        while self.bytes(most).await?.is_some() {}
        Ok(())
    }
}

fn boundary(headers: &HeaderMap) -> Result<String, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        let detail = "The body must be a form, sent with Content-Type: multipart/form-data.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let boundary = multer::parse_boundary(kind).ok();
    boundary.filter(|boundary| (1..=200).contains(&boundary.len())).ok_or_else(|| {
        let detail =
            "Content-Type names no boundary of 1 to 200 characters, which tells the form's parts apart.";
        Problem::bad_request("bad_form", detail)
    })
}

fn told(error: multer::Error) -> Problem {
    match error {
        multer::Error::StreamReadFailed(inner) => match inner.downcast_ref::<Fault>() {
            Some(fault) => problem(fault),
            None => Problem::of_body(&*inner),
        },
        error => {
            let words: String = error.to_string().chars().filter(|c| !c.is_control()).take(120).collect();
            Problem::bad_request("bad_form", format!("The body is no form that can be read: {words}."))
        }
    }
}

fn problem(fault: &Fault) -> Problem {
    match fault {
        Fault::Head => {
            let detail = format!(
                "The head of a part of the form, or what stands before or behind its parts, is larger than {MOST_HEAD} bytes."
            );
            Problem::bad_request("bad_form", detail)
        }
        Fault::Body(error) => Problem::of_body(error as &(dyn Error + 'static)),
    }
}
