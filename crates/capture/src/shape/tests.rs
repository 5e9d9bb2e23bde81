use std::time::{Duration, SystemTime};

use codec::{Decoder, Encoder};
use frame::{I420, NewFrame, Point, RingLimits, RingWriter, Size, Stamp};

use super::*;
use crate::testing::{FakeCamera, Watched, eventually, http, quick};
use crate::{SourceKind, State};

const SIZE: Size = Size::new(64, 48);
const WANT: Want = Want { size: SIZE, frame_rate: 50.0 };

fn mask(from: f32, to: f32) -> Polygon {
    let corners = [(from, 0.0), (to, 0.0), (to, 1.0), (from, 1.0)];
    Polygon::new(corners.map(|(x, y)| Point { x, y }).to_vec()).unwrap()
}

fn shaping(degrees: u32, masks: Vec<Polygon>) -> Shaping {
    Shaping { rotation: Rotation::from_degrees(degrees).unwrap(), masks, compress: false }
}

fn gray() -> Picture {
    Picture::Raw(I420::new(SIZE, vec![128; I420::len_of(SIZE)].into()).unwrap())
}

fn made() -> (Orders, RingWriter, Ring) {
    let (writer, ring) = Ring::new(RingLimits { bytes: 1 << 24, span: Duration::from_secs(60) });
    (Orders::new(WANT, Shaping::default(), ring.clone()).unwrap(), writer, ring)
}

fn take(orders: &Orders, writer: &mut RingWriter, picture: Picture) -> Result<(), CodecError> {
    let stamp = Stamp { mono: Duration::ZERO, wall: SystemTime::UNIX_EPOCH };
    orders.shaped(picture, |Shaped { picture, .. }| {
        writer.push(NewFrame { stamp, media_time: Duration::ZERO, picture });
    })
}

/// Whether everything in the ring is black at that share of its width.
fn is_black(ring: &Ring, x: f32) -> bool {
    let frames = ring.last(Duration::MAX);
    !frames.is_empty()
        && frames.iter().all(|frame| {
            let planes = match frame.picture() {
                Picture::Raw(planes) => planes.clone(),
                Picture::Jpeg(jpeg) => Decoder::new().unwrap().i420(&jpeg.bytes).unwrap(),
            };
            let width = planes.size().width as usize;
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small"
            )]
            let column = (width as f32 * x) as usize;
            planes.luma().chunks_exact(width).all(|row| row[column] <= 1)
        })
}

#[test]
fn a_mask_that_is_added_takes_back_what_is_in_the_ring_and_others_leave_it() {
    let (orders, mut writer, ring) = made();
    take(&orders, &mut writer, gray()).unwrap();
    orders.set(WANT, shaping(180, vec![]));
    assert_eq!(ring.stats().frames, 1, "a rotation hides nothing");
    orders.set(WANT, shaping(180, vec![mask(0.5, 1.0)]));
    assert!(ring.latest().is_none() && ring.floor() == 2);
    take(&orders, &mut writer, gray()).unwrap();
    assert!(is_black(&ring, 0.8) && !is_black(&ring, 0.2));
    orders.set(WANT, shaping(180, vec![mask(0.5, 1.0)]));
    assert_eq!(ring.stats().frames, 1, "nothing has changed");
    orders.set(WANT, shaping(180, vec![mask(0.5, 1.0), mask(0.0, 0.3)]));
    assert!(ring.latest().is_none(), "one more hides more");
    take(&orders, &mut writer, gray()).unwrap();
    assert!(is_black(&ring, 0.2));
    orders.set(WANT, shaping(180, vec![mask(0.5, 1.0)]));
    assert_eq!(ring.stats().frames, 1, "one less hides less");
    orders.set(WANT, shaping(0, vec![mask(0.5, 1.0)]));
    assert!(ring.latest().is_none(), "turned, the mask lies over something else");
}

#[test]
fn what_cannot_be_shaped_does_not_reach_the_ring() {
    let (orders, mut writer, ring) = made();
    let jpeg = Encoder::new(90)
        .unwrap()
        .i420(&I420::new(SIZE, vec![90; I420::len_of(SIZE)].into()).unwrap())
        .unwrap();
    let cut = [&jpeg[..jpeg.len() - 20], &[0xff, 0xd9]].concat();
    let damaged = || Picture::Jpeg(codec::scan(cut.clone().into()).unwrap());
    take(&orders, &mut writer, damaged()).unwrap();
    assert_eq!(ring.stats().frames, 1, "nothing is asked, so it is passed on as it is");
    orders.set(WANT, shaping(0, vec![mask(0.0, 1.0)]));
    assert!(take(&orders, &mut writer, damaged()).is_err());
    assert_eq!(ring.stats().frames, 0);
}

#[test]
fn a_running_camera_is_turned_and_masked_from_one_frame_to_the_next() {
    let scene = SourceKind::Demo { scene: "calm".into(), seed: 1 };
    let watched = Watched::start(scene, quick());
    watched.frames(3);
    watched.supervisor.set(WANT, shaping(90, vec![mask(0.5, 1.0)]));
    eventually("pictures", || (watched.ring.stats().frames >= 5).then_some(()));
    assert!(is_black(&watched.ring, 0.75));
    let frames = watched.ring.last(Duration::MAX);
    assert!(frames.iter().all(|frame| frame.size() == Size::new(48, 64)), "no frame of the old size is left");
    let status = eventually("the size", || {
        Some(watched.supervisor.status())
            .filter(|s| s.negotiated.is_some_and(|it| it.size == Size::new(48, 64)))
    });
    assert_eq!((status.counters.opened, status.counters.lost), (1, 0), "the source was left alone");
}

#[test]
fn another_size_is_had_by_opening_again_without_a_loss() {
    let scene = SourceKind::Demo { scene: "calm".into(), seed: 1 };
    let watched = Watched::start(scene, quick());
    watched.frames(2);
    watched.supervisor.set(Want { size: Size::new(32, 32), frame_rate: 25.0 }, Shaping::default());
    let status = eventually("the new size", || {
        let status = watched.supervisor.status();
        assert_eq!(status.state, State::Live, "at no time is it said to be anything else");
        Some(status).filter(|status| status.negotiated.is_some_and(|it| it.size == Size::new(32, 32)))
    });
    assert_eq!((status.counters.opened, status.counters.lost), (2, 0));
}

#[test]
fn a_camera_whose_pictures_cannot_be_masked_says_so_and_shows_nothing() {
    let jpeg = crate::testing::jpeg();
    let cut = [&jpeg[..jpeg.len() - 30], &[0xff, 0xd9]].concat();
    let camera = FakeCamera::new(move |_, stream| {
        std::io::Write::write_all(
            stream,
            &crate::testing::answer("200 OK", "Content-Type: image/jpeg\r\n", &cut),
        )
        .is_ok()
    });
    let watched = Watched::start(http(camera.url()), quick());
    watched.frames(1);
    watched.supervisor.set(WANT, shaping(0, vec![mask(0.0, 0.5)]));
    let problem = watched.problem();
    assert_eq!(problem.code, "bad_pictures");
    assert!(problem.what.contains("damaged"), "{problem}");
    assert!(watched.supervisor.status().counters.unshaped > 0);
    assert!(watched.ring.latest().is_none());
}
