use super::*;

#[test]
fn admin_may_everything_and_others_only_their_own() {
    let key = |scope| KeyRecord {
        id: String::new(),
        name: String::new(),
        secret_sha256: [0; 32],
        scopes: vec![scope],
    };
    for scope in Scope::ALL {
        assert!(key(Scope::Admin).may(scope));
        for other in Scope::ALL {
            assert_eq!(key(other).may(scope), other == scope || other == Scope::Admin);
        }
        assert_eq!(Scope::named(scope.as_str()), Some(scope));
    }
}
