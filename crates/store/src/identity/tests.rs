use super::*;
use crate::fs::RealFs;

fn fresh() -> EventId {
    EventId::from_parts(1, 2)
}

fn made() -> (tempfile::TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path().to_owned());
    settle(&RealFs, &layout, None, None, fresh()).unwrap();
    (dir, layout)
}

#[test]
fn an_empty_root_is_a_first_start_and_is_known_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path().to_owned());
    assert_eq!(look(&RealFs, &layout, None).unwrap(), Found::Fresh);
    let root = settle(&RealFs, &layout, None, None, fresh()).unwrap();
    assert_eq!(look(&RealFs, &layout, None).unwrap(), Found::Known(root));
}

#[test]
fn an_empty_folder_of_events_where_an_index_is_means_that_a_disk_is_missing() {
    let (dir, layout) = made();
    std::fs::write(layout.index(), b"index").unwrap();
    std::fs::remove_dir_all(layout.events()).unwrap();
    std::fs::create_dir(layout.events()).unwrap();
    assert!(matches!(look(&RealFs, &layout, None).unwrap(), Found::Missing(_)));
    drop(dir);
}

#[test]
fn a_witness_on_another_disk_knows_an_empty_mount_point_from_a_first_start() {
    let elsewhere = tempfile::tempdir().unwrap();
    let witness = elsewhere.path().join("nested/root.json");
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path().to_owned());
    let root = settle(&RealFs, &layout, Some(&witness), None, fresh()).unwrap();
    assert_eq!(look(&RealFs, &layout, Some(&witness)).unwrap(), Found::Known(root));
    let empty = tempfile::tempdir().unwrap();
    let empty = Layout::new(empty.path().to_owned());
    assert!(matches!(look(&RealFs, &empty, Some(&witness)).unwrap(), Found::Missing(_)));
    let (other_dir, other) = made();
    settle(&RealFs, &other, None, Some("another".to_owned()), fresh()).unwrap();
    assert!(matches!(look(&RealFs, &other, Some(&witness)).unwrap(), Found::Missing(_)));
    drop(other_dir);
}

#[test]
fn settling_again_writes_nothing() {
    let (dir, layout) = made();
    let before = RealFs.metadata(&layout.identity()).unwrap();
    let Found::Known(root) = look(&RealFs, &layout, None).unwrap() else { panic!("it is not known") };
    settle(&RealFs, &layout, None, Some(root), fresh()).unwrap();
    assert_eq!(RealFs.metadata(&layout.identity()).unwrap(), before);
    drop(dir);
}

#[test]
fn a_damaged_identity_is_said_and_not_written_over() {
    let (dir, layout) = made();
    std::fs::write(layout.identity(), b"{").unwrap();
    assert!(matches!(look(&RealFs, &layout, None), Err(StoreError::Corrupt(_))));
    drop(dir);
}
