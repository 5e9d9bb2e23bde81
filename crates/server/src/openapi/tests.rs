use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use serde_json::{Value, json};
use web::Need;

use super::*;
use crate::testing::*;
use crate::testing::{Answer, Described};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(document("0.0.0")).unwrap());

/// Every object of a document with the place it has.
fn walk<'a>(
    value: &'a Value,
    place: String,
    visit: &mut impl FnMut(&str, &'a serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(members) => {
            visit(&place, members);
            for (name, member) in members {
                walk(member, format!("{place}/{name}"), visit);
            }
        }
        Value::Array(all) => {
            for (index, member) in all.iter().enumerate() {
                walk(member, format!("{place}/{index}"), visit);
            }
        }
        _ => {}
    }
}

#[test]
fn every_row_of_the_table_is_described_and_nothing_else_is() {
    let rows = crate::rows();
    let rows = rows.iter().map(|row| (row.method, row.path)).collect::<BTreeSet<_>>();
    let document = document("0.0.0");
    let described = document.paths.paths.iter();
    let described = described
        .flat_map(|(path, item)| operations(item).into_iter().map(|(name, _)| (name, path.as_str())));
    assert_eq!(rows, described.collect());
}

#[test]
fn each_operation_says_what_its_row_does() {
    let document = document("0.0.0");
    let mut ids = HashSet::new();
    for row in crate::rows() {
        let item = &document.paths.paths[row.path];
        let (_, operation) = operations(item).into_iter().find(|(name, _)| *name == row.method).unwrap();
        assert!(ids.insert(operation.operation_id.clone().unwrap()), "{row:?}");
        assert!(operation.summary.as_ref().is_some_and(|words| words.len() > 8), "{row:?} is told in words");
        let operation = serde_json::to_value(operation).unwrap();
        match row.need {
            Need::Open => {
                assert!(operation["security"].is_null() && operation["x-scope"].is_null(), "{row:?}")
            }
            Need::Key(scope) => {
                assert_eq!(operation["x-scope"], scope.as_str(), "{row:?}");
                let ways = operation["security"].as_array().unwrap();
                assert!(ways.contains(&json!({ "bearer": [scope.as_str()] })), "{row:?}");
                let by_link = ways.iter().any(|way| !way["link"].is_null());
                assert_eq!(by_link, row.linkable, "{row:?}");
            }
        }
        let named = row.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let of_path =
            parameters.iter().filter(|one| one["in"] == "path").filter_map(|one| one["name"].as_str());
        assert_eq!(named.collect::<BTreeSet<_>>(), of_path.collect(), "{row:?}");
    }
}

#[test]
fn the_document_is_openapi_as_the_standard_has_it() {
    let document = &*DOCUMENT;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"] == "0.0.0");
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    walk(document, String::new(), &mut |place, members| {
        if let Some(Value::String(reference)) = members.get("$ref") {
            assert!(document.pointer(&reference[1..]).is_some(), "{place}: {reference} leads nowhere");
        }
        if let Some(Value::Array(ways)) = members.get("security") {
            for way in ways.iter().filter_map(Value::as_object) {
                assert!(way.keys().all(|name| schemes.contains_key(name)), "{place}");
            }
        }
        if let Some(Value::Object(responses)) = members.get("responses") {
            assert!(!responses.is_empty(), "{place}");
            for (status, response) in responses {
                let is_told = response["description"].is_string() || response["$ref"].is_string();
                assert!(is_told, "{place}: {status}");
            }
        }
    });
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with('/'), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let is_whole = parameter["name"].is_string()
                    && parameter["schema"].is_object()
                    && ["path", "query", "header"].contains(&parameter["in"].as_str().unwrap())
                    && (parameter["in"] != "path" || parameter["required"] == true);
                assert!(is_whole, "{method} {path}: {parameter}");
            }
        }
    }
}

#[test]
fn every_schema_is_one_and_every_member_of_the_answers_is_told() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_is_the_document() {
    let server = TestServer::start().await;
    let reply = server.get("/api/v1/openapi.json").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(reply.json(), *DOCUMENT);
}

#[test]
fn an_answer_that_is_not_described_is_noticed() {
    let described = Described::new(DOCUMENT.clone());
    let answer = |method, path, status, kind, body: &'static str| {
        described.check(&Answer {
            method,
            path,
            status,
            content_type: Some(kind),
            body: Some(body.as_bytes()),
        })
    };
    let json = "application/json";
    assert_eq!(answer("GET", "/healthz", 200, json, r#"{"status":"ok"}"#), Ok(()));
    for (what, checked) in [
        ("a key that nobody told of", answer("GET", "/healthz", 200, json, r#"{"status":"ok","x":1}"#)),
        ("a key that is missing", answer("GET", "/healthz", 200, json, "{}")),
        ("another type", answer("GET", "/healthz", 200, json, r#"{"status":1}"#)),
        ("another status", answer("GET", "/healthz", 201, json, r#"{"status":"ok"}"#)),
        ("another content type", answer("GET", "/healthz", 200, "text/plain", "ok")),
        ("a path that is none", answer("GET", "/api/v1/nothing", 200, json, "{}")),
        ("a method that is none", answer("DELETE", "/healthz", 200, json, "{}")),
        ("a problem of another shape", answer("GET", "/nothing", 404, "application/problem+json", "{}")),
    ] {
        assert!(checked.is_err(), "{what}");
    }
    let hello = json!({ "type": "time", "t0": 1.5, "now_ms": 2.5 });
    assert_eq!(described.is("LiveMessage", &hello), Ok(()));
    let stranger = json!({ "type": "time", "t0": 1.5, "now_ms": 2.5, "x": 1 });
    assert!(described.is("LiveMessage", &stranger).is_err());
}
