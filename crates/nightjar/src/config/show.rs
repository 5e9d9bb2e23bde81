//! `config show`: the effective configuration with the origin of each value, secrets masked.

use serde_json::{Map, json};

use super::keys::{Section, Slot, place};
use super::kind::{Kind, MASK, Value, masked_url};
use super::problems::Origin;
use super::values::{Set, Values};

/// As TOML that could be read again, but for the masked secrets; the origin stands behind each value.
pub(crate) fn toml(values: &Values) -> String {
    let mut text = String::new();
    for section in Section::SINGLE {
        table(&mut text, values, section, None, None);
    }
    for remote in 0..values.remotes.len() {
        table(&mut text, values, Section::Remote, Some(remote), None);
    }
    for (camera, it) in values.cameras.iter().enumerate() {
        for section in Section::OF_CAMERA {
            table(&mut text, values, section, Some(camera), None);
        }
        for zone in 0..it.zones.len() {
            table(&mut text, values, Section::Zone, Some(camera), Some(zone));
        }
    }
    text
}

fn table(text: &mut String, values: &Values, section: Section, camera: Option<usize>, zone: Option<usize>) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(section.header());
    text.push('\n');
    for (slot, set) in rows(values, section, camera, zone) {
        let line = format!("{} = {}", slot.row().name, shown(slot, &set.value).to_toml());
        text.push_str(&format!("{line:<48} # {}\n", set.origin));
    }
}

/// As JSON: every place with its value and origin.
pub(crate) fn json(values: &Values) -> serde_json::Value {
    let mut all = Map::new();
    let mut add = |section, camera, zone| {
        for (slot, set) in rows(values, section, camera, zone) {
            let name = place(section, camera, zone, slot.row().name);
            let value = shown(slot, &set.value).to_json();
            all.insert(name, json!({ "value": value, "origin": set.origin.to_string() }));
        }
    };
    for section in Section::SINGLE {
        add(section, None, None);
    }
    for remote in 0..values.remotes.len() {
        add(Section::Remote, Some(remote), None);
    }
    for (camera, it) in values.cameras.iter().enumerate() {
        for section in Section::OF_CAMERA {
            add(section, Some(camera), None);
        }
        for zone in 0..it.zones.len() {
            add(Section::Zone, Some(camera), Some(zone));
        }
    }
    serde_json::Value::Object(all)
}

/// The values of one table, those left aside that belong to another source.
fn rows(
    values: &Values,
    section: Section,
    outer: Option<usize>,
    zone: Option<usize>,
) -> impl Iterator<Item = (Slot, Set)> {
    let of_remote = section == Section::Remote;
    let source = outer.and_then(|outer| match of_remote {
        true => values.remote_text(outer, "kind"),
        false => values.camera_text(outer, "source"),
    });
    let camera = outer.filter(|_| !of_remote);
    section.keys().filter_map(move |(key, row)| {
        if source.as_deref().is_some_and(|source| !row.serves(source)) {
            return None;
        }
        let slot = Slot::at(key, outer, zone);
        let fallback = || {
            if let (Section::Remote, "name", Some(remote)) = (section, row.name, outer) {
                return Some(Set { value: Value::Text(values.remote_name(remote)), origin: Origin::Default });
            }
            if let (Section::Zone, "name", Some(camera), Some(zone)) = (section, row.name, camera, zone) {
                return Some(Set {
                    value: Value::Text(values.zone_name(camera, zone)),
                    origin: Origin::Default,
                });
            }
            let id = camera.map(|camera| values.id(camera))?;
            let named = section == Section::Camera && matches!(row.name, "id" | "name");
            named.then_some(Set { value: Value::Text(id), origin: Origin::Default })
        };
        Some((slot, values.get(slot).or_else(fallback)?))
    })
}

fn shown(slot: Slot, value: &Value) -> Value {
    match (slot.row().kind, value) {
        (Kind::Secret, _) => Value::Text(MASK.into()),
        (Kind::Url, Value::Text(url)) => Value::Text(masked_url(url)),
        // Any argument may hold a password, and which does only the program knows.
        (Kind::Words, Value::Words(words)) => {
            let arguments =
                words.iter().skip(1).map(|word| if is_option(word) { word.as_str() } else { MASK });
            Value::Words(
                words.iter().take(1).map(String::as_str).chain(arguments).map(str::to_owned).collect(),
            )
        }
        _ => value.clone(),
    }
}

/// Whether it is no more than an option's name: `-n`, `--codec`.
fn is_option(word: &str) -> bool {
    let name =
        |letters: &str| !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    match word.strip_prefix("--") {
        Some(long) => name(long),
        None => word.len() == 2 && word.starts_with('-') && word.is_ascii(),
    }
}
