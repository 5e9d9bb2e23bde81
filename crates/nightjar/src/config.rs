//! Configuration: read whole, validated whole, then handed out typed.
//!
//! One table of keys ([`keys`]) is the only place that knows names, types, ranges and defaults. The layers
//! ([`load`]) fill [`values`] from a file, the environment and flags; [`checks`] looks at them together; only
//! then a [`model::Config`] exists. What does not belong here: acting on any of it.

mod checks;
mod document;
mod environment;
mod example;
mod files;
mod keys;
mod kind;
mod load;
mod model;
mod problems;
mod schema;
mod show;
mod units;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use example::text as example;
pub(crate) use keys::{Section, Slot};
pub(crate) use kind::Value;
pub(crate) use load::{Inputs, Loaded, SEARCH, load};
pub(crate) use model::{Camera, Config, Hub, Log, Retention, Source};
pub(crate) use problems::{Origin, Problems};
pub(crate) use schema::schema;
pub(crate) use show::{json as show_json, toml as show_toml};
pub(crate) use units::{format_size, parse_size};
pub(crate) use values::Values;
