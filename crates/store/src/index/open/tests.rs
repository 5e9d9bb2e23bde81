//! Files that are there, are damaged, are of another version, or are in use.

use super::super::tests::{DAY, event, full, id};
use super::*;
use crate::query::Query;

fn at(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("index.sqlite")
}

fn with_events(file: &Path, count: u64) {
    let index = Index::open(file).unwrap();
    let events: Vec<_> = (0..count).map(full).collect();
    index.insert_all(events.iter().map(|event| (event, DAY))).unwrap();
}

#[test]
fn a_closed_index_is_one_file_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    with_events(&at(&dir), 3);
    let names = || -> Vec<_> {
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    // The pool's own threads may hold a connection for a moment longer.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while names().len() > 1 && std::time::Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(names(), ["index.sqlite"]);
    assert_eq!(std::fs::metadata(at(&dir)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_damaged_index_is_set_aside_and_told() {
    let dir = tempfile::tempdir().unwrap();
    for n in 1..=2 {
        with_events(&at(&dir), 50);
        let mut bytes = std::fs::read(at(&dir)).unwrap();
        // Every page's head, where it says what it is.
        bytes.chunks_mut(4096).skip(1).for_each(|page| page[..8].fill(0xff));
        std::fs::write(at(&dir), &bytes).unwrap();
        let index = Index::open(&at(&dir)).unwrap();
        let aside = dir.path().join(format!("index.corrupt-{n}.sqlite"));
        assert_eq!(index.set_aside(), Some(aside.as_path()));
        assert_eq!(std::fs::read(aside).unwrap(), bytes, "nothing of it is lost");
        assert_eq!(index.totals().unwrap().events, 0);
        assert!(index.insert(&event(1), DAY).unwrap().is_new);
    }
    std::fs::write(at(&dir), "this is no database, but it is longer than nothing".repeat(100)).unwrap();
    assert!(Index::open(&at(&dir)).unwrap().set_aside().is_some());
    assert_eq!(Index::open(&at(&dir)).unwrap().set_aside(), None, "what was made anew is sound");
}

#[test]
fn no_damage_to_the_file_is_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    with_events(&at(&dir), 60);
    let sound = std::fs::read(at(&dir)).unwrap();
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut roll = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % sides
    };
    for _ in 0..60 {
        let mut bytes = sound.clone();
        for _ in 0..4 {
            let at = roll(bytes.len() - 16);
            bytes[at..at + 16].fill_with(|| u8::try_from(roll(256)).unwrap());
        }
        bytes.truncate(if roll(4) == 0 { roll(sound.len()) } else { sound.len() });
        std::fs::write(at(&dir), bytes).unwrap();
        let Ok(index) = Index::open(&at(&dir)) else { continue };
        drop(index.list(&Query::default()));
        drop(index.get(id(3)));
        drop(index.insert(&event(100), DAY));
        drop(index.tombstone(&[id(5)]));
    }
}

#[test]
fn an_index_of_a_newer_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    with_events(&at(&dir), 1);
    let connection = Connection::open(at(&dir)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let before = std::fs::read(at(&dir)).unwrap();
    let known = u32::try_from(MIGRATIONS.len()).unwrap();
    let refused = Index::open(&at(&dir)).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, known: k } if k == known), "{refused}");
    assert_eq!(std::fs::read(at(&dir)).unwrap(), before);
}

/// As the first version of the program left it.
fn of_version_1(file: &Path, count: u64) {
    create(file).unwrap();
    let mut connection = Connection::open(file).unwrap();
    prepare(&connection).unwrap();
    migrate(&mut connection, Some(file), &MIGRATIONS[..1]).unwrap();
    let index = Index::new(Readers::Writer, connection).unwrap();
    let events: Vec<_> = (0..count).map(full).collect();
    index.insert_all(events.iter().map(|event| (event, DAY))).unwrap();
}

const FAULTY: &str = "DELETE FROM events; PRAGMA user_version = 2; SELECT nonsense;";

#[test]
fn a_migration_leaves_a_copy_of_what_was_before() {
    let dir = tempfile::tempdir().unwrap();
    of_version_1(&at(&dir), 5);
    let index = Index::open(&at(&dir)).unwrap();
    assert_eq!(version(&index.writer()).unwrap() as usize, MIGRATIONS.len());
    assert_eq!((index.totals().unwrap().events, index.get(id(3)).unwrap()), (5, Some(full(3))));
    assert_eq!(index.check().unwrap(), Vec::<String>::new());
    let copy = Connection::open(dir.path().join("index.before-2.sqlite")).unwrap();
    assert_eq!(version(&copy).unwrap(), 1);
    assert_eq!(copy.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap(), 5);
    let (old, fresh) = (schema(&index.writer()), schema(&Index::in_memory().unwrap().writer()));
    assert_eq!(old, fresh, "it is what a new one is");
}

fn schema(connection: &Connection) -> Vec<String> {
    let mut statement =
        connection.prepare("SELECT ifnull(sql, name) FROM sqlite_schema ORDER BY name").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    of_version_1(&at(&dir), 5);
    let mut connection = Connection::open(at(&dir)).unwrap();
    // What an attempt that was cut short has left is no hindrance.
    std::fs::write(dir.path().join("index.before-2.sqlite.part"), "half").unwrap();
    migrate(&mut connection, Some(&at(&dir)), &[MIGRATIONS[0], FAULTY]).unwrap_err();
    assert_eq!(version(&connection).unwrap(), 1);
    drop(connection);
    let index = Index::open(&at(&dir)).unwrap();
    assert_eq!((index.set_aside(), index.totals().unwrap().events), (None, 5));
}

#[test]
fn readers_cannot_write_and_do_not_wait_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&at(&dir)).unwrap();
    let Readers::Pool(pool) = &index.readers else { panic!("no pool") };
    let all: Vec<_> = (0..READERS).map(|_| pool.get().unwrap()).collect();
    for reader in &all {
        assert!(matches!(
            reader.execute("DELETE FROM changes", []).map_err(StoreError::from),
            Err(StoreError::ReadOnly)
        ));
    }
    assert!(matches!(index.totals(), Err(StoreError::Busy)), "all are taken");
    drop(all);
    index.totals().unwrap();
}

#[test]
fn a_reader_is_given_back_by_one_who_panics() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&at(&dir)).unwrap();
    for _ in 0..20 {
        let read = std::panic::AssertUnwindSafe(|| {
            index.read(|_| -> Result<(), StoreError> { panic!("in the middle") })
        });
        std::panic::catch_unwind(read).unwrap_err();
    }
    index.totals().unwrap();
}

#[test]
fn an_index_in_use_by_another_is_busy_and_then_free() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&at(&dir)).unwrap();
    index.writer().busy_timeout(Duration::from_millis(20)).unwrap();
    let mut other = Connection::open(at(&dir)).unwrap();
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert!(matches!(index.insert(&event(1), DAY), Err(StoreError::Busy)));
    index.totals().unwrap();
    drop(held);
    assert!(index.insert(&event(1), DAY).unwrap().is_new);
}

#[test]
fn the_log_beside_the_index_is_cut_back() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&at(&dir)).unwrap();
    let events: Vec<_> = (0..3_000).map(full).collect();
    index.insert_all(events.iter().map(|event| (event, DAY))).unwrap();
    let log = || std::fs::metadata(dir.path().join("index.sqlite-wal")).unwrap().len();
    assert!(log() > 4 * 1024 * 1024, "it has grown to {}", log());
    index.insert(&event(5_000), DAY).unwrap();
    index.insert(&event(5_001), DAY).unwrap();
    assert!(log() <= 4 * 1024 * 1024, "{}", log());
}

#[test]
fn an_index_in_memory_is_the_same_after_a_trip_through_bytes() {
    let index = Index::in_memory().unwrap();
    index.insert(&full(1), DAY).unwrap();
    let again = Index::deserialize(&index.serialize().unwrap()).unwrap();
    assert_eq!(again.get(id(1)).unwrap(), Some(full(1)));
    assert!(again.insert(&event(2), DAY).unwrap().is_new, "and it can be written to");
    assert!(Index::deserialize(b"nonsense").is_err());
}
