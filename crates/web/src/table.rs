//! The route table: a route is a row, and a row has a scope. There is no other way to add one.

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
}

/// All routes of a server.
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
        self.row("GET", path, need, axum::routing::get(handler))
    }

    /// A row for `POST`.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row("POST", path, need, axum::routing::post(handler))
    }

    /// A row for `PATCH`.
    #[must_use]
    pub fn patch<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row("PATCH", path, need, axum::routing::patch(handler))
    }

    /// A row for `DELETE`.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &'static str, need: Need, handler: H) -> Self {
        self.row("DELETE", path, need, axum::routing::delete(handler))
    }

    fn row(mut self, method: &'static str, path: &'static str, need: Need, handler: MethodRouter<S>) -> Self {
        self.rows.push(Row { method, path, need });
        self.router = self.router.route(path, handler);
        self
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The routes behind the front.
    pub fn into_router(self, state: S, front: Front) -> Router {
        let needs = self.rows.iter().map(|row| ((row.method, row.path), row.need)).collect::<HashMap<_, _>>();
        let gate = Arc::new(Gate::new(front, needs, self.fallback));
        self.router.with_state(state).layer(from_fn_with_state(gate, pass))
    }
}

/// The table's name of a method: who may `GET` may `HEAD`.
pub(crate) fn row_method(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}
