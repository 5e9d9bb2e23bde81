use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

fn verdict(text: &str, share: f32, by_person: bool) -> Verdict {
    Verdict {
        label: "animal".to_owned(),
        confidence: share,
        alternatives: vec![(text.to_owned(), share)],
        direction: "left".to_owned(),
        by_person,
    }
}

fn events() -> impl Strategy<Value = Event> {
    let text = "[ -~äß\"\\\\\n]{0,20}";
    let share = 0.0_f32..=1.0;
    let flags = any::<[bool; 8]>();
    let numbers = (any::<u64>(), any::<u32>(), 0..=u64::MAX / 4, 0..=u64::MAX / 4, 0_i64..8_000_000_000);
    let points = prop::collection::vec((0.0_f32..1.0, 0.0_f32..1.0), 0..4);
    let rects = prop::collection::vec(any::<[u32; 4]>(), 0..4);
    (numbers, flags, text, share, points, rects, -64_800_i32..64_800, any::<[u8; 32]>()).prop_map(
        |((a, b, duration, lead, second), flags, text, share, points, rects, utc_offset, hash)| Event {
            id: EventId::from_parts(a >> 17, u128::from(b)),
            camera: text.clone(),
            origin: if flags[0] { Origin::Manual } else { Origin::Import },
            state: if flags[1] { State::Partial } else { State::Whole },
            started: Timestamp::new(second, i32::try_from(b % 1_000_000_000).unwrap()).unwrap(),
            utc_offset,
            duration: Duration::from_nanos(duration),
            lead: Duration::from_nanos(lead),
            boot: flags[2].then(|| text.clone()),
            mono: Duration::from_nanos(a),
            clock_was_set: flags[3],
            part: b,
            part_of: flags[4].then(|| EventId::from_parts(7, 8)),
            verdict: verdict(&text, share, flags[5]),
            sentence: flags[6].then(|| text.clone()),
            size: Size::new(b, b / 2),
            frames: a,
            missing: a / 3,
            regions: rects.into_iter().map(|[x, y, w, h]| Rect { x, y, w, h }).collect(),
            trail: points.into_iter().map(|(x, y)| Point { x, y }).collect(),
            clip: flags[7].then_some(Clip {
                bytes: a,
                sha256: hash,
                codec: if flags[0] { ClipCodec::H264 } else { ClipCodec::Mjpeg },
                degraded: flags[1],
            }),
            pictures: Pictures {
                poster: flags[2],
                thumb: flags[3],
                trail: flags[4],
                thumbnails: b,
                bytes: a,
            },
            analysis: flags[5].then(|| Analysis {
                characteristics: Characteristics { mean_magnitude: share, ..Characteristics::default() },
                temporal: Temporal { direction_changes: b, ..Temporal::default() },
                histogram: vec![share, 0.1],
                signature_hash: "0123456789abcdef".to_owned(),
            }),
            novelty: share,
            favourite: flags[6],
            note: text,
            seen: flags[7],
            source_sha256: flags[0].then_some(hash),
            source_id: flags[1].then(|| "motion-20261120-101010-a1b2c3".to_owned()),
        },
    )
}

proptest! {
    #[test]
    fn an_event_comes_back_from_its_file_field_by_field(event in events()) {
        prop_assert_eq!(read(&write(&event)).unwrap(), event);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn the_keys_of_the_older_system_are_there_and_times_have_an_offset_in_numbers() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut event = events().new_tree(&mut runner).unwrap().current();
    event.started = "2026-11-20T10:10:10Z".parse().unwrap();
    event.utc_offset = 0;
    event.duration = Duration::from_millis(2500);
    event.analysis = Some(Analysis { signature_hash: "00".to_owned(), ..Analysis::default() });
    let value: serde_json::Value = serde_json::from_slice(&write(&event)).unwrap();
    for key in [
        "id",
        "start_time",
        "end_time",
        "duration",
        "regions",
        "frame_count",
        "resolution",
        "has_thumbnails",
        "processed",
        "motion_analysis",
    ] {
        assert!(value.get(key).is_some(), "{key}");
    }
    assert_eq!(value["start_time"], "2026-11-20T10:10:10+00:00");
    assert_eq!(value["end_time"], "2026-11-20T10:10:12.5+00:00");
    assert_eq!(value["duration"], 2.5);
    let analysis = &value["motion_analysis"];
    for (group, keys) in [
        ("classification", &["label", "confidence", "alternatives"][..]),
        (
            "motion_characteristics",
            &[
                "mean_magnitude",
                "std_magnitude",
                "mean_angle",
                "angular_dispersion",
                "max_magnitude",
                "flow_complexity",
                "dominant_direction",
            ],
        ),
        (
            "temporal_features",
            &[
                "magnitude_trend",
                "magnitude_variability",
                "acceleration_mean",
                "acceleration_std",
                "direction_changes",
                "direction_stability",
            ],
        ),
    ] {
        for key in keys {
            assert!(analysis[group].get(key).is_some(), "{group}.{key}");
        }
    }
    assert_eq!(analysis["signature_hash"], "00");
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let event = events().new_tree(&mut runner).unwrap().current();
    let mut value: serde_json::Value = serde_json::from_slice(&write(&event)).unwrap();
    value["state"] = "lost".into();
    let why = read(&serde_json::to_vec(&value).unwrap()).unwrap_err();
    assert!(why.contains("state") && why.contains("lost"), "{why}");
    value.as_object_mut().unwrap().remove("camera");
    let why = read(&serde_json::to_vec(&value).unwrap()).unwrap_err();
    assert!(why.contains("camera"), "{why}");
}
