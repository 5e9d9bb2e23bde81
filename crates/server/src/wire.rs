//! The shapes that go over the wire. Nothing else in this crate derives `Serialize`.

pub(crate) mod activity;
pub(crate) mod camera;
pub(crate) mod health;
pub(crate) mod legacy;
pub(crate) mod live;
pub(crate) mod requests;
pub(crate) mod schema;
pub(crate) mod settings;
pub(crate) mod time;
pub(crate) mod uploads;
pub(crate) mod why;
