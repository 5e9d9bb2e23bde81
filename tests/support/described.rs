//! Holds answers to the API's own description. The in-process tests of `server` read this very file, too.
//!
//! An answer must have a status that its operation names, a content type that goes with it, and no key in its JSON that
//! the schema does not know: a client may let strangers pass, a test may not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// What the server itself says before any route is looked for, without a body.
const BARE: [u16; 4] = [400, 408, 414, 431];

/// A document that answers can be held to.
pub struct Described {
    document: Value,
    /// The schemas, each with `additionalProperties: false` where nothing is said of it.
    strict: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl std::fmt::Debug for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Described").finish_non_exhaustive()
    }
}

/// What is looked at of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Of the request.
    pub method: &'a str,
    /// Of the request; a query is let pass.
    pub path: &'a str,
    /// The status code.
    pub status: u16,
    /// The header, parameters and all.
    pub content_type: Option<&'a str>,
    /// `None`: it has not been read, as that of a stream.
    pub body: Option<&'a [u8]>,
}

impl Described {
    /// From `openapi.json`.
    #[must_use]
    pub fn new(document: Value) -> Self {
        let mut strict = document["components"].clone();
        tighten(&mut strict);
        Self { document, strict, validators: Mutex::default() }
    }

    /// Whether the answer is one that the document knows.
    ///
    /// # Errors
    /// What is not described, in words.
    pub fn check(&self, answer: &Answer<'_>) -> Result<(), String> {
        let is_empty = answer.body.is_some_and(<[u8]>::is_empty);
        if is_empty && answer.content_type.is_none() && BARE.contains(&answer.status) {
            return Ok(());
        }
        let path = answer.path.split('?').next().unwrap_or_default();
        let method = if answer.method == "HEAD" { "get" } else { &*answer.method.to_ascii_lowercase() };
        let response = match self.item(path) {
            None => return self.unrouted(answer),
            Some(item) if item[method].is_null() => return self.problem(answer),
            Some(item) => self.resolved(&item[method]["responses"][answer.status.to_string()]),
        };
        if response.is_null() {
            return Err(format!("the status {} is not described", answer.status));
        }
        self.content(response, answer)
    }

    /// Whether a value is what that schema says.
    ///
    /// # Errors
    /// Where it is not, in words.
    pub fn is(&self, schema: &str, value: &Value) -> Result<(), String> {
        self.validate(&json!({ "$ref": format!("#/components/schemas/{schema}") }), value)
    }

    /// The path's item; of several the one with the fewest names.
    fn item(&self, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object()?;
        let fits = paths.iter().filter(|(template, _)| covers(template, path));
        fits.min_by_key(|(template, _)| template.matches('{').count()).map(|(_, item)| item)
    }

    /// A path that no route has: a file of the page, or a problem.
    fn unrouted(&self, answer: &Answer<'_>) -> Result<(), String> {
        let is_json =
            answer.content_type.is_some_and(|kind| kind.contains("json") && !kind.contains("manifest"));
        match answer.status {
            200 | 304 if !is_json => Ok(()),
            _ => self.problem(answer),
        }
    }

    fn problem(&self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status < 400 {
            return Err(format!("{} at a path or method that is not described", answer.status));
        }
        let content = json!({ "content": {
            "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
            "text/html": {},
        } });
        self.content(&content, answer)
    }

    fn content(&self, response: &Value, answer: &Answer<'_>) -> Result<(), String> {
        let is_unread = answer.method == "HEAD" || answer.status == 304;
        if is_unread || answer.body.is_some_and(<[u8]>::is_empty) && answer.content_type.is_none() {
            return Ok(());
        }
        let kind = essence(answer.content_type.unwrap_or("nothing"));
        let known = response["content"].as_object().into_iter().flatten();
        let Some((_, content)) = known.into_iter().find(|(known, _)| essence(known) == kind) else {
            return Err(format!("the content type {kind} of {} is not described", answer.status));
        };
        match answer.body {
            Some(body) if kind.ends_with("json") => {
                let value = serde_json::from_slice(body).map_err(|no| format!("it is not JSON: {no}"))?;
                self.validate(&content["schema"], &value)
            }
            _ => Ok(()),
        }
    }

    fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema)?;
        let errors = validator.iter_errors(value).map(|no| format!("{}: {no}", no.instance_path()));
        let errors = errors.take(5).collect::<Vec<_>>();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ").chars().take(2_000).collect()) }
    }

    fn validator(&self, schema: &Value) -> Result<Arc<Validator>, String> {
        let key = schema.to_string();
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = validators.get(&key) {
            return Ok(known.clone());
        }
        let mut schema = schema.clone();
        tighten(&mut schema);
        let whole = json!({ "allOf": [schema], "components": self.strict });
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let made = Arc::new(options.build(&whole).map_err(|no| format!("the schema itself is wrong: {no}"))?);
        validators.insert(key, made.clone());
        Ok(made)
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
        place.and_then(|place| self.document.pointer(place)).unwrap_or(value)
    }
}

fn covers(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/').collect::<Vec<_>>(), path.split('/').collect::<Vec<_>>());
    let same = |(own, asked): (&&str, &&str)| own == asked || own.starts_with('{') && !asked.is_empty();
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

/// No key that is not named, wherever nothing else is said.
fn tighten(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(tighten);
            if members.get("properties").is_some_and(Value::is_object) && is_schema(members) {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
        }
        Value::Array(all) => all.iter_mut().for_each(tighten),
        _ => {}
    }
}

/// A schema, and not a shape that happens to have a property called `properties`.
fn is_schema(members: &Map<String, Value>) -> bool {
    members.get("type").is_some_and(|kind| kind == "object" || kind.is_array())
}
