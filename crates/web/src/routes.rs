//! The route table with a description at every row: one without does not compile. From it comes OpenAPI 3.1.
//!
//! Path, method, scope and what the checks before the handlers answer come from the row; the rest is said at the
//! handler, by `#[utoipa::path]`. What belongs to several servers adds its rows to any of them: they are generic over
//! the state, which its handlers find in it by `FromRef`.

use axum::Router;
use axum::handler::Handler;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{Components, Info, OpenApi, Paths, Ref, RefOr, Schema, Server};

use crate::shape::ProblemShape;
use crate::{Front, Need, Row, Scope, Table};

mod answers;
mod security;

/// The route table and its description.
pub struct Routes<S> {
    table: Table<S>,
    operations: Vec<Operation>,
    /// Made only when somebody asks for the document.
    shapes: Vec<fn(&mut Components)>,
    of_problems: Vec<(&'static str, Ref)>,
}

impl<S> std::fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes").field("table", &self.table).finish_non_exhaustive()
    }
}

/// A row's method and path, what it needs, its handler, and the handler's description (`__path_` and its name).
macro_rules! rows {
    ($($(#[$words:meta])* $name:ident),*) => {$(
        $(#[$words])*
        #[must_use]
        pub fn $name<H, T, D>(mut self, path: &'static str, need: Need, handler: H, _: D) -> Self
        where
            H: Handler<T, S>,
            T: 'static,
            D: utoipa::Path,
        {
            self.table = self.table.$name(path, need, handler);
            self.operations.push(D::operation());
            self
        }
    )*};
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Whatever no row knows goes to `handler`; that is not described.
    pub fn new<H, T>(need: Need, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let table = Table::new(need, handler);
        let (operations, of_problems) = (Vec::new(), Vec::new());
        Self { table, operations, shapes: vec![security::describe, add::<ProblemShape>], of_problems }
    }

    rows!(
        /// A row for `GET` and `HEAD`.
        get,
        /// A row for `GET` and `HEAD` that a signed link opens, too.
        get_linkable,
        /// A row for `POST`.
        post,
        /// A row for `PUT`.
        put,
        /// A row for `PATCH`.
        patch,
        /// A row for `DELETE`.
        delete
    );

    /// The last row takes a body of up to `most` bytes, as it comes; see [`crate::Intake`].
    #[must_use]
    pub fn streamed(mut self, most: u64) -> Self {
        self.table = self.table.streamed(most);
        self
    }

    /// A key with `scope` will do for the last row as well.
    #[must_use]
    pub fn or(mut self, scope: Scope) -> Self {
        self.table = self.table.or(scope);
        self
    }

    /// The last row answers 403 instead of 401 where a key is missing or not known.
    #[must_use]
    pub fn forbids(mut self) -> Self {
        self.table = self.table.forbids();
        self
    }

    /// A shape that handlers speak of, and every one that it names.
    #[must_use]
    pub fn shape<T: ToSchema>(mut self) -> Self {
        self.shapes.push(add::<T>);
        self
    }

    /// One more member that problems may have, of a shape that is told with [`Routes::shape`].
    #[must_use]
    pub fn problem_member<T: ToSchema>(mut self, name: &'static str) -> Self {
        self.of_problems.push((name, Ref::from_schema_name(T::name())));
        self
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.table.rows()
    }

    /// The routes behind the front.
    pub fn into_router(self, state: S, front: Front) -> Router {
        self.table.into_router(state, front)
    }

    /// What is served.
    #[must_use]
    pub fn document(self, info: Info) -> OpenApi {
        let mut paths = Paths::new();
        let rows = self.table.rows().to_vec();
        for (row, operation) in rows.iter().zip(self.operations) {
            let operation = answers::completed(row, operation);
            paths.add_path_operation(row.path, vec![method(row)], operation);
        }
        let mut components = Components::new();
        components.responses = answers::responses();
        self.shapes.iter().for_each(|add| add(&mut components));
        if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut("Problem") {
            let members = self.of_problems.into_iter();
            problem.properties.extend(members.map(|(name, shape)| (name.to_owned(), RefOr::Ref(shape))));
        }
        let mut api = OpenApi::new(info, paths);
        api.servers = Some(vec![Server::new("/")]);
        api.components = Some(components);
        api
    }
}

fn method(row: &Row) -> HttpMethod {
    match row.method {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// A shape and every one that it names.
fn add<T: ToSchema>(components: &mut Components) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
}
