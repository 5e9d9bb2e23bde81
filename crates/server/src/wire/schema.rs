//! Pieces of the wire's description that more than one shape needs: closed sets of words, times.

use utoipa::Number;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaFormat, Type};

use crate::{SourceState, TimestampPosition, ZoneKind};

fn words(words: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

/// What something is taken for.
pub(crate) fn label() -> Object {
    words(["person", "vehicle", "animal", "environment", "unknown"])
}

/// Where something goes, as seen in the picture.
pub(crate) fn direction() -> Object {
    words(["left", "right", "up", "down", "towards", "away", "still"])
}

pub(crate) fn state() -> Object {
    words(SourceState::ALL.map(SourceState::as_str))
}

pub(crate) fn position() -> Object {
    words(TimestampPosition::ALL.map(TimestampPosition::as_str))
}

pub(crate) fn zone_kind() -> Object {
    words(ZoneKind::ALL.map(ZoneKind::as_str))
}

/// Degrees clockwise.
pub(crate) fn rotation() -> Object {
    let degrees = [0u32, 90, 180, 270];
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(degrees)).build()
}

/// RFC 3339 with offset.
pub(crate) fn time() -> Object {
    time_of(Type::String.into())
}

/// The same, or null.
pub(crate) fn time_or_null() -> Object {
    time_of([Type::String, Type::Null].into_iter().collect())
}

fn time_of(kind: utoipa::openapi::schema::SchemaType) -> Object {
    ObjectBuilder::new()
        .schema_type(kind)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

/// 0 to 1.
pub(crate) fn share() -> Object {
    let bound = |bound| Some(Number::from(bound));
    ObjectBuilder::new().schema_type(Type::Number).minimum(bound(0.0)).maximum(bound(1.0)).build()
}
