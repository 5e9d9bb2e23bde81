use std::os::unix::fs::symlink;

use crate::StoreError;
use crate::store::tests::Place;

#[test]
fn bytes_come_in_any_order_and_leave_nothing_behind() {
    let place = Place::new();
    let store = place.open();
    let mut spool = store.spool().unwrap();
    let mut other = store.spool().unwrap();
    spool.write_at(6, b"world").unwrap();
    other.write_at(0, b"somebody else's").unwrap();
    spool.write_at(0, b"hello ").unwrap();
    spool.write_at(0, b"hello ").unwrap();
    let mut all = [0; 11];
    spool.read_at(0, &mut all).unwrap();
    assert_eq!(&all, b"hello world");
    assert!(spool.read_at(6, &mut all).is_err(), "there is less than that");
    let incoming = place.dir.path().join("data/incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0, "it has no name, even while it is there");
    drop((spool, other));
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn a_link_in_the_place_of_the_folder_is_not_followed() {
    let place = Place::new();
    let store = place.open();
    let (incoming, elsewhere) = (place.dir.path().join("data/incoming"), place.dir.path().join("elsewhere"));
    std::fs::create_dir(&elsewhere).unwrap();
    drop(std::fs::remove_dir(&incoming));
    symlink(&elsewhere, &incoming).unwrap();
    assert!(matches!(store.spool(), Err(StoreError::Io { .. })));
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
}
