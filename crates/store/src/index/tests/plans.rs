//! No statement scans, sorts, or is asked more than three times, whatever is asked and however much there is.

use std::cell::RefCell;

use jiff::civil::date;
use rusqlite::StatementStatus;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;
use crate::index::{hub, outbox, sql};
use crate::outbox::{ErrandQuery, ErrandState, Outcome, Receipt, RemoteRule, Stage};
use crate::query::{Order, Span};

thread_local! {
    /// Each statement that was run, with the steps of full scans it took.
    static RUN: RefCell<Vec<(String, i32)>> = const { RefCell::new(Vec::new()) };
}

/// What `f` runs, without the bounds of its transaction and what the search asks of its own tables.
fn run_by<T>(index: &Index, f: impl FnOnce(&Index) -> T) -> Vec<(String, i32)> {
    let note = |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            let steps = statement.get_status(StatementStatus::FullscanStep);
            RUN.with_borrow_mut(|run| run.push((statement.sql().into_owned(), steps)));
        }
    };
    index.writer().trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(note));
    RUN.take();
    f(index);
    index.writer().trace_v2(TraceEventCodes::empty(), None);
    let mut run = RUN.take();
    let is_ours = |sql: &str| !sql.starts_with("BEGIN") && sql != "COMMIT" && !sql.contains("'main'.");
    run.retain(|(sql, _)| is_ours(sql));
    run
}

/// What the planner says that has no index behind it.
fn complaints(connection: &Connection, statement: &str) -> Vec<String> {
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let mut rows = plan.raw_query();
    let mut complaints = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get(3).unwrap();
        // The list of ids that came as a value, and the words that are looked up.
        let is_bounded = ["json_each", "r", "s", "i"]
            .iter()
            .any(|list| step.starts_with(&format!("SCAN {list} VIRTUAL TABLE INDEX 1:")))
            || (step.starts_with("SCAN search VIRTUAL TABLE INDEX") && step.contains('M'))
            || step == "SCAN CONSTANT ROW";
        if (step.contains("SCAN") && !is_bounded)
            || step.contains("TEMP B-TREE")
            || step.contains("AUTOMATIC")
        {
            complaints.push(step);
        }
    }
    complaints
}

#[test]
fn no_statement_scans_or_sorts() {
    let index = filled(300);
    let writer = index.writer();
    let ways = sql::WAYS
        .iter()
        .flat_map(|(name, way)| way.page.iter().chain(&way.reach).map(move |sql| (name, *sql)));
    let all = || sql::ALL.iter().chain(outbox::sql::ALL);
    let statements = all().map(|(name, sql)| (name, *sql));
    let mut count = 0;
    for (name, statement) in statements.chain(ways) {
        let complaints = complaints(&writer, statement);
        assert!(complaints.is_empty(), "{name}: {complaints:?} for {statement}");
        count += 1;
    }
    assert_eq!(count, all().count() + 4 * sql::WAYS.len());
    for (name, statement) in crate::index::older::ALL.iter().chain(hub::sql::ALL) {
        let complaints = complaints(&writer, statement);
        assert!(complaints.is_empty(), "{name}: {complaints:?} for {statement}");
    }
    // The planner complains of what does scan and sort, or the above would show nothing.
    assert_eq!(
        complaints(&writer, "SELECT id FROM events NOT INDEXED WHERE note = ?1 ORDER BY camera").len(),
        2
    );
    assert_eq!(complaints(&writer, "SELECT rowid FROM search").len(), 1);
}

type Call = (&'static str, Box<dyn Fn(&Index)>);

/// A list of every kind.
fn lists(limit: u32) -> Vec<Call> {
    let list = move |change: fn(&mut Query)| {
        move |index: &Index| {
            let mut query = Query { limit, ..Query::default() };
            change(&mut query);
            for order in [Order::Newest, Order::Oldest] {
                query.order = order;
                RUN.take();
                index.list(&query).unwrap();
            }
        }
    };
    vec![
        ("list", Box::new(list(|_| ()))),
        ("list camera", Box::new(list(|query| query.camera = Some("garden".to_owned())))),
        ("list label", Box::new(list(|query| query.label = Some("animal".to_owned())))),
        (
            "list camera, label, unseen",
            Box::new(list(|query| {
                query.camera = Some("garden".to_owned());
                query.label = Some("animal".to_owned());
                query.seen = Some(false);
            })),
        ),
        ("list favourites", Box::new(list(|query| query.favourite = Some(true)))),
        ("list others", Box::new(list(|query| query.favourite = Some(false)))),
        ("list unseen", Box::new(list(|query| query.seen = Some(false)))),
        ("list manual", Box::new(list(|query| query.origin = Some(Origin::Manual)))),
        ("list long", Box::new(list(|query| query.min_length = Some(Duration::from_secs(40))))),
        ("list some", Box::new(list(|query| query.min_length = Some(Duration::from_secs(4))))),
        (
            "list words",
            Box::new(list(|query| {
                query.text = Some("crossed garden".to_owned());
                query.camera = Some("garden".to_owned());
            })),
        ),
    ]
}

/// What else is asked.
fn questions(limit: u32) -> Vec<Call> {
    let span = |camera: Option<&str>| Span {
        from: Timestamp::from_second(MIDNIGHT).unwrap(),
        to: Timestamp::from_second(MIDNIGHT + 24 * 60 * 60).unwrap(),
        bin: Duration::from_secs(300),
        camera: camera.map(str::to_owned),
    };
    vec![
        ("get", Box::new(|index| drop(index.get(id(1)).unwrap()))),
        ("folder", Box::new(|index| drop(index.folder(id(1)).unwrap()))),
        ("totals", Box::new(|index| assert_ne!(index.totals().unwrap().events, 0))),
        ("timeline", Box::new(move |index| drop(index.timeline(&span(None)).unwrap()))),
        ("timeline of one", Box::new(move |index| drop(index.timeline(&span(Some("garden"))).unwrap()))),
        ("activity", Box::new(|index| drop(index.activity(date(2026, 6, 19), 30).unwrap()))),
        ("changes", Box::new(move |index| drop(index.changes_after(3, limit).unwrap()))),
        ("ids", Box::new(move |index| drop(index.ids(Some(id(1)), limit).unwrap()))),
        ("names", Box::new(|index| drop(index.names(DAY).unwrap()))),
        ("next day", Box::new(|index| drop(index.next_day("").unwrap()))),
        ("source", Box::new(|index| assert_eq!(index.find_source(&[3; 32]).unwrap(), None))),
        ("source id", Box::new(|index| assert_eq!(index.find_source_id("none").unwrap(), None))),
        ("clips", Box::new(move |index| drop(index.evictable_clips(limit).unwrap()))),
        ("rest", Box::new(move |index| drop(index.evictable_rest(limit).unwrap()))),
        ("oldest", Box::new(move |index| drop(index.evictable_oldest(Some(id(1)), limit).unwrap()))),
    ]
}

/// What changes the index.
fn changes(limit: u32) -> Vec<Call> {
    let ids = move || (0..u64::from(limit)).map(id).collect::<Vec<_>>();
    vec![
        ("insert", Box::new(|index| assert!(index.insert(&full(9_000), DAY).unwrap().is_new))),
        (
            "replace",
            Box::new(|index| index.replace(&Event { started: event(9_001).started, ..full(9_000) }).unwrap()),
        ),
        (
            "change",
            Box::new(|index| {
                let words = Change { note: Some("a fox".to_owned()), ..Change::default() };
                assert!(index.change(id(1), &words).unwrap().is_some());
            }),
        ),
        ("root", Box::new(|index| index.set_root("01KAGW3M6J9Z0T4V8Q2X5Y7B1C").unwrap())),
        ("degrade", Box::new(move |index| assert_eq!(index.degrade(&ids()).unwrap().len(), limit as usize))),
        (
            "tombstone",
            Box::new(move |index| assert_eq!(index.tombstone(&ids()).unwrap().len(), limit as usize)),
        ),
        ("tombstones", Box::new(move |index| drop(index.tombstones(None, limit).unwrap()))),
        ("bury", Box::new(move |index| index.bury(&ids()).unwrap())),
        ("forget", Box::new(|index| assert_eq!(index.forget(&[id(250)]).unwrap(), 1))),
    ]
}

/// Of the outbox; what is asked of it comes when much is owed, fails and is done.
fn errands(limit: u32) -> Vec<Call> {
    let list = move |index: &Index, state| {
        let query = ErrandQuery { state, limit, ..ErrandQuery::default() };
        drop(index.errands(&query, NOW).unwrap());
    };
    let end = |index: &Index, outcome: &Outcome| {
        let errand = index.claim("hub", None, Duration::from_secs(60), NOW).unwrap().unwrap();
        RUN.take();
        assert!(index.settle(&errand, outcome, NOW).unwrap());
    };
    let later = || Outcome::Again { after: Duration::from_secs(9), why: "no".to_owned(), resume: None };
    vec![
        ("backlog", Box::new(|index| assert_eq!(index.backlog(NOW).unwrap().len(), 3))),
        ("errands", Box::new(move |index| list(index, None))),
        ("errands that failed", Box::new(move |index| list(index, Some(ErrandState::Failed)))),
        (
            "errands of",
            Box::new(move |index| {
                drop(index.errands_of(&(0..u64::from(limit)).map(id).collect::<Vec<_>>(), NOW).unwrap());
            }),
        ),
        ("claim", Box::new(|index| drop(index.claim("nas", None, Duration::from_secs(60), NOW).unwrap()))),
        (
            "claim a clip",
            Box::new(|index| {
                assert_eq!(
                    index.claim("nas", Some(Stage::Clip), Duration::from_secs(60), NOW).unwrap(),
                    None
                );
            }),
        ),
        ("next due", Box::new(|index| assert_eq!(index.next_due("nas", NOW).unwrap(), Some(Duration::ZERO)))),
        ("sent", Box::new(move |index| end(index, &Outcome::Sent(Receipt::default())))),
        ("again", Box::new(move |index| end(index, &later()))),
        ("refused", Box::new(move |index| end(index, &Outcome::Refused { why: "no".to_owned() }))),
        ("given back", Box::new(move |index| end(index, &Outcome::GivenBack { resume: None }))),
        ("retry one", Box::new(|index| assert_eq!(index.retry(Some(id(7)), Some("s3")).unwrap(), 1))),
        ("retry", Box::new(|index| assert_ne!(index.retry(None, None).unwrap(), 0))),
        ("proven", Box::new(move |index| drop(index.proven(limit).unwrap()))),
    ]
}

const NOW: Now = Now { ms: MIDNIGHT * 1000, mono: Duration::ZERO };

/// Every public call.
fn calls(limit: u32) -> impl Iterator<Item = Call> {
    lists(limit).into_iter().chain(questions(limit)).chain(errands(limit)).chain(changes(limit))
}

/// Much of everything, with remotes that all of it is owed to.
fn with_remotes(count: u64) -> Index {
    let index = filled(count);
    let rule = |name: &str, pictures_first| RemoteRule { name: name.to_owned(), pictures_first };
    index.set_remotes(&[rule("hub", true), rule("nas", true), rule("s3", false)]).unwrap();
    while index.settle_remotes().unwrap() {}
    index
}

#[test]
fn a_call_is_at_most_three_statements_and_as_many_for_one_event_as_for_two_hundred() {
    let run = |limit| {
        let index = with_remotes(300);
        calls(limit).map(|(name, call)| (name, run_by(&index, call).len())).collect::<Vec<_>>()
    };
    let (one, many) = (run(1), run(200));
    assert_eq!(one, many);
    for (name, count) in one {
        assert!((1..=3).contains(&count), "{name} is {count} statements");
    }
}

#[test]
fn no_call_steps_through_a_table_nor_does_a_trigger() {
    let index = with_remotes(300);
    for (name, call) in calls(200) {
        for (statement, steps) in run_by(&index, call) {
            // The ids that came as a value.
            let allowed = if statement.contains("json_each") { 201 } else { 0 };
            assert!(steps <= allowed, "{name} takes {steps} steps of a scan: {statement}");
        }
    }
    let scan = |index: &Index| {
        let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        index
            .writer()
            .query_row("SELECT count(*) FROM events NOT INDEXED WHERE note = 'x'", [], count)
            .unwrap()
    };
    assert!(run_by(&index, scan)[0].1 > 50, "steps are counted at all");
}

#[test]
fn what_is_rare_is_looked_for_in_bounded_steps() {
    let index = filled(2_000);
    let rare = Query { min_length: Some(Duration::from_secs(20)), limit: 200, ..Query::default() };
    let page = index.list(&rare).unwrap();
    assert!(
        page.events.is_empty() && page.next.is_some(),
        "nothing was found so far, and there is more to look at"
    );
    let steps = |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            let steps = statement.get_status(StatementStatus::VmStep);
            RUN.with_borrow_mut(|run| run.push((statement.sql().into_owned(), steps)));
        }
    };
    index.writer().trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(steps));
    index.list(&rare).unwrap();
    for (statement, steps) in RUN.take() {
        assert!(steps < 500, "{steps} steps for one page: {statement}");
    }
}
