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
}

impl Row {
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
        self.row(Row { method: "GET", path, need, linkable: false }, axum::routing::get(handler))
    }

    /// A row for `GET` and `HEAD` that a signed link opens, too.
    #[must_use]
    pub fn get_linkable<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        need: Need,
        handler: H,
    ) -> Self {
        self.row(Row { method: "GET", path, need, linkable: true }, axum::routing::get(handler))
    }

    /// A row for `POST`.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row { method: "POST", path, need, linkable: false }, axum::routing::post(handler))
    }

    /// A row for `PATCH`.
    #[must_use]
    pub fn patch<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row { method: "PATCH", path, need, linkable: false }, axum::routing::patch(handler))
    }

    /// A row for `DELETE`.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row(Row { method: "DELETE", path, need, linkable: false }, axum::routing::delete(handler))
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
    let rows = rows.iter().map(|row| ((row.method, row.path), *row)).collect::<HashMap<_, _>>();
    let gate = Arc::new(Gate::new(front, rows, fallback));
    router.layer(from_fn_with_state(gate, pass))
}

/// The table's name of a method: who may `GET` may `HEAD`.
pub(crate) fn row_method(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}
