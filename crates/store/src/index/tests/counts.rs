//! What is counted by the way is what counting would give, whatever was done; and what retention gets to see.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::outbox::{Outcome, Receipt, RemoteRule};
use crate::query::{LABELS, Span};

/// One thing done to the index.
#[derive(Debug, Clone)]
enum Act {
    Insert(u64, usize, usize, bool),
    Bury(u64),
    Replace(u64, i64, usize),
    Change(u64, usize, bool, bool),
    Degrade(Vec<u64>),
    Delete(Vec<u64>),
    Restamp(i64),
    Uploaded(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let n = || 0..12u64;
    let some = || proptest::collection::vec(0..12u64, 1..4);
    let act = prop_oneof![
        6 => (n(), 0..3usize, 0..5usize, any::<bool>()).prop_map(|(n, c, l, f)| Act::Insert(n, c, l, f)),
        2 => (n(), -90_000..90_000i64, 0..5usize).prop_map(|(n, by, l)| Act::Replace(n, by, l)),
        3 => (n(), 0..5usize, any::<bool>(), any::<bool>()).prop_map(|(n, l, f, s)| Act::Change(n, l, f, s)),
        1 => some().prop_map(Act::Degrade),
        2 => some().prop_map(Act::Delete),
        1 => (-200_000..200_000i64).prop_map(Act::Restamp),
        1 => n().prop_map(Act::Uploaded),
        1 => n().prop_map(Act::Bury),
    ];
    proptest::collection::vec(act, 0..30)
}

fn some_event(n: u64, camera: usize, label: usize, flag: bool) -> Event {
    let camera = ["garden", "front-door", "pond"][camera].to_owned();
    let mut event = Event { camera, favourite: flag, clock_was_set: flag, seen: flag, ..event(n * 37) };
    event.verdict.label = LABELS[label].to_owned();
    Event { id: id(n), ..event }
}

fn act(index: &Index, act: Act) {
    let there = |ids: Vec<u64>| {
        let mut ids: Vec<_> =
            ids.into_iter().map(id).filter(|id| index.get(*id).unwrap().is_some()).collect();
        ids.dedup();
        ids
    };
    match act {
        Act::Insert(n, camera, label, flag) => {
            index.insert(&some_event(n, camera, label, flag), DAY).unwrap();
        }
        Act::Replace(n, by, label) => {
            let Some(mut event) = index.get(id(n)).unwrap() else { return };
            event.started += SignedDuration::from_secs(by);
            event.duration += Duration::from_secs(1);
            event.verdict.label = LABELS[label].to_owned();
            index.replace(&event).unwrap();
        }
        Act::Change(n, label, favourite, seen) => {
            let label = Some(LABELS[label].to_owned());
            let (favourite, seen) = (Some(favourite), Some(seen));
            index.change(id(n), &Change { label, favourite, seen, note: None }).unwrap();
        }
        Act::Degrade(ids) => drop(index.degrade(&there(ids)).unwrap()),
        Act::Delete(ids) => drop(index.tombstone(&there(ids)).unwrap()),
        Act::Restamp(by) => {
            let by = SignedDuration::from_secs(by);
            drop(index.restamp("a-boot", |started, _| started.checked_add(by).ok()).unwrap());
        }
        Act::Uploaded(n) => {
            let now = Now { ms: MIDNIGHT * 1000, mono: Duration::ZERO };
            index.retry(Some(id(n)), None).unwrap();
            let errand = index.claim("hub", None, Duration::from_secs(60), now).unwrap();
            let Some(errand) = errand else { return };
            assert!(index.settle(&errand, &Outcome::Sent(Receipt::default()), now).unwrap());
        }
        Act::Bury(n) => index.bury(&[id(n)]).unwrap(),
    }
}

/// To one remote everything is owed at once.
fn with_a_remote() -> Index {
    let index = Index::in_memory().unwrap();
    index.set_remotes(&[RemoteRule { name: "hub".to_owned(), pictures_first: false }]).unwrap();
    while index.settle_remotes().unwrap() {}
    index
}

fn all(index: &Index) -> Vec<Event> {
    let ids = index.ids(None, 1_000).unwrap();
    ids.into_iter().map(|id| index.get(id).unwrap().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_counted_agrees_with_what_is_there(acts in acts()) {
        let index = with_a_remote();
        let mut change = 0;
        for one in acts {
            act(&index, one);
            let totals = index.totals().unwrap();
            prop_assert!(totals.change >= change, "changes are counted on");
            change = totals.change;
        }
        prop_assert_eq!(index.check().unwrap(), Vec::<String>::new());
        let events = all(&index);
        let activity = index.activity(date(2026, 6, 22), 366).unwrap();
        prop_assert_eq!(activity.total, events.len() as u64);
        prop_assert_eq!(activity.unseen, events.iter().filter(|event| !event.seen).count() as u64);
        prop_assert_eq!(activity.hours.iter().sum::<u64>(), activity.total);
        for day in activity.days {
            let of_day = |event: &&Event| (event.started + SignedDuration::from_hours(2)).strftime("%F").to_string() == day.date.to_string();
            let of_day: Vec<_> = events.iter().filter(of_day).collect();
            let bytes = |event: &&Event| event.pictures.bytes + event.clip.as_ref().map_or(0, |clip| clip.bytes);
            prop_assert_eq!((day.visits, day.bytes), (of_day.len() as u64, of_day.iter().map(bytes).sum()));
            for (label, visits) in day.by_label {
                prop_assert_eq!(of_day.iter().filter(|event| event.verdict.label == label).count() as u64, visits);
            }
        }
    }

    #[test]
    fn retention_sees_no_favourite_and_the_least_worth_first(acts in acts()) {
        let index = with_a_remote();
        acts.into_iter().for_each(|one| act(&index, one));
        let (clips, rest) = (index.evictable_clips(100).unwrap(), index.evictable_rest(100).unwrap());
        let oldest = index.evictable_oldest(None, 100).unwrap();
        let events = all(&index);
        let mortal = |has_clip: bool| events.iter().filter(|event| !event.favourite && event.clip.is_some() == has_clip).count();
        prop_assert_eq!((clips.len(), rest.len()), (mortal(true), mortal(false)));
        prop_assert_eq!(oldest.len(), clips.len() + rest.len());
        prop_assert!(oldest.is_sorted_by(|a, b| a.id < b.id));
        let worth = |id: EventId| super::super::worth::worth(&index.get(id).unwrap().unwrap());
        for list in [clips, rest] {
            let keys: Vec<_> = list.iter().map(|found| (!found.uploaded, worth(found.id), found.id)).collect();
            prop_assert!(keys.is_sorted(), "{:?}", keys);
        }
    }

    #[test]
    fn a_timeline_is_what_adding_up_gives(
        rows in proptest::collection::vec((0..100_000i64, 0..900u64, 0..20u64, 0..3usize), 0..20),
        from in 0..60_000i64, length in 1..40_000i64, bin in 30..7_200i64,
    ) {
        prop_assume!(length / bin < 2_000);
        let index = Index::in_memory().unwrap();
        let start = |s: i64| Timestamp::from_second(MIDNIGHT + s).unwrap();
        let events: Vec<_> = (0..).zip(&rows).map(|(n, (at, duration, lead, camera))| Event {
            started: start(*at),
            duration: Duration::from_secs(*duration),
            lead: Duration::from_secs(*lead),
            ..some_event(n, *camera, 0, false)
        }).collect();
        index.insert_all(events.iter().map(|event| (event, DAY))).unwrap();
        let mut span = Span { from: start(from), to: start(from + length), bin: Duration::from_secs(bin.cast_unsigned()), camera: None };
        let timeline = index.timeline(&span).unwrap();
        for camera in ["garden", "front-door", "pond"] {
            let of_camera = timeline.cameras.iter().find(|bins| bins.camera == camera);
            let mut visits = 0;
            for n in 0..(length - 1) / bin + 1 {
                let (low, high) = (from + n * bin, (from + (n + 1) * bin).min(from + length));
                let mine = || (0..).zip(&rows).filter(|(n, _)| events[*n as usize].camera == camera).map(|(_, row)| row);
                let motion: i64 = mine().map(|(at, duration, lead, _)| {
                    (high.min(at + duration.cast_signed()) - low.max(at + lead.cast_signed())).max(0)
                }).sum();
                let begun = mine().filter(|(at, ..)| (low..high).contains(at)).count();
                visits += begun as u64;
                let found = of_camera.and_then(|bins| bins.bins.iter().find(|bin| i64::from(bin.index) == n));
                prop_assert_eq!(found.map_or(0, |bin| bin.motion.as_secs()), motion.cast_unsigned());
                prop_assert_eq!(found.map_or(0, |bin| bin.visits as usize), begun);
            }
            prop_assert_eq!(of_camera.map_or(0, |bins| bins.visits), visits);
            span.camera = Some(camera.to_owned());
            let alone = index.timeline(&span).unwrap().cameras;
            prop_assert_eq!(alone.first(), of_camera);
        }
    }
}

#[test]
fn worth_goes_by_label_then_novelty_then_length() {
    let worth = |label: &str, by_person, novelty, seconds| {
        let mut event = Event { novelty, duration: Duration::from_secs(seconds), ..event(0) };
        (event.verdict.label, event.verdict.by_person) = (label.to_owned(), by_person);
        super::super::worth::worth(&event)
    };
    let rising = [
        worth("environment", false, 0.9, 300),
        worth("unknown", false, 0.0, 1),
        worth("unknown", false, 0.0, 60),
        worth("unknown", false, 0.5, 1),
        worth("vehicle", false, 0.0, 0),
        worth("person", false, 0.0, 0),
        worth("animal", false, f32::NAN, 0),
        worth("animal", false, 1.0, u64::MAX),
        worth("environment", true, 0.0, 0),
        worth("animal", true, 0.0, 0),
    ];
    assert!(rising.is_sorted_by(|a, b| a < b), "{rising:?}");
}

#[test]
fn events_of_this_boot_are_stamped_anew_and_keep_their_folder() {
    let index = Index::in_memory().unwrap();
    let unset = |n| Event { clock_was_set: false, ..event(n) };
    let other = Event { boot: Some("another".to_owned()), ..unset(2) };
    for event in [unset(0), unset(1), other.clone(), event(3)] {
        index.insert(&event, DAY).unwrap();
    }
    let by = SignedDuration::from_hours(3 * 365 * 24);
    let later = |started: jiff::Timestamp, _| started.checked_add(by).ok();
    assert_eq!(index.restamp("a-boot", later).unwrap(), [id(0), id(1)]);
    assert_eq!(index.restamp("a-boot", later).unwrap(), [], "once is enough");
    let first = index.get(id(0)).unwrap().unwrap();
    assert_eq!(first, Event { started: event(0).started + by, clock_was_set: true, ..event(0) });
    assert_eq!(index.folder(id(0)).unwrap().as_deref(), Some(DAY));
    assert_eq!((index.get(id(2)).unwrap(), index.get(id(3)).unwrap()), (Some(other), Some(event(3))));
    let listed: Vec<_> = index.list(&Query::default()).unwrap().events.iter().map(|event| event.id).collect();
    assert_eq!(listed, [id(1), id(0), id(3), id(2)]);
    assert_eq!(index.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_label_of_a_person_counts_from_then_on() {
    let index = filled(1);
    let change = Change { label: Some("person".to_owned()), ..Change::default() };
    let verdict = index.change(id(0), &change).unwrap().unwrap().verdict;
    assert_eq!(
        (verdict.label.as_str(), verdict.confidence.to_bits(), verdict.by_person),
        ("person", 1f32.to_bits(), true)
    );
    assert_eq!(verdict.alternatives, [("animal".to_owned(), 0.7)], "what the detector had said is not lost");
    let again = Change { label: Some("vehicle".to_owned()), ..Change::default() };
    let verdict = index.change(id(0), &again).unwrap().unwrap().verdict;
    assert_eq!(verdict.alternatives, [("animal".to_owned(), 0.7)], "but a person's slip is");
    let before = index.totals().unwrap().change;
    index.change(id(0), &again).unwrap();
    assert_eq!(index.totals().unwrap().change, before, "saying it again changes nothing");
}

#[test]
fn what_was_imported_is_known_again() {
    let index = Index::in_memory().unwrap();
    index.insert(&full(1), DAY).unwrap();
    assert_eq!(index.find_source(&[3; 32]).unwrap(), Some(id(1)));
    assert_eq!(index.find_source_id("motion-20260619-000000-a1b2c3").unwrap(), Some(id(1)));
    assert_eq!((index.find_source(&[4; 32]).unwrap(), index.find_source_id("motion").unwrap()), (None, None));
}

#[test]
fn ids_of_deleted_events_are_not_forgotten() {
    let index = filled(3);
    index.tombstone(&[id(2)]).unwrap();
    assert_eq!(index.last_id().unwrap(), Some(id(2)));
    assert_eq!(index.root().unwrap(), None);
    index.set_root("01KAGW3M6J9Z0T4V8Q2X5Y7B1C").unwrap();
    assert_eq!(index.root().unwrap().as_deref(), Some("01KAGW3M6J9Z0T4V8Q2X5Y7B1C"));
}

#[test]
fn folders_and_their_events_are_named_one_by_one() {
    let index = Index::in_memory().unwrap();
    for (n, day) in [(1, "2026/06/19"), (2, "2026/06/18"), (3, "2026/06/19")] {
        index.insert(&event(n), day).unwrap();
    }
    assert_eq!(index.next_day("").unwrap().as_deref(), Some("2026/06/18"));
    assert_eq!(index.next_day("2026/06/18").unwrap().as_deref(), Some("2026/06/19"));
    assert_eq!(index.next_day("2026/06/19").unwrap(), None);
    assert_eq!(index.names("2026/06/19").unwrap(), [id(1), id(3)]);
}

#[test]
fn what_can_no_longer_be_told_is_a_gap() {
    let index = filled(1);
    for n in 0..10_050u32 {
        let seen = Some(n % 2 == 0);
        index.change(id(0), &Change { seen, ..Change::default() }).unwrap();
    }
    assert!(index.changes_after(10, 5).unwrap().gap);
    let told = index.changes_after(60, 5).unwrap();
    assert_eq!((told.gap, told.changes.len(), told.newest), (false, 5, 10_051));
}

#[test]
fn a_timeline_and_an_activity_are_bounded() {
    let index = filled(1);
    let start = Timestamp::from_second(MIDNIGHT).unwrap();
    let span = |seconds: i64, bin| Span {
        from: start,
        to: start + SignedDuration::from_secs(seconds),
        bin: Duration::from_secs(bin),
        camera: None,
    };
    for bad in [span(0, 60), span(-5, 60), span(60, 0), span(3_600, 1), span(32 * 24 * 3_600, 86_400)] {
        assert!(matches!(index.timeline(&bad), Err(StoreError::Invalid(_))), "{bad:?}");
    }
    for days in [0, 367] {
        assert!(matches!(index.activity(date(2026, 6, 19), days), Err(StoreError::Invalid(_))));
    }
    assert!(index.activity(date(-9999, 1, 1), 366).is_err());
}

#[test]
fn an_event_whose_files_are_to_be_deleted_does_not_come_back() {
    let index = filled(2);
    index.tombstone(&[id(1)]).unwrap();
    assert!(!index.insert(&event(1), DAY).unwrap().is_new);
    assert_eq!(index.get(id(1)).unwrap(), None);
    index.bury(&[id(1)]).unwrap();
    assert!(index.insert(&event(1), DAY).unwrap().is_new);
}
