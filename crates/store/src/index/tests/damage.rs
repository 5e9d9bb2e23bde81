//! What makes no sense is told, and is never a panic.

use super::*;

/// Writes by hand what no code of ours would.
fn spoil(index: &Index, statement: &str) {
    let writer = index.writer();
    writer.pragma_update(None, "ignore_check_constraints", true).unwrap();
    assert_eq!(writer.execute(statement, []).unwrap(), 1, "{statement}");
}

#[test]
fn a_row_that_makes_no_sense_is_left_out_of_lists_and_named_when_asked_for() {
    for damage in [
        "UPDATE events SET label = 'ghost' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET duration_ns = -5 WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET regions = x'010203' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET trail = x'0102030405060708090a0b0c' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET alternatives = '{]' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET clip_sha256 = x'00' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET clip_sha256 = NULL WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET clip_codec = 'vhs' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET origin = 'heaven' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET state = 'odd' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET part_of = 'nobody' WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET width = -1 WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET frames = -1 WHERE pos = (SELECT min(pos) FROM events)",
        "UPDATE events SET sentence = CAST(x'ff' AS TEXT) WHERE pos = (SELECT min(pos) FROM events)",
    ] {
        let index = filled(3);
        spoil(&index, damage);
        let page = index.list(&Query::default()).unwrap();
        assert_eq!((page.events.len(), page.skipped, page.next), (2, 1, None), "{damage}");
        let error = index.get(id(0)).unwrap_err();
        assert!(
            matches!(&error, StoreError::Corrupt(what) if what.contains(&id(0).to_string())),
            "{damage}: {error}"
        );
        // It can be got rid of.
        index.tombstone(&[id(0)]).unwrap();
        assert_eq!(index.list(&Query::default()).unwrap().skipped, 0);
    }
}

#[test]
fn numbers_of_the_movement_that_are_cut_short_are_told() {
    for damage in ["UPDATE details SET numbers = x'00'", "UPDATE details SET histogram = x'080001'"] {
        let index = Index::in_memory().unwrap();
        index.insert(&full(1), DAY).unwrap();
        spoil(&index, damage);
        assert!(matches!(index.get(id(1)), Err(StoreError::Corrupt(_))));
        assert_eq!(index.list(&Query::default()).unwrap().events.len(), 1);
    }
}

#[test]
fn an_event_that_makes_no_sense_is_refused() {
    let index = Index::in_memory().unwrap();
    let mut ghost = event(1);
    ghost.verdict.label = "ghost".to_owned();
    assert!(matches!(index.insert(&ghost, DAY), Err(StoreError::Invalid(_))));
    let ancient = Event { started: "1066-10-14T09:00:00Z".parse().unwrap(), ..event(1) };
    assert!(matches!(index.insert(&ancient, DAY), Err(StoreError::Invalid(_))));
    let mut odd = event(1);
    (odd.novelty, odd.verdict.confidence) = (f32::NAN, f32::INFINITY);
    index.insert(&odd, DAY).unwrap();
    assert_eq!(index.get(id(1)).unwrap().unwrap().novelty.to_bits(), 0);
}

#[test]
fn words_of_a_person_are_bounded() {
    let index = filled(1);
    let note = Change { note: Some("a".repeat(4_001)), ..Change::default() };
    let label = Change { label: Some("ghost".to_owned()), ..Change::default() };
    for change in [note, label] {
        assert!(matches!(index.change(id(0), &change), Err(StoreError::Invalid(_))));
    }
    assert_eq!(index.change(id(7), &Change::default()).unwrap(), None);
}

#[test]
fn all_or_nothing_when_the_last_step_fails() {
    let index = filled(3);
    let before = index.serialize().unwrap();
    let failed: Result<(), StoreError> = index.write(|transaction| {
        transaction.execute("DELETE FROM events WHERE 1", [])?;
        Err(StoreError::Full)
    });
    assert!(matches!(failed, Err(StoreError::Full)));
    assert_eq!(index.serialize().unwrap(), before);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        index.write(|transaction| -> Result<(), StoreError> {
            transaction.execute("DELETE FROM events WHERE 1", [])?;
            panic!("in the middle");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(index.totals().unwrap().events, 3, "and the index goes on");
}
