//! The page, in a real browser.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Browser, FakeCamera, Live, Mode, Page, Setup, TestApp, footage, truth};

mod event;
mod hub;
mod looks;
mod settings;
mod timeline;
mod uploads;
mod views;
mod zones;

const SOON: Duration = Duration::from_secs(60);
const TILE: &str = "document.querySelector('[data-camera=garden]')";

/// The brightness of 16 × 9 places of the canvas.
const SAMPLE: &str = "(c => { const { width: w, height: h } = c; const d = c.getContext('2d').getImageData(0, 0, w, h).data; \
    return Array.from({length: 144}, (_, i) => { const at = 4 * (Math.floor((i % 16 + 0.5) * w / 16) + w * Math.floor((Math.floor(i / 16) + 0.5) * h / 9)); \
    return d[at] + d[at + 1] + d[at + 2]; }); })(document.querySelector('[data-camera=garden] canvas'))";

fn opened(app: &TestApp, width: u32, height: u32) -> (Browser, Page) {
    let browser = Browser::start();
    let mut page = browser.page(&app.url(), width, height);
    page.wait(
        "a live picture",
        SOON,
        &format!("{TILE}?.dataset.state === 'live' && +{TILE}.dataset.seq > 0"),
    );
    (browser, page)
}

fn shown(page: &mut Page) -> u64 {
    page.eval(&format!("+{TILE}.dataset.seq")).as_u64().unwrap()
}

/// Where the picture is, in CSS pixels.
fn place(page: &mut Page) -> [f64; 4] {
    let at = page.eval(&format!("(r => [r.x, r.y, r.width, r.height])({TILE}.getBoundingClientRect())"));
    std::array::from_fn(|i| at[i].as_f64().unwrap())
}

#[test]
fn the_picture_is_live_and_its_pixels_move() {
    let app = Setup::scene("walker").start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    let (first, at) = (shown(&mut page), place(&mut page));
    let (before, sampled) = (page.screenshot(Some(at)), page.eval(SAMPLE));
    assert!(sampled.as_array().unwrap().iter().any(|n| n.as_u64() > Some(0)), "{sampled}");
    page.wait("ten more frames", SOON, &format!("+{TILE}.dataset.seq > {}", first + 10));
    assert_ne!(page.eval(SAMPLE), sampled, "the canvas shows another picture");
    assert_ne!(page.screenshot(Some(at)), before);
    let age = page.wait("an age", SOON, &format!("{TILE}.dataset.ageMs"));
    let age: f64 = age.as_str().unwrap().parse().unwrap();
    assert!((-50.0..2000.0).contains(&age), "the frame that is shown is {age} ms old");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// The area that two boxes share over the area of both.
fn iou(a: [f64; 4], b: [f64; 4]) -> f64 {
    let side = |i: usize| ((a[i] + a[i + 2]).min(b[i] + b[i + 2]) - a[i].max(b[i])).max(0.0);
    let both = side(0) * side(1);
    both / (a[2] * a[3] + b[2] * b[3] - both)
}

fn four(value: &Value) -> [f64; 4] {
    std::array::from_fn(|i| value[i].as_f64().unwrap())
}

/// For each corner of each box that is told of and lies on the overlay's canvas: whether its bracket is painted there.
const PAINTED: &str = "(t => { const c = t.querySelector('canvas.over'), [w, h] = [t.clientWidth, t.clientHeight]; \
    const [pw, ph] = t.dataset.picture.split('x').map(Number), scale = Math.min(w / pw, h / ph), pad = 4; \
    const at = (x, y, dx, dy) => [(w - pw * scale) / 2 + x * pw * scale + dx * pad, (h - ph * scale) / 2 + y * ph * scale + dy * pad]; \
    const amber = ([r, g, b, a]) => a > 200 && r > 200 && g > 140 && g < 220 && b < 150; \
    const painted = ([x, y]) => { const d = [...c.getContext('2d').getImageData(Math.round(x * c.width / w) - 1, Math.round(y * c.height / h) - 1, 2, 2).data]; \
        return [0, 4, 8, 12].some(i => amber(d.slice(i, i + 4))); }; \
    return JSON.parse(t.dataset.boxes || '[]').flatMap(([x, y, bw, bh]) => [at(x, y, -1, -1), at(x + bw, y, 1, -1), at(x + bw, y + bh, 1, 1), at(x, y + bh, -1, 1)]) \
        .filter(([x, y]) => x > 2 && y > 2 && x < w - 2 && y < h - 2).map(painted); })(document.querySelector('[data-camera=garden]'))";

/// Boxes stand at once where they belong, instead of gliding there between two looks.
fn calm(page: &mut Page) {
    let features = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    page.call("Emulation.setEmulatedMedia", features);
}

#[test]
fn boxes_are_drawn_where_the_truth_has_them() {
    const FPS: u32 = 10;
    let camera = FakeCamera::film("fox", FPS, Duration::ZERO, 30 * FPS);
    let app = Setup::http(&camera.url()).start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    calm(&mut page);
    let ahead = Live::open(app.addr).ahead("garden");
    let look = format!(
        "(() => {{ const d = {TILE}.dataset; const boxes = JSON.parse(d.boxes || '[]'); return boxes.length ? [+d.seq, boxes, {PAINTED}] : null; }})()"
    );
    let mut best = Vec::new();
    let mut corners = 0;
    while best.len() < 9 {
        let seen = page.wait("a box", Duration::from_secs(120), &look);
        let number = seen[0].as_u64().unwrap().saturating_sub(ahead) % u64::from(30 * FPS);
        let at = Duration::from_secs(1) * u32::try_from(number).unwrap() / FPS;
        let actors = truth("fox", at);
        let drawn = seen[1].as_array().unwrap().iter().map(four);
        best.push(drawn.flat_map(|b| actors.iter().map(move |t| iou(b, *t))).fold(0.0, f64::max));
        let painted = seen[2].as_array().unwrap();
        assert!(painted.iter().all(|it| *it == json!(true)), "not a bracket at each corner: {seen}");
        corners += painted.len();
        let seq = seen[0].as_u64().unwrap();
        page.wait("another frame", SOON, &format!("+{TILE}.dataset.seq > {}", seq + 3));
    }
    assert!(corners > 9, "only {corners} corners were on the canvas");
    best.sort_by(f64::total_cmp);
    // The detector's own boxes reach 0.6 on average; one of them may be of a fox that just comes in or goes out.
    assert!(best[4] > 0.5 && best[2] > 0.25, "the overlaps of nine looks: {best:.2?}");
}

#[test]
fn a_camera_that_is_lost_says_what_to_do_and_comes_back_without_a_reload() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    page.eval("window.sameDocument = true");
    camera.set(Mode::Gone);
    page.wait("it says lost", SOON, &format!("{TILE}.dataset.state === 'lost'"));
    // The first try in vain may know better what to do than the loss itself.
    tests::until("it says what to do", SOON, || {
        let problem = app.json("/api/v1/cameras/garden")["source"]["problem"].clone();
        let mend = problem["mend"].as_str().filter(|mend| !mend.is_empty())?;
        let said = page.eval(&format!("document.body.innerText.includes({})", json!(mend)));
        (said == json!(true)).then_some(())
    });
    let last = shown(&mut page);
    camera.set(Mode::Play);
    page.wait(
        "it is live again",
        SOON,
        &format!("{TILE}.dataset.state === 'live' && +{TILE}.dataset.seq > {last}"),
    );
    assert_eq!(page.eval("window.sameDocument"), json!(true));
}

#[test]
fn the_page_comes_back_when_the_server_does_and_asks_gently_for_a_newer_page() {
    let app = Setup::scene("calm").arg("--bind").arg(&format!("127.0.0.1:{}", free_port())).start();
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1024, 768);
    // The second server is of the same build; what its first word says of the version is changed on its way in.
    page.before_all(
        "window.hellos = 0; const parse = JSON.parse; JSON.parse = (text) => { const it = parse(text); \
         if (it?.type === 'hello' && ++hellos > 1) it.version = '99.0.0'; return it; };",
    );
    page.go(&app.url());
    page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
    page.eval("window.sameDocument = true");
    assert_eq!(page.eval("document.getElementById('offer')"), Value::Null);
    let app = app.stopped();
    page.wait(
        "it says for how long",
        SOON,
        "/No word from Nightjar for \\d+ s. Trying again/.test(document.getElementById('word').textContent)",
    );
    assert_eq!(page.eval("document.querySelector('.live').hasAttribute('data-silent')"), json!(true));
    let said = page.eval("document.getElementById('word').textContent");
    assert!(said.as_str().unwrap().len() > 45, "the server said why it closed the connection: {said}");
    let app = app.start();
    page.wait(
        "live again",
        SOON,
        &format!("{TILE}.dataset.state === 'live' && +{TILE}.dataset.ageMs < 3000 && document.getElementById('word').hidden"),
    );
    page.wait(
        "it offers the new page",
        SOON,
        "/99\\.0\\.0/.test(document.getElementById('offer')?.textContent)",
    );
    assert!(app.age() < Duration::from_secs(120) && page.eval("window.sameDocument") == json!(true));
}

/// A port that was free a moment ago: this test starts the program twice in the same place.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn what_is_set_on_the_page_holds_on_the_server() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    let motion = |key: &str| app.json("/api/v1/cameras/garden")["motion"][key].clone();
    let before = motion("threshold");
    page.wait(
        "the slider is moved",
        SOON,
        "(s => { if (!s) return false; s.value = +s.value + 10; s.dispatchEvent(new Event('input', {bubbles: true})); s.dispatchEvent(new Event('change', {bubbles: true})); return true; })(document.querySelector('input[type=range]'))",
    );
    tests::until("the server took it", SOON, || (motion("threshold") != before).then_some(()));
    page.wait(
        "motion is switched off",
        SOON,
        "(s => { if (!s) return false; s.click(); return true; })([...document.querySelectorAll('[role=switch]')].find(s => /motion|watch|look/i.test(s.getAttribute('aria-label') || s.textContent)))",
    );
    tests::until("the server took it", SOON, || (motion("enabled") == json!(false)).then_some(()));
}

#[test]
fn everything_can_be_reached_by_keyboard_and_has_a_name() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    let nameless = page.eval(
        "[...document.querySelectorAll('button, a[href], input, select, [role=switch]')].filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.labels?.length || e.textContent.trim() || e.title)).map(e => e.outerHTML)",
    );
    assert_eq!(nameless, json!([]));
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..40 {
        page.press("Tab", 9);
        let at = page.eval("(e => e.tagName + (e.getAttribute('aria-label') || e.textContent || e.id))(document.activeElement)");
        reached.insert(at.to_string());
    }
    let wanted = page.eval("[...document.querySelectorAll('button, a[href], input')].filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled).length");
    assert!(
        reached.len() as u64 + 3 >= wanted.as_u64().unwrap().min(30),
        "{} of {wanted} were reached: {reached:?}",
        reached.len()
    );
}

#[test]
fn the_page_asks_nobody_but_its_server() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = opened(&app, 1024, 768);
    let own = app.url();
    let foreign: Vec<_> =
        page.requests().into_iter().filter(|u| !u.starts_with(&own) && u.starts_with("http")).collect();
    assert_eq!(foreign, Vec::<String>::new());
}

#[test]
fn real_footage_reaches_the_browser_with_what_moves_marked_on_it() {
    let app = Setup::config(&format!(
        "[[camera]]\nid = \"garden\"\nsource = \"file\"\npath = \"{}\"\nloop = true\n",
        footage().display()
    ))
    .start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    calm(&mut page);
    let painted =
        page.wait("a box", Duration::from_secs(120), &format!("(all => all.length && all)({PAINTED})"));
    assert!(painted.as_array().unwrap().iter().all(|it| *it == json!(true)), "corners of boxes: {painted}");
    assert_eq!(page.eval(&format!("{TILE}.dataset.picture")), json!("768x576"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}
