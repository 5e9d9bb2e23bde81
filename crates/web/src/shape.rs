//! Shapes that every server's answers share, and pieces of which others are described.

use utoipa::openapi::schema::{Array, Object, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};
use utoipa::{Number, PartialSchema, ToSchema};

/// Bytes that are no text, such as a picture.
#[derive(Debug, Clone, Copy)]
pub struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
        ObjectBuilder::new().schema_type(Type::String).format(format).into()
    }
}

impl ToSchema for Binary {}

/// An RFC 9457 problem document. Members beyond these may be added.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "a description; the documents themselves are made by `crate::Problem`")]
pub struct ProblemShape {
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
    /// Names of what is not there, the first of them.
    ids: Option<Vec<String>>,
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
}

fn allowed() -> Schema {
    OneOfBuilder::new()
        .item(Object::with_type(Type::String))
        .item(Array::new(Object::with_type(Type::String)))
        .build()
        .into()
}

/// One of these words.
#[must_use]
pub fn words(words: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

/// RFC 3339 with offset.
#[must_use]
pub fn time() -> Object {
    time_of(Type::String.into())
}

/// The same, or null.
#[must_use]
pub fn time_or_null() -> Object {
    time_of([Type::String, Type::Null].into_iter().collect())
}

fn time_of(kind: SchemaType) -> Object {
    ObjectBuilder::new()
        .schema_type(kind)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

/// 0 to 1.
#[must_use]
pub fn share() -> Object {
    let bound = |bound| Some(Number::from(bound));
    ObjectBuilder::new().schema_type(Type::Number).minimum(bound(0.0)).maximum(bound(1.0)).build()
}
