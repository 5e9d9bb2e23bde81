//! What the checks before every handler answer, by row; see [`crate::front`].

use std::collections::BTreeMap;

use utoipa::PartialSchema;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::security;
use crate::{Need, Row};

/// Status, name among the components, whether it takes a need for a key, words.
const ANSWERS: [(&str, &str, bool, &str); 10] = [
    ("400", "BadRequest", false, "The request cannot be read, or names no host."),
    ("401", "KeyMissing", true, "A key is needed, or the one that came is not known."),
    (
        "403",
        "NotAllowed",
        false,
        "The key lacks the scope, or the request comes from a page of another origin; where no 401 is told of, a key is \
         missing or not known.",
    ),
    ("408", "TooSlow", false, "The request's body did not arrive in time."),
    ("413", "TooLarge", false, "The request's body is larger than is taken."),
    ("421", "UnknownHost", false, "The server does not answer to the host name that was asked for."),
    (
        "429",
        "TooMany",
        false,
        "Too many requests or wrong keys came from this address; `Retry-After` says when to come again.",
    ),
    ("431", "HeadTooLarge", false, "The request's head is larger than is taken."),
    ("500", "Internal", false, "Something went wrong inside; the log has more under the request's id."),
    ("503", "Unavailable", false, "Not now; `Retry-After` says when to come again, `detail` why."),
];

/// The same as components, so that each is told once.
pub(super) fn responses() -> BTreeMap<String, RefOr<Response>> {
    ANSWERS.iter().map(|(_, name, _, words)| ((*name).to_owned(), problem_response(words).into())).collect()
}

/// The operation with all that its row says of it.
pub(super) fn completed(row: &Row, mut operation: Operation) -> Operation {
    operation.operation_id = Some(id_of(row));
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            response.content.extend(problem_content());
        }
    }
    let is_open = row.need == Need::Open;
    for (status, name, of_keys, _) in ANSWERS {
        if !(of_keys && (is_open || row.forbids) || responses.contains_key(status)) {
            let answer = Ref::new(format!("#/components/responses/{name}"));
            responses.insert(status.to_owned(), RefOr::Ref(answer));
        }
    }
    if let Need::Key(scope) = row.need {
        operation.security = Some(security::needs(scope, row.or, row.linkable));
        let scope = ExtensionsBuilder::new().add("x-scope", scope.as_str()).build();
        operation.extensions = Some(scope);
    }
    operation
}

/// `GET /api/v1/cameras/{id}/stream` → `get_api_v1_cameras_id_stream`.
fn id_of(row: &Row) -> String {
    let words = row.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let method = row.method.to_ascii_lowercase();
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("_")
}

/// A problem document, and for a person in front of a browser the same as a page.
fn problem_content() -> BTreeMap<String, Content> {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let page = ContentBuilder::new().schema(Some(String::schema())).build();
    BTreeMap::from([("application/problem+json".to_owned(), problem), ("text/html".to_owned(), page)])
}

fn problem_response(description: &str) -> Response {
    let content = problem_content().into_iter();
    let builder = ResponseBuilder::new().description(description);
    content.fold(builder, |builder, (kind, content)| builder.content(kind, content)).build()
}
