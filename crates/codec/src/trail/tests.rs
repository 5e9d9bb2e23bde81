use super::*;
use std::time::Duration;

use crate::{Decoder, Encoder, scan};

const SIZE: Size = Size::new(640, 360);

fn shot(scene: &mut scene::Scene, at: Duration) -> Picture {
    let mut planes = Vec::new();
    scene.render(at, &mut planes);
    let raw = I420::new(SIZE, planes.into()).unwrap();
    Picture::Jpeg(scan(Encoder::new(85).unwrap().i420(&raw).unwrap()).unwrap())
}

/// The scene without its visitor, and five pictures of the visit with its box, each in the open.
fn visit(name: &str) -> (Picture, Vec<(Picture, Rect)>) {
    let mut scene = scene::Scene::named(name, SIZE, 1).unwrap();
    let actor =
        |scene: &scene::Scene, at| scene.truth(at).first().filter(|actor| actor.moving).map(|a| a.rect);
    let begin =
        (0..).map(|i| Duration::from_millis(200 * i)).find(|at| actor(&scene, *at).is_some()).unwrap();
    let base = shot(&mut scene, begin - Duration::from_secs(2));
    let visit = (0..60).map(|i| begin + Duration::from_millis(200 * i));
    let seen: Vec<_> = visit.filter_map(|at| Some((at, actor(&scene, at)?))).collect();
    let step = seen.len() / 6;
    let shots = (1..6).map(|i| seen[i * step]).map(|(at, rect)| (shot(&mut scene, at), rect)).collect();
    (base, shots)
}

fn planes(picture: &Picture) -> I420 {
    let Picture::Jpeg(jpeg) = picture else { unreachable!() };
    Decoder::new().unwrap().i420(&jpeg.bytes).unwrap()
}

fn pasted(base: &Picture, shots: &[(Picture, Rect)]) -> I420 {
    let refs: Vec<_> = shots.iter().map(|(picture, rect)| (picture, *rect)).collect();
    let jpeg = trail_jpeg(base, &refs, 640, 90, &mut Workspace::new().unwrap()).unwrap();
    Decoder::new().unwrap().i420(&jpeg).unwrap()
}

/// How far apart two pictures' luma is on average where `holds`.
fn apart_by(one: &I420, other: &I420, holds: impl Fn(u32, u32) -> bool) -> f64 {
    let (mut sum, mut count) = (0, 0);
    for (i, (one, other)) in one.luma().iter().zip(other.luma()).enumerate() {
        let i = u32::try_from(i).unwrap();
        if holds(i % SIZE.width, i / SIZE.width) {
            sum += u32::from(one.abs_diff(*other));
            count += 1;
        }
    }
    f64::from(sum) / f64::from(count.max(1))
}

fn within(rect: Rect, margin: u32, x: u32, y: u32) -> bool {
    let along = |at: u32, begin: u32, len: u32| at + margin >= begin && at < begin + len + margin;
    along(x, rect.x, rect.w) && along(y, rect.y, rect.h)
}

#[test]
fn the_mover_is_seen_at_each_place_and_nothing_else_is_changed() {
    for name in ["fox", "walker", "car"] {
        let (base, shots) = visit(name);
        let (out, empty) = (pasted(&base, &shots), planes(&base));
        let chosen: Vec<_> = shots.iter().map(|(picture, rect)| (picture, *rect)).collect();
        let chosen = apart(&chosen, SIZE);
        assert!(chosen.len() >= 2, "{name}");
        for (picture, rect) in &chosen {
            let there = planes(picture);
            let hidden = |x, y| chosen.iter().any(|(_, other)| other != rect && within(*other, 12, x, y));
            let mover = |x, y| within(*rect, 0, x, y) && !hidden(x, y);
            let (before, after) = (apart_by(&there, &empty, mover), apart_by(&there, &out, mover));
            assert!(after < before / 2.0, "{name}: {before} from the base, {after} from what was pasted");
        }
        let nowhere = |x, y| !chosen.iter().any(|(_, rect)| within(*rect, rect.w.max(rect.h) / 2 + 10, x, y));
        assert!(apart_by(&out, &empty, nowhere) < 2.0, "{name}: the rest is the base");
    }
}

#[test]
fn no_edge_of_a_box_shows_though_the_light_has_changed() {
    let (base, shots) = visit("fox");
    let (picture, rect) = &shots[2];
    // A cloud: everything is 25 levels darker while the fox is there.
    let there = planes(picture);
    let mut bytes = there.bytes().to_vec();
    bytes[..there.luma().len()].iter_mut().for_each(|value| *value = value.saturating_sub(25));
    let dark = Picture::Raw(I420::new(SIZE, bytes.into()).unwrap());
    let (out, empty) = (pasted(&base, &[(dark, *rect)]), planes(&base));
    let ring = |x, y| within(*rect, 12, x, y) && !within(*rect, 8, x, y);
    let seen = apart_by(&out, &empty, ring);
    assert!(seen < 6.0, "{seen}");
    assert!(apart_by(&out, &there, |x, y| within(*rect, 0, x, y)) < 12.0, "and it is as light as the base");
}

#[test]
fn pictures_of_another_size_and_boxes_outside_are_left_out() {
    let (base, mut shots) = visit("fox");
    let small = I420::new(Size::new(64, 64), vec![0; 6144].into()).unwrap();
    shots.push((Picture::Raw(small), Rect::new(0, 0, 64, 64)));
    shots.push((shots[0].0.clone(), Rect::new(100, 100, 0, 40)));
    let with = pasted(&base, &shots);
    shots.truncate(5);
    assert_eq!(with.bytes(), pasted(&base, &shots).bytes());
}

#[test]
fn of_boxes_that_lie_over_each_other_the_newest_is_kept() {
    let picture = Picture::Raw(I420::new(SIZE, vec![0; I420::len_of(SIZE)].into()).unwrap());
    let boxes = [0, 10, 20, 60, 110, 120].map(|x| (&picture, Rect::new(x, 50, 50, 50)));
    let kept: Vec<_> = apart(&boxes, SIZE).iter().map(|(_, rect)| rect.x).collect();
    assert_eq!(kept, [20, 60, 120].map(|x: u32| x).into_iter().collect::<Vec<_>>());
}

proptest::proptest! {
    #[test]
    fn any_boxes_and_sizes_give_a_picture(
        w in 1u32..90, h in 1u32..90, width in 1u32..120,
        boxes in proptest::collection::vec((0u32..100, 0u32..100, 0u32..200, 0u32..200), 0..20),
    ) {
        let size = Size::new(w, h);
        let gray = |value| Picture::Raw(I420::new(size, vec![value; I420::len_of(size)].into()).unwrap());
        let (base, other) = (gray(90), gray(200));
        let boxes: Vec<_> = boxes.iter().map(|(x, y, w, h)| (&other, Rect::new(*x, *y, *w, *h))).collect();
        let mut work = Workspace::new().unwrap();
        let jpeg = trail_jpeg(&base, &boxes, width, 80, &mut work).unwrap();
        proptest::prop_assert_eq!(scan(jpeg).unwrap().size.width, width.min(w));
    }
}
