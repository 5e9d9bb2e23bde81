//! Pieces of the wire's description that more than one shape needs: closed sets of words; `web` has more.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
pub(crate) use web::shape::{share, time, time_or_null, words};

use crate::{SourceState, TimestampPosition, ZoneKind};

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
