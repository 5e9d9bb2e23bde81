use super::*;
use crate::fs::RealFs;
use frame::SimClock;
use std::time::SystemTime;

fn keys() -> (tempfile::TempDir, Keys, SimClock) {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::new(Arc::new(RealFs), &dir.path().join("data"));
    (dir, keys, SimClock::at(SystemTime::UNIX_EPOCH))
}

fn scopes(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_key_is_shown_once_and_kept_as_a_hash_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, keys, clock) = keys();
    let new = keys.add("phone", &scopes(&["view", "control", "view"]), Secret([7; 37]), &clock).unwrap();
    let parts = new.text.splitn(3, '_').collect::<Vec<_>>();
    assert_eq!(parts[0], "nj");
    assert_eq!(parts[1], new.key.id);
    assert_eq!(parts[2].len(), 43);
    assert_eq!(new.key.scopes, ["control", "view"]);
    assert_eq!(new.key.created, "1970-01-01T00:00:00Z");
    let text = std::fs::read_to_string(dir.path().join("data/keys.json")).unwrap();
    assert!(!text.contains(parts[2]), "{text}");
    assert!(!format!("{new:?}").contains(parts[2]));
    let mode = |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/keys.json")), (0o700, 0o600));
    assert_eq!(keys.list().unwrap(), [new.key]);
}

#[test]
fn a_quota_is_kept_with_its_key_and_nothing_is_written_for_keys_without_one() {
    let (dir, keys, clock) = keys();
    keys.add("phone", &scopes(&["view"]), Secret([1; 37]), &clock).unwrap();
    let text = || std::fs::read_to_string(dir.path().join("data/keys.json")).unwrap();
    assert!(!text().contains("quota"), "{}", text());
    let new =
        keys.add_with_quota("pi", &scopes(&["upload"]), Some(10 << 30), Secret([2; 37]), &clock).unwrap();
    assert_eq!(keys.list().unwrap()[1], new.key);
    assert_eq!(new.key.quota, Some(10 << 30));
}

#[test]
fn ids_never_collide_even_when_chance_does() {
    let (_dir, keys, clock) = keys();
    let first = keys.add("a", &scopes(&["view"]), Secret([9; 37]), &clock).unwrap();
    let second = keys.add("b", &scopes(&["view"]), Secret([9; 37]), &clock).unwrap();
    assert_ne!(first.key.id, second.key.id);
    assert_eq!((first.key.id.len(), keys.list().unwrap().len()), (8, 2));
}

#[test]
fn a_revoked_key_is_gone_at_the_next_refresh() {
    let (_dir, keys, clock) = keys();
    keys.refresh().unwrap();
    assert!(keys.known().is_empty());
    let first = keys.add("a", &scopes(&["view"]), Secret([1; 37]), &clock).unwrap();
    let second = keys.add("b", &scopes(&["admin"]), Secret([2; 37]), &clock).unwrap();
    keys.refresh().unwrap();
    assert_eq!(keys.known().len(), 2);
    assert_eq!(keys.revoke(&first.key.id).unwrap().name, "a");
    keys.refresh().unwrap();
    assert_eq!(*keys.known(), [second.key]);
    assert!(matches!(keys.revoke("nobody"), Err(KeyError::Unknown(_))));
}

#[test]
fn a_damaged_file_is_named_and_never_written_over() {
    for damage in ["", "{", "[]", "{\"version\":2,\"keys\":[]}", "{\"version\":1,\"keys\":[{\"id\":\"a\"}]}"]
    {
        let (dir, keys, clock) = keys();
        keys.add("a", &scopes(&["view"]), Secret([1; 37]), &clock).unwrap();
        keys.refresh().unwrap();
        let path = dir.path().join("data/keys.json");
        std::fs::write(&path, damage).unwrap();
        let error = keys.add("b", &scopes(&["view"]), Secret([2; 37]), &clock).unwrap_err();
        assert!(error.to_string().contains("keys.json is damaged"), "{error}");
        assert!(keys.revoke("a").is_err() && keys.refresh().is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damage);
        assert_eq!(keys.known().len(), 1, "the keys that were known stay known");
    }
}

#[test]
fn bad_names_and_scopes_are_refused() {
    let (dir, keys, clock) = keys();
    let add = |name: &str, names: &[&str]| keys.add(name, &scopes(names), Secret([1; 37]), &clock);
    assert!(matches!(add("", &["view"]), Err(KeyError::BadName)));
    assert!(matches!(add("a\nb", &["view"]), Err(KeyError::BadName)));
    assert!(matches!(add("a", &[]), Err(KeyError::NoScope)));
    assert!(matches!(add("a", &["view", "root"]), Err(KeyError::UnknownScope(scope)) if scope == "root"));
    assert!(!dir.path().join("data").exists());
}

#[test]
fn two_who_add_at_the_same_time_both_succeed() {
    let (dir, _, _) = keys();
    let path = dir.path().join("data");
    std::thread::scope(|scope| {
        for i in 0..8 {
            let path = path.clone();
            scope.spawn(move || {
                let clock = SimClock::at(SystemTime::UNIX_EPOCH);
                let keys = Keys::new(Arc::new(RealFs), &path);
                keys.add("a", &scopes(&["view"]), Secret([i; 37]), &clock).unwrap();
            });
        }
    });
    assert_eq!(Keys::new(Arc::new(RealFs), &path).list().unwrap().len(), 8);
}
