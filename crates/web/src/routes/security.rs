//! How a key comes in.

use utoipa::openapi::Components;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

use crate::Scope;

const KEY: &str = "A key as `nightjar key add` prints it.";

pub(super) fn describe(components: &mut Components) {
    let header = ApiKeyValue::with_description("X-API-Key", KEY);
    let cookie = "The session that a key opens in a browser; its name ends in the port. What changes something needs \
                  an Origin of this server as well.";
    let link = "A signed link, made by `POST /api/v1/links` and good for a while, for `<img>` tags.";
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(KEY)).build();
    let mut basic = Http::new(HttpAuthScheme::Basic);
    basic.description = Some("The key as password; the name does not matter.".to_owned());
    components.add_security_schemes_from_iter([
        ("bearer", SecurityScheme::Http(bearer)),
        ("key", SecurityScheme::ApiKey(ApiKey::Header(header))),
        ("basic", SecurityScheme::Http(basic)),
        (
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("nightjar", cookie))),
        ),
        ("link", SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description("signature", link)))),
    ]);
}

/// One of these, with that scope, or with the other one.
pub(super) fn needs(scope: Scope, or: Option<Scope>, linkable: bool) -> Vec<SecurityRequirement> {
    let ways = ["bearer", "key", "basic", "session", "link"];
    let ways = &ways[..if linkable { 5 } else { 4 }];
    let scopes = std::iter::once(scope).chain(or);
    scopes
        .flat_map(|scope| ways.iter().map(move |way| SecurityRequirement::new(*way, [scope.as_str()])))
        .collect()
}
