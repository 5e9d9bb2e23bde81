//! The index by what it is asked and what it answers.

use std::time::Duration;

use frame::{Point, Rect, Size};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::event::{
    Analysis, Characteristics, Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Temporal, Verdict,
};
use crate::query::{Change, ChangeKind, Query, Totals};

mod counts;
mod damage;
mod lists;
mod plans;

pub(super) const DAY: &str = "2026/06/19";

/// 2026-06-19 00:00 UTC.
pub(super) const MIDNIGHT: i64 = 1_781_827_200;

pub(super) fn id(n: u64) -> EventId {
    EventId::from_parts(1_781_827_200_000 + n, 7)
}

/// Event `n`, a minute behind the one before.
pub(super) fn event(n: u64) -> Event {
    let started = Timestamp::from_second(MIDNIGHT).unwrap() + SignedDuration::from_secs(60 * n.cast_signed());
    Event {
        id: id(n),
        camera: "garden".to_owned(),
        origin: Origin::Motion,
        state: State::Whole,
        started,
        utc_offset: 7200,
        duration: Duration::from_millis(12_345),
        lead: Duration::from_secs(5),
        boot: Some("a-boot".to_owned()),
        mono: Duration::from_secs(60 * n),
        clock_was_set: true,
        part: 1,
        part_of: None,
        verdict: Verdict {
            label: "animal".to_owned(),
            confidence: 0.7,
            alternatives: vec![("person".to_owned(), 0.2)],
            direction: "left".to_owned(),
            by_person: false,
        },
        sentence: Some("Something small crossed from right to left.".to_owned()),
        size: Size::new(1280, 720),
        frames: 185,
        missing: 0,
        regions: vec![Rect::new(1, 2, 3, 4), Rect::new(5, 6, 7, 8)],
        trail: vec![Point { x: 0.25, y: 0.5 }, Point { x: 0.1, y: 0.9 }],
        clip: Some(Clip { bytes: 2_000_000, sha256: [9; 32], codec: ClipCodec::H264, degraded: false }),
        pictures: Pictures { poster: true, thumb: true, trail: false, thumbnails: 3, bytes: 150_000 },
        analysis: None,
        novelty: 0.3,
        favourite: false,
        note: String::new(),
        seen: false,
        source_sha256: None,
        source_id: None,
    }
}

/// An event with something in every field.
pub(super) fn full(n: u64) -> Event {
    Event {
        origin: Origin::Import,
        state: State::Partial,
        clock_was_set: false,
        part: 2,
        part_of: Some(id(0)),
        missing: 3,
        analysis: Some(Analysis {
            characteristics: Characteristics {
                mean_magnitude: 1.5,
                std_magnitude: 0.1,
                ..Default::default()
            },
            temporal: Temporal { direction_changes: 4, direction_stability: 0.9, ..Default::default() },
            histogram: vec![1.0 / 512.0; 512],
            signature_hash: "0123456789abcdef".to_owned(),
        }),
        note: "the neighbour's cat, again".to_owned(),
        favourite: true,
        seen: true,
        source_sha256: Some([3; 32]),
        source_id: Some("motion-20260619-000000-a1b2c3".to_owned()),
        ..event(n)
    }
}

pub(super) fn filled(count: u64) -> Index {
    let index = Index::in_memory().unwrap();
    for n in 0..count {
        index.insert(&event(n), DAY).unwrap();
    }
    index
}

#[test]
fn an_event_comes_back_as_it_was() {
    let index = Index::in_memory().unwrap();
    for event in [event(1), full(2)] {
        assert!(index.insert(&event, DAY).unwrap().is_new);
        assert_eq!(index.get(event.id).unwrap(), Some(event.clone()));
        assert_eq!(index.folder(event.id).unwrap().as_deref(), Some(DAY));
        assert!(!index.insert(&event, DAY).unwrap().is_new, "twice is once");
    }
    assert_eq!(index.totals().unwrap().events, 2);
    assert_eq!(index.get(id(3)).unwrap(), None);
}

#[test]
fn a_list_goes_page_by_page_and_ends() {
    let index = filled(25);
    let mut query = Query { limit: 10, ..Query::default() };
    let mut seen = Vec::new();
    loop {
        let page = index.list(&query).unwrap();
        seen.extend(page.events.iter().map(|event| event.id));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..25).rev().map(id).collect::<Vec<_>>());
}

#[test]
fn words_are_found_and_can_be_anything() {
    let index = filled(5);
    index.change(id(3), &Change { note: Some("Der Fuchs war da".to_owned()), ..Change::default() }).unwrap();
    let search = |text: &str| {
        let query = Query { text: Some(text.to_owned()), ..Query::default() };
        index.list(&query).unwrap().events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(search("fuchs"), [id(3)]);
    assert_eq!(search("FUCHS animal garden"), [id(3)]);
    assert_eq!(search("crossed").len(), 5);
    assert_eq!(search("fuchs nothing").len(), 0);
    assert_eq!(search("  ").len(), 5);
    for text in [
        "\"",
        "AND",
        "NOT fuchs",
        "note:fuchs",
        "fuchs*",
        "(",
        "NEAR(a b)",
        "-",
        "'; DROP TABLE events",
        "\0",
    ] {
        search(text);
    }
}

#[test]
fn a_delete_of_many_is_all_or_nothing() {
    let index = filled(5);
    let unknown = index.tombstone(&[id(1), id(9), id(2)]);
    assert!(matches!(unknown, Err(StoreError::NoSuchEvents(ids)) if ids == [id(9)]));
    assert_eq!(index.totals().unwrap().events, 5);
    let made = index.tombstone(&[id(1), id(2)]).unwrap();
    assert_eq!(made.iter().map(|tombstone| tombstone.id).collect::<Vec<_>>(), [id(1), id(2)]);
    assert_eq!((index.tombstones(None, 10).unwrap(), index.totals().unwrap().events), (made, 3));
    index.bury(&[id(1), id(2)]).unwrap();
    assert_eq!(index.tombstones(None, 10).unwrap(), []);
}

#[test]
fn what_was_changed_is_told_in_order() {
    let index = filled(2);
    index.change(id(1), &Change { seen: Some(true), ..Change::default() }).unwrap();
    index.tombstone(&[id(0)]).unwrap();
    let changes = index.changes_after(1, 10).unwrap();
    let told: Vec<_> = changes.changes.iter().map(|c| (c.change, c.kind, c.id, c.event.is_some())).collect();
    use ChangeKind::{Deleted, Ended, Updated};
    assert_eq!(told, [(2, Ended, id(1), true), (3, Updated, id(1), true), (4, Deleted, id(0), false)]);
    assert_eq!((changes.gap, changes.newest), (false, 4));
    assert!(index.changes_after(5, 10).unwrap().gap, "a number of another life");
}

#[test]
fn an_emptied_index_counts_nothing() {
    let index = filled(3);
    index.insert(&full(9), DAY).unwrap();
    index.degrade(&[id(1)]).unwrap();
    index.restamp("a-boot", |started, _| started.checked_sub(SignedDuration::from_hours(30)).ok()).unwrap();
    index.tombstone(&[id(0), id(1), id(2), id(9)]).unwrap();
    let change = index.totals().unwrap().change;
    assert_eq!(index.totals().unwrap(), Totals { change, ..Totals::default() });
    let tallies = |connection: &Connection| -> Result<i64, StoreError> {
        Ok(connection.query_row(
            "SELECT (SELECT count(*) FROM tallies) + (SELECT count(*) FROM details)",
            [],
            |r| r.get(0),
        )?)
    };
    assert_eq!(index.read(tallies).unwrap(), 0);
}

#[test]
fn a_file_on_disk_is_opened_again_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("index.sqlite");
    let index = Index::open(&file).unwrap();
    index.insert(&full(1), DAY).unwrap();
    drop(index);
    let index = Index::open(&file).unwrap();
    assert_eq!(index.get(id(1)).unwrap(), Some(full(1)));
}
