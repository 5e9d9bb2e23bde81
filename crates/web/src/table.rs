//! The route table: a route is a row, and a row has a scope. There is no other way to add one, and a path that came
//! into the router past the table would be answered 500 by the front, to everybody.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use http::Method;

use crate::Scope;
use crate::front::{Front, Gate, pass};

/// What a request needs to be let through, where keys are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Open,
    /// A key with this scope.
    Key(Scope),
}

impl Need {
    pub(crate) fn scope(self) -> Option<Scope> {
        match self {
            Self::Open => None,
            Self::Key(scope) => Some(scope),
        }
    }
}

/// How a row takes a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Whole, before the handler is asked, within [`crate::Limits::body_bytes`] and [`crate::Limits::body`].
    Whole,
    /// Up to so many bytes, each handed to the handler as it comes, as long as they come fast enough; see
    /// [`crate::Limits::stream`].
    Streamed(u64),
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// `GET` answers `HEAD` as well.
    pub method: &'static str,
    /// With `{name}` for what varies.
    pub path: &'static str,
    /// What it takes.
    pub need: Need,
    /// Whether a signed link may stand in for the key: pictures, which `<img>` asks for without one.
    pub linkable: bool,
    /// What it takes of a body.
    pub intake: Intake,
    /// A key with this scope will do as well.
    pub or: Option<Scope>,
    /// Whether a key that is missing or not known is answered 403, as older programs read it, instead of 401.
    pub forbids: bool,
}

impl Row {
    fn new(method: &'static str, path: &'static str, need: Need) -> Self {
        Self { method, path, need, linkable: false, intake: Intake::Whole, or: None, forbids: false }
    }

    /// Whether a request for `path` comes to this row, if no row with fewer `{names}` takes it.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        let (mut own, mut asked) = (self.path.split('/'), path.split('/'));
        loop {
            match (own.next(), asked.next()) {
                (None, None) => return true,
                (Some(own), Some(asked)) if own == asked || is_name(own) && !asked.is_empty() => {}
                _ => return false,
            }
        }
    }

    /// The row that a request comes to.
    #[must_use]
    pub fn of<'a>(rows: &'a [Self], method: &str, path: &str) -> Option<&'a Self> {
        let mine = rows.iter().filter(|row| row.method == method && row.covers(path));
        mine.min_by_key(|row| row.path.split('/').filter(|part| is_name(part)).count())
    }
}

/// Every row of the table that a request came to, for handlers that speak of others: an extension of the request where a
/// key is asked for.
#[derive(Debug, Clone)]
pub struct Rows(pub(crate) Arc<[Row]>);

impl Rows {
    /// The row that `GET` of that target, a path with or without a query, comes to.
    #[must_use]
    pub fn get(&self, target: &str) -> Option<&Row> {
        Row::of(&self.0, "GET", target.split(['?', '#']).next().unwrap_or_default())
    }
}

fn is_name(part: &str) -> bool {
    part.starts_with('{')
}

/// All routes of a server.
///
/// A row says what it needs:
/// ```
/// # use web::{Need, Scope, Table};
/// let table = Table::<()>::new(Need::Key(Scope::View), async || "").get("/status", Need::Key(Scope::View), async || "");
/// assert_eq!(table.rows().len(), 1);
/// ```
/// One that does not is no program:
/// ```compile_fail
/// # use web::{Need, Scope, Table};
/// let table = Table::<()>::new(Need::Key(Scope::View), async || "").get("/status", async || "");
/// ```
pub struct Table<S> {
    rows: Vec<Row>,
    router: Router<S>,
    fallback: Need,
}

impl<S> std::fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<S: Clone + Send + Sync + 'static> Table<S> {
    /// Whatever no row knows goes to `handler`.
    pub fn new<H, T>(need: Need, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Self { rows: Vec::new(), router: Router::new().fallback(handler), fallback: need }
    }

    /// A row for `GET` and `HEAD`.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row::new("GET", path, need), axum::routing::get(handler))
    }

    /// A row for `GET` and `HEAD` that a signed link opens, too.
    #[must_use]
    pub fn get_linkable<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        handler: H,
    ) -> Self {
        self.row(Row { linkable: true, ..Row::new("GET", path, need) }, axum::routing::get(handler))
    }

    /// A row for `POST`.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row::new("POST", path, need), axum::routing::post(handler))
    }

    /// A row for `PUT`.
    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row::new("PUT", path, need), axum::routing::put(handler))
    }

    /// A row for `PATCH`.
    #[must_use]
    pub fn patch<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row::new("PATCH", path, need), axum::routing::patch(handler))
    }

    /// A row for `DELETE`.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row::new("DELETE", path, need), axum::routing::delete(handler))
    }

    /// The last row takes a body of up to `most` bytes, as it comes.
    #[must_use]
    pub fn streamed(mut self, most: u64) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.intake = Intake::Streamed(most);
        }
        self
    }

    /// A key with `scope` will do for the last row as well.
    #[must_use]
    pub fn or(mut self, scope: Scope) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.or = Some(scope);
        }
        self
    }

    /// The last row answers 403 instead of 401 where a key is missing or not known.
    #[must_use]
    pub fn forbids(mut self) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.forbids = true;
        }
        self
    }

    fn row(mut self, row: Row, handler: MethodRouter<S>) -> Self {
        self.rows.push(row);
        self.router = self.router.route(row.path, handler);
        self
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The routes behind the front.
    pub fn into_router(self, state: S, front: Front) -> Router {
        guarded(self.router.with_state(state), &self.rows, self.fallback, front)
    }
}

/// What stands before every handler, around `router`.
pub(crate) fn guarded(router: Router, rows: &[Row], fallback: Need, front: Front) -> Router {
    let all = Rows(rows.into());
    let rows = rows.iter().map(|row| ((row.method, row.path), *row)).collect::<HashMap<_, _>>();
    let gate = Arc::new(Gate::new(front, all, rows, fallback));
    router.layer(from_fn_with_state(gate, pass))
}

/// The table's name of a method: who may `GET` may `HEAD`.
pub(crate) fn row_method(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}
