//! The older system's patterns: what people had said of movements. Its database is not documented, so that every table and
//! every JSON file with ids and labels counts.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::record::{label_of, text};
use crate::footage::Vault;

#[cfg(test)]
mod tests;

/// A base that is larger is none.
const MOST_BYTES: u64 = 256 << 20;
/// Patterns that are read of one file.
const MOST: usize = 100_000;

/// One pattern, as it lies there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    from: String,
    all: Map<String, Value>,
}

impl Pattern {
    /// Ids that its event may have.
    pub(super) fn ids(&self) -> Vec<String> {
        let keys = ["event_id", "motion_event_id", "event", "id", "pattern_id"];
        keys.iter().filter_map(|key| text(self.all.get(*key))).filter(|id| !id.is_empty()).collect()
    }

    /// The hash of its movement.
    pub(super) fn hash(&self) -> Option<String> {
        let keys = ["signature_hash", "hash"];
        keys.iter().find_map(|key| text(self.all.get(*key))).filter(|hash| !hash.is_empty())
    }

    /// Our label, and the word that a person gave it if that says more.
    pub(super) fn label(&self) -> Option<(&'static str, Option<String>)> {
        let word = |key: &str| {
            let value = self.all.get(key)?;
            let word = text(value.get("label")).or_else(|| text(Some(value)))?;
            (!word.trim().is_empty() && word != "unknown").then_some(word)
        };
        let word = ["label", "user_label", "classification"].iter().find_map(|key| word(key))?;
        Some(label_of(&word))
    }
}

/// Whether a file may hold patterns.
pub(super) fn is_base(path: &Path) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let named = |path: &Path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().to_ascii_lowercase().contains("pattern"))
    };
    match end.as_str() {
        "db" | "sqlite" | "sqlite3" => true,
        "json" => named(path) || path.parent().is_some_and(named),
        _ => false,
    }
}

/// All patterns in a file.
///
/// # Errors
/// When it cannot be understood.
pub(super) fn read(path: &Path, vault: Option<&Vault>) -> anyhow::Result<Vec<Pattern>> {
    let len = std::fs::metadata(path)?.len();
    anyhow::ensure!(len <= MOST_BYTES, "it is larger than {MOST_BYTES} bytes");
    let from = path.display().to_string();
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        let value: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let mut found = Vec::new();
        collect(&value, None, &from, &mut found);
        return Ok(found);
    }
    // Only telling must not write; then nothing is known of it.
    let Some(vault) = vault else { return Ok(Vec::new()) };
    of_sqlite(path, &from, vault.folder()?)
}

/// A list of patterns, an object of them by id, or one of them; whatever is around it.
fn collect(value: &Value, key: Option<&str>, from: &str, found: &mut Vec<Pattern>) {
    match value {
        Value::Array(list) => list.iter().for_each(|it| collect(it, None, from, found)),
        Value::Object(map) => {
            let is_pattern =
                ["label", "classification", "user_label"].iter().any(|key| map.contains_key(*key));
            if is_pattern && found.len() < MOST {
                let mut all = map.clone();
                if let Some(key) = key.filter(|_| !all.contains_key("id")) {
                    all.insert("id".to_owned(), Value::String(key.to_owned()));
                }
                found.push(Pattern { from: from.to_owned(), all });
            } else if !is_pattern {
                map.iter().for_each(|(key, it)| collect(it, Some(key), from, found));
            }
        }
        _ => {}
    }
}

/// Reads a copy, with its log: opening the base itself could write beside it.
fn of_sqlite(path: &Path, from: &str, folder: &Path) -> anyhow::Result<Vec<Pattern>> {
    let copy = folder.join("patterns.part");
    let beside = |path: &Path, end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let clear = || {
        for end in ["", "-wal", "-shm"] {
            // One that is not there is fine, and one that stays is written over the next time.
            std::fs::remove_file(beside(&copy, end)).unwrap_or_default();
        }
    };
    clear();
    std::fs::copy(path, &copy).context("it cannot be copied")?;
    if beside(path, "-wal").is_file() {
        std::fs::copy(beside(path, "-wal"), beside(&copy, "-wal")).context("its log cannot be copied")?;
    }
    let found = rows(&copy, from);
    clear();
    found
}

fn rows(base: &Path, from: &str) -> anyhow::Result<Vec<Pattern>> {
    let base = Connection::open_with_flags(base, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut tables = base.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        let mut statement = base.prepare(&format!("SELECT * FROM \"{quoted}\" LIMIT {MOST}"))?;
        let columns: Vec<String> = statement.column_names().iter().map(|name| (*name).to_owned()).collect();
        let has =
            |names: &[&str]| columns.iter().any(|column| names.contains(&column.to_lowercase().as_str()));
        if !has(&["id", "pattern_id", "event_id"]) || !has(&["label", "classification", "user_label"]) {
            continue;
        }
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut all = Map::new();
            for (n, column) in columns.iter().enumerate() {
                all.insert(column.to_lowercase(), value(row.get_ref(n)?));
            }
            found.push(Pattern { from: format!("{from}, table {table}"), all });
        }
    }
    Ok(found)
}

/// JSON in a text is what it says.
fn value(it: ValueRef<'_>) -> Value {
    match it {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let nested = text.starts_with(['{', '[']).then(|| serde_json::from_str(&text).ok()).flatten();
            nested.unwrap_or_else(|| Value::String(text.into_owned()))
        }
        ValueRef::Blob(bytes) => Value::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

/// Keeps what belongs to no event, in a file that is named by what is in it.
///
/// # Errors
/// What the system says.
pub(super) fn put_by(folder: &Path, patterns: &[Pattern]) -> std::io::Result<PathBuf> {
    let list: Vec<Value> = patterns.iter().map(|it| json!({ "from": it.from, "pattern": it.all })).collect();
    let mut bytes = serde_json::to_vec_pretty(&json!({ "patterns": list }))?;
    bytes.push(b'\n');
    let name: String = Sha256::digest(&bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("legacy-patterns-{name}.json"));
    store::publish::replace(&store::fs::RealFs, &path, &bytes)?;
    Ok(path)
}
