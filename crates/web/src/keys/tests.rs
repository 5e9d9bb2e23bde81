use super::*;
use http::HeaderValue;

struct One(KeyRecord);

impl KeyCheck for One {
    fn any(&self) -> bool {
        true
    }
    fn find(&self, id: &str) -> Option<KeyRecord> {
        (id == self.0.id).then(|| self.0.clone())
    }
    fn refresh(&self) {}
}

fn access() -> Access {
    let record =
        KeyRecord { id: "k1".into(), secret_sha256: hash_secret("se_cret"), scopes: vec![Scope::View] };
    Access::new(false, Arc::new(One(record)))
}

fn verdict(name: &'static str, value: &str) -> &'static str {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    match access().check(&headers) {
        Verdict::Missing => "missing",
        Verdict::Wrong => "wrong",
        Verdict::Good(_) => "good",
    }
}

#[test]
fn a_key_is_taken_in_each_of_its_three_forms() {
    let basic = format!("Basic {}", STANDARD.encode("anyone:nj_k1_se_cret"));
    assert_eq!(verdict("authorization", "Bearer nj_k1_se_cret"), "good");
    assert_eq!(verdict("authorization", "bearer nj_k1_se_cret"), "good");
    assert_eq!(verdict("x-api-key", "nj_k1_se_cret"), "good");
    assert_eq!(verdict("authorization", &basic), "good");
}

#[test]
fn anything_else_is_wrong_or_missing() {
    for value in
        ["nj_k1_secret", "nj_k2_se_cret", "nj_k1_", "nj__se_cret", "k1_se_cret", "", "nj_k1_se_cret "]
    {
        assert_eq!(verdict("x-api-key", value), "wrong", "{value:?}");
    }
    assert_eq!(verdict("authorization", "Basic %%%"), "wrong");
    assert_eq!(verdict("authorization", "Digest x"), "missing");
    assert_eq!(verdict("cookie", "nj_k1_se_cret"), "missing");
}

#[test]
fn an_unknown_id_never_passes_even_with_the_secret_whose_hash_is_compared_instead() {
    // The dummy hash is all zeros, which no secret that anyone knows hashes to; the record decides anyway.
    let access = Access::new(true, Arc::new(NoKeys));
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_static("nj_a_b"));
    assert!(matches!(access.check(&headers), Verdict::Wrong));
    assert!(access.is_required());
    assert!(!Access::open().is_required());
}

#[test]
fn admin_may_everything_and_others_only_their_own() {
    let key = |scope| KeyRecord { id: String::new(), secret_sha256: [0; 32], scopes: vec![scope] };
    for scope in Scope::ALL {
        assert!(key(Scope::Admin).may(scope));
        for other in Scope::ALL {
            assert_eq!(key(other).may(scope), other == scope || other == Scope::Admin);
        }
        assert_eq!(Scope::named(scope.as_str()), Some(scope));
    }
}
