//! A list is what a plain filter over all events would give, page by page, whatever is asked.

use proptest::prelude::*;

use super::*;
use crate::query::{Cursor, LABELS, Order};

const CAMERAS: [&str; 3] = ["garden", "front-door", "pond"];
const WORDS: [&str; 5] = ["fox", "postman", "parcel", "ball", "Fährte"];

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![4 => Just(Origin::Motion), 1 => Just(Origin::Manual), 1 => Just(Origin::Import)]
}

fn camera() -> impl Strategy<Value = String> {
    proptest::sample::select(&CAMERAS[..]).prop_map(str::to_owned)
}

fn label() -> impl Strategy<Value = String> {
    proptest::sample::select(&LABELS[..]).prop_map(str::to_owned)
}

/// Half of a second and less than a millisecond apart, or the same.
fn started() -> impl Strategy<Value = Timestamp> {
    (0..6i128, prop_oneof![Just(0i128), 0..2_000_000i128]).prop_map(|(s, ns)| {
        Timestamp::from_nanosecond((i128::from(MIDNIGHT) + s) * 1_000_000_000 + ns).unwrap()
    })
}

fn length() -> impl Strategy<Value = Duration> {
    proptest::sample::select(vec![0, 900, 12_000, 29_999, 30_000, 75_000]).prop_map(Duration::from_millis)
}

prop_compose! {
    fn events()(rows in proptest::collection::vec(
        (camera(), label(), origin(), started(), length(), any::<[bool; 2]>(), proptest::sample::select(&WORDS[..])),
        0..40,
    )) -> Vec<Event> {
        let row = |(n, (camera, label, origin, started, duration, [favourite, seen], word)): (u64, (_, _, _, _, _, [bool; 2], &str))| {
            let mut event = Event { camera, origin, started, duration, favourite, seen, ..event(n) };
            event.verdict.label = label;
            event.note = if favourite { word.to_owned() } else { String::new() };
            event
        };
        (0..).zip(rows).map(row).collect()
    }
}

prop_compose! {
    fn queries()(
        camera in proptest::option::weighted(0.4, camera()),
        label in proptest::option::weighted(0.4, label()),
        from in proptest::option::weighted(0.3, started()),
        to in proptest::option::weighted(0.3, started()),
        favourite in proptest::option::weighted(0.3, any::<bool>()),
        seen in proptest::option::weighted(0.3, any::<bool>()),
        origin in proptest::option::weighted(0.3, origin()),
        min_length in proptest::option::weighted(0.3, length()),
        text in proptest::option::weighted(0.3, (proptest::sample::select(&WORDS[..]), proptest::option::of(camera()))),
        newest in any::<bool>(),
        limit in 1..9u32,
    ) -> Query {
        let text = text.map(|(word, camera)| format!("{} {}", word.to_uppercase(), camera.unwrap_or_default()));
        let order = if newest { Order::Newest } else { Order::Oldest };
        Query { camera, from, to, label, favourite, seen, origin, min_length, text, order, limit, cursor: None }
    }
}

/// What the index is held against: every question asked of every event.
fn naive(events: &[Event], query: &Query) -> Vec<EventId> {
    let words = |text: &str| -> Vec<String> {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let holds = |event: &&Event| {
        let has = words(&format!(
            "{} {} {} {}",
            event.note,
            event.verdict.label,
            event.camera,
            event.sentence.as_deref().unwrap_or_default()
        ));
        query.camera.as_ref().is_none_or(|camera| *camera == event.camera)
            && query.label.as_ref().is_none_or(|label| *label == event.verdict.label)
            && query.from.is_none_or(|from| event.started >= from)
            && query.to.is_none_or(|to| event.started < to)
            && query.favourite.is_none_or(|favourite| favourite == event.favourite)
            && query.seen.is_none_or(|seen| seen == event.seen)
            && query.origin.is_none_or(|origin| origin == event.origin)
            && query.min_length.is_none_or(|length| event.duration >= length)
            && query.text.as_ref().is_none_or(|text| words(text).iter().all(|word| has.contains(word)))
    };
    let mut found: Vec<_> = events.iter().filter(holds).collect();
    // Stable: those of one millisecond stay as they were stored.
    found.sort_by_key(|event| event.started.as_millisecond());
    if query.order == Order::Newest {
        found.reverse();
    }
    found.iter().map(|event| event.id).collect()
}

/// All pages one behind the other; the page's size holds for each of them.
fn walk(index: &Index, mut query: Query) -> Vec<EventId> {
    let mut found = Vec::new();
    for _ in 0..1_000 {
        let page = index.list(&query).unwrap();
        assert!(page.events.len() <= query.limit as usize && page.skipped == 0);
        found.extend(page.events.iter().map(|event| event.id));
        let Some(next) = page.next else { return found };
        query.cursor = Some(next.to_string().parse().unwrap());
    }
    panic!("the list does not end: {query:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_list_is_what_a_plain_filter_gives(
        mut events in events(),
        queries in proptest::collection::vec(queries(), 8),
        gone in proptest::collection::vec(0..40u64, 0..6),
        again in proptest::collection::vec((0..40usize, started()), 0..4),
    ) {
        let index = Index::in_memory().unwrap();
        for event in &events {
            index.insert(event, DAY).unwrap();
        }
        // Some are deleted, and some get another time, which puts them behind the others of that millisecond.
        index.forget(&gone.iter().copied().map(id).collect::<Vec<_>>()).unwrap();
        events.retain(|event| !gone.iter().any(|n| id(*n) == event.id));
        for (n, started) in again {
            if n < events.len() {
                let mut event = events.remove(n);
                let is_moved = event.started.as_millisecond() != started.as_millisecond();
                event.started = started;
                index.replace(&event).unwrap();
                events.insert(if is_moved { events.len() } else { n }, event);
            }
        }
        for query in queries {
            prop_assert_eq!(walk(&index, query.clone()), naive(&events, &query), "{:?}", query);
        }
    }

    #[test]
    fn no_text_is_ever_an_error(text in "\\PC{0,60}|[\"*^:(){}+ a-zANDORT-]{0,60}|[\\x00-\\x7f]{0,40}") {
        let query = Query { text: Some(text), camera: Some("garden".to_owned()), ..Query::default() };
        prop_assert!(ANY.with(|index| index.list(&query)).is_ok(), "{:?}", query.text);
    }

    #[test]
    fn a_cursor_that_was_changed_is_refused(at in 0..20usize, to in "[A-Za-z0-9_-]") {
        let page = ANY.with(|index| index.list(&Query { limit: 1, ..Query::default() })).unwrap();
        let text = page.next.unwrap().to_string();
        let mut changed = text.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != text);
        let answer = changed.parse::<Cursor>().map_err(|error| StoreError::Invalid(error.to_string()));
        let query = |cursor| Query { limit: 1, cursor: Some(cursor), ..Query::default() };
        let answer = answer.and_then(|cursor| ANY.with(|index| index.list(&query(cursor))));
        prop_assert!(matches!(&answer, Err(StoreError::Invalid(what)) if what.contains("cursor")), "{:?}", answer);
    }
}

thread_local! {
    static ANY: Index = filled(3);
}

#[test]
fn a_cursor_fits_only_the_question_it_came_from() {
    let index = filled(5);
    let asked = Query { limit: 2, ..Query::default() };
    let cursor = index.list(&asked).unwrap().next;
    let same = Query { limit: 200, cursor, ..Query::default() };
    assert_eq!(index.list(&same).unwrap().events.len(), 3, "the size of a page may change");
    for other in [
        Query { order: Order::Oldest, ..same.clone() },
        Query { camera: Some("garden".to_owned()), ..same.clone() },
        Query { text: Some("crossed".to_owned()), ..same.clone() },
    ] {
        assert!(matches!(index.list(&other), Err(StoreError::Invalid(_))), "{other:?}");
    }
}

#[test]
fn a_page_holds_one_to_two_hundred() {
    let index = filled(1);
    for limit in [0, 201, u32::MAX] {
        assert!(matches!(index.list(&Query { limit, ..Query::default() }), Err(StoreError::Invalid(_))));
    }
    let text = Some("a".repeat(201));
    assert!(matches!(index.list(&Query { text, ..Query::default() }), Err(StoreError::Invalid(_))));
}

#[test]
fn events_of_one_instant_all_have_their_place() {
    let index = Index::in_memory().unwrap();
    let same: Vec<_> = (0..500).map(|n| Event { started: event(0).started, ..event(n) }).collect();
    index.insert_all(same.iter().map(|event| (event, DAY))).unwrap();
    let found = walk(&index, Query { limit: 7, order: Order::Oldest, ..Query::default() });
    assert_eq!(found, (0..500).map(id).collect::<Vec<_>>());
}
