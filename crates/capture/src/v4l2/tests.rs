use frame::Size;

use super::*;

fn label(sequence: u32, ms: u64) -> Label {
    Label { sequence, time: Some(Duration::from_millis(ms)), is_damaged: false }
}

#[test]
fn gaps_in_the_numbers_are_pictures_that_the_driver_dropped() {
    let mut times = Times::default();
    let skipped: Vec<u64> = [7, 8, 11, 11, 3, 4, u32::MAX, 1]
        .into_iter()
        .map(|sequence| times.place(label(sequence, 0)).1)
        .collect();
    assert_eq!(
        skipped,
        [0, 0, 2, 0, 0, 0, 0, 1],
        "the first counts from itself; a count may begin anew or wrap"
    );
}

#[test]
fn time_counts_from_the_first_picture_and_only_forward() {
    let mut times = Times::default();
    let placed: Vec<u64> = [5000, 5066, 5060, 5133]
        .into_iter()
        .map(|ms| u64::try_from(times.place(label(0, ms)).0.unwrap().as_millis()).unwrap())
        .collect();
    assert_eq!(placed, [0, 66, 66, 133]);
    let unstamped = Label { time: None, ..label(0, 0) };
    assert_eq!(times.place(unstamped).0, Some(Duration::from_millis(133)), "once stamped, always stamped");
    assert_eq!(Times::default().place(unstamped).0, None);
}

#[test]
fn a_jpeg_is_copied_byte_for_byte_and_what_stands_behind_it_is_not() {
    let jpeg = crate::testing::jpeg();
    let copy = |bytes: &[u8], len| match super::jpeg(bytes, len) {
        Payload::Jpeg(bytes) => bytes.to_vec(),
        other => panic!("{other:?}"),
    };
    let room = jpeg.len() * 3;
    assert_eq!(copy(&jpeg, room), jpeg);
    let padded = [&jpeg[..], &vec![0; jpeg.len()]].concat();
    assert_eq!(copy(&padded, room), jpeg);
    let stale = [&jpeg[..], &jpeg[jpeg.len() / 2..]].concat();
    assert_eq!(
        copy(&stale, stale.len()),
        jpeg,
        "the whole buffer is said to be used, and an older picture shows"
    );
    let cut = &jpeg[..jpeg.len() / 2];
    assert_eq!(copy(cut, room), cut, "what is wrong with it is for the scan to say");
    assert!(matches!(super::jpeg(&vec![1; MAX_BYTES + 1], room), Payload::Refused(ScanError::TooLarge(_))));
}

#[test]
fn a_picture_that_its_driver_marks_is_refused() {
    let mut taker = Taker { converter: None, len: 1 << 20, times: Times::default() };
    let jpeg = crate::testing::jpeg();
    let damaged = Label { is_damaged: true, ..label(1, 1) };
    assert!(matches!(taker.take(damaged, &jpeg), Next::Picture { payload: Payload::Refused(_), .. }));
    let next = taker.take(label(3, 2), &jpeg);
    assert!(matches!(next, Next::Picture { payload: Payload::Jpeg(_), skipped: 1, .. }), "{next:?}");
}

#[test]
fn what_differs_from_the_wish_is_told_and_what_does_not_is_not() {
    let want = Want { size: Size::new(1280, 720), frame_rate: 30.0 };
    let (mjpg, yuyv) = (&format::ALL[0], &format::ALL[6]);
    let choice = Choice { format: mjpg, size: want.size, interval: None };
    let set = |size, rate| Setting {
        agreed: Agreed { code: 0, size, stride: 0, len: 0, colors: ask::Colors::default() },
        rate,
    };
    assert_eq!(difference(&choice, &set(want.size, Some(29.97)), mjpg, want), None);
    assert_eq!(difference(&choice, &set(want.size, None), mjpg, want), None);
    let told = difference(&choice, &set(Size::new(640, 480), Some(7.5)), yuyv, want).unwrap();
    assert_eq!(told, "the camera gives 640×480 at 7.5 fps in YUYV; asked for were 1280×720 at 30 fps");
}
