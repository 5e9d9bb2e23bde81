//! `config schema`: the table of keys as a JSON Schema, for editors.

use serde_json::{Map, Value as Json, json};

use super::keys::{Key, Section};
use super::kind::Kind;
use super::units::{format_duration, format_size};

/// The whole schema (draft 2020-12).
pub(crate) fn schema() -> Json {
    let mut schema = object(Section::Root);
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        map.insert("title".into(), "nightjar.toml".into());
    }
    schema
}

fn object(section: Section) -> Json {
    let mut properties = Map::new();
    for (_, key) in section.keys() {
        properties.insert(key.name.into(), property(key));
    }
    for child in section.children() {
        let inner = object(child);
        let most = child.most();
        let entry = if child.is_list() {
            json!({ "type": "array", "items": inner, "maxItems": most, "description": child.about() })
        } else {
            inner
        };
        properties.insert(child.name().into(), entry);
    }
    let mut object = json!({
        "type": "object",
        "description": section.about(),
        "additionalProperties": false,
        "properties": properties,
    });
    if section == Section::Zone {
        object["required"] = json!(["points"]);
    }
    object
}

fn property(key: &Key) -> Json {
    let mut property = kind(key.kind);
    let about = match key.sources() {
        Some(sources) => format!("{} Only for {sources}.", key.about),
        None => key.about.to_owned(),
    };
    property["description"] = about.into();
    if let Some(value) = key.default_value() {
        property["default"] = value.to_json();
    }
    property
}

fn kind(kind: Kind) -> Json {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::IntOf { works, .. } => json!({ "type": "integer", "enum": works }),
        Kind::Float { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Text { max } => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        Kind::Choice { works, .. } => json!({ "type": "string", "enum": works() }),
        Kind::Duration { min, max } => json!({
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)?\\s*(ms|s|m|h|d)$",
            "x-minimum": format_duration(min),
            "x-maximum": format_duration(max),
        }),
        Kind::Size { min, max } => json!({
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)?\\s*([kKMGT]i?)?B$",
            "x-minimum": format_size(min),
            "x-maximum": format_size(max),
        }),
        Kind::Address | Kind::Path => json!({ "type": "string", "minLength": 1 }),
        Kind::Window => {
            json!({ "type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]\\s*-\\s*[0-2][0-9]:[0-5][0-9]$" })
        }
        Kind::TimeZone => json!({ "type": "string", "minLength": 1 }),
        Kind::Url => json!({ "type": "string", "pattern": "^(http|rtsp)s?://" }),
        Kind::Id => json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$" }),
        Kind::Secret => json!({ "type": "string", "minLength": 1, "maxLength": 1024 }),
        Kind::Controls => json!({
            "type": "object",
            "maxProperties": 64,
            "propertyNames": { "pattern": "^[a-z0-9_]{1,64}$" },
            "additionalProperties": { "type": ["integer", "boolean"] },
        }),
        Kind::Words => json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }),
        Kind::Hosts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Points => json!({
            "type": "array",
            "minItems": 3,
            "items": {
                "type": "array",
                "prefixItems": [share(), share()],
                "minItems": 2,
                "maxItems": 2,
            },
        }),
    }
}

fn share() -> Json {
    json!({ "type": "number", "minimum": 0, "maximum": 1 })
}
