use super::*;
use crate::event::State;
use crate::model::scene;
use crate::query::{Change, Query};
use crate::store::tests::Place;
use crate::{Finished, StoreState};
use frame::Clock;
use proptest::prelude::*;

fn limits() -> Retention {
    Retention { max_age: None, max_size: None, min_free: None }
}

fn record(place: &Place, store: &Store, label: &str) -> EventId {
    place.clock.advance(Duration::from_secs(60));
    let mut draft = store.begin(&scene::birth("garden", &*place.clock)).unwrap();
    let mut writer = scene::clip(&mut draft).unwrap();
    for n in 0..3 {
        scene::push(&mut writer, n).unwrap();
    }
    let clip = scene::close(writer).unwrap();
    scene::trimmings(&mut draft).unwrap();
    let mut finished: Finished = scene::finished(Some(clip), 3);
    finished.verdict.label = label.to_owned();
    draft.commit(finished).unwrap().id
}

fn states(store: &Store, ids: &[EventId]) -> Vec<Option<State>> {
    ids.iter().map(|id| store.get(*id).unwrap().map(|event| event.state)).collect()
}

#[test]
fn clips_go_before_events_the_least_valuable_first_and_a_favourite_never() {
    let place = Place::new();
    let store = place.open();
    let ids = ["person", "environment", "vehicle", "environment", "animal"]
        .map(|label| record(&place, &store, label));
    store.change(ids[3], &Change { favourite: Some(true), ..Change::default() }).unwrap();
    let used = plan::used(store.index().unwrap().totals().unwrap());
    store.set_retention(Retention { max_size: Some(used - 1), ..limits() });
    store.retain().unwrap();
    let (whole, pictures) = (Some(State::Whole), Some(State::Pictures));
    let after = states(&store, &ids);
    assert_eq!((after[1], after[3], after[4]), (pictures, whole, whole), "{after:?}");
    assert_eq!(store.check(), Vec::<String>::new());
    store.set_retention(Retention { max_size: Some(1), ..limits() });
    let report = store.retain().unwrap();
    assert_eq!(
        (report.degraded + report.deleted > 4, states(&store, &ids)),
        (true, vec![None, None, None, whole, None])
    );
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn room_is_made_down_to_a_low_water_mark_and_then_nothing_more() {
    let place = Place::new();
    let store = place.open();
    for _ in 0..20 {
        record(&place, &store, "unknown");
    }
    let most = plan::used(store.index().unwrap().totals().unwrap()) - 1;
    store.set_retention(Retention { max_size: Some(most), ..limits() });
    assert!(store.retain().unwrap().freed > 0);
    let used = plan::used(store.index().unwrap().totals().unwrap());
    assert!(used <= most - most / 20, "{used} of {most}");
    assert_eq!(store.retain().unwrap(), RetentionReport::default());
}

#[test]
fn an_event_goes_by_its_age_once_the_time_has_really_passed() {
    let place = Place::new();
    let store = place.open();
    let old = record(&place, &store, "animal");
    store.set_retention(Retention { max_age: Some(Duration::from_secs(86_400)), ..limits() });
    for _ in 0..25 {
        assert_eq!(states(&store, &[old]), [Some(State::Whole)]);
        place.clock.advance(Duration::from_secs(3600));
        store.retain().unwrap();
    }
    assert_eq!(states(&store, &[old]), [None]);
}

#[test]
fn no_wall_clock_jump_takes_an_event() {
    let place = Place::new();
    let store = place.open();
    let ids: Vec<EventId> = (0..3).map(|_| record(&place, &store, "animal")).collect();
    store.set_retention(Retention { max_age: Some(Duration::from_secs(30 * 86_400)), ..limits() });
    let noon = scene::noon();
    let years = Duration::from_secs(3 * 365 * 86_400);
    for wall in [noon + years, noon - years, noon + Duration::from_secs(3600), noon + years * 30, noon] {
        place.clock.set_wall(wall);
        store.retain().unwrap();
        place.clock.advance(Duration::from_secs(12 * 3600));
        store.retain().unwrap();
    }
    assert_eq!(store.list(&Query::default()).unwrap().events.len(), ids.len());
    // Nor does a restart while the clock is wrong.
    place.clock.set_wall(noon + years);
    drop(store);
    let store = place.open();
    store.set_retention(Retention { max_age: Some(Duration::from_secs(30 * 86_400)), ..limits() });
    store.retain().unwrap();
    assert_eq!(store.list(&Query::default()).unwrap().events.len(), ids.len());
}

#[test]
fn the_forecast_says_when_the_limit_comes() {
    let place = Place::new();
    let store = place.open();
    for _ in 0..4 {
        record(&place, &store, "animal");
        place.clock.advance(Duration::from_secs(6 * 3600));
    }
    let view = store.storage();
    let used = view.clip_bytes + view.picture_bytes;
    store.set_retention(Retention { max_size: Some(used * 10), ..limits() });
    let view = store.storage();
    let forecast = view.forecast.unwrap();
    assert_eq!((forecast.limit, view.state, view.events), (crate::Limit::Size, StoreState::Ok, 4));
    let days = forecast.full_in.as_secs_f64() / 86_400.0;
    assert!((5.0..15.0).contains(&days), "{days}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Ten jumps of any size between events: order by id holds, no duration is negative, nothing goes.
    #[test]
    fn jumps_in_mid_event_lose_and_reorder_nothing(
        jumps in prop::collection::vec(prop_oneof![
            Just(3 * 365 * 86_400_i64), Just(-3 * 365 * 86_400), Just(3600), Just(-3600), Just(-10), Just(0),
        ], 10),
    ) {
        let place = Place::new();
        let store = place.open();
        store.set_retention(Retention { max_age: Some(Duration::from_secs(86_400)), ..limits() });
        let mut ids = Vec::new();
        for jump in jumps {
            let wall = place.clock.wall();
            let step = Duration::from_secs(jump.unsigned_abs());
            let mut draft = store.begin(&scene::birth("garden", &*place.clock)).unwrap();
            let mut writer = scene::clip(&mut draft).unwrap();
            scene::push(&mut writer, 0).unwrap();
            place.clock.set_wall(if jump < 0 { wall - step } else { wall + step });
            scene::push(&mut writer, 1).unwrap();
            let clip = scene::close(writer).unwrap();
            ids.push(draft.commit(scene::finished(Some(clip), 2)).unwrap().id);
            store.retain().unwrap();
            place.clock.advance(Duration::from_secs(60));
        }
        prop_assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        for id in &ids {
            let event = store.get(*id).unwrap();
            prop_assert!(event.is_some_and(|event| event.ended() >= event.started), "{id}");
        }
        prop_assert_eq!(store.check(), Vec::<String>::new());
    }
}

#[test]
fn what_others_took_of_the_disk_costs_no_event() {
    let totals = Totals { events: 10, clip_bytes: 900, ..Totals::default() };
    let used = plan::used(totals);
    let limits = Retention { min_free: Some(1 << 40), ..limits() };
    let space = |free| Space { total: 2 << 40, free, is_read_only: false };
    assert_eq!(limits.need(totals, space(1 << 30), 0), 0, "all of it would not be enough");
    assert!(limits.is_out_of_reach(used, space(1 << 30)));
    let near = space((1 << 40) - used);
    assert!(limits.need(totals, near, 0) >= used && !limits.is_out_of_reach(used, near));
}

#[test]
fn pictures_that_are_left_do_not_crowd_out_the_clips_of_new_events() {
    let place = Place::new();
    let store = place.open();
    let old: Vec<_> = (0..8).map(|_| record(&place, &store, "animal")).collect();
    store.degrade_now(&store.index().unwrap(), &old).unwrap();
    let new = record(&place, &store, "environment");
    let totals = store.index().unwrap().totals().unwrap();
    let used = plan::used(totals);
    assert!(totals.picture_bytes > used / 100, "pictures count");
    store.set_retention(Retention { max_size: Some(used - 1), ..limits() });
    let above = Retention { max_size: Some(used - 1), ..limits() }.pictures_above_share(totals);
    store.retain().unwrap();
    let left = states(&store, &[new]);
    assert_eq!(left == vec![Some(State::Whole)], above > 0, "{above} bytes of pictures above their share");
}
