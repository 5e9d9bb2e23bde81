use super::*;
use crate::fs::RealFs;

fn fresh() -> EventId {
    EventId::from_parts(1, 2)
}

fn made() -> (tempfile::TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path().to_owned());
    settle(&RealFs, &layout, None, fresh()).unwrap();
    (dir, layout)
}

#[test]
fn an_empty_root_is_a_first_start_and_is_known_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path().to_owned());
    assert_eq!(look(&RealFs, &layout).unwrap(), Found::Fresh);
    let root = settle(&RealFs, &layout, None, fresh()).unwrap();
    assert_eq!(look(&RealFs, &layout).unwrap(), Found::Known(root));
}

#[test]
fn an_empty_folder_of_events_where_an_index_is_means_that_a_disk_is_missing() {
    let (dir, layout) = made();
    std::fs::write(layout.index(), b"index").unwrap();
    std::fs::remove_dir_all(layout.events()).unwrap();
    std::fs::create_dir(layout.events()).unwrap();
    assert!(matches!(look(&RealFs, &layout).unwrap(), Found::Missing(_)));
    drop(dir);
}

#[test]
fn settling_again_writes_nothing() {
    let (dir, layout) = made();
    let before = RealFs.metadata(&layout.identity()).unwrap();
    let Found::Known(root) = look(&RealFs, &layout).unwrap() else { panic!("it is not known") };
    settle(&RealFs, &layout, Some(root), fresh()).unwrap();
    assert_eq!(RealFs.metadata(&layout.identity()).unwrap(), before);
    drop(dir);
}

#[test]
fn a_damaged_identity_is_said_and_not_written_over() {
    let (dir, layout) = made();
    std::fs::write(layout.identity(), b"{").unwrap();
    assert!(matches!(look(&RealFs, &layout), Err(StoreError::Corrupt(_))));
    drop(dir);
}
