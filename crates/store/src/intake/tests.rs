//! An event of one store comes to another, whole or not at all, and once.

use std::io::Read;

use super::*;
use crate::model::scene;
use crate::parcel::{CLIP as OWES, ClipEntry, Manifest, STORED, event_of, hex};
use crate::store::tests::Place;

mod crashes;

/// Two stores, and one event on its way.
pub(super) struct Way {
    _place: Place,
    pub(super) camera: Store,
    pub(super) there: Place,
    pub(super) hub: Store,
    pub(super) id: EventId,
}

impl Way {
    pub(super) fn new() -> Self {
        let (place, there) = (Place::new(), Place::new());
        let (camera, hub) = (place.open(), there.open());
        let id = place.record(&camera).id;
        Self { _place: place, camera, there, hub, id }
    }

    pub(super) fn manifest(&self) -> Manifest {
        self.camera.manifest(self.id).unwrap().unwrap()
    }

    pub(super) fn arrival(&self) -> Arrival {
        arrival(&self.camera, self.id)
    }

    pub(super) fn clip(&self) -> Vec<u8> {
        clip(&self.camera, self.id)
    }

    pub(super) fn entry(&self) -> ClipEntry {
        self.manifest().clip.unwrap()
    }

    /// Everything up to the clip.
    pub(super) fn begun(&self) -> Incoming {
        assert!(matches!(self.hub.receive(self.arrival()).unwrap(), Arrived::New(_)));
        self.hub.incoming(self.id).unwrap()
    }
}

pub(crate) fn arrival(camera: &Store, id: EventId) -> Arrival {
    let manifest = camera.manifest(id).unwrap().unwrap();
    let mut event = event_of(&manifest.metadata).unwrap();
    event.camera = format!("pi-{}", event.camera);
    let file = |name: &str| read(camera, id, name);
    Arrival {
        event,
        files: manifest.files.iter().map(|entry| (entry.name.clone(), file(&entry.name))).collect(),
        device: "k3y".to_owned(),
        owes_clip: manifest.clip.is_some(),
        manifest_sha256: manifest.sha256(),
        said: None,
    }
}

fn read(camera: &Store, id: EventId, name: &str) -> Vec<u8> {
    let (mut file, bytes) = camera.open_file(id, name).unwrap().unwrap();
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read.len() as u64, bytes);
    read
}

pub(crate) fn clip(camera: &Store, id: EventId) -> Vec<u8> {
    read(camera, id, "clip.mp4")
}

#[test]
fn an_event_comes_over_with_everything_that_belongs_to_it() {
    let way = Way::new();
    let sent = way.camera.get(way.id).unwrap().unwrap();
    let Arrived::New(event) = way.hub.receive(way.arrival()).unwrap() else { panic!("it is new") };
    assert_eq!(
        (event.clip.clone(), event.state, event.camera.as_str()),
        (None, State::Pictures, "pi-garden")
    );
    assert_eq!(way.hub.list(&Default::default()).unwrap().events.len(), 1, "it is seen at once");
    assert_eq!(way.hub.check(), Vec::<String>::new());
    let standing = way.hub.standing(way.id).unwrap().unwrap().standing;
    assert_eq!((standing.state.as_str(), standing.offset, standing.receipt), (OWES, 0, None));

    let bytes = way.clip();
    let (head, rest) = bytes.split_at(700);
    let mut incoming = way.hub.incoming(way.id).unwrap();
    assert_eq!(incoming.announced(), Some(bytes.len() as u64));
    incoming.write(head).unwrap();
    assert!(matches!(way.hub.incoming(way.id), Err(StoreError::Busy)), "one at a time");
    drop(incoming);
    assert_eq!(way.hub.standing(way.id).unwrap().unwrap().standing.offset, 700);
    let mut incoming = way.hub.incoming(way.id).unwrap();
    incoming.write(rest).unwrap();
    let Finish::Stored(event, receipt) = incoming.finish(&way.entry()).unwrap() else {
        panic!("it is right")
    };
    assert_eq!((&event.clip, event.state), (&sent.clip, State::Whole));
    let path = format!("events/2026/11/20/{}", way.id);
    assert_eq!((receipt.sha256, receipt.bytes), (way.entry().sha256, way.entry().bytes));
    assert_eq!(receipt.path, path);
    assert_eq!(std::fs::read(way.hub.root().join(path).join("clip.mp4")).unwrap(), bytes);
    assert_eq!(way.hub.check(), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(way.hub.root().join("incoming")).unwrap().count(), 0);
    let kept = way.hub.get(way.id).unwrap().unwrap();
    let same =
        Event { camera: sent.camera.clone(), boot: sent.boot.clone(), mono: sent.mono, ..(*kept).clone() };
    assert_eq!(same, *sent, "nothing else of it is another");
    assert_eq!(way.hub.track(way.id).unwrap(), way.camera.track(way.id).unwrap());
}

#[test]
fn who_asks_how_far_it_is_keeps_nobody_from_writing() {
    let way = Way::new();
    way.hub.receive(way.arrival()).unwrap();
    std::thread::scope(|threads| {
        let (asking, answered) = std::sync::mpsc::sync_channel::<()>(1);
        let (store, id) = (way.hub.clone(), way.id);
        threads.spawn(move || {
            while asking.send(()).is_ok() {
                store.standing(id).unwrap();
            }
        });
        for _ in 0..200 {
            answered.recv().unwrap();
            drop(way.hub.incoming(way.id).unwrap());
        }
    });
}

#[test]
fn what_is_sent_again_is_known_and_answered_as_the_first_time() {
    let way = Way::new();
    let mut incoming = way.begun();
    assert!(matches!(way.hub.receive(way.arrival()), Err(StoreError::Busy)), "its clip is being written");
    incoming.write(&way.clip()).unwrap();
    let Finish::Stored(_, receipt) = incoming.finish(&way.entry()).unwrap() else { panic!("it is right") };
    let (mut store, place) = (way.hub.clone(), &way.there);
    drop(way.hub);
    for _ in 0..2 {
        assert!(matches!(store.receive(arrival(&way.camera, way.id)).unwrap(), Arrived::Known(_)));
        assert!(matches!(store.incoming(way.id), Err(StoreError::NoSuchEvents(_))));
        let stand = store.standing(way.id).unwrap().unwrap();
        assert_eq!((stand.device.as_str(), stand.standing.state.as_str()), ("k3y", STORED));
        assert_eq!(stand.standing.receipt.as_ref(), Some(&receipt));
        drop(store);
        store = place.open();
    }
    store.delete(&[way.id]).unwrap();
    assert_eq!(store.receive(arrival(&way.camera, way.id)).unwrap(), Arrived::Taken);
    let stand = store.standing(way.id).unwrap().unwrap();
    assert!(stand.is_gone && stand.standing.receipt.as_ref() == Some(&receipt));
    assert_eq!(store.get(way.id).unwrap(), None, "what was deleted does not come back");
}

#[test]
fn another_device_or_another_clip_is_another_event() {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()).unwrap();
    incoming.finish(&way.entry()).unwrap();
    let other = Arrival { device: "other".to_owned(), ..way.arrival() };
    assert_eq!(way.hub.receive(other).unwrap(), Arrived::Other);
    let mut other = Arrival { manifest_sha256: [9; 32], ..way.arrival() };
    assert!(matches!(way.hub.receive(other.clone()).unwrap(), Arrived::Known(_)), "words may change");
    other.event.clip.as_mut().unwrap().sha256 = [7; 32];
    assert_eq!(way.hub.receive(other).unwrap(), Arrived::Other);
}

#[test]
fn a_clip_that_changed_before_it_was_whole_is_taken_as_it_is_now() {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()[..100]).unwrap();
    drop(incoming);
    let mut other = Arrival { manifest_sha256: [9; 32], ..way.arrival() };
    other.event.clip.as_mut().unwrap().sha256 = [7; 32];
    assert!(matches!(way.hub.receive(other).unwrap(), Arrived::Known(_)));
    let incoming = way.hub.incoming(way.id).unwrap();
    assert_eq!(incoming.offset(), 0);
    assert!(matches!(incoming.finish(&way.entry()), Err(StoreError::Invalid(_))));
    // The sender's retention took it.
    let mut none = Arrival { manifest_sha256: [8; 32], owes_clip: false, ..way.arrival() };
    none.event.clip = None;
    assert!(matches!(way.hub.receive(none).unwrap(), Arrived::Known(_)));
    let receipt = way.hub.standing(way.id).unwrap().unwrap().standing.receipt.unwrap();
    assert_eq!((receipt.sha256, receipt.bytes), (hex(&[8; 32]), 0));
}

#[test]
fn a_wrong_clip_begins_anew_and_a_part_can_be_taken_back() {
    let way = Way::new();
    let bytes = way.clip();
    let mut wrong = bytes.clone();
    wrong[400] ^= 1;
    let mut incoming = way.begun();
    incoming.write(&wrong).unwrap();
    assert_eq!(incoming.finish(&way.entry()).unwrap(), Finish::Wrong);
    assert_eq!(way.hub.standing(way.id).unwrap().unwrap().standing.offset, 0);
    let mut incoming = way.hub.incoming(way.id).unwrap();
    incoming.write(&bytes[..300]).unwrap();
    drop(incoming);
    let mut incoming = way.hub.incoming(way.id).unwrap();
    incoming.write(&wrong[300..500]).unwrap();
    incoming.cut(300).unwrap();
    assert!(matches!(incoming.cut(301), Err(StoreError::Invalid(_))));
    incoming.write(&bytes[300..600]).unwrap();
    // Not where it was opened: the hash is made again.
    incoming.cut(400).unwrap();
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&bytes[..400]).into();
    assert_eq!(incoming.sha256().unwrap(), digest);
    incoming.write(&bytes[400..]).unwrap();
    let short = ClipEntry { bytes: 3, ..way.entry() };
    assert!(matches!(incoming.write(&[0]), Err(StoreError::Invalid(_))), "more than was announced");
    drop(incoming);
    assert!(matches!(way.hub.incoming(way.id).unwrap().finish(&short), Err(StoreError::Invalid(_))));
    let stored = way.hub.incoming(way.id).unwrap().finish(&way.entry()).unwrap();
    assert!(matches!(stored, Finish::Stored(..)));
}

#[test]
fn a_clip_that_is_none_is_refused_and_gone() {
    let way = Way::new();
    let bytes = b"#!/bin/sh\necho this is no clip at all\n".repeat(20);
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
    let mut arrival = way.arrival();
    let announced = arrival.event.clip.as_mut().unwrap();
    (announced.bytes, announced.sha256) = (bytes.len() as u64, sha256);
    way.hub.receive(arrival).unwrap();
    let mut incoming = way.hub.incoming(way.id).unwrap();
    incoming.write(&bytes).unwrap();
    let entry = ClipEntry { bytes: bytes.len() as u64, sha256: hex(&sha256) };
    let refused = incoming.finish(&entry).unwrap_err().to_string();
    assert!(refused.contains("ftyp") || refused.contains("box"), "{refused}");
    assert_eq!(way.hub.standing(way.id).unwrap().unwrap().standing.offset, 0);
    assert_eq!(way.hub.check(), Vec::<String>::new());
}

#[test]
fn an_older_cameras_event_is_known_by_its_own_id_and_kept_word_for_word() {
    let way = Way::new();
    let said = serde_json::json!({
        "id": "motion-20261120-101010-a1b2c3", "start_time": "2026-11-20T10:10:10", "duration": 2.0,
        "regions": [[1, 2, 3, 4]], "frame_count": 30, "resolution": {"width": 64, "height": 48}, "odd": [1, {"a": 2}],
    });
    let zone = jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap();
    let older = |device: &str| {
        let id = way.hub.new_id();
        Arrival {
            event: parcel::older_event_of(&said, &zone, id, "old-pi").unwrap(),
            files: vec![("thumb_0.jpg".to_owned(), scene::frame(1))],
            device: device.to_owned(),
            owes_clip: true,
            manifest_sha256: [3; 32],
            said: Some(said.clone()),
        }
    };
    let Arrived::New(event) = way.hub.receive(older("old")).unwrap() else { panic!("it is new") };
    assert_eq!(event.started.to_string(), "2026-11-20T09:10:10Z");
    assert_eq!(event.utc_offset, 3600);
    let Arrived::Known(again) = way.hub.receive(older("old")).unwrap() else { panic!("it is known") };
    assert_eq!(again.id, event.id);
    let Arrived::New(other) = way.hub.receive(older("new")).unwrap() else {
        panic!("another device's is another")
    };
    assert_ne!(other.id, event.id);
    let source = "motion-20261120-101010-a1b2c3";
    assert_eq!(way.hub.arrival_of("old", source).unwrap(), Some(event.id));
    let mut incoming = way.hub.incoming(event.id).unwrap();
    assert_eq!(incoming.announced(), None);
    let bytes = way.clip();
    incoming.write(&bytes).unwrap();
    let entry = ClipEntry { bytes: bytes.len() as u64, sha256: hex(&incoming.sha256().unwrap()) };
    assert!(matches!(incoming.finish(&entry).unwrap(), Finish::Stored(..)));
    assert_eq!(way.hub.manifest(event.id).unwrap().unwrap().metadata["legacy"], said);
    assert_eq!(way.hub.check(), Vec::<String>::new());
}

#[test]
fn an_event_without_a_clip_is_whole_at_once() {
    let way = Way::new();
    let mut arrival = way.arrival();
    (arrival.event.clip, arrival.owes_clip) = (None, false);
    way.hub.receive(arrival.clone()).unwrap();
    let standing = way.hub.standing(way.id).unwrap().unwrap().standing;
    let receipt = standing.receipt.unwrap();
    assert_eq!((standing.state.as_str(), receipt.bytes), (STORED, 0));
    assert_eq!(receipt.sha256, hex(&arrival.manifest_sha256));
    assert!(matches!(way.hub.incoming(way.id), Err(StoreError::NoSuchEvents(_))));
}

#[test]
fn what_is_not_allowed_is_refused_and_leaves_nothing() {
    let way = Way::new();
    type Spoil = fn(&mut Arrival);
    let spoils: [(&str, Spoil); 9] = [
        ("camera", |it| it.event.camera = "../etc".to_owned()),
        ("no JPEG", |it| it.files[0].1 = b"GIF89a".to_vec()),
        ("there is a file", |it| it.files[0].0 = "../../poster.jpg".to_owned()),
        ("there is a file", |it| it.files[0].0 = "metadata.json".to_owned()),
        ("there is a file", |it| it.files[0].0 = "thumb_64.jpg".to_owned()),
        ("twice", |it| it.files.push(it.files[0].clone())),
        ("device", |it| it.device = "a/b".to_owned()),
        ("none is to follow", |it| it.owes_clip = false),
        ("label", |it| it.event.verdict.label = "dragon".to_owned()),
    ];
    for (expected, spoil) in spoils {
        let mut arrival = way.arrival();
        spoil(&mut arrival);
        let refused = way.hub.receive(arrival).unwrap_err();
        assert!(
            matches!(&refused, StoreError::Invalid(why) if why.contains(expected)),
            "{refused} {expected}"
        );
    }
    assert_eq!(std::fs::read_dir(way.hub.root().join("drafts")).unwrap().count(), 0);
    assert!(way.hub.list(&Default::default()).unwrap().events.is_empty());
}

#[test]
fn what_was_begun_and_left_expires_and_what_was_given_up_may_come_again() {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()[..500]).unwrap();
    assert_eq!(way.hub.sweep_incoming(Duration::ZERO).unwrap(), 0, "it is being written");
    drop(incoming);
    assert_eq!(way.hub.sweep_incoming(Duration::from_secs(10 * 365 * 24 * 3600)).unwrap(), 0);
    let wall = std::fs::metadata(way.hub.root().join(format!("incoming/{}.part", way.id))).unwrap();
    way.there.clock.set_wall(wall.modified().unwrap() + Duration::from_secs(3_600));
    assert_eq!(way.hub.sweep_incoming(Duration::from_secs(3_601)).unwrap(), 0);
    assert_eq!(way.hub.sweep_incoming(Duration::from_secs(3_600)).unwrap(), 1);
    assert_eq!(way.hub.standing(way.id).unwrap().unwrap().standing.offset, 0);
    assert!(way.hub.get(way.id).unwrap().is_some(), "its pictures stay");
    assert!(way.hub.abandon(way.id).unwrap());
    assert!(!way.hub.abandon(way.id).unwrap());
    assert_eq!((way.hub.get(way.id).unwrap(), way.hub.standing(way.id).unwrap()), (None, None));
    assert!(matches!(way.hub.receive(way.arrival()).unwrap(), Arrived::New(_)));
}

#[test]
fn an_index_that_was_built_anew_knows_its_events_again() {
    let way = Way::new();
    let mut incoming = way.begun();
    incoming.write(&way.clip()[..500]).unwrap();
    drop(incoming);
    way.hub.reindex(&mut |_, _| {}).unwrap();
    assert_eq!(way.hub.standing(way.id).unwrap(), None);
    assert!(matches!(way.hub.receive(way.arrival()).unwrap(), Arrived::Known(_)));
    let mut incoming = way.hub.incoming(way.id).unwrap();
    assert_eq!(incoming.offset(), 500, "what came of the clip is still there");
    incoming.write(&way.clip()[500..]).unwrap();
    assert!(matches!(incoming.finish(&way.entry()).unwrap(), Finish::Stored(..)));
    way.hub.reindex(&mut |_, _| {}).unwrap();
    assert!(matches!(way.hub.receive(way.arrival()).unwrap(), Arrived::Known(_)));
    let standing = way.hub.standing(way.id).unwrap().unwrap().standing;
    assert_eq!(standing.receipt.unwrap().sha256, way.entry().sha256);
    let other = Arrival {
        event: Event { camera: "other-garden".to_owned(), ..way.arrival().event },
        device: "other".to_owned(),
        ..way.arrival()
    };
    way.hub.reindex(&mut |_, _| {}).unwrap();
    assert_eq!(way.hub.receive(other).unwrap(), Arrived::Other, "nobody takes over what is another's");
}
