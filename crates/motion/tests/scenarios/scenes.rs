//! Every rendered scenario, twice, against its exact truth.

use std::sync::Mutex;
use std::time::Duration;

use codec::{Decoder, luma_of};
use frame::{I420, Luma, Picture, Size};
use motion::score::{Score, Scorer, Truth};
use motion::{ANALYSIS_WIDTH, EventEdge, Judge, Label, Observer, Settings};
use scene::{Class, Scene};

const SIZE: Size = Size::new(640, 480);
const RATE: f64 = 10.0;
/// The long scenario is cut here; the others are shorter.
const LONGEST: Duration = Duration::from_secs(60);
const SILENT: [&str; 5] = ["static", "noise", "ramp", "lamp", "exposure"];
/// The weakest scene with visitors and its event F1: of four visits of the fox at the edge one is missed (0.86).
const WEAKEST: (&str, f64) = ("edge", 0.8);
/// What the demo shows: 15 frames a second, of which the detector takes the two of three that are due.
const DEMO: Size = Size::new(1280, 720);
const DEMO_RATE: u32 = 15;

/// One scenario through both steps.
fn play(name: &str, seed: u64) -> Score {
    let mut scene = Scene::named(name, SIZE, seed).unwrap();
    let settings = Settings::default();
    let mut scorer = Scorer::new(settings.event_gap);
    let mut observer = Observer::new(SIZE).unwrap();
    let mut judge = Judge::new(SIZE, settings);
    let pictures = (scene.info().duration.min(LONGEST).as_secs_f64() * RATE) as u32;
    let mut planes = Vec::new();
    for n in 0..pictures {
        let at = Duration::from_secs_f64(f64::from(n) / RATE);
        scene.render(at, &mut planes);
        let luma = Luma { size: SIZE, pixels: planes[..SIZE.area() as usize].to_vec() };
        let decision = judge.step(&observer.observe(&luma, at).unwrap());
        let moving = scene.truth(at).into_iter().filter(|actor| actor.moving);
        let truth: Vec<Truth> = moving.map(|a| Truth { rect: a.rect, label: label(a.class) }).collect();
        scorer.push(&truth, &decision);
    }
    scorer.finish()
}

fn label(class: Class) -> Label {
    match class {
        Class::Animal => Label::Animal,
        Class::Person => Label::Person,
        Class::Vehicle => Label::Vehicle,
    }
}

/// All of them, two at a time.
fn play_all() -> Vec<(&'static str, u64, Score)> {
    let clips: Vec<_> = Scene::names().iter().flat_map(|info| [(info.name, 1), (info.name, 2)]).collect();
    let left = Mutex::new(clips);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, seed)) = left.lock().unwrap().pop() else { break };
                    let score = play(name, seed);
                    done.lock().unwrap().push((name, seed, score));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(name, seed, _)| (*name, *seed));
    done
}

#[test]
fn the_rendered_scenarios_are_judged_well_and_light_and_noise_are_silent() {
    let scores = play_all();
    let mut all = Score::default();
    println!(
        "{:12} {:>6} {:>5} {:>5} {:>6} {:>8} {:>5}",
        "scenario", "events", "found", "false", "frames", "frame F1", "IoU"
    );
    for (name, seed, score) in &scores {
        println!(
            "{name:12}{seed} {:>5} {:>5} {:>5} {:>6} {:>8.2} {:>5.2}",
            score.events,
            score.found,
            score.false_events,
            score.false_frames,
            score.frame_f1(),
            score.iou()
        );
        all.add(score);
    }
    println!(
        "event F1 {:.3} precision {:.3} recall {:.3} · {:.0} false events/h · frame F1 {:.3} · IoU {:.2} · latency {:?} frames",
        all.event_f1(),
        all.precision(),
        all.recall(),
        all.false_events_per_hour(),
        all.frame_f1(),
        all.iou(),
        all.latency()
    );
    for (truth, said, n) in &all.confusion {
        println!("{} called {} {n} times", truth.name(), said.name());
    }
    for (name, seed, score) in scores.iter().filter(|(name, ..)| SILENT.contains(name)) {
        assert_eq!(score.false_frames, 0, "{name} {seed} is silent");
    }
    // A sum hides a weak one: each scene has a floor of its own.
    for info in Scene::names().iter().filter(|info| info.has_objects) {
        let mut scene = Score::default();
        scores.iter().filter(|(name, ..)| *name == info.name).for_each(|(.., score)| scene.add(score));
        let floor = if info.name == WEAKEST.0 { WEAKEST.1 } else { 0.95 };
        assert!(scene.event_f1() >= floor, "{}: event F1 {:.3}", info.name, scene.event_f1());
    }
    assert!(all.event_f1() >= 0.95, "event F1 {:.3}", all.event_f1());
    assert!(all.recall() >= 0.94, "recall {:.3}", all.recall());
    assert!(all.false_events <= 1, "{} false events", all.false_events);
    assert!(all.frame_f1() >= 0.89, "frame F1 {:.3}", all.frame_f1());
    assert!(all.iou() >= 0.60, "IoU {:.3}", all.iou());
    assert!(all.latency().is_some_and(|pictures| pictures <= 6), "latency {:?}", all.latency());
    for label in [Label::Person, Label::Vehicle, Label::Animal] {
        let said = |wanted: Label| {
            let entries = all.confusion.iter().filter(|(truth, said, _)| *truth == label && *said == wanted);
            entries.map(|(.., n)| n).sum::<u32>()
        };
        let others: u32 = all.confusion.iter().filter(|(truth, ..)| *truth == label).map(|(.., n)| n).sum();
        assert!(said(label) * 100 >= others * 60, "{} of {others} are called {}", said(label), label.name());
    }
}

/// The label of every visit to `calm` over two loops, as the demo plays it.
fn visits(seed: u64) -> Vec<Label> {
    let mut scene = Scene::named("calm", DEMO, seed).unwrap();
    let mut decoder = Decoder::new().unwrap();
    let mut observer = Observer::new(DEMO).unwrap();
    let mut judge = Judge::new(DEMO, Settings::default());
    let mut labels = Vec::new();
    for n in (0..240 * DEMO_RATE).filter(|n| n % 3 != 1) {
        let at = Duration::from_secs(1) * n / DEMO_RATE;
        let mut planes = Vec::new();
        scene.render(at, &mut planes);
        let picture = Picture::Raw(I420::new(DEMO, planes.into()).unwrap());
        let luma = luma_of(&picture, &mut decoder, ANALYSIS_WIDTH).unwrap();
        if let Some(EventEdge::Ended(end)) = judge.step(&observer.observe(&luma, at).unwrap()).edge {
            labels.push(end.label);
        }
    }
    labels
}

// The light of the first loop's day is not what the second loop's is judged against: a sunset lies between.
#[test]
fn every_visit_to_the_demo_is_called_what_it_is() {
    let day = [Label::Animal, Label::Vehicle, Label::Person, Label::Animal, Label::Person];
    // A white car, and one as bright as the hedge behind it.
    std::thread::scope(|scope| {
        for seed in [1, 2] {
            scope.spawn(move || assert_eq!(visits(seed), day.repeat(2), "seed {seed}"));
        }
    });
}
