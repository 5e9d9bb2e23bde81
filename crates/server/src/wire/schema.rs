//! Pieces of the wire's description that more than one shape needs: closed sets of words; `web` has more.

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
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

pub(crate) fn remote_kind() -> Object {
    words(["nightjar", "legacy", "s3"])
}

pub(crate) fn remote_state() -> Object {
    words(["idle", "sending", "waiting"])
}

pub(crate) fn waiting() -> Object {
    let why = ["paused", "window", "wifi", "offline", "denied", "back-off", "disk"].map(Some);
    let or_null = why.into_iter().chain([None]);
    let types: SchemaType = [Type::String, Type::Null].into_iter().collect();
    ObjectBuilder::new().schema_type(types).enum_values(Some(or_null)).build()
}

pub(crate) fn signal() -> Object {
    words(["good", "fair", "poor"])
}

pub(crate) fn errand_state() -> Object {
    words(["owed", "sending", "failed", "done"])
}

pub(crate) fn errand_stage() -> Object {
    words(["pictures", "clip"])
}
