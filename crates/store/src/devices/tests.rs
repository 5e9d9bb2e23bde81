//! Devices are known from the first word on, and writing that down wears no card out.

use super::*;
use crate::intake::{Arrived, Finish};
use crate::parcel::{BeatBacklog, BeatHealth};
use crate::store::tests::Place;

fn beat() -> Beat {
    Beat {
        version: "0.5.0".to_owned(),
        now: "2026-11-20T13:00:02+01:00".to_owned(),
        backlog: BeatBacklog { events: 3, bytes: 4_000, oldest: Some("2026-11-19T08:00:00Z".to_owned()) },
        cameras: vec![BeatCamera {
            id: "garden".to_owned(),
            name: "The garden".to_owned(),
            state: "live".to_owned(),
        }],
        live_url: Some("http://pi.local:8000/".to_owned()),
        health: BeatHealth {
            problems: vec!["The disk is slow.".to_owned()],
            disk_free: Some(7),
            uptime_s: 60,
        },
    }
}

fn seen(key: &str, beat: Option<Beat>) -> Seen {
    Seen { key: key.to_owned(), name: format!("the {key}"), quota: Some(100_000), beat }
}

#[test]
fn what_a_device_says_of_itself_is_known_and_outlives_a_restart() {
    let place = Place::new();
    let store = place.open();
    store.seen(&seen("pi", Some(beat()))).unwrap();
    let first = store.device("pi").unwrap().unwrap();
    assert_eq!(first.clock_offset_ms, Some(2_000));
    assert_eq!((first.version.as_deref(), first.uptime_s), (Some("0.5.0"), Some(60)));
    assert_eq!(first.backlog.map(|it| (it.events, it.bytes, it.oldest.is_some())), Some((3, 4_000, true)));
    assert_eq!((first.cameras.len(), first.problems.len(), first.room()), (1, 1, Some(100_000)));
    place.clock.advance(Duration::from_secs(30));
    store.seen(&seen("pi", None)).unwrap();
    let later = store.device("pi").unwrap().unwrap();
    assert!(later.last_seen > first.last_seen && later.first_seen == first.first_seen);
    assert_eq!(later.live_url, first.live_url, "what was said before counts until it is said otherwise");
    store.flush_devices().unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.device("pi").unwrap(), Some(later));
    store.seen(&seen("a", None)).unwrap();
    assert_eq!(store.devices().unwrap().len(), 2);
    assert!(store.forget_device("pi").unwrap() && !store.forget_device("pi").unwrap());
    assert_eq!(store.device("pi").unwrap(), None);
}

#[test]
fn two_hundred_devices_that_are_heard_of_every_second_are_written_once_a_minute() {
    let place = Place::new();
    let store = place.open();
    let path = store.root().join("index.sqlite-wal");
    let log = || std::fs::metadata(&path).map(|file| (file.len(), file.modified().unwrap())).ok();
    for n in 0..200 {
        store.seen(&seen(&format!("pi{n}"), Some(beat()))).unwrap();
    }
    let mut changes = 0;
    let mut before = log();
    for _ in 0..180 {
        place.clock.advance(Duration::from_secs(1));
        for n in 0..200 {
            store.seen(&seen(&format!("pi{n}"), None)).unwrap();
        }
        let now = log();
        changes += u32::from(now != before);
        before = now;
    }
    assert!((1..=3).contains(&changes), "written {changes} times in 3 minutes");
}

#[test]
fn what_is_not_allowed_is_refused_with_what_was_found() {
    let place = Place::new();
    let store = place.open();
    type Spoil = fn(&mut Beat);
    let spoils: [(&str, Spoil); 10] = [
        ("live_url", |it| it.live_url = Some("javascript:alert(1)".to_owned())),
        ("live_url", |it| it.live_url = Some("http://".to_owned() + &"a".repeat(600))),
        ("live_url", |it| it.live_url = Some("https://a\"onload=x".to_owned())),
        ("now", |it| it.now = "soon".to_owned()),
        ("now", |it| it.now = "1969-01-01T00:00:00Z".to_owned()),
        ("version", |it| it.version = "\u{1b}[31m".to_owned()),
        ("camera", |it| it.cameras[0].id = "A b".to_owned()),
        ("cameras", |it| it.cameras = vec![it.cameras[0].clone(); 65]),
        ("problems", |it| it.health.problems = vec![String::new(); 33]),
        ("disk_free", |it| it.health.disk_free = Some(u64::MAX)),
    ];
    for (what, spoil) in spoils {
        let mut beat = beat();
        spoil(&mut beat);
        let refused = store.seen(&seen("pi", Some(beat))).unwrap_err();
        assert!(matches!(&refused, StoreError::Invalid(why) if why.contains(what)), "{refused}: {what}");
    }
    assert!(matches!(store.seen(&seen("../x", None)), Err(StoreError::Invalid(_))));
    assert_eq!(store.devices().unwrap(), []);
}

#[test]
fn events_and_bytes_are_counted_as_they_come_and_go() {
    let (place, there) = (Place::new(), Place::new());
    let (camera, hub) = (place.open(), there.open());
    let ids: Vec<_> = (0..3).map(|_| place.record(&camera).id).collect();
    let counted = || {
        let device = hub.device("k3y").unwrap().unwrap();
        (device.events, device.bytes, device.owed_bytes)
    };
    let mut clips = 0;
    for id in &ids {
        let arrived = hub.receive(crate::intake::tests::arrival(&camera, *id)).unwrap();
        assert!(matches!(arrived, Arrived::New(_)));
        clips += camera.get(*id).unwrap().unwrap().clip.as_ref().unwrap().bytes;
    }
    let pictures = hub.storage().picture_bytes;
    assert_eq!(counted(), (3, pictures, clips));
    for id in &ids {
        let mut incoming = hub.incoming(*id).unwrap();
        incoming.write(&crate::intake::tests::clip(&camera, *id)).unwrap();
        let entry = camera.manifest(*id).unwrap().unwrap().clip.unwrap();
        assert!(matches!(incoming.finish(&entry).unwrap(), Finish::Stored(..)));
    }
    assert_eq!(counted(), (3, pictures + clips, 0));
    hub.delete(&ids[..2]).unwrap();
    let view = hub.storage();
    assert_eq!(counted(), (1, view.picture_bytes + view.clip_bytes, 0));
    // A forgotten one is counted anew should it come again.
    hub.forget_device("k3y").unwrap();
    hub.seen(&seen("k3y", None)).unwrap();
    assert_eq!(counted(), (1, view.picture_bytes + view.clip_bytes, 0));
    assert_eq!(hub.check(), Vec::<String>::new());
}
