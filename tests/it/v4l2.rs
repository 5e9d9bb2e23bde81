//! A V4L2 camera that is unplugged, in use, silent or broken, on a machine without one: `tests/device` plays it.
//! `make test-v4l2` shows the same on a real kernel.

use std::time::{Duration, Instant, UNIX_EPOCH};

use frame::{Clock, Size, SystemClock};
use serde_json::Value;
use tests::{Device, TestApp, Viewer, number_of, pictures, until};

const SOON: Duration = Duration::from_secs(60);
/// What is promised: a camera that is gone is noticed, a silent one is, and its next frame is seen when it is back.
const NOTICED: Duration = Duration::from_secs(1);
const SILENCE_NOTICED: Duration = Duration::from_secs(3);
const BACK: Duration = Duration::from_secs(2);
/// Beside those, what asking takes on a machine that builds and tests other things at the same time.
const SLACK: Duration = Duration::from_millis(500);

const SIZE: Size = Size::new(320, 180);
const RATE: u32 = 15;

fn film() -> Vec<Vec<u8>> {
    pictures("walker", SIZE, RATE, RATE)
}

fn camera() -> Device {
    Device::mjpg(SIZE, RATE, &film())
}

fn wish(rate: u32) -> String {
    format!("width = {}\nheight = {}\nframe_rate = {rate}\n", SIZE.width, SIZE.height)
}

fn source(app: &TestApp) -> Value {
    app.json("/api/v1/cameras/garden")["source"].clone()
}

fn is_numbered(jpeg: &[u8]) -> bool {
    number_of(jpeg).is_some()
}

/// Waits until the camera is lost; how long that took since `since`.
#[track_caller]
fn lost(app: &TestApp, since: Instant) -> Duration {
    app.wait_for("garden", "lost", SOON);
    since.elapsed()
}

/// Starts the program on the camera, with a viewer that has seen it.
fn watched(device: &Device) -> (TestApp, Viewer) {
    let app = device.setup(&wish(RATE)).start();
    app.wait_for("garden", "live", SOON);
    let viewer = Viewer::open(app.addr, "/stream?raw=1", is_numbered);
    until("the viewer sees the camera", SOON, || viewer.signal());
    (app, viewer)
}

#[test]
fn mjpg_comes_through_byte_for_byte() {
    let film = film();
    let device = Device::mjpg(SIZE, RATE, &film);
    let app = device.setup(&wish(RATE)).start();
    app.wait_for("garden", "live", SOON);
    let mut stream = tests::Stream::open(app.addr, "/stream?raw=1");
    for _ in 0..20 {
        let part = stream.next_part().expect("it goes on").body;
        let number = number_of(&part).expect("one of the camera's own pictures");
        assert!(part == film[usize::try_from(number).unwrap()], "picture {number} has other bytes");
    }
    let snapshot = app.get("/snapshot.jpg").body;
    assert!(film.contains(&snapshot), "the snapshot has the camera's own bytes");
}

#[test]
fn what_stands_behind_a_picture_in_its_buffer_goes_no_further() {
    let film = film();
    let device = Device::mjpg(SIZE, RATE, &film);
    device.fault("padding");
    let app = device.setup(&wish(RATE)).start();
    app.wait_for("garden", "live", SOON);
    let snapshot = app.get("/snapshot.jpg").body;
    assert!(film.contains(&snapshot), "{} bytes, none of {:?}", snapshot.len(), film[0].len());
}

#[test]
fn what_the_driver_answered_is_what_is_reported() {
    let film = film();
    let device = Device::mjpg(SIZE, RATE, &film);
    let app = device.setup("width = 1920\nheight = 1080\nframe_rate = 60\n").start();
    app.wait_for("garden", "live", SOON);
    let source = source(&app);
    assert_eq!((&source["width"], &source["height"]), (&320.into(), &180.into()), "{source:#}");
    assert_eq!(source["frame_rate"].as_f64(), Some(f64::from(RATE)), "{source:#}");
    assert!(source["format"].as_str().is_some_and(|f| f.contains("JP")), "{source:#}");
}

/// Red, green, blue and white in the four quarters, as packed 4:2:2 in BT.601 with limited range.
fn quarters(size: Size, order: [usize; 4], stride: usize) -> Vec<u8> {
    let colours = [[81, 90, 240], [145, 54, 34], [41, 240, 110], [235, 128, 128_u8]];
    let (width, height) = (size.width as usize, size.height as usize);
    let mut all = vec![0x55; stride * height];
    for y in 0..height {
        for x in (0..width).step_by(2) {
            let [luma, u, v] = colours[usize::from(y >= height / 2) * 2 + usize::from(x >= width / 2)];
            for (place, value) in order.into_iter().zip([luma, u, luma, v]) {
                all[y * stride + x * 2 + place] = value;
            }
        }
    }
    all
}

fn assert_quarters(jpeg: &[u8], what: &str) {
    let (size, rgb) = codec::Decoder::new().unwrap().rgb(jpeg).unwrap();
    let (width, height) = (size.width as usize, size.height as usize);
    let at = |x: usize, y: usize| {
        let place = (y * width + x) * 3;
        [rgb[place], rgb[place + 1], rgb[place + 2]].map(|v| {
            if v > 160 {
                'X'
            } else if v < 96 {
                '.'
            } else {
                '?'
            }
        })
    };
    let (left, right, top, bottom) = (width / 4, width * 3 / 4, height / 4, height * 3 / 4);
    let seen = [at(left, top), at(right, top), at(left, bottom), at(right, bottom)];
    assert_eq!(
        seen,
        [['X', '.', '.'], ['.', 'X', '.'], ['.', '.', 'X'], ['X', 'X', 'X']],
        "red, green, blue and white in {what}"
    );
}

#[test]
fn raw_pictures_have_the_right_colours() {
    let packed = SIZE.width as usize * 2;
    for (fourcc, order, stride) in [
        ("YUYV", [0, 1, 2, 3], packed),
        ("YUYV", [0, 1, 2, 3], packed + 64),
        ("UYVY", [1, 0, 3, 2], packed),
        ("YVYU", [0, 3, 2, 1], packed),
    ] {
        let frame = quarters(SIZE, order, stride);
        let device =
            Device::new().format(fourcc, SIZE, &RATE.to_string(), &[frame], &format!("stride={stride}"));
        let app = device.setup(&wish(RATE)).start();
        app.wait_for("garden", "live", SOON);
        let what = format!("{fourcc} with lines of {stride} bytes");
        assert_quarters(&app.get("/snapshot.jpg").body, &what);
        let mut stream = tests::Stream::open(app.addr, "/stream");
        assert_quarters(&stream.next_part().unwrap().body, &what);
    }
}

/// The same four quarters as planes: all lumas, then U and V at half width and height, by turns or one after the other.
fn quartered_planes(size: Size, by_turns: bool) -> Vec<u8> {
    let packed = quarters(size, [0, 1, 2, 3], size.width as usize * 2);
    let mut all: Vec<u8> = packed.iter().step_by(2).copied().collect();
    let line = size.width as usize * 2;
    let rows = || packed.chunks_exact(line).step_by(2);
    let plane = |at: usize| rows().flat_map(move |row| row.iter().skip(at).step_by(4).copied());
    match by_turns {
        true => all.extend(rows().flat_map(|row| row.iter().skip(1).step_by(2).copied())),
        false => all.extend(plane(1).chain(plane(3))),
    }
    all
}

#[test]
fn planes_and_gray_are_understood_and_encoded_once_for_all_who_watch() {
    let gray: Vec<u8> = [40_u8, 220].map(|v| vec![v; SIZE.area() as usize / 2]).concat();
    for (fourcc, frame) in
        [("NV12", quartered_planes(SIZE, true)), ("YU12", quartered_planes(SIZE, false)), ("GREY", gray)]
    {
        let stride = format!("stride={}", SIZE.width);
        let device = Device::new().format(fourcc, SIZE, &RATE.to_string(), &[frame], &stride);
        // What is to be recorded is encoded before the ring, whoever watches.
        let unrecorded = "[camera.recording]\nenabled = false\n";
        let app = device.setup(&wish(RATE)).more(unrecorded).start();
        app.wait_for("garden", "live", SOON);
        assert_eq!(source(&app)["format"], fourcc);
        let snapshot = app.get("/snapshot.jpg").body;
        if fourcc == "GREY" {
            let planes = codec::Decoder::new().unwrap().i420(&snapshot).unwrap();
            let (top, bottom) = (planes.luma()[0], planes.luma()[planes.luma().len() - 1]);
            assert!(top.abs_diff(40) < 4 && bottom.abs_diff(220) < 4, "{top} {bottom}");
        } else {
            assert_quarters(&snapshot, fourcc);
        }
        let mut viewers: Vec<_> = (0..4).map(|_| tests::Stream::open(app.addr, "/stream")).collect();
        let frames = || source(&app)["frames"].as_u64().unwrap();
        let (encoded, shown) = (encoded(&app), frames());
        for _ in 0..15 {
            viewers.iter_mut().for_each(|viewer| drop(viewer.next_part().expect("it goes on")));
        }
        let (encoded, shown) = (self::encoded(&app) - encoded, frames() - shown);
        assert!((1..=shown + 2).contains(&encoded), "{fourcc}: {encoded} encodings of {shown} frames");
    }
}

/// How many JPEGs were made so far.
fn encoded(app: &TestApp) -> u64 {
    let text = app.get("/metrics").text();
    let lines = text.lines().filter(|line| line.starts_with("nightjar_encodes_total"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn controls_are_set_by_their_names_and_what_cannot_be_is_told() {
    let device = camera()
        .control("0x00980900 int 0 255 1 128 Brightness")
        .control("0x0098090c bool 0 1 1 1 White Balance, Automatic");
    let controls = "controls = { brightness = 40, white_balance_automatic = false, brightnes = 3 }\n";
    let app = device.setup(&(wish(RATE) + controls)).start();
    app.wait_for("garden", "live", SOON);
    let set: Vec<String> =
        device.log().into_iter().map(|(_, what)| what).filter(|what| what.starts_with("s_ctrl")).collect();
    assert_eq!(set, ["s_ctrl 0x00980900 40", "s_ctrl 0x0098090c 0"]);
    until("a word on the third", SOON, || {
        let log = app.log();
        (log.contains("no control brightnes") && log.contains("white_balance_automatic")).then_some(())
    });
}

#[test]
fn the_format_that_is_configured_is_taken_although_another_would_be() {
    let (film, raw) = (film(), quarters(SIZE, [0, 1, 2, 3], SIZE.width as usize * 2));
    let device =
        || Device::mjpg(SIZE, RATE, &film).format("YUYV", SIZE, "10", std::slice::from_ref(&raw), "");
    let (free, chosen) = (device(), device());
    let app = free.setup(&wish(RATE)).start();
    app.wait_for("garden", "live", SOON);
    assert_eq!(free.asked("s_fmt MJPG 320x180"), 1, "MJPG costs nothing: {:?}", free.log());
    let app = chosen.setup(&(wish(RATE) + "format = \"yuyv\"\n")).start();
    app.wait_for("garden", "live", SOON);
    assert_quarters(&app.get("/snapshot.jpg").body, "YUYV");
    assert_eq!(source(&app)["frame_rate"].as_f64(), Some(10.0), "{:#}", source(&app));
}

#[test]
fn an_unplugged_camera_is_noticed_and_its_next_frame_seen_by_the_same_viewer() {
    let device = camera();
    let (app, viewer) = watched(&device);
    for _ in 0..3 {
        let since = Instant::now();
        device.unplug();
        let noticed = lost(&app, since);
        assert!(noticed < NOTICED + SLACK, "noticed after {noticed:?}");
        let code = source(&app)["problem"]["code"].clone();
        assert!(code == "unplugged" || code == "no_device", "{code}");
        until("it is looked for", SOON, || (source(&app)["problem"]["code"] == "no_device").then_some(()));

        let since = Instant::now();
        device.plug_in();
        let back = viewer.sees_it_again(since, SOON);
        assert!(back < BACK + SLACK, "back after {back:?}");
    }
    assert_eq!(
        device.asked("refused: still held"),
        0,
        "nothing of a lost camera is held: {:#?}",
        device.log()
    );
}

#[test]
fn a_camera_that_comes_back_under_another_number_is_found_by_its_stable_name_and_without_one() {
    for by_name in [true, false] {
        let device = camera();
        let node = if by_name { device.link() } else { device.node() };
        let app = device.setup_at(&node, &wish(RATE)).start();
        app.wait_for("garden", "live", SOON);
        let viewer = Viewer::open(app.addr, "/stream?raw=1", is_numbered);
        device.unplug();
        app.wait_for("garden", "lost", SOON);
        let since = Instant::now();
        device.plug_in_as("video3");
        let back = viewer.sees_it_again(since, SOON);
        assert!(back < BACK + SLACK, "back after {back:?}, by name: {by_name}");
    }
}

#[test]
fn a_camera_that_falls_silent_is_noticed_though_nothing_hangs_up() {
    let device = camera();
    let (app, viewer) = watched(&device);
    let since = Instant::now();
    device.fault("stall");
    let noticed = lost(&app, since);
    assert!(noticed < SILENCE_NOTICED + SLACK, "noticed after {noticed:?}");
    assert_eq!(source(&app)["problem"]["code"], "stalled", "{:#}", source(&app));
    let since = Instant::now();
    device.mend();
    let back = viewer.sees_it_again(since, SOON);
    assert!(back < BACK + SLACK, "back after {back:?}");
}

#[test]
fn each_refusal_is_its_own_problem_with_what_to_do_and_ends_by_itself() {
    let refusals = [
        ("fail open 13", "denied", "roup"),
        ("fail open 16", "busy", "fuser"),
        ("fail s_fmt 16", "busy", ""),
        ("fail streamon 28", "usb_bandwidth", "smaller"),
        ("fail reqbufs 12", "no_memory", "smaller"),
        ("fail querycap 25", "not_v4l2", "/dev/v4l/by-id"),
        ("nodev", "unplugged", "Plug"),
        ("gone", "no_device", "/dev/v4l/by-id"),
    ];
    for (fault, code, word) in refusals {
        let device = camera();
        device.fault(fault);
        let app = device.setup(&wish(RATE)).start();
        app.wait_for("garden", "lost", SOON);
        let problem = source(&app)["problem"].clone();
        assert_eq!(problem["code"], code, "{fault}: {problem:#}");
        assert!(problem["what"].as_str().is_some_and(|w| w.contains("video0")), "{fault}: {problem:#}");
        assert!(problem["mend"].as_str().is_some_and(|m| m.contains(word)), "{fault}: {problem:#}");
        let viewer = Viewer::open(app.addr, "/stream?raw=1", is_numbered);
        let since = Instant::now();
        device.mend();
        let back = viewer.sees_it_again(since, SOON);
        assert!(back < BACK + SLACK, "back {back:?} after {fault}");
    }
}

#[test]
fn a_camera_that_fails_in_the_middle_is_opened_anew() {
    for (fault, codes) in [
        ("fail dqbuf 5", ["device_error", "device_error"]),
        ("fail qbuf 5", ["device_error", "device_error"]),
        ("nodev", ["unplugged", "unplugged"]),
    ] {
        let device = camera();
        let (app, viewer) = watched(&device);
        let since = Instant::now();
        device.fault(fault);
        let noticed = lost(&app, since);
        assert!(noticed < NOTICED + SLACK, "{fault} noticed after {noticed:?}");
        let problem = source(&app)["problem"].clone();
        assert!(codes.contains(&problem["code"].as_str().unwrap_or("none")), "{fault}: {problem:#}");
        let since = Instant::now();
        device.mend();
        let back = viewer.sees_it_again(since, SOON);
        assert!(back < BACK + SLACK, "back {back:?} after {fault}");
    }
}

#[test]
fn damaged_and_cut_off_pictures_are_counted_and_not_shown() {
    for fault in ["error 3", "short 3"] {
        let film = film();
        let device = Device::mjpg(SIZE, RATE, &film);
        device.fault(fault);
        let app = device.setup(&wish(RATE)).start();
        app.wait_for("garden", "live", SOON);
        let mut stream = tests::Stream::open(app.addr, "/stream?raw=1");
        for _ in 0..15 {
            let part = stream.next_part().expect("it goes on").body;
            assert!(film.contains(&part), "{fault}: a picture that is not whole");
        }
        assert!(source(&app)["dropped"].as_u64().is_some_and(|d| d > 0), "{fault}: {:#}", source(&app));
        assert_eq!(app.state("garden"), "live", "{fault}");
    }
}

#[test]
fn pictures_that_the_driver_lost_are_counted() {
    let device = camera();
    device.fault("drop 3");
    let app = device.setup(&wish(RATE)).start();
    until("lost ones are counted", SOON, || source(&app)["dropped"].as_u64().filter(|d| *d > 2));
    assert_eq!(app.state("garden"), "live");
}

#[test]
fn two_programs_cannot_have_one_camera_and_the_second_gets_it_when_the_first_ends() {
    let device = camera();
    let first = device.setup(&wish(RATE)).start();
    first.wait_for("garden", "live", SOON);
    let second = device.setup(&wish(RATE)).start();
    second.wait_for("garden", "lost", SOON);
    assert_eq!(source(&second)["problem"]["code"], "busy", "{:#}", source(&second));
    let viewer = Viewer::open(second.addr, "/stream?raw=1", is_numbered);
    drop(first);
    let back = viewer.sees_it_again(Instant::now(), SOON);
    assert!(back < BACK + SLACK, "back after {back:?}");
}

#[test]
fn the_first_frame_is_there_within_an_interval_of_the_drivers_first_buffer() {
    // At 3 frames a second an interval is long enough for a machine that does other things as well.
    const INTERVAL: Duration = Duration::from_millis(333);
    let device = Device::mjpg(SIZE, 3, &film());
    device.unplug();
    let app = device.setup(&wish(3)).start();
    app.wait_for("garden", "lost", SOON);
    let mut stream = tests::Stream::open(app.addr, "/stream?raw=1");
    for _ in 0..3 {
        let earlier = device.asked("first buffer");
        device.plug_in();
        // Whoever watched before sees the very first one, number 0 of the film.
        let (stamp, seen) = until("the camera's first picture", SOON, || {
            let part = stream.next_part().expect("it goes on");
            let stamp = part.header("x-timestamp").expect("each has one").to_owned();
            (number_of(&part.body)? == 0).then(|| (stamp, since_1970()))
        });
        let firsts: Vec<Duration> =
            device.log().into_iter().filter(|(_, what)| what == "first buffer").map(|(at, _)| at).collect();
        let buffer = firsts[earlier] + since_1970_at_boot();
        let frame = Duration::from_secs_f64(stamp.parse().expect("seconds since 1970"));
        // One of the two clocks counts hundredths of a second.
        let late = (frame + Duration::from_millis(15)).checked_sub(buffer).expect("a frame after its buffer");
        assert!(late < Duration::from_millis(200), "the frame {late:?} after the buffer");
        let late = seen.saturating_sub(buffer);
        assert!(late < INTERVAL, "seen {late:?} after the buffer");
        device.unplug();
        app.wait_for("garden", "lost", SOON);
    }
}

/// What is added to the clock that the device's log counts for the time since 1970, to a hundredth of a second.
fn since_1970_at_boot() -> Duration {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let uptime = Duration::from_secs_f64(uptime.split(' ').next().unwrap().parse().unwrap());
    since_1970() - uptime
}

fn since_1970() -> Duration {
    SystemClock::new().stamp().wall.duration_since(UNIX_EPOCH).unwrap()
}

#[test]
fn twenty_losses_of_every_kind_hold_no_descriptor_and_no_thread() {
    let device = camera();
    let (app, viewer) = watched(&device);
    let cycle = |n: usize| {
        match n % 4 {
            0 => device.unplug(),
            1 => device.fault("nodev"),
            2 => device.fault("fail dqbuf 5"),
            _ => device.fault("nodev\nfail open 13"),
        }
        app.wait_for("garden", "lost", SOON);
        let since = Instant::now();
        if n.is_multiple_of(4) {
            device.plug_in()
        } else {
            device.mend()
        }
        viewer.sees_it_again(since, SOON)
    };
    // One of each first, so that what is only made once is there.
    for n in 0..4 {
        cycle(n);
    }
    let (fds, threads, _) = app.holds();
    let worst = (0..20).map(cycle).max().unwrap();
    assert!(worst < BACK + SLACK, "the slowest return took {worst:?}");
    until("descriptors and threads are where they were", SOON, || {
        let (fds_now, threads_now, _) = app.holds();
        (fds_now <= fds && threads_now <= threads).then_some(())
    });
    assert!(viewer.is_there() && viewer.parts() > 20, "the viewer of the beginning is still there");
    assert_eq!(device.asked("open"), device.asked("close") + 1, "each opening but the last was closed");
    assert_eq!(device.asked("refused: still held"), 0);
}

#[test]
fn the_end_of_the_program_lets_go_of_the_camera() {
    let device = camera();
    let mut app = device.setup(&wish(RATE)).start();
    app.wait_for("garden", "live", SOON);
    app.signal(rustix::process::Signal::TERM);
    assert_eq!(app.ended(SOON).code(), Some(0), "{}", app.log());
    assert_eq!((device.asked("open"), device.asked("streamoff"), device.asked("close")), (1, 1, 1));
}
