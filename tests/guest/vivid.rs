//! `vivid`, the kernel's own test camera: every raw format, a plug that can be pulled, errors to order.

use std::fs::File;
use std::time::{Duration, Instant};

use tests::{TestApp, Viewer, pause, until};

use crate::Claim;
use crate::tools::{
    BACK, Break, CYCLES, NOTICED, SILENCE_NOTICED, SOON, back, ctl, held, held_as, hold, lost, lost_after,
    problem, set, source, start, watching,
};

const NODE: &str = "/dev/video0";
const SMALL: &str = "width = 320\nheight = 180\nframe_rate = 15\nformat = \"yuyv\"";

pub(crate) const CLAIMS: &[Claim] = &[
    ("vivid: the colour bars are right in every format", formats),
    ("vivid: what was agreed on is what the driver answered", agreed),
    ("vivid: controls are set by their names", controls),
    ("vivid: 20 times unplugged and back", unplugged),
    ("vivid: a node stays away as long as anybody holds it, and is found when it is let go", kept_away),
    ("vivid: 20 times a fatal error while streaming", fatal),
    ("vivid: 20 times a failing VIDIOC_STREAMON is told and ends by itself", || refused(Break::Start)),
    ("vivid: 20 times a failing VIDIOC_REQBUFS is told and ends by itself", || refused(Break::Request)),
    ("vivid: 20 times a failing VIDIOC_QBUF is told and ends by itself", not_taken_back),
    ("vivid: buffers marked as damaged are counted and not shown", damaged),
    ("vivid: a third of the buffers dropped is counted, and the picture goes on", dropped),
    ("vivid: 20 times silent, with all buffers dropped, and back", silent),
    ("vivid: a camera in use is told as busy, and taken when it is free", busy),
];

/// The left bar of vivid's pattern is white, the next yellow, then cyan, green, magenta, red, blue, black.
const BARS: [[u8; 3]; 8] =
    [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]];

/// Red, green and blue of the middle of each bar, near the picture's lower edge, where no text stands.
fn bars(jpeg: &[u8]) -> Option<Vec<[u8; 3]>> {
    let (size, rgb) = codec::Decoder::new().ok()?.rgb(jpeg).ok()?;
    let (width, y) = (size.width as usize, size.height as usize * 7 / 8);
    let bar = |n: usize| {
        let at = (y * width + (2 * n + 1) * width / 16) * 3;
        [rgb[at], rgb[at + 1], rgb[at + 2]]
    };
    Some((0..8).map(bar).collect())
}

/// How far the worst channel is from what it should be: the bars are of 75 %, so 191 or 0.
fn worst_error(jpeg: &[u8], is_grey: bool) -> u8 {
    let Some(bars) = bars(jpeg) else { return u8::MAX };
    if is_grey {
        // Only that each bar is darker than the one to the left of it.
        let darker = bars.windows(2).all(|pair| pair[0][1] > pair[1][1].saturating_add(4));
        return if darker { 0 } else { u8::MAX };
    }
    let errors = bars.iter().zip(BARS).flat_map(|(seen, bar)| {
        (0..3).map(move |channel| seen[channel].abs_diff(if bar[channel] == 1 { 191 } else { 0 }))
    });
    errors.max().unwrap_or(u8::MAX)
}

fn is_bars(jpeg: &[u8]) -> bool {
    worst_error(jpeg, false) < 64
}

fn formats() -> String {
    let mut figures = Vec::new();
    for (word, is_grey) in [
        ("yuyv", false),
        ("uyvy", false),
        ("yvyu", false),
        ("nv12", false),
        ("nv21", false),
        ("yu12", false),
        ("yv12", false),
        ("rgb3", false),
        ("bgr3", false),
        ("grey", true),
    ] {
        let app = start(NODE, &SMALL.replace("yuyv", word));
        app.wait_for("garden", "live", SOON);
        let jpeg = app.get("/snapshot.jpg").body;
        let error = worst_error(&jpeg, is_grey);
        assert!(error < 32, "{word} is off by {error}: {:?}", bars(&jpeg));
        figures.push(if is_grey { format!("{word} falls") } else { format!("{word} ±{error}") });
    }
    figures.join(", ")
}

fn agreed() -> String {
    let app = start(NODE, "width = 333\nheight = 222\nframe_rate = 7");
    app.wait_for("garden", "live", SOON);
    let source = source(&app);
    let said = ctl(NODE, "--get-fmt-video") + &ctl(NODE, "--get-parm");
    let of =
        |name: &str| said.lines().find_map(|l| l.trim().strip_prefix(name)).unwrap_or("").trim().to_owned();
    let size = format!("{}/{}", source["width"], source["height"]);
    assert_eq!(of("Width/Height      :"), size, "{said}\n{source:#}");
    let rate = source["frame_rate"].as_f64().unwrap_or(0.0);
    assert!(said.contains(&format!("Frames per second: {rate:.3}")), "{rate} in {said}");
    format!("asked for 333/222 at 7, got {size} at {rate} {}", source["format"])
}

fn controls() -> String {
    let app = start(NODE, &format!("{SMALL}\ncontrols = {{ brightness = 99, horizontal_flip = 1 }}"));
    app.wait_for("garden", "live", SOON);
    let said = ctl(NODE, "--get-ctrl=brightness,horizontal_flip");
    assert!(said.contains("brightness: 99") && said.contains("horizontal_flip: 1"), "{said}");
    drop(app);
    ctl(NODE, "--set-ctrl=brightness=128,horizontal_flip=0");
    said.trim().replace('\n', ", ")
}

/// One loss: how soon it was noticed, and how soon the viewer saw the camera again after it had been let go.
fn cycle(app: &TestApp, viewer: &Viewer, what: &[Break], codes: &[&str]) -> (Duration, Duration) {
    let live = source(app)["since"].clone();
    // The last of them is what it is lost by.
    let since = what.iter().map(|what| set(NODE, *what, 1)).last().unwrap();
    let (noticed, code) = lost_after(app, since, &live);
    assert!(code == "back already" || codes.contains(&code.as_str()), "{what:?} is told as {code}");
    // vivid brings its node back when the last who held it lets go: at the very moment in which it is given up.
    (noticed, back(app, viewer, since + noticed))
}

fn cycles(what: &[Break], codes: &[&str]) -> String {
    let app = start(NODE, SMALL);
    let viewer = watching(&app, is_bars);
    cycled(&app, &viewer, what, codes)
}

fn cycled(app: &TestApp, viewer: &Viewer, what: &[Break], codes: &[&str]) -> String {
    // What is only made once is there after a few.
    for _ in 0..3 {
        cycle(app, viewer, what, codes);
    }
    let before = held(app);
    let times = (0..CYCLES).map(|_| cycle(app, viewer, what, codes));
    let (noticed, back): (Vec<_>, Vec<_>) = times.unzip();
    let held = held_as(app, &before);
    assert!(viewer.is_there(), "the viewer of the beginning is still there");
    format!("{}; {}; {held}", hold("noticed", &noticed, NOTICED), hold("back", &back, BACK))
}

fn unplugged() -> String {
    cycles(&[Break::Disconnect], &["unplugged", "no_device"])
}

fn fatal() -> String {
    cycles(&[Break::Fatal], &["device_error"])
}

fn kept_away() -> String {
    let app = start(NODE, SMALL);
    let viewer = watching(&app, is_bars);
    let other = File::open(NODE).unwrap();
    let (noticed, _) = lost(&app, set(NODE, Break::Disconnect, 1));
    // Long enough for the back-off to have grown to its most.
    pause(Duration::from_secs(4));
    assert_eq!((app.state("garden").as_str(), problem(&app).as_str()), ("lost", "unplugged"));
    drop(other);
    let back = viewer.sees_it_again(Instant::now(), SOON);
    format!("{}; {}", hold("noticed", &[noticed], NOTICED), hold("back", &[back], BACK))
}

/// A call that fails once, when the camera is opened again after it was lost.
fn refused(what: Break) -> String {
    let app = start(NODE, SMALL);
    let viewer = watching(&app, is_bars);
    set(NODE, what, 1);
    let (_, code) = lost(&app, set(NODE, Break::Fatal, 1));
    let refused = until("the refusal is told", SOON, || {
        app.log().lines().filter(|l| l.contains("is lost")).nth(1).map(str::to_owned)
    });
    viewer.sees_it_again(Instant::now(), SOON);
    let told = refused.split(" what=\"").nth(1).and_then(|w| w.split('"').next()).unwrap_or("").to_owned();
    assert_eq!(code, "device_error");
    let codes = ["device_error", "refused_setting"];
    format!("{told} {}", cycled(&app, &viewer, &[what, Break::Fatal], &codes))
}

fn not_taken_back() -> String {
    cycles(&[Break::Queue], &["refused_setting", "device_error"])
}

fn damaged() -> String {
    let app = start(NODE, SMALL);
    let viewer = watching(&app, is_bars);
    let count = || source(&app)["dropped"].as_u64().unwrap();
    let before = count();
    for n in 1..=CYCLES as u64 {
        set(NODE, Break::Buffer, 1);
        until("it is counted", SOON, || (count() >= before + n).then_some(()));
    }
    viewer.sees_it_again(Instant::now(), SOON);
    assert_eq!(app.state("garden"), "live");
    format!("{CYCLES} damaged, {} counted, still live", count() - before)
}

fn dropped() -> String {
    let app = start(NODE, SMALL);
    let viewer = watching(&app, is_bars);
    let count = |key: &str| source(&app)[key].as_u64().unwrap();
    set(NODE, Break::Dropped, 33);
    let (lost, came) = (count("dropped"), count("frames"));
    until("90 more have come", SOON, || (count("frames") >= came + 90).then_some(()));
    let (lost, came) = (count("dropped") - lost, count("frames") - came);
    set(NODE, Break::Dropped, 0);
    assert_eq!(app.state("garden"), "live");
    viewer.sees_it_again(Instant::now(), SOON);
    let share = 100 * lost / (lost + came);
    assert!((15..=60).contains(&share), "{lost} of {}", lost + came);
    format!("{lost} of {} counted as dropped, {share} %", lost + came)
}

fn silent() -> String {
    let app = start(NODE, SMALL);
    let viewer = watching(&app, is_bars);
    let cycle = || {
        let since = set(NODE, Break::Dropped, 100);
        let (noticed, code) = lost(&app, since);
        assert_eq!(code, "stalled");
        (noticed, back(&app, &viewer, set(NODE, Break::Dropped, 0)))
    };
    // What is only made once is there after a few.
    for _ in 0..3 {
        cycle();
    }
    let before = held(&app);
    let (noticed, back): (Vec<_>, Vec<_>) = (0..CYCLES).map(|_| cycle()).unzip();
    let held = held_as(&app, &before);
    format!("{}; {}; {held}", hold("noticed", &noticed, SILENCE_NOTICED), hold("back", &back, BACK))
}

fn busy() -> String {
    let first = start(NODE, SMALL);
    first.wait_for("garden", "live", SOON);
    let second = start(NODE, SMALL);
    let (_, code) = lost(&second, Instant::now());
    assert_eq!(code, "busy", "{:#}", source(&second));
    let what = source(&second)["problem"]["what"].clone();
    let viewer = Viewer::open(second.addr, "/stream?raw=1", is_bars);
    drop(first);
    let back = viewer.sees_it_again(Instant::now(), SOON);
    format!("{}; {}", what.as_str().unwrap_or(""), hold("taken", &[back], BACK))
}
