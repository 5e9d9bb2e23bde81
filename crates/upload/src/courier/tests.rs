//! The loop under simulated time, with a remote that does as it is told.

use std::time::Duration;

use jiff::civil::time;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use crate::ledger::{ErrandState, Ledger as _, Outcome, Stage};
use crate::remote::Failure;
use crate::settings::{Settings, Window};
use crate::testing::{Road, Scripted, Shelf, Step, event_id};
use crate::view::Waiting;

const MINUTE: Duration = Duration::from_secs(60);

fn kept() -> Settings {
    Settings { keep_clips: true, ..Settings::default() }
}

fn again() -> Step {
    Step::Fail(Failure::again("it did not work"))
}

fn unreachable() -> Step {
    Step::Fail(Failure::Unreachable { why: "there is nobody".to_owned() })
}

#[tokio::test(start_paused = true)]
async fn pictures_go_first_the_newest_before_the_others_and_clips_the_oldest_first() {
    let remote = Scripted::new([], Step::Take);
    let road = Road::new(Shelf::with(4, Stage::Pictures), remote, 1, kept());
    road.until_done().await;
    let order: Vec<_> = road.remote.seen().iter().map(|seen| (seen.stage, seen.event)).collect();
    let pictures = [3, 2, 1, 0].map(|n| (Stage::Pictures, event_id(n)));
    let clips = [0, 1, 2, 3].map(|n| (Stage::Clip, event_id(n)));
    assert_eq!(order, [pictures, clips].concat());
    assert_eq!(road.remote.most_at_once(), 1);
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn two_are_under_way_at_once_and_never_more() {
    let road = Road::new(Shelf::with(20, Stage::Clip), Scripted::new([], Step::Take), 2, kept());
    road.until_done().await;
    assert_eq!(road.remote.most_at_once(), 2);
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_errand_that_comes_to_be_is_carried_at_once() {
    let road = Road::new(Shelf::with(0, Stage::Clip), Scripted::new([], Step::Take), 1, kept());
    road.wait(10 * MINUTE).await;
    road.shelf.owe(event_id(1), Stage::Clip);
    assert!(road.until_done().await < Duration::from_secs(1));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_errand_that_fails_waits_longer_each_time_and_holds_up_nobody() {
    // The first event fails again and again; ninety others go past it.
    let remote = Scripted::new([], again());
    let road = Road::new(Shelf::with(1, Stage::Clip), remote, 1, kept());
    road.wait(24 * 60 * MINUTE).await;
    let seen = road.remote.seen();
    assert!((90..=400).contains(&seen.len()), "{} attempts in a day", seen.len());
    let gaps: Vec<_> = seen.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_secs(1)), "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= 16 * MINUTE), "{gaps:?}");
    let (early, late) = (&gaps[..3], &gaps[gaps.len() - 20..]);
    assert!(early.iter().sum::<Duration>() < MINUTE, "{early:?}");
    assert!(late.iter().sum::<Duration>() > 60 * MINUTE, "{late:?}");
    assert_eq!(road.shelf.row(0).attempts as usize, seen.len());
    assert_eq!(road.shelf.row(0).why.as_deref(), Some("it did not work"));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_bad_errand_among_many_holds_up_nobody() {
    let remote = Scripted::new([again(), Step::Take, again(), Step::Take, Step::Take], Step::Take);
    let road = Road::new(Shelf::with(100, Stage::Clip), remote, 1, kept());
    assert!(road.until_done().await < Duration::from_secs(20));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_errand_that_failed_on_its_own_does_not_wait_where_all_else_goes_well() {
    let road = Road::new(Shelf::with(1, Stage::Clip), Scripted::new([], Step::Take), 1, kept());
    road.until_done().await;
    road.shelf.owe_later(event_id(1), Stage::Clip, 60 * MINUTE);
    road.wait(MINUTE).await;
    assert_eq!(road.remote.seen().len(), 1, "nothing else went well meanwhile");
    (20..23).for_each(|other| road.shelf.owe(event_id(other), Stage::Clip));
    let took = road.until_done().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_is_away_for_weeks_is_asked_for_by_one_errand_at_a_time_and_none_is_counted() {
    let road = Road::new(Shelf::with(10_000, Stage::Clip), Scripted::new([], unreachable()), 2, kept());
    let began = Instant::now();
    road.wait(21 * 24 * 60 * MINUTE).await;
    let seen = road.remote.seen();
    // At most every 15 min, every 7.5 min on average, and often only at the beginning.
    assert!((1500..9000).contains(&seen.len()), "{} attempts in three weeks", seen.len());
    let soon = seen.iter().filter(|seen| seen.at < began + MINUTE).count();
    assert!(soon < 30, "{soon} attempts in the first minute");
    // Two only before anybody knew.
    let in_company = seen.iter().skip(2).filter(|seen| seen.at_once > 1).count();
    assert_eq!(in_company, 0, "went beside another");
    assert_eq!(road.shelf.attempts(), 0);
    let gate = *road.gate.borrow();
    let backlog = road.shelf.backlog().unwrap().remove(0);
    assert_eq!(road.desk.view(&gate, backlog).waiting, Some(Waiting::Offline));
    road.remote.then(Step::Take);
    let took = road.until_done().await;
    assert!(took < 15 * MINUTE + Duration::from_secs(10_000 * 20 / 1000), "{took:?}");
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_fails_everything_is_not_stormed() {
    let road = Road::new(Shelf::with(10_000, Stage::Clip), Scripted::new([], again()), 2, kept());
    road.wait(24 * 60 * MINUTE).await;
    let attempts = road.remote.seen().len();
    assert!((90..1000).contains(&attempts), "{attempts} attempts in a day");
    // Once it is well, nobody waits for times that were set in bad days.
    road.remote.then(Step::Take);
    let took = road.until_done().await;
    assert!(took < 15 * MINUTE + Duration::from_secs(10_000 * 20 / 1000 + 30), "{took:?}");
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_answers_is_not_given_up_for_long_whatever_fails() {
    let road = Road::new(Shelf::with(10_000, Stage::Clip), Scripted::new([], again()), 1, kept());
    road.remote.answer(true);
    road.wait(60 * MINUTE).await;
    let attempts = road.remote.seen().len();
    assert!((900..2400).contains(&attempts), "{attempts} attempts in an hour");
    // Once it did not answer: that is the first time, and not the thousandth.
    road.remote.answer(false);
    while road.remote.seen().len() == attempts {
        road.wait(Duration::from_millis(100)).await;
    }
    road.remote.answer(true);
    road.wait(Duration::from_secs(10)).await;
    assert!(road.remote.seen().len() > attempts + 1);
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_the_way_is_bad_an_errand_that_goes_forward_does_not_wait_long() {
    let steps: Vec<_> = (0..50).map(|_| Step::Progress(Failure::again("reset"))).collect();
    let road = Road::new(Shelf::with(1, Stage::Clip), Scripted::new(steps, Step::Take), 1, kept());
    let took = road.until_done().await;
    assert!(took <= Duration::from_secs(51 * 2), "{took:?}");
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_asks_for_a_pause_gets_it() {
    let busy = Failure::Again { why: "429: too many".to_owned(), after: Some(Duration::from_secs(120)) };
    let road =
        Road::new(Shelf::with(10, Stage::Clip), Scripted::new([Step::Fail(busy)], Step::Take), 1, kept());
    road.until_done().await;
    let seen = road.remote.seen();
    let pause = seen[1].at - seen[0].at;
    assert!(pause >= Duration::from_secs(120) && pause < Duration::from_secs(121), "{pause:?}");
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_has_failed_until_somebody_asks_for_it() {
    let refused = Step::Fail(Failure::refused("413: too \u{7}large for nj_secret"));
    let road = Road::new(Shelf::with(2, Stage::Clip), Scripted::new([refused], Step::Take), 1, kept());
    road.wait(24 * 60 * MINUTE).await;
    let row = road.shelf.row(0);
    assert_eq!((row.state, row.why.as_deref()), (ErrandState::Failed, Some("413: too \\u{7}large for ***")));
    assert_eq!(road.shelf.row(1).state, ErrandState::Done);
    assert_eq!(road.remote.seen().len(), 2);
    assert_eq!(road.shelf.retry(Some(event_id(0)), None).unwrap(), 1);
    assert!(road.until_done().await < Duration::from_secs(1));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_taken_fails_few_errands_and_they_go_once_it_is() {
    let denied = Step::Fail(Failure::Denied { why: "401: unknown key".to_owned() });
    let road = Road::new(Shelf::with(10_000, Stage::Clip), Scripted::new([], denied), 2, kept());
    road.wait(24 * 60 * MINUTE).await;
    let failed = road.shelf.count(ErrandState::Failed);
    assert!((90..400).contains(&failed), "{failed} failed in a day");
    road.remote.then(Step::Take);
    road.until_done().await;
    assert_eq!(road.shelf.count(ErrandState::Failed), 0);
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_panics_is_counted_and_repeated_and_the_others_go_on() {
    let road = Road::new(Shelf::with(3, Stage::Clip), Scripted::new([Step::Panic], Step::Take), 1, kept());
    road.until_done().await;
    let settled = road.shelf.settled();
    assert!(matches!(&settled[0], (_, Outcome::Again { why, .. }) if why.contains("fault of this program")));
    assert_eq!((road.shelf.leases(), road.remote.seen().len()), (0, 4));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_in_which_nothing_moves_is_given_up() {
    let road = Road::new(Shelf::with(1, Stage::Clip), Scripted::new([Step::Hang], Step::Take), 1, kept());
    let took = road.until_done().await;
    assert!(took > 29 * MINUTE && took < 32 * MINUTE, "{took:?}");
    let seen = road.remote.seen();
    assert_eq!(seen[1].resume.as_deref(), Some("half of it"));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_errand_lets_go_of_it() {
    let road = Road::new(Shelf::with(1, Stage::Clip), Scripted::new([Step::Hang], Step::Take), 1, kept());
    road.wait(MINUTE).await;
    road.shelf.take_lease(0);
    road.wait(2 * MINUTE).await;
    let view = road.desk.view(&road.gate.borrow(), road.shelf.backlog().unwrap().remove(0));
    assert_eq!((view.sending.len(), road.shelf.row(0).state), (0, ErrandState::Owed));
    assert_eq!(road.remote.seen().len(), 1);
    // An event that is deleted meanwhile is no trouble either.
    road.shelf.forget(0);
    road.shelf.owe(event_id(1), Stage::Clip);
    road.until_done().await;
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_receipt_for_other_bytes_is_none() {
    let road =
        Road::new(Shelf::with(1, Stage::Clip), Scripted::new([Step::TakeOther], Step::Take), 1, kept());
    road.until_done().await;
    let settled = road.shelf.settled();
    assert!(matches!(&settled[0], (_, Outcome::Again { why, .. }) if why.contains("another clip")));
    let ours = road.shelf.sha256();
    assert!(matches!(&settled[1], (_, Outcome::Sent(receipt)) if receipt.sha256 == Some(ours)));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_breaks_off_what_is_under_way_and_it_goes_on_where_it_was() {
    let road = Road::new(Shelf::with(2, Stage::Clip), Scripted::new([Step::Hang], Step::Take), 1, kept());
    road.wait(Duration::from_secs(5)).await;
    road.settings.send_modify(|settings| settings.paused = true);
    road.wait(60 * MINUTE).await;
    assert_eq!((road.shelf.leases(), road.remote.seen().len(), road.shelf.attempts()), (0, 1, 0));
    let view = road.desk.view(&road.gate.borrow(), road.shelf.backlog().unwrap().remove(0));
    assert_eq!(view.waiting, Some(Waiting::Paused));
    road.settings.send_modify(|settings| settings.paused = false);
    assert!(road.until_done().await < Duration::from_secs(2));
    assert_eq!(road.remote.seen()[1].resume.as_deref(), Some("half of it"));
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_outside_its_hours() {
    // It is 12:00; a request takes 20 ms.
    let window = Window { from: time(22, 0, 0, 0), to: time(6, 0, 0, 0), zone: TimeZone::UTC };
    let settings = Settings { window: Some(window), ..kept() };
    let road = Road::new(
        Shelf::with(5, Stage::Clip),
        Scripted::new([Step::Take, Step::Hang], Step::Take),
        1,
        settings,
    );
    road.wait(10 * 60 * MINUTE - Duration::from_secs(1)).await;
    assert_eq!(road.remote.seen().len(), 0);
    let view = road.desk.view(&road.gate.borrow(), road.shelf.backlog().unwrap().remove(0));
    assert_eq!(view.waiting, Some(Waiting::Window));
    assert!(view.resumes_in.unwrap() <= Duration::from_secs(2), "{:?}", view.resumes_in);
    road.wait(Duration::from_secs(3)).await;
    assert_eq!(road.remote.seen().len(), 2);
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_rate_holds_and_may_change_at_any_time() {
    // 20 clips of 300,000 bytes at 100,000 a second.
    let settings = Settings { rate: Some(100_000), ..kept() };
    let road = Road::new(Shelf::with(20, Stage::Clip), Scripted::new([], Step::Take), 2, settings);
    road.wait(Duration::from_secs(30)).await;
    let sent = road.desk.meter.total();
    assert!((2_700_000..=3_100_000).contains(&sent), "{sent} bytes in 30 s");
    let rate = road.desk.meter.rate();
    assert!((90_000.0..110_000.0).contains(&rate), "{rate} bytes/s");
    road.settings.send_modify(|settings| settings.rate = Some(1_000_000));
    let took = road.until_done().await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    road.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_gives_back_what_is_under_way_at_once() {
    let road = Road::new(Shelf::with(3, Stage::Clip), Scripted::new([], Step::Hang), 2, kept());
    road.wait(Duration::from_secs(5)).await;
    assert_eq!(road.shelf.leases(), 2);
    let shelf = road.shelf.clone();
    let began = Instant::now();
    road.stop().await;
    assert!(began.elapsed() < Duration::from_millis(100));
    assert_eq!((shelf.leases(), shelf.attempts()), (0, 0));
    assert_eq!(shelf.row(0).resume.as_deref(), Some("half of it"));
}

#[tokio::test(start_paused = true)]
async fn what_is_safe_may_go_unless_it_is_to_be_kept() {
    let road = Road::new(Shelf::with(3, Stage::Clip), Scripted::new([], Step::Take), 1, Settings::default());
    road.until_done().await;
    assert!(road.shelf.freed() > 0);
    road.stop().await;
    let road = Road::new(Shelf::with(3, Stage::Clip), Scripted::new([], Step::Take), 1, kept());
    road.until_done().await;
    assert_eq!(road.shelf.freed(), 0);
    road.stop().await;
}
