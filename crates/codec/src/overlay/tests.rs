use std::time::Duration;

use frame::{Clock, NewFrame, Picture, Ring, RingLimits, SystemClock};

use super::*;
use crate::{Decoder, Encoder, scan};

const SIZE: Size = Size::new(640, 360);

fn flat(luma: u8) -> I420 {
    let area = (SIZE.width * SIZE.height) as usize;
    let mut bytes = vec![luma; area];
    bytes.resize(I420::len_of(SIZE), 128);
    I420::new(SIZE, bytes.into()).unwrap()
}

fn framed(picture: Picture) -> std::sync::Arc<Frame> {
    let (mut writer, ring) = Ring::new(RingLimits { bytes: 1 << 26, span: Duration::from_secs(1) });
    let stamp = SystemClock::new().stamp();
    writer.push(NewFrame { stamp, media_time: Duration::ZERO, picture });
    ring.latest().unwrap()
}

fn overlay(corner: Corner) -> Overlay {
    let boxes = vec![Boxed { rect: Rect::new(200, 150, 120, 90), label: "animal".to_owned() }];
    Overlay { caption: Some((corner, "2026-11-20 13:53:05".to_owned())), boxes }
}

fn luma_at(planes: &I420, x: usize, y: usize) -> u8 {
    planes.luma()[y * planes.size().width as usize + x]
}

/// How many pixels of an area differ by more than noise.
fn changed(a: &I420, b: &I420, x: std::ops::Range<usize>, y: std::ops::Range<usize>) -> usize {
    let at = |x, y| luma_at(a, x, y).abs_diff(luma_at(b, x, y)) > 24;
    y.map(|y| x.clone().filter(|&x| at(x, y)).count()).sum()
}

#[test]
fn the_time_stands_in_its_corner_and_nowhere_else() {
    let plain = flat(128);
    let corners = [
        (Corner::TopLeft, 0..250, 0..40),
        (Corner::TopRight, 390..640, 0..40),
        (Corner::BottomLeft, 0..250, 320..360),
        (Corner::BottomRight, 390..640, 320..360),
    ];
    for (corner, x, y) in corners {
        let only = Overlay { boxes: Vec::new(), ..overlay(corner) };
        let made = drawn(plain.clone(), SIZE, &only).unwrap();
        let within = changed(&plain, &made, x, y);
        assert!(within > 2000, "{corner:?}: {within}");
        assert_eq!(within, changed(&plain, &made, 0..640, 0..360), "{corner:?}: nothing elsewhere");
    }
}

#[test]
fn the_time_can_be_read_on_white_on_black_and_on_gray() {
    for ground in [0, 90, 128, 200, 255] {
        let made = drawn(flat(ground), SIZE, &overlay(Corner::TopLeft)).unwrap();
        let area: Vec<u8> =
            (0..20).flat_map(|y| (0..230).map(move |x| (x, y))).map(|(x, y)| luma_at(&made, x, y)).collect();
        let (ink, ground): (Vec<u8>, Vec<u8>) = area.iter().partition(|&&value| value > 200);
        assert!(ink.len() > 500 && ground.len() > 1000, "{} of ink, {} of ground", ink.len(), ground.len());
        assert!(ground.iter().all(|&value| value < 70), "light letters on a dark ground");
    }
}

#[test]
fn a_box_is_amber_between_dark_edges_and_leaves_what_is_in_it() {
    let made = drawn(flat(200), SIZE, &overlay(Corner::TopLeft)).unwrap();
    // Through the left edge at half the box's height.
    let row: Vec<u8> = (190..212).map(|x| luma_at(&made, x, 200)).collect();
    let first = row.iter().position(|&value| value == AMBER[0]).unwrap();
    assert_eq!((190 + first, row[first - 1]), (200, HALO[0]), "{row:?}");
    assert!(row[first..].contains(&HALO[0]), "dark on the inside too: {row:?}");
    assert_eq!(luma_at(&made, 260, 200), 200);
    let (half, area) = (320, 640 * 360);
    let colour = |plane: usize| made.bytes()[area + plane * half * 180 + 100 * half + 100];
    assert_eq!((colour(0), colour(1)), (AMBER[1], AMBER[2]));
}

#[test]
fn a_small_picture_has_its_box_in_the_same_place_and_letters_that_fit() {
    let jpeg = scan(Encoder::new(90).unwrap().i420(&flat(128)).unwrap()).unwrap();
    let mut work = Workspace::new().unwrap();
    for picture in [Picture::Raw(flat(128)), Picture::Jpeg(jpeg)] {
        let frame = framed(picture);
        for width in [640, 320, 160, 64, 16, 1] {
            let made =
                annotated_jpeg(&frame, width, Some(90), &overlay(Corner::BottomRight), &mut work).unwrap();
            assert_eq!(scan(made.clone()).unwrap().size.width, width);
            if width >= 160 {
                let made = Decoder::new().unwrap().i420(&made).unwrap();
                let scale = (640 / width) as usize;
                let (x, y) = (200 / scale, 195 / scale);
                let brightest = (x..x + 4).map(|x| luma_at(&made, x, y)).max().unwrap();
                assert!(brightest > 165, "{width}: {brightest}");
            }
        }
    }
}

#[test]
fn boxes_at_and_beyond_the_edges_are_drawn_as_far_as_they_are_there() {
    for rect in [(0, 0, 640, 360), (639, 359, 1, 1), (0, 0, 0, 0), (600, 300, 900, 900), (9000, 9000, 5, 5)] {
        let rect = Rect::new(rect.0, rect.1, rect.2, rect.3);
        let boxes = vec![Boxed { rect, label: "person".to_owned() }];
        assert!(drawn(flat(90), SIZE, &Overlay { caption: None, boxes }).is_ok());
    }
}

#[test]
fn of_labels_that_would_cover_each_other_the_larger_movers_is_read() {
    let boxed = |x, w, label: &str| Boxed { rect: Rect::new(x, 150, w, 90), label: label.to_owned() };
    let only = |boxes| drawn(flat(200), SIZE, &Overlay { caption: None, boxes }).unwrap();
    let both = only(vec![boxed(230, 40, "animal"), boxed(200, 120, "person")]);
    let (large, labels) = (only(vec![boxed(200, 120, "person")]), (190..340, 120..148));
    assert_eq!(changed(&both, &large, labels.0, labels.1), 0);
    let apart = only(vec![boxed(430, 40, "animal"), boxed(200, 120, "person")]);
    assert!(changed(&apart, &large, 420..560, 120..148) > 500);
}
