//! Closed sets of words.

use utoipa::openapi::schema::Object;
use web::shape::words;

use super::LABEL_WORDS;

/// What an event may be called.
pub(crate) fn label() -> Object {
    words(LABEL_WORDS)
}

pub(crate) fn origin() -> Object {
    words(["motion", "manual", "import"])
}

pub(crate) fn state() -> Object {
    words(["recording", "whole", "partial", "pictures"])
}

pub(crate) fn label_by() -> Object {
    words(["person", "detector"])
}

pub(crate) fn errand_state() -> Object {
    words(["owed", "sending", "failed", "done"])
}

pub(crate) fn errand_stage() -> Object {
    words(["pictures", "clip"])
}

pub(crate) fn codec() -> Object {
    words(["h264", "mjpeg"])
}

pub(crate) fn order() -> Object {
    words(["newest", "oldest"])
}

pub(crate) fn store_state() -> Object {
    words(["ok", "degraded", "missing"])
}

pub(crate) fn limit() -> Object {
    words(["size", "free", "age"])
}
