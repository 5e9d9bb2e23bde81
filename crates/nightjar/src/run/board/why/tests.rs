use std::time::SystemTime;

use motion::Direction;
use proptest::prelude::*;

use super::*;

const SIZE: Size = Size::new(1000, 500);

fn gate(name: &'static str, value: f32, limit: f32, passed: bool) -> Gate {
    Gate { name, value, limit, sense: Sense::AtLeast, passed }
}

fn at(ms: u64) -> Stamp {
    let mono = Duration::from_millis(ms);
    Stamp { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + mono }
}

fn quiet(ms: u64) -> Decision {
    Decision {
        at: Duration::from_millis(ms),
        motion: false,
        regions: Vec::new(),
        candidates: Vec::new(),
        edge: None,
        near_misses: Vec::new(),
    }
}

fn report(track: u32, x: u32, counts: bool, gates: &[Gate]) -> CandidateReport {
    CandidateReport { track: Some(track), rect: Rect::new(x, 100, 100, 50), counts, gates: gates.to_vec() }
}

fn moving(ms: u64, track: u32, x: u32, label: Label, gates: &[Gate]) -> Decision {
    let region = Region {
        track,
        rect: Rect::new(x, 100, 100, 50),
        label,
        confidence: 0.8,
        alternatives: Vec::new(),
        direction: Direction::Right,
        trail: Vec::new(),
    };
    let candidates = vec![report(track, x, true, gates)];
    Decision { motion: true, regions: vec![region], candidates, ..quiet(ms) }
}

fn near(ms: u64, track: u32, held: Gate) -> Decision {
    let at = Duration::from_millis(ms);
    let near = NearMiss { track, from: at, to: at, rect: Rect::new(0, 0, 1, 1), gate: held };
    Decision { near_misses: vec![near], ..quiet(ms) }
}

fn tell(reasons: &mut Reasons, ms: u64, decision: &Decision) -> Option<Arc<Why>> {
    reasons.decided(at(ms), SIZE, decision)
}

const PROVED: [Gate; 2] = [
    Gate { name: "travel", value: 20.0, limit: 9.0, sense: Sense::AtLeast, passed: true },
    Gate { name: "flow steady", value: 0.9, limit: 0.65, sense: Sense::AtLeast, passed: true },
];

#[test]
fn what_fires_is_told_with_its_gates_and_what_it_did_since_it_was_first_seen() {
    let mut reasons = Reasons::default();
    let seen =
        Decision { candidates: vec![report(7, 100, false, &[gate("travel", 2.0, 9.0, false)])], ..quiet(0) };
    assert_eq!(tell(&mut reasons, 0, &seen), None);
    let why = tell(&mut reasons, 900, &moving(900, 7, 240, Label::Animal, &PROVED)).unwrap();
    assert_eq!((why.fired, why.track, why.label, why.at), (true, 7, "animal", at(900).wall));
    assert_eq!(why.gates, PROVED.each_ref().map(view));
    assert_eq!(
        why.sentence,
        "An animal moved 14 % of the picture's width to the right in 0.9 s in one direction, and leaves do not do that."
    );
    let again = tell(&mut reasons, 1000, &moving(1000, 7, 260, Label::Animal, &PROVED)).unwrap();
    assert!(Arc::ptr_eq(&why, &again), "the reason is what made it fire, not where it is by now");
    let person = tell(&mut reasons, 1100, &moving(1100, 7, 280, Label::Person, &PROVED)).unwrap();
    assert_eq!((person.at, person.label), (at(900).wall, "person"));
    assert!(person.sentence.starts_with("A person moved 14 %"), "{}", person.sentence);
    assert!(reasons.sentence_as(Label::Vehicle).unwrap().starts_with("A vehicle moved 14 %"));
}

#[test]
fn a_near_miss_is_told_once_nothing_has_moved_for_a_while_and_gives_way_to_what_fires() {
    let mut reasons = Reasons::default();
    let held = gate("travel", 3.0, 6.0, false);
    let first = tell(&mut reasons, 0, &near(0, 1, held)).unwrap();
    assert_eq!((first.fired, first.track, first.gates.len()), (false, 1, 1), "nothing fired yet");
    assert!(tell(&mut reasons, 1_000, &moving(1_000, 2, 0, Label::Animal, &PROVED)).unwrap().fired);
    assert!(tell(&mut reasons, 2_000, &near(2_000, 3, held)).unwrap().fired, "it moved a second ago");
    assert_eq!(tell(&mut reasons, 11_000, &quiet(11_000)).unwrap().track, 3);
    assert_eq!(tell(&mut reasons, 12_000, &moving(12_000, 4, 0, Label::Animal, &PROVED)).unwrap().track, 4);
    assert_eq!(tell(&mut reasons, 60_000, &quiet(60_000)).unwrap().track, 4, "nothing was held back since");
}

#[test]
fn a_near_miss_has_every_gate_of_when_it_came_closest_and_the_one_that_held_it() {
    let mut reasons = Reasons::default();
    let passed = gate("sightings", 4.0, 4.0, true);
    let closest = [passed, gate("travel", 5.0, 9.0, false)];
    let seen = |ms, gates: &[Gate]| Decision { candidates: vec![report(1, 0, false, gates)], ..quiet(ms) };
    tell(&mut reasons, 0, &seen(0, &[gate("sightings", 1.0, 4.0, false)]));
    tell(&mut reasons, 100, &seen(100, &closest));
    tell(&mut reasons, 200, &seen(200, &[gate("sightings", 4.0, 9.0, false)]));
    let held = gate("travel", 6.0, 9.0, false);
    let why = tell(&mut reasons, 300, &near(300, 1, held)).unwrap();
    assert_eq!(why.gates, [view(&passed), view(&held)]);
    assert_eq!(
        why.sentence,
        "Not counted: it moved 67 % of the way that is asked for here, and leaves move that far."
    );
}

#[test]
fn what_is_kept_of_tracks_is_bounded_and_let_go() {
    let mut reasons = Reasons::default();
    for track in 0..1_000 {
        let seen = Decision { candidates: vec![report(track, 0, false, &[])], ..quiet(0) };
        tell(&mut reasons, 0, &seen);
    }
    assert_eq!(reasons.followed.len(), MOST);
    tell(&mut reasons, 6_000, &quiet(6_000));
    assert!(reasons.followed.is_empty());
    tell(&mut reasons, 6_000, &Decision { candidates: vec![report(1, 0, false, &[])], ..quiet(6_000) });
    tell(&mut reasons, 0, &quiet(0));
    assert!(reasons.followed.is_empty(), "a file that began again");
}

#[test]
fn each_way_to_count_has_its_words() {
    let moved = |from: Rect, to: Rect, ms| Moved::between(from, to, SIZE, Duration::from_millis(ms));
    let up = moved(Rect::new(0, 400, 10, 10), Rect::new(0, 100, 10, 10), 2_000);
    let said = |label, names: &[&'static str]| {
        fired(label, up, &names.iter().map(|name| gate(name, 2.0, 1.0, true)).collect::<Vec<_>>())
    };
    for (label, names, expected) in [
        (
            Label::Person,
            &["entered"][..],
            "A person came in over the edge of the picture with a sharp outline, which light does not have.",
        ),
        (
            Label::Unknown,
            &["sharp"],
            "Something with a sharp outline moved 60 % of the picture's height up in 2.0 s, and nothing that sways is that quick.",
        ),
        (
            Label::Vehicle,
            &["travel"],
            "A vehicle moved 60 % of the picture's height up in 2.0 s, straight on and farther than anything that sways.",
        ),
        (
            Label::Unknown,
            &["travel"],
            "Something large moved 60 % of the picture's height up in 2.0 s, straight on and farther than anything that sways.",
        ),
        (Label::Animal, &[], "An animal moved 60 % of the picture's height up in 2.0 s."),
    ] {
        assert_eq!(said(label, names), expected);
    }
    let none = moved(Rect::new(0, 0, 10, 10), Rect::new(1, 0, 10, 10), 20);
    assert_eq!(
        fired(Label::Animal, none, &[]),
        "An animal moved less than 1 % of the picture's width to the right at once."
    );
}

/// Every gate that the detector asks, so that none is told by its bare name.
const GATES: [&str; 18] = [
    "zone",
    "settled",
    "coverage",
    "contrast",
    "texture",
    "rim",
    "sightings",
    "seen",
    "area",
    "weather",
    "darting",
    "travel",
    "flow",
    "flow votes",
    "flow misfit",
    "flow steady",
    "flow along",
    "flow pace least",
];

#[test]
fn each_gate_that_holds_something_back_has_its_words_and_figures() {
    let contrast = held(&gate("contrast", 0.05, 0.075, false));
    assert_eq!(contrast, "Not counted: it stood out from what is behind it by 5 %, and 8 % is asked for.");
    let seen = held(&gate("sightings", 1.0, 4.0, false));
    assert_eq!(seen, "Not counted: it was seen in 1 picture, and 4 are asked for.");
    let small = held(&gate("area", 99.99, 100.0, false));
    assert!(small.contains("99 %"), "what fell short is never told as all of it: {small}");
    assert_eq!(
        held(&gate("new one", 1.0, 2.0, false)),
        "Not counted: new one was 1.00, and the limit is 2.00."
    );
    for name in GATES {
        let said = held(&gate(name, 0.4, 0.5, false));
        assert!(!said.contains("the limit is") && said.chars().any(|c| c.is_ascii_digit()), "{name}: {said}");
    }
}

proptest! {
    #[test]
    fn whatever_the_figures_the_sentence_is_one_or_two_plain_lines(
        index in 0..GATES.len(), value in -1e9f32..1e9, limit in -1e9f32..1e9,
    ) {
        let said = held(&gate(GATES[index], value, limit, false));
        prop_assert!(said.starts_with("Not counted: ") && said.ends_with('.'), "{}", said);
        prop_assert!(said.len() < 250 && !said.contains("NaN") && !said.contains("inf"), "{}", said);
    }
}
