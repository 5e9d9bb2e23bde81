//! The page, in a real browser.

use std::time::Duration;

use serde_json::json;
use tests::{Browser, FakeCamera, Live, Mode, Page, Setup, TestApp, footage, truth};

const SOON: Duration = Duration::from_secs(20);
const TILE: &str = "document.querySelector('[data-camera=garden]')";

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
    let before = page.screenshot(Some(at));
    page.wait("ten more frames", SOON, &format!("+{TILE}.dataset.seq > {}", first + 10));
    assert_ne!(page.screenshot(Some(at)), before);
    let age = page.wait("an age", SOON, &format!("{TILE}.dataset.ageMs"));
    let age: f64 = age.as_str().unwrap().parse().unwrap();
    assert!((-50.0..2000.0).contains(&age), "the frame that is shown is {age} ms old");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn boxes_are_drawn_where_the_truth_has_them() {
    const FPS: u32 = 10;
    let camera = FakeCamera::film("fox", FPS, Duration::ZERO, 30 * FPS);
    let app = Setup::http(&camera.url()).start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    let ahead = Live::open(app.addr).ahead("garden");
    let look = format!(
        "(() => {{ const d = {TILE}.dataset; const boxes = JSON.parse(d.boxes || '[]'); return boxes.length ? [+d.seq, boxes] : null; }})()"
    );
    let (mut looks, mut hits) = (0, 0);
    while looks < 8 {
        let seen = page.wait("a box", Duration::from_secs(45), &look);
        let number = seen[0].as_u64().unwrap().saturating_sub(ahead) % u64::from(30 * FPS);
        let at = Duration::from_secs(1) * u32::try_from(number).unwrap() / FPS;
        let near = |b: &serde_json::Value| {
            let [x, y, w, h]: [f64; 4] = std::array::from_fn(|i| b[i].as_f64().unwrap());
            truth("fox", at).iter().any(|t| {
                (x + w / 2.0 - t[0] - t[2] / 2.0).abs() < t[2].max(0.1)
                    && (y + h / 2.0 - t[1] - t[3] / 2.0).abs() < t[3].max(0.1)
            })
        };
        hits += usize::from(seen[1].as_array().unwrap().iter().any(near));
        looks += 1;
        let seq = seen[0].as_u64().unwrap();
        page.wait("another frame", SOON, &format!("+{TILE}.dataset.seq > {}", seq + 3));
    }
    assert!(hits >= 6, "{hits} of {looks} looks had a box on the fox");
}

#[test]
fn it_fits_every_width_without_scrolling_sideways_and_nothing_jumps() {
    let app = Setup::scene("walker")
        .more("[[camera]]\nid = \"yard\"\nscene = \"car\"\nwidth = 320\nheight = 180\n")
        .start();
    let browser = Browser::start();
    for (width, height) in [(320, 640), (390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)] {
        let mut page = browser.page("about:blank#", width, height);
        page.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": "window.shifts = []; new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shifts.push(e.value); }).observe({type: 'layout-shift', buffered: true});"}),
        );
        page.go(&app.url());
        page.wait(
            "a live picture",
            SOON,
            &format!("{TILE}?.dataset.state === 'live' && +{TILE}.dataset.seq > 20"),
        );
        let wide = page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wide, json!(0), "at {width} it is wider by that many pixels");
        let shift = page.eval("shifts.reduce((a, b) => a + b, 0)").as_f64().unwrap();
        assert!(shift < 0.01, "at {width} the layout shifted by {shift}");
        assert_eq!(page.complaints(), Vec::<String>::new(), "at {width}");
    }
}

#[test]
fn it_is_dark_or_light_as_the_viewer_prefers() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = opened(&app, 1024, 768);
    let mut brightness = |scheme: &str| {
        page.prefer(scheme);
        page.go(&app.url());
        page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
        let colour = page.eval("getComputedStyle(document.body).backgroundColor");
        let numbers: Vec<f64> = colour
            .as_str()
            .unwrap()
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .filter_map(|n| n.parse().ok())
            .collect();
        numbers.iter().take(3).sum::<f64>()
    };
    let (dark, light) = (brightness("dark"), brightness("light"));
    assert!(dark < light, "dark {dark}, light {light}");
}

#[test]
fn a_camera_that_is_lost_says_what_to_do_and_comes_back_without_a_reload() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    page.eval("window.sameDocument = true");
    camera.set(Mode::Gone);
    page.wait("it says lost", SOON, &format!("{TILE}.dataset.state === 'lost'"));
    let mend = app.json("/api/v1/cameras/garden")["source"]["problem"]["mend"].as_str().unwrap().to_owned();
    page.wait("it says what to do", SOON, &format!("document.body.innerText.includes({})", json!(mend)));
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
fn the_page_comes_back_when_the_server_does() {
    let app = Setup::scene("calm").arg("--bind").arg(&format!("127.0.0.1:{}", free_port())).start();
    let (_browser, mut page) = opened(&app, 1024, 768);
    page.eval("window.sameDocument = true");
    let app = app.again();
    let last = app.age();
    page.wait(
        "live again",
        Duration::from_secs(40),
        &format!("{TILE}.dataset.state === 'live' && +{TILE}.dataset.ageMs < 3000"),
    );
    assert!(last < SOON && page.eval("window.sameDocument") == json!(true));
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
    page.wait(
        "a box",
        Duration::from_secs(40),
        &format!("JSON.parse({TILE}.dataset.boxes || '[]').length > 0"),
    );
    assert_eq!(page.eval(&format!("{TILE}.dataset.picture")), json!("768x576"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}
