//! Who may come in: a key, the session that a key opened, or the link that it made; and how long what it opened may
//! stay open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, Uri};
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use crate::keys::presented;
use crate::links::{self, Flaw, Opened};
use crate::session::Sessions;
use crate::{KeyCheck, KeyRecord, Link, NoKeys, Problem, Scope, Unreadable, hash_secret, parse_key};

#[cfg(test)]
pub(crate) mod tests;

/// How long a revoked key may go on to work.
const FRESH: Duration = Duration::from_secs(1);
/// How long a request waits for a disk that does not answer; the keys that are known stay in force.
const DISK: Duration = Duration::from_secs(2);

/// Who may come in; a handle.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    always: bool,
    keys: Arc<dyn KeyCheck>,
    started: Instant,
    /// Milliseconds since `started` when the keys were last refreshed.
    refreshed: AtomicU64,
    /// A look at the disk that has not come back yet.
    looking: Mutex<Option<JoinHandle<Result<(), Unreadable>>>>,
    /// There was a key once: taking the last one away must not open the door.
    had_keys: AtomicBool,
    is_unreadable: AtomicBool,
    sessions: Sessions,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("always", &self.0.always).finish_non_exhaustive()
    }
}

impl Access {
    /// `always` asks for a key even while there is none, as a bind to a network does; else a key is asked for from
    /// the first key on until the process ends, and while the keys cannot be read.
    #[must_use]
    pub fn new(always: bool, keys: Arc<dyn KeyCheck>) -> Self {
        Self(Arc::new(Inner {
            always,
            had_keys: AtomicBool::new(keys.any()),
            keys,
            started: Instant::now(),
            refreshed: AtomicU64::new(0),
            looking: Mutex::default(),
            is_unreadable: AtomicBool::new(false),
            sessions: Sessions::new(),
        }))
    }

    /// Everything is open: loopback without keys, and tests.
    #[must_use]
    pub fn open() -> Self {
        Self::new(false, Arc::new(NoKeys))
    }

    /// Whether a request without a key is refused.
    #[must_use]
    pub fn is_required(&self) -> bool {
        let it = &*self.0;
        if it.keys.any() {
            it.had_keys.store(true, Ordering::Relaxed);
        }
        it.always || it.had_keys.load(Ordering::Relaxed) || it.is_unreadable.load(Ordering::Relaxed)
    }

    /// Refreshes the keys off the tokio workers if they are older than a second.
    pub(crate) async fn freshen(&self) {
        if self.is_fresh() {
            return;
        }
        // One goes to the disk; who comes meanwhile waits for what it finds.
        let mut looking = self.0.looking.lock().await;
        if !self.is_fresh() {
            self.look(&mut looking).await;
        }
    }

    async fn look(&self, looking: &mut Option<JoinHandle<Result<(), Unreadable>>>) {
        let keys = self.0.keys.clone();
        let look = looking.get_or_insert_with(|| tokio::task::spawn_blocking(move || keys.refresh()));
        match timeout(DISK, &mut *look).await {
            Ok(found) => {
                *looking = None;
                self.note(found.unwrap_or_else(|_| Err("the look at them panicked".into())));
            }
            Err(_) => self.note(Err("the disk does not answer".into())),
        }
        self.0.refreshed.store(self.now_ms(), Ordering::Relaxed);
    }

    /// Told once when it begins and once when it ends, not with every request.
    fn note(&self, found: Result<(), Unreadable>) {
        let was = self.0.is_unreadable.swap(found.is_err(), Ordering::Relaxed);
        match found {
            Err(error) if !was => {
                tracing::error!(%error, "failed to read the keys again; those that were known stay in force");
            }
            Ok(()) if was => tracing::info!("the keys can be read again"),
            _ => {}
        }
    }

    fn is_fresh(&self) -> bool {
        let fresh = u64::try_from(FRESH.as_millis()).unwrap_or(u64::MAX);
        self.now_ms().saturating_sub(self.0.refreshed.load(Ordering::Relaxed)) < fresh
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The key that the request carries, if it is a good one.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Verdict {
        let Some(text) = presented(headers) else { return self.check_session(headers) };
        let (id, secret) = parse_key(&text).unwrap_or(("", ""));
        let record = self.0.keys.find(id);
        let expected = record.as_ref().map_or([0; 32], |record| record.secret_sha256);
        let is_right = bool::from(hash_secret(secret).ct_eq(&expected));
        match record {
            Some(record) if is_right => Verdict::Good(Pass { record, shown: Shown::Key }),
            _ => Verdict::Wrong,
        }
    }

    /// The key that made the link which the request is; `None` if it is none.
    pub(crate) fn check_link(&self, uri: &Uri) -> Option<Result<Pass, Flaw>> {
        let shown = match links::shown(uri)? {
            Ok(shown) => shown,
            Err(flaw) => return Some(Err(flaw)),
        };
        let keeper = self.0.keys.links()?;
        let record = self.0.keys.find(shown.key_id);
        let checked = shown.check(record.as_ref(), keeper.known(), keeper.now());
        let record = record.ok_or(Flaw::Wrong);
        Some(checked.and_then(|opened| Ok(Pass { record: record?, shown: Shown::Link(opened) })))
    }

    /// A session that has run out, or that another process opened, is as good as none: the browser is asked again.
    fn check_session(&self, headers: &HeaderMap) -> Verdict {
        let find = |id: &str| self.0.keys.find(id);
        let found = self.0.sessions.find(headers, self.0.started.elapsed(), find);
        found.map_or(Verdict::Missing, |(record, left)| {
            Verdict::Good(Pass { record, shown: Shown::Session(left) })
        })
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }
}

/// What became of a request's key.
pub(crate) enum Verdict {
    Missing,
    Wrong,
    Good(Pass),
}

/// A good key, and how it was shown.
pub(crate) struct Pass {
    pub(crate) record: KeyRecord,
    pub(crate) shown: Shown,
}

/// How a key was shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    /// The key itself was sent.
    Key,
    /// By a session that is good for so long yet.
    Session(Duration),
    /// By a link that it made.
    Link(Opened),
}

/// What let a request in; in its extensions. What outlives the answer's head, a stream or a WebSocket, holds on to it
/// and ends when it has lapsed.
#[derive(Debug, Clone)]
pub struct Admission {
    access: Access,
    scope: Option<Scope>,
    /// `None`: nothing was asked for.
    key: Option<KeyRecord>,
    /// What the key was shown by, if not itself.
    link: Option<Opened>,
}

impl Admission {
    pub(crate) fn new(access: Access, scope: Option<Scope>, pass: Option<Pass>) -> Self {
        let link = pass.as_ref().and_then(|pass| match pass.shown {
            Shown::Link(opened) => Some(opened),
            Shown::Key | Shown::Session(_) => None,
        });
        Self { access, scope, key: pass.map(|pass| pass.record), link }
    }

    /// The public part of the key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.id.as_str())
    }

    /// What the key was given to be recognised by.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.name.as_str())
    }

    /// Whether what needs `scope` may be done as well.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.key.as_ref().is_none_or(|key| key.may(scope))
    }

    /// A link to `target`, a path with or without a query, that opens it in the name of the key that was shown.
    ///
    /// # Errors
    /// 422 if `target` is no such thing, 507 if the secret that signs cannot be kept, 404 where no links are made.
    pub async fn sign(&self, target: &str, life: Duration) -> Result<Link, Problem> {
        let keys = &self.access.0.keys;
        let keeper = keys.links().ok_or_else(|| Problem::not_found("This server makes no links."))?;
        let (known, now) = (keeper.known(), keeper.now());
        let secret = match known {
            Some(secret) => secret,
            None => made(keys.clone()).await?,
        };
        links::sign(&secret, target, self.key.as_ref(), life, now).ok_or_else(|| {
            let detail = "path must be a path of this server, with or without a query, as in \
                          /api/v1/cameras/garden/stream?width=640; without expires and signature, which are added here.";
            Problem::invalid("path", detail)
        })
    }

    /// Watches over it from now on.
    #[must_use]
    pub fn guard(self) -> Guard {
        Guard { admission: self, due: tokio::time::Instant::now() + FRESH }
    }

    fn is_good(&self) -> bool {
        let Some(key) = &self.key else { return !self.access.is_required() };
        let now = self.access.0.keys.find(&key.id);
        let has_key = now.is_some_and(|now| {
            now.secret_sha256 == key.secret_sha256 && self.scope.is_none_or(|scope| now.may(scope))
        });
        has_key && self.link.is_none_or(|link| self.has_link(link))
    }

    fn has_link(&self, link: Opened) -> bool {
        let keeper = self.access.0.keys.links();
        keeper.is_some_and(|keeper| link.is_good(keeper.known(), keeper.now()))
    }
}

/// Makes the secret that signs, off the tokio workers.
async fn made(keys: Arc<dyn KeyCheck>) -> Result<[u8; 32], Problem> {
    let make = move || keys.links().map(|keeper| keeper.make());
    let made = timeout(DISK, tokio::task::spawn_blocking(make)).await;
    match made {
        Ok(Ok(Some(Ok(secret)))) => return Ok(secret),
        Ok(Ok(Some(Err(error)))) => tracing::error!(%error, "failed to keep the secret that signs links"),
        _ => tracing::error!("failed to keep the secret that signs links: the disk does not answer"),
    }
    let detail = "The secret that signs links could not be kept; the log says why.";
    Err(Problem::new(http::StatusCode::INSUFFICIENT_STORAGE, "not_kept", detail))
}

/// Looks once a second whether an [`Admission`] still holds.
#[derive(Debug)]
pub struct Guard {
    admission: Admission,
    due: tokio::time::Instant,
}

impl Guard {
    /// Comes back when the key was revoked or lost its scope, when the link that showed it is over, or when a key is
    /// asked for that was not before. May be dropped and called again.
    pub async fn lapsed(&mut self) {
        loop {
            sleep_until(self.due).await;
            // All who watch share one look at the disk a second.
            self.admission.access.freshen().await;
            if !self.admission.is_good() {
                return;
            }
            self.due = tokio::time::Instant::now() + FRESH;
        }
    }
}
