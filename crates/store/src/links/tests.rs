use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::fs::RealFs;

fn secret(dir: &Path) -> LinkSecret {
    LinkSecret::new(Arc::new(RealFs), dir)
}

#[test]
fn it_is_made_once_for_the_owner_alone_and_found_again_by_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = secret(dir.path());
    first.refresh().unwrap();
    assert_eq!(first.known(), None);
    assert_eq!(first.make([1; 32]).unwrap(), [1; 32]);
    assert_eq!(first.make([2; 32]).unwrap(), [1; 32], "the one that is there stays");
    let mode = std::fs::metadata(dir.path().join("links.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = secret(dir.path());
    second.refresh().unwrap();
    assert_eq!(second.known(), Some([1; 32]));
}

#[test]
fn thrown_away_it_is_gone_at_the_next_look_and_the_next_one_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let secret = secret(dir.path());
    secret.make([1; 32]).unwrap();
    std::fs::remove_file(dir.path().join("links.key")).unwrap();
    secret.refresh().unwrap();
    assert_eq!(secret.known(), None);
    assert_eq!(secret.make([2; 32]).unwrap(), [2; 32]);
}

#[test]
fn a_damaged_one_signs_nothing_and_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("links.key");
    let secret = secret(dir.path());
    for damage in ["", "short\n", &"A".repeat(43), &"A".repeat(100), &format!("{}\n", "!".repeat(43))] {
        std::fs::write(&path, damage).unwrap();
        assert!(
            matches!(secret.make([3; 32]), Err(LinkError::Damaged { .. } | LinkError::Io { .. })),
            "{damage:?}"
        );
        assert!(secret.refresh().is_err(), "{damage:?}");
        assert_eq!(secret.known(), None);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damage);
        std::fs::remove_file(&path).unwrap();
        secret.refresh().unwrap();
    }
}
