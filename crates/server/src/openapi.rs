//! The description of the API: OpenAPI 3.1, made from the route table and what stands at each handler.
//!
//! [`Routes`] is the route table with a description at every row: one without does not compile. Path, method, scope
//! and what the checks before the handlers answer come from the row; the rest is said at the handler.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use std::sync::OnceLock;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{
    Components, Content, ContentBuilder, Info, OpenApi, Paths, Ref, RefOr, ResponseBuilder, Server,
};
use utoipa::{PartialSchema, ToSchema};
use web::{Front, Need, Row, Table};

use crate::app::App;

mod front;
mod security;
#[cfg(test)]
mod tests;

/// The route table and its description.
pub(crate) struct Routes {
    table: Table<App>,
    operations: Vec<Operation>,
}

/// A row's method and path, what it needs, its handler, and the handler's description (`__path_` and its name).
macro_rules! rows {
    ($($name:ident),*) => {$(
        pub(crate) fn $name<H, T, D>(self, path: &'static str, need: Need, handler: H, _: D) -> Self
        where
            H: Handler<T, App>,
            T: 'static,
            D: utoipa::Path,
        {
            let Self { table, operations } = self;
            Self { table: table.$name(path, need, handler), operations }.described(D::operation())
        }
    )*};
}

impl Routes {
    /// Whatever no row knows goes to `handler`; that is not described.
    pub(crate) fn new<H, T>(need: Need, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        Self { table: Table::new(need, handler), operations: Vec::new() }
    }

    rows!(get, get_linkable, post, patch);

    fn described(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    pub(crate) fn rows(&self) -> &[Row] {
        self.table.rows()
    }

    /// The routes behind the front.
    pub(crate) fn into_router(self, app: App, front: Front) -> Router {
        self.table.into_router(app, front)
    }

    /// What is served.
    pub(crate) fn document(self, version: &str) -> OpenApi {
        let mut paths = Paths::new();
        let rows = self.table.rows().to_vec();
        for (row, operation) in rows.iter().zip(self.operations) {
            let operation = front::completed(row, operation);
            paths.add_path_operation(row.path, vec![method(row)], operation);
        }
        let mut api = OpenApi::new(Info::new("Nightjar", version), paths);
        api.info.description = Some(ABOUT.to_owned());
        api.servers = Some(vec![Server::new("/")]);
        api.components = Some(components());
        api
    }
}

const ABOUT: &str = "A camera server: what its cameras see, what moves before them and why it counts. Times are RFC \
    3339 with offset, names of what is measured end in their unit, errors are RFC 9457 problem documents. On the \
    loopback address nothing is asked for until there is a key; `x-scope` says which scope a key needs. Keys may be \
    added to every answer: a client lets pass what it does not know.";

fn method(row: &Row) -> HttpMethod {
    match row.method {
        "POST" => HttpMethod::Post,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn components() -> Components {
    use crate::wire::{activity, camera, health, legacy, live, problem, requests};
    let mut components = Components::new();
    security::describe(&mut components);
    components.responses = front::responses();
    add::<problem::ProblemShape>(&mut components);
    add::<camera::CamerasWire>(&mut components);
    add::<camera::CameraChangedWire>(&mut components);
    add::<activity::ActivityWire>(&mut components);
    add::<legacy::StatusWire>(&mut components);
    add::<legacy::MotionStatusWire>(&mut components);
    add::<legacy::CameraMotionWire>(&mut components);
    add::<legacy::ConfigChangedWire>(&mut components);
    add::<health::HealthWire>(&mut components);
    add::<health::ReadyWire>(&mut components);
    add::<requests::ConfigChange>(&mut components);
    add::<requests::CameraChange>(&mut components);
    add::<live::Told>(&mut components);
    add::<live::Asked>(&mut components);
    add::<crate::links::LinkRequest>(&mut components);
    add::<crate::links::LinkWire>(&mut components);
    add::<Binary>(&mut components);
    components
}

/// A shape and every one that it names.
fn add<T: ToSchema>(components: &mut Components) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// Bytes that are no text, such as a picture.
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
        ObjectBuilder::new().schema_type(Type::String).format(format).into()
    }
}

impl ToSchema for Binary {}

/// The description of this API.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "system", responses(
    (status = 200, description = "This document.", body = Object, content_type = "application/json"),
))]
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| {
        let document = crate::routes::table().document(app.version);
        serde_json::to_vec(&document).unwrap_or_default().into()
    });
    ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response()
}

/// A problem document, and for a person in front of a browser the same as a page.
fn problem_content() -> BTreeMap<String, Content> {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let page = ContentBuilder::new().schema(Some(String::schema())).build();
    BTreeMap::from([("application/problem+json".to_owned(), problem), ("text/html".to_owned(), page)])
}

fn problem_response(description: &str) -> utoipa::openapi::Response {
    let content = problem_content().into_iter();
    let builder = ResponseBuilder::new().description(description);
    content.fold(builder, |builder, (kind, content)| builder.content(kind, content)).build()
}

/// The item of a path in a document, by method.
#[cfg(test)]
fn operations(item: &utoipa::openapi::PathItem) -> Vec<(&'static str, &Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(name, operation)| Some((name, operation.as_ref()?))).collect()
}
