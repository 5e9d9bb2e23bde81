//! What every error looks like; `web::Problem` makes them.

use utoipa::ToSchema;

use crate::wire::health::ChecksWire;

/// An RFC 9457 problem document. Members beyond these may be added.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "a description; the documents themselves are made by `web`")]
pub(crate) struct ProblemShape {
    /// `about:blank`: the status says which kind it is, `code` says which one.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What was found, what is allowed and how to mend it, for people.
    detail: String,
    /// For programs; does not change.
    code: String,
    /// The same as in the header `x-request-id` and in the log.
    request_id: String,
    /// The value at fault, as it was named: `motion.threshold`, `zones[1].points[3]`.
    field: Option<String>,
    /// What it was.
    found: Option<String>,
    /// What it may be: words, or a list of names.
    #[schema(schema_with = allowed)]
    allowed: Option<String>,
    /// The known name that is nearest to an unknown one.
    nearest: Option<String>,
    /// What sets a value that cannot be changed here.
    by: Option<String>,
    /// The scope that the key has not.
    scope: Option<String>,
    /// What is not ready, and what is.
    checks: Option<ChecksWire>,
}

fn allowed() -> utoipa::openapi::Schema {
    use utoipa::openapi::schema::{Array, Object, OneOfBuilder, Type};
    OneOfBuilder::new()
        .item(Object::with_type(Type::String))
        .item(Array::new(Object::with_type(Type::String)))
        .build()
        .into()
}
