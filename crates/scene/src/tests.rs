use super::*;
use std::collections::BTreeSet;

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn scene(name: &str, width: u32, height: u32) -> Scene {
    Scene::named(name, Size::new(width, height), 7).unwrap()
}

fn picture(scene: &mut Scene, seconds: f64) -> Vec<u8> {
    let mut out = Vec::new();
    scene.render(at(seconds), &mut out);
    out
}

/// Every `step` seconds of one loop.
fn instants(info: &SceneInfo, step: f64) -> impl Iterator<Item = f64> + use<> {
    let end = info.duration.as_secs_f64();
    (0..).map(move |i| f64::from(i) * step).take_while(move |t| *t < end)
}

fn with_objects() -> impl Iterator<Item = &'static SceneInfo> {
    Scene::names().iter().filter(|info| info.has_objects)
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones_and_the_nearest() {
    let error = Scene::named("foxx", Size::new(8, 8), 1).unwrap_err();
    assert_eq!(error.nearest, "fox");
    let text = error.to_string();
    assert!(Scene::names().iter().all(|info| text.contains(info.name)), "{text}");
}

#[test]
fn every_scenario_is_named_once_and_the_default_first() {
    let names: BTreeSet<_> = Scene::names().iter().map(|info| info.name).collect();
    assert_eq!(names.len(), Scene::names().len());
    assert_eq!(Scene::names()[0].name, "calm");
    assert!(Scene::names().iter().all(|info| (20..=120).contains(&info.duration.as_secs())));
}

#[test]
fn an_instant_looks_the_same_in_any_order_and_on_any_thread() {
    for name in ["calm", "wind", "shake", "two", "snow", "clouds"] {
        let first = picture(&mut scene(name, 160, 90), 8.2);
        let mut other = scene(name, 160, 90);
        for seconds in [50.0, 0.0, 21.3] {
            picture(&mut other, seconds);
        }
        assert!(first == picture(&mut other, 8.2), "{name} remembers what it drew before");
        let elsewhere =
            std::thread::Builder::new().spawn(move || picture(&mut scene(name, 160, 90), 8.2)).unwrap();
        assert!(first == elsewhere.join().unwrap(), "{name} differs on another thread");
    }
}

#[test]
fn seeds_differ_and_noise_differs_from_frame_to_frame() {
    let size = Size::new(160, 90);
    let mut one = Scene::named("static", size, 1).unwrap();
    let mut two = Scene::named("static", size, 2).unwrap();
    assert!(picture(&mut one, 1.0) != picture(&mut two, 1.0));
    assert!(picture(&mut one, 1.0) != picture(&mut one, 1.04));
    assert!(picture(&mut one, 1.0) == picture(&mut one, 1.0));
}

#[test]
fn every_scenario_renders_at_odd_and_tiny_sizes() {
    for info in Scene::names() {
        for (width, height) in [(1, 1), (1, 40), (40, 1), (2, 3), (37, 23), (320, 180), (90, 400)] {
            let mut scene = scene(info.name, width, height);
            let mut out = vec![1; 3];
            for seconds in [0.0, 7.3, 25.1] {
                scene.render(at(seconds), &mut out);
                assert_eq!(
                    out.len(),
                    frame::I420::len_of(Size::new(width, height)),
                    "{} {width}x{height}",
                    info.name
                );
                for actor in scene.truth(at(seconds)) {
                    assert_eq!(actor.rect, actor.rect.clipped(scene.size()));
                }
            }
        }
    }
}

#[test]
fn the_usual_camera_sizes_render() {
    for (name, width, height) in
        [("calm", 1280, 720), ("shake", 640, 480), ("rain", 1280, 720), ("two", 640, 480)]
    {
        let mut scene = scene(name, width, height);
        let picture = picture(&mut scene, 8.0);
        let luma = &picture[..(width * height) as usize];
        let (dark, bright) = luma.iter().fold((255, 0), |(d, b), &v| (v.min(d), v.max(b)));
        assert!(bright - dark > 120, "{name}: {dark} to {bright} is no picture to look at");
    }
}

#[test]
fn where_no_objects_are_promised_nothing_ever_shows() {
    for info in Scene::names().iter().filter(|info| !info.has_objects) {
        let scene = scene(info.name, 160, 90);
        assert!(instants(info, 0.5).all(|t| scene.truth(at(t)).is_empty()), "{}", info.name);
    }
}

#[test]
fn objects_leave_quiet_at_both_ends_of_the_loop() {
    for info in with_objects() {
        let scene = scene(info.name, 320, 180);
        let end = info.duration.as_secs_f64();
        for t in instants(info, 0.25).filter(|t| *t < 3.0 || *t >= end - 4.0) {
            assert!(scene.truth(at(t)).is_empty(), "{} shows something at {t} s", info.name);
        }
    }
}

#[test]
fn the_promised_kinds_come() {
    use Class::{Animal, Person, Vehicle};
    let promised: [(&str, &[Class]); 11] = [
        ("calm", &[Animal, Person, Vehicle]),
        ("night", &[Animal]),
        ("walker", &[Person]),
        ("fox", &[Animal]),
        ("car", &[Vehicle]),
        ("two", &[Animal, Person]),
        ("slow", &[Animal]),
        ("stop-and-go", &[Animal]),
        ("far", &[Person]),
        ("edge", &[Animal]),
        ("static", &[]),
    ];
    assert_eq!(with_objects().count(), 10);
    for (name, classes) in promised {
        let scene = scene(name, 160, 90);
        let mut seen: Vec<Class> = Vec::new();
        for actor in instants(scene.info(), 0.5).flat_map(|t| scene.truth(at(t))) {
            if !seen.contains(&actor.class) {
                seen.push(actor.class);
            }
        }
        assert!(classes.iter().all(|c| seen.contains(c)) && seen.len() == classes.len(), "{name}: {seen:?}");
    }
}

#[test]
fn the_first_visitor_of_a_calm_day_shows_within_six_seconds_and_others_follow() {
    let scene = scene("calm", 640, 360);
    assert!(!scene.truth(at(5.5)).is_empty());
    let ids: BTreeSet<u32> =
        instants(scene.info(), 0.5).flat_map(|t| scene.truth(at(t))).map(|a| a.id).collect();
    assert_eq!(ids.len(), 5);
    let quiet = instants(scene.info(), 0.5).filter(|t| scene.truth(at(*t)).is_empty()).count();
    assert!(quiet > 100, "only {quiet} of 240 instants are quiet");
}

/// By how much visitors change each pixel of a noiseless picture.
fn changed(scene: &mut Scene, t: f64) -> Vec<u8> {
    let empty = scene.show.render(at(t), show::Parts::EMPTY).y.clone();
    let clean = &scene.show.render(at(t), show::Parts::CLEAN).y;
    clean.iter().zip(&empty).map(|(a, b)| a.abs_diff(*b)).collect()
}

/// Whether any changed pixel lies in the columns and rows given.
fn any(mask: &[u8], width: u32, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> bool {
    y.into_iter().any(|y| x.clone().any(|x| mask.get((y * width + x) as usize).is_some_and(|by| *by > 1)))
}

#[test]
fn the_truth_boxes_hold_all_that_visitors_change_and_no_more() {
    const SLACK: u32 = 2;
    /// What a soft edge too faint to count as seen may change against a bright ground.
    const FAINT: u8 = 22;
    let (w, h) = (640, 360);
    for info in with_objects() {
        let mut scene = scene(info.name, w, h);
        for t in instants(info, info.duration.as_secs_f64() / 41.0) {
            let (actors, mask) = (scene.truth(at(t)), changed(&mut scene, t));
            for (i, _) in mask.iter().enumerate().filter(|(_, by)| **by > FAINT) {
                let (x, y) = (i as u32 % w, i as u32 / w);
                let held = actors.iter().any(|a| {
                    (a.rect.x.saturating_sub(SLACK)..a.rect.x + a.rect.w + SLACK).contains(&x)
                        && (a.rect.y.saturating_sub(SLACK)..a.rect.y + a.rect.h + SLACK).contains(&y)
                });
                assert!(held, "{} at {t:.2} s changes {x},{y}, outside {actors:?}", info.name);
            }
            // A sliver between leaves may look like what is behind it; whoever shows properly does not.
            for Rect { x, y, w: bw, h: bh } in actors.iter().map(|a| a.rect).filter(|r| r.w.min(r.h) >= 10) {
                let near = SLACK + 1;
                let sides = [
                    any(&mask, w, x..x + near, y..y + bh),
                    any(&mask, w, (x + bw).saturating_sub(near)..x + bw, y..y + bh),
                    any(&mask, w, x..x + bw, y..y + near),
                    any(&mask, w, x..x + bw, (y + bh).saturating_sub(near)..y + bh),
                ];
                assert!(
                    sides.iter().all(|s| *s),
                    "{} at {t:.2} s: {actors:?} is not tight: {sides:?}",
                    info.name
                );
            }
        }
    }
}

#[test]
fn visitors_move_by_parts_of_a_pixel() {
    let mut scene = scene("fox", 320, 180);
    let mut centre = |t: f64| {
        let empty = scene.show.render(at(t), show::Parts::EMPTY).y.clone();
        let clean = &scene.show.render(at(t), show::Parts::CLEAN).y;
        let (mut sum, mut all) = (0.0, 0.0);
        for (i, (a, b)) in clean.iter().zip(&empty).enumerate() {
            let weight = f64::from(a.abs_diff(*b));
            sum += weight * (i % 320) as f64;
            all += weight;
        }
        sum / all
    };
    let centres: Vec<f64> = (0..40).map(|i| centre(7.0 + f64::from(i) * 0.02)).collect();
    let steps: Vec<f64> = centres.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| (0.2..2.2).contains(step)), "{steps:?}");
}

#[test]
fn the_slow_one_is_slow_the_far_one_is_tiny_and_the_edge_one_is_cut_off() {
    let slow = scene("slow", 320, 240);
    let place = |t: f64| f64::from(slow.truth(at(t))[0].rect.x);
    let speed = (place(14.0) - place(34.0)) / 20.0;
    assert!((4.0..=8.0).contains(&speed), "{speed} px/s");
    let far = scene("far", 640, 480).truth(at(14.0))[0].rect;
    assert!((10..=16).contains(&far.h), "{far:?}");
    let edge = scene("edge", 640, 480).truth(at(9.0))[0].rect;
    assert_eq!(edge.x + edge.w, 640);
}

#[test]
fn stop_and_go_stands_between_two_walks() {
    let scene = scene("stop-and-go", 320, 180);
    let moving = |t: f64| scene.truth(at(t))[0].moving;
    assert_eq!([6.0, 10.0, 14.5, 19.0, 23.0].map(moving), [true, false, true, false, true]);
}

#[test]
fn each_nuisance_changes_the_picture_as_its_name_says() {
    let difference = |name: &str, t0: f64, t1: f64| {
        let mut scene = scene(name, 320, 180);
        let before = scene.show.render(at(t0), show::Parts::CLEAN).y.clone();
        let after = &scene.show.render(at(t1), show::Parts::CLEAN).y;
        let sum: u64 = before.iter().zip(after).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / (320.0 * 180.0)
    };
    assert_eq!(difference("static", 1.0, 7.0), 0.0);
    for (name, t0, t1, least) in [
        ("ramp", 1.0, 14.0, 25.0),
        ("lamp", 5.0, 7.0, 4.0),
        ("clouds", 1.0, 14.0, 5.0),
        ("exposure", 5.0, 7.0, 15.0),
        ("wind", 5.0, 6.0, 2.0),
        ("rain", 5.0, 5.1, 1.0),
        ("snow", 5.0, 5.5, 1.0),
        ("shake", 7.4, 7.9, 2.0),
        ("flicker", 5.0, 5.3, 3.0),
    ] {
        let found = difference(name, t0, t1);
        assert!(found >= least, "{name} changes by {found:.2} only");
    }
}
