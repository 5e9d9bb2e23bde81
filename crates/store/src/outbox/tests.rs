use std::sync::atomic::AtomicU64;

use super::*;
use crate::StoreState;
use crate::event::{Event, State};
use crate::query::Change;
use crate::store::tests::Place;

const LEASE: Duration = Duration::from_secs(60);

fn rules(names: &[&str]) -> Vec<RemoteRule> {
    names.iter().map(|name| RemoteRule { name: (*name).to_owned(), pictures_first: true }).collect()
}

fn nudges(store: &Store) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let into = Arc::clone(&count);
    store.on_owed(Box::new(move || {
        into.fetch_add(1, Ordering::Relaxed);
    }));
    count
}

/// Sends everything that is due; → what, in order.
fn send_all(store: &Store, remote: &str) -> Vec<(EventId, Stage)> {
    let mut sent = Vec::new();
    while let Some(errand) = store.claim(remote, None, LEASE).unwrap() {
        let event = store.get(errand.event).unwrap().unwrap();
        let sha256 = event.clip.as_ref().map(|clip| clip.sha256);
        let receipt = Receipt { sha256, place: "there".to_owned() };
        assert!(store.settle(&errand, Outcome::Sent(receipt)).unwrap());
        sent.push((errand.event, errand.stage));
    }
    sent
}

fn states(store: &Store, event: &Event) -> Vec<ErrandState> {
    store.errands_of(&[event.id]).unwrap().iter().map(|view| view.state).collect()
}

#[test]
fn an_event_is_owed_as_soon_as_it_is_there_and_whoever_waits_is_told() {
    let place = Place::new();
    let store = place.open();
    let count = nudges(&store);
    let before = place.record(&store);
    assert_eq!((count.load(Ordering::Relaxed), store.backlog().unwrap()), (0, vec![]));
    store.set_remotes(&rules(&["hub"])).unwrap();
    let told = count.load(Ordering::Relaxed);
    assert!(told > 0, "what was there before is owed, too");
    let event = place.record(&store);
    assert_eq!(count.load(Ordering::Relaxed), told + 1);
    assert_eq!(store.next_due("hub").unwrap(), Some(Duration::ZERO));
    let [(a, b, c, d)] = [(before.id, event.id, Stage::Pictures, Stage::Clip)];
    assert_eq!(send_all(&store, "hub"), [(b, c), (a, c), (a, d), (b, d)]);
    assert_eq!(store.next_due("hub").unwrap(), None);
    let backlog = store.backlog().unwrap().remove(0);
    assert_eq!((backlog.done, backlog.bytes, backlog.oldest), (2, 0, None));
    assert_eq!(backlog.last_sent.map(Timestamp::as_second), Some(store.now().as_second()));
    drop(store);
    assert_eq!(states(&place.open(), &event), [ErrandState::Done], "and it is known after a restart");
}

#[test]
fn a_lease_ends_by_itself_with_the_process_and_with_its_event() {
    let place = Place::new();
    let store = place.open();
    store.set_remotes(&rules(&["hub"])).unwrap();
    let event = place.record(&store);
    let lost = store.claim("hub", None, LEASE).unwrap().unwrap();
    assert_eq!(store.claim("hub", None, LEASE).unwrap(), None);
    assert_eq!(store.next_due("hub").unwrap(), Some(LEASE));
    place.clock.advance(LEASE / 2);
    assert!(store.renew(&lost, LEASE).unwrap());
    assert!(store.note_resume(&lost, Some("part 3")).unwrap());
    place.clock.advance(LEASE);
    let errand = store.claim("hub", None, LEASE).unwrap().unwrap();
    assert_eq!((errand.event, errand.attempts, errand.resume.as_deref()), (event.id, 0, Some("part 3")));
    let sent = Outcome::Sent(Receipt::default());
    assert!(!store.settle(&lost, sent.clone()).unwrap() && !store.renew(&lost, LEASE).unwrap());
    assert_eq!(states(&store, &event), [ErrandState::Sending]);
    drop(store);
    let store = place.open();
    assert_eq!(states(&store, &event), [ErrandState::Owed]);
    assert!(!store.settle(&errand, sent.clone()).unwrap(), "it was another process's");
    let errand = store.claim("hub", None, LEASE).unwrap().unwrap();
    store.delete(&[event.id]).unwrap();
    assert!(!store.settle(&errand, sent).unwrap(), "there is nothing left to be settled");
    assert_eq!((states(&store, &event), store.next_due("hub").unwrap()), (vec![], None));
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn a_clip_is_freed_only_once_every_remote_has_proven_to_hold_it() {
    let place = Place::new();
    let store = place.open();
    store.set_remotes(&rules(&["hub", "s3"])).unwrap();
    let (freed, favourite, unproven) = (place.record(&store), place.record(&store), place.record(&store));
    store.change(favourite.id, &Change { favourite: Some(true), ..Change::default() }).unwrap();
    send_all(&store, "hub");
    assert_eq!(store.free_sent(10).unwrap(), 0, "the other one has nothing yet");
    while let Some(errand) = store.claim("s3", None, LEASE).unwrap() {
        let clip = store.get(errand.event).unwrap().unwrap().clip.clone().unwrap();
        let sha256 = if errand.event == unproven.id { [1; 32] } else { clip.sha256 };
        let receipt = Receipt { sha256: Some(sha256), place: String::new() };
        assert!(store.settle(&errand, Outcome::Sent(receipt)).unwrap());
    }
    assert_eq!(store.free_sent(10).unwrap(), 1);
    assert_eq!(store.free_sent(10).unwrap(), 0);
    let states = [&freed, &favourite, &unproven].map(|event| store.get(event.id).unwrap().unwrap().state);
    assert_eq!(states, [State::Pictures, State::Whole, State::Whole]);
    assert!(store.open_clip(freed.id).unwrap().is_none());
    assert!(store.picture(freed.id, crate::event::PictureName::Poster).unwrap().is_some());
    assert_eq!(store.check(), Vec::<String>::new());
    // A remote that comes later gets what is left, and nothing is freed before it has that.
    store.set_remotes(&rules(&["hub", "s3", "nas"])).unwrap();
    store.change(favourite.id, &Change { favourite: Some(false), ..Change::default() }).unwrap();
    assert_eq!(store.free_sent(10).unwrap(), 0);
    let sent = send_all(&store, "nas");
    assert_eq!(sent.iter().filter(|(id, _)| *id == freed.id).count(), 1, "its pictures");
    assert_eq!(store.free_sent(10).unwrap(), 1);
}

#[test]
fn an_index_that_is_built_anew_owes_everything_again() {
    let place = Place::new();
    let store = place.open();
    store.set_remotes(&rules(&["hub"])).unwrap();
    let event = place.record(&store);
    send_all(&store, "hub");
    store.reindex(&mut |_, _| {}).unwrap();
    assert_eq!(states(&store, &event), [ErrandState::Owed]);
    assert_eq!(store.check(), Vec::<String>::new());
    assert_eq!(send_all(&store, "hub").len(), 2);
}

#[test]
fn remotes_are_remembered_while_the_disk_is_missing() {
    let place = Place::new();
    let store = place.open();
    let event = place.record(&store);
    let (events, away) = (place.dir.path().join("data/events"), place.dir.path().join("away"));
    std::fs::rename(&events, &away).unwrap();
    std::fs::create_dir(&events).unwrap();
    store.probe();
    assert!(matches!(store.state(), StoreState::Missing(_)));
    store.set_remotes(&rules(&["hub"])).unwrap();
    assert!(matches!(store.claim("hub", None, LEASE), Err(StoreError::Missing(_))));
    std::fs::remove_dir(&events).unwrap();
    std::fs::rename(&away, &events).unwrap();
    let count = nudges(&store);
    store.probe();
    assert_eq!((states(&store, &event), count.load(Ordering::Relaxed) > 0), (vec![ErrandState::Owed], true));
    assert!(store.set_remotes(&rules(&["hub", "hub"])).is_err());
}

#[test]
fn what_was_refused_waits_for_somebody_and_then_goes_first() {
    let place = Place::new();
    let store = place.open();
    store.set_remotes(&rules(&["hub"])).unwrap();
    let (first, second) = (place.record(&store), place.record(&store));
    let refused = store.claim("hub", None, LEASE).unwrap().unwrap();
    assert_eq!(refused.event, second.id);
    assert!(store.settle(&refused, Outcome::Refused { why: "422".to_owned() }).unwrap());
    let again = store.claim("hub", None, LEASE).unwrap().unwrap();
    let after = Duration::from_secs(90);
    assert!(store.settle(&again, Outcome::Again { after, why: "502".to_owned(), resume: None }).unwrap());
    assert_eq!(
        (store.next_due("hub").unwrap(), store.claim("hub", None, LEASE).unwrap()),
        (Some(after), None)
    );
    let backlog = store.backlog().unwrap().remove(0);
    assert_eq!((backlog.failed, backlog.pictures, backlog.last_error.unwrap().1.as_str()), (1, 1, "502"));
    assert_eq!(store.retry(Some(second.id), Some("hub")).unwrap(), 1);
    assert_eq!(send_all(&store, "hub"), [(second.id, Stage::Pictures), (second.id, Stage::Clip)]);
    assert_eq!(store.retry(None, Some("s3")).unwrap(), 0);
    assert_eq!(store.retry(None, None).unwrap(), 1);
    assert_eq!(send_all(&store, "hub").len(), 2);
    assert_eq!(states(&store, &first), [ErrandState::Done]);
}
