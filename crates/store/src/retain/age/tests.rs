use super::*;
use proptest::prelude::*;

const HOUR: i64 = 3600 * 1000;
const DAY: i64 = 24 * HOUR;
/// 2026-11-20.
const START: i64 = 1_795_132_800_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn mono(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap())
}

#[test]
fn a_jump_ahead_is_believed_only_after_it_has_stood_for_a_day() {
    let mut line = Line::from(at(START), mono(0));
    let years = 3 * 365 * DAY;
    for hour in 1..24 {
        let now = line.observe(at(START + years + hour * HOUR), mono(hour * HOUR));
        assert_eq!(now, at(START + hour * HOUR), "after {hour} hours");
    }
    assert_eq!(line.observe(at(START + years + 26 * HOUR), mono(26 * HOUR)), at(START + years + 26 * HOUR));
}

#[test]
fn a_jump_that_is_taken_back_leaves_no_trace() {
    let mut line = Line::from(at(START), mono(0));
    line.observe(at(START + 3 * 365 * DAY), mono(HOUR));
    assert_eq!(line.observe(at(START + 2 * HOUR), mono(2 * HOUR)), at(START + 2 * HOUR));
    assert_eq!(line.jump, None);
}

#[test]
fn a_restart_does_not_make_a_jump_believed_and_its_day_goes_on() {
    let mut line = Line::from(at(START), mono(0));
    let ahead = 40 * DAY;
    line.observe(at(START + ahead), mono(0));
    line.observe(at(START + ahead + 20 * HOUR), mono(20 * HOUR));
    let kept: Line = serde_json::from_slice(&serde_json::to_vec(&line).unwrap()).unwrap();
    // The monotonic clock begins anew; so does its count.
    let mut line = kept;
    let later = START + ahead + 20 * HOUR + 60_000;
    assert!(line.observe(at(later), mono(0)) <= at(START + 21 * HOUR));
    assert_eq!(line.observe(at(later + 5 * HOUR), mono(5 * HOUR)), at(later + 5 * HOUR));
}

#[test]
fn a_machine_that_was_off_for_a_night_is_believed_at_once() {
    let mut line = Line::since(at(START));
    assert_eq!(line.observe(at(START + 10 * HOUR), mono(0)), at(START + 10 * HOUR));
    let mut line = Line::since(at(START));
    assert_eq!(line.observe(at(START + 40 * DAY), mono(0)), at(START));
}

#[test]
fn an_idle_machine_writes_its_time_four_times_a_day_at_most() {
    let mut line = Line::from(at(START), mono(0));
    let mut kept = line.clone();
    let mut written = 0;
    for minute in 1..=24 * 60 {
        line.observe(at(START + minute * 60_000), mono(minute * 60_000));
        if line.is_behind(&kept) {
            kept = line.clone();
            written += 1;
        }
    }
    assert_eq!(written, 4);
}

proptest! {
    /// Whatever the wall clock does, as long as no jump stands for a day.
    #[test]
    fn no_jump_makes_it_later_than_the_time_that_passed(
        jumps in prop::collection::vec((1_i64..180, -4 * 365 * 24 * 60_i64..4 * 365 * 24 * 60), 1..60),
    ) {
        let mut line = Line::from(at(START), mono(0));
        let (mut passed, mut since_jump) = (0, 0);
        for (minutes, jump) in jumps {
            passed += minutes * 60_000;
            since_jump += minutes * 60_000;
            // Small corrections are a clock that is kept right, and add up to no more than they are.
            let jump = if jump.abs() < 30 { 0 } else { jump };
            let wall = START + passed + jump * 60_000;
            let now = line.observe(at(wall.max(0)), mono(passed));
            if since_jump < STANDS {
                prop_assert!(now <= at(START + passed), "{} ms too late", now.as_millisecond() - START - passed);
            }
            since_jump = 0;
        }
    }
}
