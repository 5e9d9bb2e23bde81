//! The file that keeps changes across restarts: what others have put there stays.

use std::path::Path;

use anyhow::Context as _;
use server::Zone;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table};

use super::fields::zone_values;
use crate::config::{Section, Slot, Value};

const HEAD: &str =
    "# Changed over HTTP; stands above nightjar.toml. Take a line away to go back to what stands there.\n";

/// Puts the values into the file at `path`, whole or not at all. Cameras go by their id; `zones` are all zones of one.
///
/// # Errors
/// When the file that is there cannot be read or understood, or the new one cannot be written.
pub(super) fn keep(
    path: &Path,
    ids: &[String],
    new: &[(Slot, &Value)],
    zones: Option<(usize, &[Zone])>,
) -> anyhow::Result<()> {
    let there = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).context("read what was changed before"),
    };
    // Taken off and put back, since it would go with the table that it stands above wherever that comes to stand.
    let (head, there) = match there.strip_prefix(HEAD) {
        Some(rest) => (HEAD, rest),
        None if there.is_empty() => (HEAD, ""),
        None => ("", there.as_str()),
    };
    let mut document: DocumentMut = there.parse().context("understand what was changed before")?;
    let root = document.as_table_mut();
    for (slot, value) in new {
        table(root, slot.row().section, slot.camera, ids)
            .context("find the place of a value")?
            .insert(slot.row().name, Item::Value(value.to_toml()));
    }
    if let Some((camera, zones)) = zones {
        table(root, Section::Camera, Some(camera), ids)
            .context("find the place of the zones")?
            .insert(Section::Zone.name(), list(zones));
    }
    crate::run::data::publish(path, format!("{head}{document}").as_bytes())
}

/// The zones as tables of their own; none is a list too, since it stands above the zones of the configuration file.
fn list(zones: &[Zone]) -> Item {
    if zones.is_empty() {
        return Item::Value(Array::new().into());
    }
    let mut tables = ArrayOfTables::new();
    for zone in zones {
        let mut table = Table::new();
        for (key, value) in zone_values(zone) {
            table.insert(key, Item::Value(value.to_toml()));
        }
        tables.push(table);
    }
    Item::ArrayOfTables(tables)
}

/// The table of the section, made if it is not there; `None` if something else stands in its place.
fn table<'a>(
    root: &'a mut Table,
    section: Section,
    camera: Option<usize>,
    ids: &[String],
) -> Option<&'a mut Table> {
    let mut names: Vec<&str> = Vec::new();
    match (camera, section) {
        (None, section) => names.push(section.name()),
        (Some(camera), Section::Camera) => names.extend(["camera", ids.get(camera)?]),
        (Some(camera), section) => names.extend(["camera", ids.get(camera)?, section.name()]),
    }
    let last = names.len() - 1;
    names.iter().enumerate().try_fold(root, |table, (depth, name)| {
        let made = || {
            let mut table = Table::new();
            // Only the innermost one needs a header of its own.
            table.set_implicit(depth < last);
            Item::Table(table)
        };
        table.entry(name).or_insert_with(made).as_table_mut()
    })
}
