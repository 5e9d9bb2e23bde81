use std::sync::Arc;
use std::time::{Duration, SystemTime};

use frame::{Size, Stamp, SystemClock};
use store::event::{Origin, State, Verdict};
use store::fs::DataFs;
use store::{Birth, Finished, Opening, Retention};

use super::*;

/// All movement went one of eight ways.
fn towards(way: usize) -> Signature {
    let mut histogram = vec![0.0; 8];
    histogram[way] = 1.0;
    Signature { histogram, mean_magnitude: 10.0, max_magnitude: 20.0, ..Signature::default() }
}

fn keep(store: &Store, camera: &str, seconds: u64, analysis: Option<Analysis>) {
    let at = Duration::from_secs(seconds);
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + at;
    let birth = Birth {
        camera: camera.to_owned(),
        origin: Origin::Motion,
        started: Stamp { mono: at, wall },
        utc_offset: 0,
        lead: Duration::ZERO,
        clock_was_set: true,
        size: Size::new(64, 48),
        part: 1,
        part_of: None,
    };
    let verdict = Verdict {
        label: "animal".to_owned(),
        confidence: 0.8,
        alternatives: Vec::new(),
        direction: "right".to_owned(),
        by_person: false,
    };
    let finished = Finished {
        state: State::Whole,
        duration: Duration::from_secs(1),
        lead: Duration::ZERO,
        clock_was_set: true,
        verdict,
        sentence: None,
        frames: 0,
        missing: 0,
        regions: Vec::new(),
        trail: Vec::new(),
        clip: None,
        analysis,
        novelty: 0.0,
        source_sha256: None,
        source_id: None,
    };
    store.begin(&birth).unwrap().commit(finished).unwrap();
}

#[test]
fn what_was_stored_before_a_start_is_known_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Opening {
        root: folder.path().join("data"),
        fs: Arc::new(DataFs),
        clock: Arc::new(SystemClock::new()),
        retention: Retention { max_age: None, max_size: None, min_free: None },
    })
    .unwrap();
    keep(&store, "garden", 0, Some(analysis(&towards(0))));
    keep(&store, "garden", 60, None);
    keep(&store, "street", 120, Some(analysis(&towards(4))));
    let mut memory = Memory::default();
    assert!(memory.novelty(&towards(0)) > 0.99, "the first of all is new");
    memory.recall(&store, "garden");
    assert!(memory.novelty(&towards(0)) < 0.01);
    assert!(memory.novelty(&towards(4)) > 0.4, "that was another camera's");
}
