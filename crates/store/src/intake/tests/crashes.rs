//! What a crash or a fault leaves between two steps is completed.

use super::*;

fn part(way: &Way) -> std::path::PathBuf {
    way.hub.root().join(format!("incoming/{}.part", way.id))
}

fn folder(way: &Way) -> std::path::PathBuf {
    way.hub.root().join(format!("events/2026/11/20/{}", way.id))
}

/// A clip that lies with its event, and nobody has said so.
fn moved() -> Way {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()).unwrap();
    incoming.sync().unwrap();
    drop(incoming);
    std::fs::rename(part(&way), folder(&way).join("clip.mp4")).unwrap();
    way
}

/// What another start would find, were the power cut now.
fn crashed(way: &Way) -> (Place, Store) {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.metadata().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let place = Place::new();
    copy(way.hub.root(), &place.dir.path().join("data"));
    let store = place.open();
    (place, store)
}

fn is_whole(way: &Way, hub: &Store) {
    assert_eq!(hub.check(), Vec::<String>::new());
    let standing = hub.standing(way.id).unwrap().unwrap().standing;
    assert_eq!(standing.receipt.unwrap().sha256, way.entry().sha256);
    assert_eq!(hub.get(way.id).unwrap().unwrap().clip, way.camera.get(way.id).unwrap().unwrap().clip);
}

#[test]
fn a_clip_that_was_moved_gets_its_row_at_the_next_start() {
    let way = moved();
    assert!(!way.hub.check().is_empty());
    let (_place, again) = crashed(&way);
    is_whole(&way, &again);
}

#[test]
fn a_clip_that_was_moved_gets_its_row_when_somebody_asks() {
    let way = moved();
    assert_eq!(way.hub.standing(way.id).unwrap().unwrap().standing.state, STORED);
    is_whole(&way, &way.hub);
    let way = moved();
    assert!(matches!(way.hub.incoming(way.id), Err(StoreError::NoSuchEvents(_))));
    is_whole(&way, &way.hub);
}

#[test]
fn another_file_in_the_place_of_a_clip_is_not_taken_for_it() {
    let way = Way::new();
    drop(way.begun());
    std::fs::write(folder(&way).join("clip.mp4"), b"nonsense").unwrap();
    assert_eq!(way.hub.standing(way.id).unwrap().unwrap().standing.state, OWES);
    assert!(!folder(&way).join("clip.mp4").exists());
    assert_eq!(way.hub.check(), Vec::<String>::new());
}

#[test]
fn a_hash_is_made_again_after_a_restart() {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()[..777]).unwrap();
    drop(incoming);
    let (_place, again) = crashed(&way);
    let mut incoming = again.incoming(way.id).unwrap();
    assert_eq!(incoming.offset(), 777);
    incoming.write(&way.clip()[777..]).unwrap();
    assert!(matches!(incoming.finish(&way.entry()).unwrap(), Finish::Stored(..)));
    is_whole(&way, &again);
}

#[test]
fn an_event_that_is_deleted_while_its_clip_comes_is_gone_and_answered() {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()).unwrap();
    way.hub.delete(&[way.id]).unwrap();
    assert!(matches!(incoming.finish(&way.entry()), Err(StoreError::NoSuchEvents(_))));
    let stand = way.hub.standing(way.id).unwrap().unwrap();
    assert!(stand.is_gone && stand.standing.state == STORED);
    assert_ne!(
        stand.standing.receipt.unwrap().sha256,
        way.entry().sha256,
        "it says of no clip that it is kept"
    );
    assert_eq!(
        way.hub.sweep_incoming(Duration::from_secs(1 << 40)).unwrap(),
        1,
        "nobody waits for it any more"
    );
    assert_eq!(way.hub.check(), Vec::<String>::new());
}
