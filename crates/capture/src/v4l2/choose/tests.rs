use super::*;

const WANT: Want = Want { size: Size::new(1280, 720), frame_rate: 15.0 };

fn format(word: &str) -> &'static Format {
    crate::v4l2::format::ALL.iter().find(|format| format.word == word).unwrap()
}

fn interval(rate: u32) -> Interval {
    Interval { numerator: 1, denominator: rate }
}

/// A camera: each format with its sizes, and for each size its rates.
type Camera<'a> = &'a [(&'a str, &'a [(u32, u32, &'a [u32])])];

fn choice(camera: Camera<'_>, want: Want) -> Option<(&'static str, Size, Option<f32>)> {
    let offers: Vec<Offer> = camera
        .iter()
        .map(|(word, sizes)| Offer {
            format: format(word),
            sizes: Sizes::Listed(sizes.iter().map(|(w, h, _)| Size::new(*w, *h)).collect()),
        })
        .collect();
    let rates = |format: &Format, size: Size| {
        let sizes = camera.iter().find(|(word, _)| *word == format.word).unwrap().1;
        let rates = sizes.iter().find(|(w, h, _)| Size::new(*w, *h) == size).map_or(&[][..], |it| it.2);
        Intervals::Listed(rates.iter().copied().map(interval).collect())
    };
    let chosen = choose(&offers, want, rates)?;
    Some((chosen.format.word, chosen.size, chosen.interval.and_then(Interval::rate)))
}

const HD: Size = Size::new(1280, 720);

#[test]
fn jpeg_is_taken_where_it_has_size_and_rate() {
    let camera: Camera<'_> =
        &[("YUYV", &[(1280, 720, &[30, 15])]), ("MJPG", &[(640, 480, &[30]), (1280, 720, &[30, 15, 5])])];
    assert_eq!(choice(camera, WANT), Some(("MJPG", HD, Some(15.0))));
}

#[test]
fn a_raw_format_is_taken_where_jpeg_has_not_the_rate() {
    let camera: Camera<'_> = &[("MJPG", &[(1280, 720, &[5])]), ("YUYV", &[(1280, 720, &[30])])];
    assert_eq!(choice(camera, WANT), Some(("YUYV", HD, Some(30.0))));
}

#[test]
fn jpeg_is_taken_where_raw_has_only_a_slide_show_of_that_size() {
    let camera: Camera<'_> =
        &[("YUYV", &[(640, 480, &[30]), (1280, 720, &[10])]), ("MJPG", &[(1280, 720, &[30])])];
    assert_eq!(choice(camera, WANT), Some(("MJPG", HD, Some(30.0))));
}

#[test]
fn among_raw_formats_the_least_bandwidth_wins_and_gray_is_the_last() {
    let rates: &[u32] = &[30];
    let camera: Camera<'_> = &[
        ("GREY", &[(1280, 720, rates)]),
        ("RGB3", &[(1280, 720, rates)]),
        ("YUYV", &[(1280, 720, rates)]),
        ("NV12", &[(1280, 720, rates)]),
    ];
    assert_eq!(choice(camera, WANT).unwrap().0, "NV12");
    assert_eq!(choice(&camera[..1], WANT), Some(("GREY", HD, Some(30.0))), "all there is");
}

#[test]
fn the_smallest_size_that_covers_the_wish_is_taken_else_the_largest() {
    let camera: Camera<'_> =
        &[("MJPG", &[(320, 240, &[15]), (2592, 1944, &[15]), (1920, 1080, &[15]), (640, 480, &[15])])];
    assert_eq!(choice(camera, WANT).unwrap().1, Size::new(1920, 1080));
    let small: Camera<'_> = &[("MJPG", &[(320, 240, &[15]), (640, 480, &[15])])];
    assert_eq!(choice(small, WANT).unwrap().1, Size::new(640, 480));
}

#[test]
fn a_rate_is_the_slowest_that_reaches_the_wish_or_the_fastest() {
    let rate = |rates: &[u32], want| {
        let want = Want { frame_rate: want, ..WANT };
        choice(&[("MJPG", &[(1280, 720, rates)])], want).unwrap().2
    };
    assert_eq!(rate(&[30, 20, 15, 10], 12.0), Some(15.0));
    assert_eq!(rate(&[5, 10], 12.0), Some(10.0));
    assert_eq!(rate(&[], 12.0), None);
    let almost = Intervals::Listed(vec![Interval { numerator: 1001, denominator: 30000 }]);
    assert!(nearest_interval(&almost, 30.0).is_some());
    let nonsense = Intervals::Listed(vec![Interval { numerator: 0, denominator: 0 }]);
    assert_eq!(nearest_interval(&nonsense, 30.0), None);
}

#[test]
fn ranges_give_what_is_asked_for_within_them() {
    let range = Intervals::Range { shortest: interval(60), longest: interval(1) };
    assert_eq!(nearest_interval(&range, 15.0), Some(interval(15)));
    assert_eq!(nearest_interval(&range, 120.0), Some(interval(60)));
    assert_eq!(nearest_interval(&range, 0.5), Some(interval(1)));
    assert_eq!(nearest_interval(&range, 12.5), Some(Interval { numerator: 1000, denominator: 12500 }));
    let sizes =
        Sizes::Range { least: Size::new(32, 32), most: Size::new(1930, 1080), step: Size::new(16, 2) };
    assert_eq!(nearest_size(&sizes, HD), HD);
    assert_eq!(nearest_size(&sizes, Size::new(1281, 721)), Size::new(1296, 722));
    assert_eq!(nearest_size(&sizes, Size::new(4000, 1)), Size::new(1920, 32));
}

#[test]
fn no_offer_is_no_choice_and_no_sizes_is_the_wish_itself() {
    assert_eq!(choice(&[], WANT), None);
    assert_eq!(choice(&[("YUYV", &[])], WANT), Some(("YUYV", HD, None)));
}

proptest::proptest! {
    #[test]
    fn nothing_that_a_driver_says_is_too_much(
        least in proptest::prelude::any::<[u32; 2]>(),
        most in proptest::prelude::any::<[u32; 2]>(),
        step in proptest::prelude::any::<[u32; 2]>(),
        fraction in proptest::prelude::any::<[u32; 4]>(),
        want in 0.01f32..1000.0,
    ) {
        let size = |[w, h]: [u32; 2]| Size::new(w, h);
        let sizes = Sizes::Range { least: size(least), most: size(most), step: size(step) };
        let offers = [Offer { format: format("YUYV"), sizes }];
        let [a, b, c, d] = fraction;
        let range = Intervals::Range {
            shortest: Interval { numerator: a, denominator: b },
            longest: Interval { numerator: c, denominator: d },
        };
        let want = Want { frame_rate: want, ..WANT };
        proptest::prop_assert!(choose(&offers, want, |_, _| range.clone()).is_some());
    }
}
