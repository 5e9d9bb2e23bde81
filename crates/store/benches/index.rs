//! What the index costs at 1,000,000 events: opening it, a page of a list for every mix of filters, an insert.
//!
//! `cargo bench -p store --bench index` makes the events itself, always the same, and says p50 and p99 of what was
//! measured against the goals; criterion keeps the medians. `INDEX_EVENTS=20000` makes fewer of them, `INDEX_FILE=…`
//! keeps them in a file for the next run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run may stop and say so"
)]

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::Criterion;
use frame::{Point, Rect, Size};
use jiff::{SignedDuration, Timestamp};
use store::event::{
    Analysis, Characteristics, Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Temporal, Verdict,
};
use store::index::{Index, Now};
use store::outbox::{ErrandQuery, ErrandState, Outcome, Receipt, RemoteRule, Stage};
use store::query::{Change, LABELS, Order, Query, Span};

const EVENTS: u64 = 1_000_000;
/// 2025-06-19 00:00 UTC; the events are spread over the year that follows.
const FIRST: i64 = 1_750_291_200;
const YEAR: i64 = 365 * 24 * 60 * 60;
const QUESTIONS: usize = 4_000;
const INSERTS: u64 = 400;
/// Errands that are owed while all others are done.
const OWED: u64 = 10_000;

const CAMERAS: [&str; 6] = ["garden", "garden", "garden", "front-door", "pond", "attic"];
const SENTENCES: [&str; 6] = [
    "Something small crossed from right to left.",
    "A person walked towards the camera for 8 seconds.",
    "A large mover crossed slowly from left to right and stayed at the edge.",
    "Several movers came and went near the feeder.",
    "A vehicle passed from left to right.",
    "Branches moved in the wind.",
];
const NOTES: [&str; 4] =
    ["the neighbour's cat", "postman with a parcel", "fox with three cubs", "nothing to see"];

/// The same numbers every time.
struct Dice(Cell<u64>);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        (x >> 11) % sides
    }

    fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    fn one_in(&self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    #[expect(clippy::cast_precision_loss, reason = "a share")]
    fn share(&self) -> f32 {
        self.roll(1000) as f32 / 1000.0
    }
}

fn analysis(dice: &Dice) -> Analysis {
    Analysis {
        characteristics: Characteristics { mean_magnitude: dice.share(), ..Characteristics::default() },
        temporal: Temporal { direction_stability: dice.share(), ..Temporal::default() },
        // A mover crosses some of the 64 cells in some of the 8 directions.
        histogram: (0..512).map(|_| if dice.one_in(4) { dice.share() } else { 0.0 }).collect(),
        signature_hash: format!("{:016x}", dice.roll(u64::MAX)),
    }
}

/// Event `n` of `count`; most are short, few are favourites or manual, the older ones were looked at.
fn event(n: u64, count: u64, dice: &Dice) -> Event {
    let at = FIRST * 1000 + (YEAR * 1000 / count.cast_signed()) * n.cast_signed();
    let started = Timestamp::from_millisecond(at).unwrap();
    let verdict = Verdict {
        // A rare label is a hundred times as rare as the common ones.
        label: if dice.one_in(200) {
            "vehicle"
        } else {
            dice.pick(&["animal", "animal", "person", "unknown"])
        }
        .to_owned(),
        confidence: dice.share(),
        alternatives: vec![("person".to_owned(), 0.2), ("unknown".to_owned(), 0.1)],
        direction: "left".to_owned(),
        by_person: dice.one_in(50),
    };
    let origin = match dice.roll(1000) {
        0 => Origin::Manual,
        1..20 => Origin::Import,
        _ => Origin::Motion,
    };
    Event {
        id: EventId::from_parts(at.cast_unsigned(), u128::from(n)),
        camera: dice.pick(&CAMERAS).to_owned(),
        origin,
        state: if dice.one_in(500) { State::Partial } else { State::Whole },
        started,
        utc_offset: 7200,
        duration: Duration::from_millis(2_000 + dice.roll(6_000) * (1 + dice.roll(40) / 39 * 10)),
        lead: Duration::from_secs(5).min(Duration::from_millis(1_000)),
        boot: Some("0f3c1b7e-5f0e-4a53-9d0e-2f7b8f0a9c11".to_owned()),
        mono: Duration::from_millis(n),
        clock_was_set: true,
        part: 1,
        part_of: None,
        verdict,
        sentence: Some(dice.pick(&SENTENCES).to_owned()),
        size: Size::new(1280, 720),
        frames: 150,
        missing: 0,
        regions: vec![Rect::new(10, 20, 30, 40), Rect::new(50, 60, 70, 80)],
        trail: (0..24).map(|_| Point { x: dice.share(), y: dice.share() }).collect(),
        clip: (n * 2 > count).then_some(Clip {
            bytes: 1_500_000 + dice.roll(4_000_000),
            sha256: [7; 32],
            codec: ClipCodec::H264,
            degraded: false,
        }),
        pictures: Pictures { poster: true, thumb: true, trail: true, thumbnails: 3, bytes: 150_000 },
        analysis: Some(analysis(dice)),
        novelty: dice.share(),
        favourite: dice.one_in(300),
        note: if dice.one_in(100) { dice.pick(&NOTES).to_owned() } else { String::new() },
        seen: n * 3 < count * 2 && !dice.one_in(50),
        source_sha256: None,
        source_id: None,
    }
}

fn day(event: &Event) -> String {
    event.started.strftime("%Y/%m/%d").to_string()
}

fn fill(index: &Index, count: u64, dice: &Dice) {
    for first in (0..count).step_by(10_000) {
        let events: Vec<_> = (first..count.min(first + 10_000)).map(|n| event(n, count, dice)).collect();
        let days: Vec<_> = events.iter().map(day).collect();
        index.insert_all(events.iter().zip(days.iter().map(String::as_str))).unwrap();
    }
}

/// A question with every filter now and then, alone and with others; the kind of it, to tell them apart.
fn question(dice: &Dice) -> (&'static str, Query) {
    let mut query = Query { limit: dice.pick(&[20, 50, 200]), ..Query::default() };
    if dice.one_in(3) {
        query.order = Order::Oldest;
    }
    let at = || Timestamp::from_second(FIRST + dice.roll(YEAR.cast_unsigned()).cast_signed()).unwrap();
    if dice.one_in(3) {
        let from = at();
        query.from = Some(from);
        query.to = Some(from + SignedDuration::from_hours(dice.pick(&[1, 24, 24 * 30])));
    }
    match dice.roll(10) {
        0 => return ("no filter", query),
        1 => {
            query.camera = Some(dice.pick(&CAMERAS).to_owned());
            return ("one camera", query);
        }
        2 => {
            query.label = Some(dice.pick(&LABELS).to_owned());
            return ("one label", query);
        }
        3 | 4 => {
            let word = [
                "fox",
                "postman",
                "garden",
                "crossed",
                "neighbour cubs",
                "garden pond",
                "left person",
                "nowhere",
            ];
            query.text = Some(dice.pick(&word).to_owned());
            if dice.one_in(2) {
                return ("words", query);
            }
        }
        _ => {}
    }
    let maybe = |is_asked: bool| is_asked && !dice.one_in(3);
    if maybe(true) {
        query.camera = Some(dice.pick(&CAMERAS).to_owned());
    }
    if maybe(true) {
        query.label = Some(dice.pick(&LABELS).to_owned());
    }
    if dice.one_in(4) {
        query.favourite = Some(!dice.one_in(4));
    }
    if dice.one_in(3) {
        query.seen = Some(dice.one_in(2));
    }
    if dice.one_in(5) {
        query.origin = Some(dice.pick(&[Origin::Motion, Origin::Manual, Origin::Import]));
    }
    if dice.one_in(4) {
        query.min_length = Some(Duration::from_secs(dice.pick(&[5, 20, 45, 75, 600])));
    }
    (if query.text.is_some() { "words and filters" } else { "filters" }, query)
}

/// Sorted times, and what they say.
struct Times(Vec<Duration>);

impl Times {
    fn share(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        self.0
            .get((self.0.len() * percent / 100).min(self.0.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }

    fn tell(&mut self, what: &str) {
        let (p50, p99, most) = (self.share(50), self.share(99), self.share(100));
        println!("{what}: p50 {p50:.2?}, p99 {p99:.2?}, most {most:.2?} of {}", self.0.len());
    }
}

fn held(what: &str, found: Duration, goal: Duration) {
    let word = if found < goal { "held" } else { "MISSED" };
    println!("{word}: {what} {found:.2?}, goal {goal:.0?}");
}

/// What this thread has computed so far, without what it waited for: on a machine that does other things too, the
/// time that passes says little. Nothing where the system does not tell.
fn computed() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// Every question with the page behind it, as one who reads on would ask.
fn lists(index: &Index, dice: &Dice) {
    let (mut all, mut cpu) = (Times(Vec::new()), Times(Vec::new()));
    let mut kinds: Vec<(&str, Times)> = Vec::new();
    let (mut short, mut pages) = (0u32, 0u32);
    for _ in 0..QUESTIONS {
        let (kind, mut query) = question(dice);
        for _ in 0..2 {
            let (start, before) = (Instant::now(), computed());
            let page = index.list(&query).unwrap();
            let (took, computing) = (start.elapsed(), computed().saturating_sub(before));
            all.0.push(took);
            cpu.0.push(computing);
            match kinds.iter_mut().find(|(name, _)| *name == kind) {
                Some((_, times)) => times.0.push(took),
                None => kinds.push((kind, Times(vec![took]))),
            }
            if computing > Duration::from_millis(20) {
                println!("slow: {took:.2?}, {computing:.2?} of it computing, for {query:?}");
            }
            pages += 1;
            short += u32::from(page.next.is_some() && page.events.len() < query.limit as usize);
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
    }
    for (kind, mut times) in kinds {
        times.tell(&format!("list, {kind}"));
    }
    println!("{short} of {pages} pages were shorter than asked for and went on");
    all.tell("list, all");
    cpu.tell("list, all, computing");
    held("a page of a list, p99", all.share(99), Duration::from_millis(20));
}

fn inserts(index: &Index, count: u64, dice: &Dice) {
    let mut times = Times(Vec::new());
    let first = index.last_id().unwrap().map_or(0, EventId::ms);
    for n in 1..=INSERTS {
        let mut event = event(count + n, count, dice);
        event.id = EventId::from_parts(first + n, 1);
        let day = day(&event);
        let start = Instant::now();
        index.insert(&event, &day).unwrap();
        times.0.push(start.elapsed());
    }
    times.tell("insert");
    held("an insert, median", times.share(50), Duration::from_millis(5));
}

fn others(index: &Index, dice: &Dice) {
    let end = Timestamp::from_second(FIRST + YEAR).unwrap();
    let once = |what: &str, f: &dyn Fn()| {
        let mut times = Times(Vec::new());
        for _ in 0..20 {
            let start = Instant::now();
            f();
            times.0.push(start.elapsed());
        }
        times.tell(what);
    };
    let timeline = |days: i64, bin: u64| Span {
        from: end - SignedDuration::from_hours(24 * days),
        to: end,
        bin: Duration::from_secs(bin),
        camera: None,
    };
    once("timeline of a day", &|| drop(black_box(index.timeline(&timeline(1, 300)).unwrap())));
    once("timeline of 31 days", &|| drop(black_box(index.timeline(&timeline(31, 3600)).unwrap())));
    let last = jiff::civil::date(2026, 6, 18);
    once("activity of 366 days", &|| drop(black_box(index.activity(last, 366).unwrap())));
    once("totals", &|| assert_ne!(index.totals().unwrap().events, 0));
    once("evictable", &|| drop(black_box(index.evictable_clips(100).unwrap())));
    once("oldest", &|| drop(black_box(index.evictable_oldest(None, 100).unwrap())));
    let ids = index.ids(None, 1000).unwrap();
    once("get", &|| drop(black_box(index.get(dice.pick(&ids)).unwrap())));
    once("changes", &|| drop(black_box(index.changes_after(index.newest_change() - 100, 100).unwrap())));
    let seen = Cell::new(false);
    once("mark as seen", &|| {
        seen.set(!seen.get());
        let change = Change { seen: Some(seen.get()), ..Change::default() };
        drop(black_box(index.change(dice.pick(&ids), &change).unwrap()));
    });
}

fn opening(file: &Path) {
    let mut times = Times(Vec::new());
    for _ in 0..10 {
        let start = Instant::now();
        let index = Index::open(file).unwrap();
        black_box(index.list(&Query::default()).unwrap());
        times.0.push(start.elapsed());
    }
    times.tell("open, and list the newest");
    held("opening, most", times.share(100), Duration::from_secs(1));
}

/// All events are owed to a remote, and all but so many of them were sent.
fn owe(file: &Path, index: &Index, count: u64) {
    let start = Instant::now();
    index.set_remotes(&[RemoteRule { name: "hub".to_owned(), pictures_first: true }]).unwrap();
    while index.settle_remotes().unwrap() {}
    println!("{count} events owed to a new remote in {:.0?}", start.elapsed());
    let start = Instant::now();
    let other = rusqlite::Connection::open(file).unwrap();
    other.busy_timeout(Duration::from_secs(60)).unwrap();
    let most = |percent: u64| {
        other.query_row(
            "SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?1",
            [(OWED * percent / 100).cast_signed()],
            |row| row.get::<_, String>(0),
        )
    };
    // Of what is owed the pictures of half were sent.
    other.execute("UPDATE outbox SET state = 'done', stage = 'clip', bytes = 0, sent_ms = 1, \
        sha256 = (SELECT clip_sha256 FROM events AS e WHERE e.id = outbox.id) WHERE id <= ?1 AND state <> 'done'",
        [most(100).unwrap()]).unwrap();
    other
        .execute(
            "UPDATE outbox SET stage = 'clip', sent_ms = 1 WHERE id > ?1 AND id <= ?2",
            [most(100).unwrap(), most(50).unwrap()],
        )
        .unwrap();
    drop(other);
    println!("all but {OWED} of them said to be done in {:.0?}", start.elapsed());
}

/// What the errands cost then.
fn errands(index: &Index, dice: &Dice) {
    let now = Now { ms: (FIRST + YEAR) * 1000, mono: Duration::ZERO };
    let lease = Duration::from_secs(60);
    let once = |what: &str, f: &dyn Fn()| {
        let mut times = Times(Vec::new());
        for _ in 0..200 {
            let start = Instant::now();
            f();
            times.0.push(start.elapsed());
        }
        times.tell(what);
        held(&format!("{what}, median"), times.share(50), Duration::from_millis(5));
    };
    let page = |state| ErrandQuery { state, limit: 200, ..ErrandQuery::default() };
    let ids = index.ids(None, 200).unwrap();
    once("backlog", &|| assert_ne!(index.backlog(now).unwrap()[0].pictures, 0));
    once("next due", &|| assert_eq!(index.next_due("hub", now).unwrap(), Some(Duration::ZERO)));
    once("200 errands owed", &|| {
        drop(black_box(index.errands(&page(Some(ErrandState::Owed)), now).unwrap()))
    });
    once("200 errands of any kind", &|| drop(black_box(index.errands(&page(None), now).unwrap())));
    once("errands of 200 events", &|| assert_eq!(index.errands_of(&ids, now).unwrap().len(), 200));
    once("50 clips to be freed", &|| drop(black_box(index.proven(50).unwrap())));
    let claimed = RefCell::new(Vec::new());
    once("claim", &|| {
        let stage = dice.pick(&[None, Some(Stage::Clip)]);
        claimed.borrow_mut().push(index.claim("hub", stage, lease, now).unwrap().unwrap());
    });
    once("settle", &|| {
        let errand = claimed.borrow_mut().pop().unwrap();
        let failed = Outcome::Again { after: lease, why: "a line that ends".to_owned(), resume: None };
        let outcome = if dice.one_in(2) { Outcome::Sent(Receipt::default()) } else { failed };
        assert!(index.settle(&errand, &outcome, now).unwrap());
    });
    let start = Instant::now();
    assert_ne!(index.retry(None, None).unwrap(), 0);
    println!("retry of all in {:.2?}", start.elapsed());
}

fn main() {
    let dice = Dice(Cell::new(0x9E37_79B9_7F4A_7C15));
    let count = std::env::var("INDEX_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(EVENTS);
    // On the disk that is built on: a file system in memory would know nothing of waiting for a disk.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = std::env::var_os("INDEX_FILE").map_or(dir.path().join("index.sqlite"), PathBuf::from);
    if !file.exists() {
        let start = Instant::now();
        fill(&Index::open(&file).unwrap(), count, &dice);
        let len = std::fs::metadata(&file).unwrap().len();
        println!("{count} events in {:.0?}, {} MB", start.elapsed(), len / 1_000_000);
    }

    opening(&file);
    let index = Index::open(&file).unwrap();
    lists(&index, &dice);
    inserts(&index, count, &dice);
    others(&index, &dice);
    owe(&file, &index, count);
    errands(&index, &dice);
    inserts(&index, count, &dice);

    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("index");
    let questions: Vec<_> = (0..100).map(|_| question(&dice).1).collect();
    group.bench_function(format!("100 lists among {count} events"), |b| {
        b.iter(|| questions.iter().for_each(|query| drop(black_box(index.list(query).unwrap()))));
    });
    let next = Cell::new(index.last_id().unwrap());
    group.bench_function(format!("insert into {count} events"), |b| {
        b.iter(|| {
            next.set(next.get().and_then(EventId::next));
            let event = Event { id: next.get().unwrap(), ..event(count, count, &dice) };
            index.insert(&event, &day(&event)).unwrap()
        });
    });
    group.finish();
    criterion.final_summary();
}
