use std::time::{Duration, SystemTime};

use crate::boot::Boot;
use crate::draft::Birth;
use crate::model::scene;
use crate::store::Store;
use crate::store::opening::{FileIndex, Parts};
use crate::store::tests::Place;

#[test]
fn events_of_this_boot_are_stamped_anew_once_the_clock_is_set_and_their_files_follow() {
    let place = Place::new();
    // A machine without a clock of its own starts at 1970.
    place.clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(100));
    let store = place.open();
    store.retain().unwrap();
    place.clock.advance(Duration::from_secs(60));
    let birth = Birth { clock_was_set: false, ..scene::birth("garden", &*place.clock) };
    let mut draft = store.begin(&birth).unwrap();
    let mut writer = scene::clip(&mut draft).unwrap();
    scene::push(&mut writer, 0).unwrap();
    let clip = scene::close(writer).unwrap();
    let early =
        draft.commit(crate::Finished { clock_was_set: false, ..scene::finished(Some(clip), 1) }).unwrap();
    place.clock.advance(Duration::from_secs(40));
    store.retain().unwrap();
    // The time server answers: an event that began forty seconds ago began forty seconds ago.
    place.clock.advance(Duration::from_secs(20));
    place.clock.set_wall(scene::noon());
    store.retain().unwrap();
    let after = store.get(early.id).unwrap().unwrap();
    let off = after.started.duration_since(store.timestamp(scene::noon() - Duration::from_secs(60)));
    assert!(off.abs() <= jiff::SignedDuration::from_secs(1), "{off}");
    assert!(after.clock_was_set && after.duration == early.duration);
    assert_eq!(store.check(), Vec::<String>::new());
    assert!(store.open_clip(early.id).unwrap().is_some());
    // Later ones are stamped right, and come behind it.
    let later = scene::record(&store, &scene::birth("garden", &*place.clock), 1).unwrap().1;
    assert!(later.id > early.id && later.started > after.started);
}

/// A run of the program in a boot that began twenty seconds before the clock.
fn run(place: &Place) -> Store {
    let opening = place.opening();
    std::fs::create_dir_all(&opening.root).unwrap();
    let source = Box::new(FileIndex(opening.root.join("index.sqlite")));
    let boot = Boot { id: "a-boot".to_owned(), before: Duration::from_secs(20) };
    Store::open_with(opening, Parts { boot, source }).unwrap()
}

#[test]
fn what_an_earlier_run_recorded_before_the_clock_was_set_is_stamped_anew_by_a_later_one() {
    for is_set_before_opening in [true, false] {
        let place = Place::new();
        place.clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(100));
        let store = run(&place);
        let birth = Birth { clock_was_set: false, ..scene::birth("garden", &*place.clock) };
        let mut draft = store.begin(&birth).unwrap();
        let mut writer = scene::clip(&mut draft).unwrap();
        scene::push(&mut writer, 0).unwrap();
        let clip = scene::close(writer).unwrap();
        let finished = crate::Finished { clock_was_set: false, ..scene::finished(Some(clip), 1) };
        let early = draft.commit(finished).unwrap();
        drop(store);
        place.clock.advance(Duration::from_secs(7200));
        let store = if is_set_before_opening {
            place.clock.set_wall(scene::noon());
            run(&place)
        } else {
            let store = run(&place);
            store.retain().unwrap();
            assert!(!store.get(early.id).unwrap().unwrap().clock_was_set);
            place.clock.set_wall(scene::noon());
            store.retain().unwrap();
            store
        };
        let after = store.get(early.id).unwrap().unwrap();
        let off = after.started.duration_since(store.timestamp(scene::noon() - Duration::from_secs(7200)));
        assert!(off.is_zero(), "{off}");
        assert!(after.clock_was_set);
        assert_eq!(store.check(), Vec::<String>::new());
    }
}
