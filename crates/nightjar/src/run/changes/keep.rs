//! The file that keeps changes across restarts: what others have put there stays.

use std::path::Path;

use anyhow::Context as _;
use toml_edit::{DocumentMut, Item, Table};

use crate::config::{Section, Slot, Value};

const HEAD: &str =
    "# Changed over HTTP; stands above nightjar.toml. Take a line away to go back to what stands there.\n";

/// Puts the values into the file at `path`, whole or not at all. Cameras go by their id.
///
/// # Errors
/// When the file that is there cannot be read or understood, or the new one cannot be written.
pub(super) fn keep(path: &Path, ids: &[String], new: &[(Slot, &Value)]) -> anyhow::Result<()> {
    let there = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).context("read what was changed before"),
    };
    let mut document: DocumentMut = there.parse().context("understand what was changed before")?;
    for (slot, value) in new {
        let table = table(document.as_table_mut(), *slot, ids).context("find the place of a value")?;
        table.insert(slot.row().name, Item::Value(value.to_toml()));
    }
    let head = if there.is_empty() { HEAD } else { "" };
    crate::run::data::publish(path, format!("{head}{document}").as_bytes())
}

/// The table that the slot belongs to, made if it is not there; `None` if something else stands in its place.
fn table<'a>(root: &'a mut Table, slot: Slot, ids: &[String]) -> Option<&'a mut Table> {
    let section = slot.row().section;
    let mut names: Vec<&str> = Vec::new();
    match (slot.camera, section) {
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
