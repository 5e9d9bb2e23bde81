//! How the page looks and whom it lets in: widths, themes, contrast, names, headings.

use super::*;

const SHIFTS: &str = "window.shifts = []; new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shifts.push(e.value); }).observe({type: 'layout-shift', buffered: true});";
const VIEWS: [&str; 3] = ["/", "/camera/garden", "/tune/garden"];

fn two_cameras() -> TestApp {
    Setup::scene("walker")
        .more("[[camera]]\nid = \"yard\"\nscene = \"car\"\nwidth = 320\nheight = 180\n")
        .more("[[camera.zone]]\nname = \"Road\"\nkind = \"exclude\"\npoints = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.4]]\n")
        .start()
}

#[test]
fn it_fits_every_width_without_scrolling_sideways_and_nothing_jumps() {
    let app = two_cameras();
    let browser = Browser::start();
    for (width, height) in [(320, 640), (390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)] {
        let mut page = browser.page("about:blank#", width, height);
        page.before_all(SHIFTS);
        for view in VIEWS {
            page.go(&format!("{}{}", app.url().trim_end_matches('/'), view));
            page.wait(
                "a live picture",
                SOON,
                &format!("{TILE}?.dataset.state === 'live' && +{TILE}.dataset.seq > 20"),
            );
            page.wait("something moved", SOON, "document.querySelector('[data-moving]') !== null");
            let wide =
                page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wide, json!(0), "{view} at {width} is wider by that many pixels");
            let shift = page.eval("shifts.reduce((a, b) => a + b, 0)").as_f64().unwrap();
            assert!(shift < 0.01, "{view} at {width}: the layout shifted by {shift}");
            assert_eq!(page.complaints(), Vec::<String>::new(), "{view} at {width}");
        }
    }
}

#[test]
fn nothing_jumps_while_a_camera_is_lost_and_found() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1280, 800);
    page.before_all(SHIFTS);
    page.go(&app.url());
    page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
    camera.set(Mode::Gone);
    page.wait("it says lost", SOON, &format!("{TILE}.dataset.state === 'lost'"));
    let last = shown(&mut page);
    camera.set(Mode::Play);
    page.wait(
        "it is live again",
        SOON,
        &format!("{TILE}.dataset.state === 'live' && +{TILE}.dataset.seq > {last}"),
    );
    let shift = page.eval("shifts.reduce((a, b) => a + b, 0)").as_f64().unwrap();
    assert!(shift < 0.01, "the layout shifted by {shift}");
}

#[test]
fn it_is_dark_or_light_as_the_viewer_prefers_and_every_pair_of_colours_can_be_read() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = opened(&app, 1024, 768);
    // WCAG's contrast of each pair of tokens that the sheet puts together, and how much it needs: 4.5 for text, 3 for what is drawn.
    let pairs = "(() => { const css = getComputedStyle(document.documentElement); \
        const rgb = name => { const c = css.getPropertyValue(name).trim().slice(1); return [0, 2, 4].map(i => parseInt(c.slice(i, i + 2), 16) / 255); }; \
        const lum = name => { const [r, g, b] = rgb(name).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; }; \
        const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); }; \
        const grounds = ['--bg', '--surface', '--raised']; const wrong = []; \
        const need = (a, b, least) => { const r = ratio(a, b); if (!(r >= least)) wrong.push(`${a} on ${b}: ${r.toFixed(2)} < ${least}`); }; \
        for (const g of grounds) { for (const t of ['--text', '--text-2', '--text-3', '--accent-text', '--bad', '--ok']) need(t, g, 4.5); \
            for (const e of ['--edge', '--accent-line']) need(e, g, 3); } \
        need('--on-accent', '--accent', 4.5); need('--tick', '--sky-day', 3); need('--tick-2', '--sky-day', 3); need('--accent-line', '--sky-day', 3); \
        need('--pic-text', '--pic-bg', 4.5); need('--text', '--sunk', 4.5); need('--text', '--field', 4.5); \
        return [wrong, lum('--bg')]; })()";
    let mut brightness = |scheme: &str| {
        page.prefer(scheme);
        page.go(&app.url());
        page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
        let found = page.eval(pairs);
        assert_eq!(found[0], json!([]), "{scheme}");
        found[1].as_f64().unwrap()
    };
    let (dark, light) = (brightness("dark"), brightness("light"));
    assert!(dark < 0.05 && light > 0.6, "dark {dark}, light {light}");
}

#[test]
fn every_view_has_one_heading_landmarks_and_a_name_for_whatever_can_be_used() {
    let app = two_cameras();
    let browser = Browser::start();
    for view in VIEWS {
        let mut page = browser.page(&format!("{}{}", app.url().trim_end_matches('/'), view), 1280, 800);
        page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
        let nameless = page.eval(
            "[...document.querySelectorAll('button, a[href], input, select, summary, [role=switch], [role=img], [role=radiogroup], [role=group], nav, aside')].filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.labels?.length || e.textContent.trim() || e.title)).map(e => e.outerHTML)",
        );
        assert_eq!(nameless, json!([]), "{view}");
        let visible = |tag: &str| {
            format!(
                "[...document.querySelectorAll('{tag}')].filter(e => e.checkVisibility()).map(e => e.textContent)"
            )
        };
        let headings = page.eval(&visible("h1"));
        assert_eq!(headings.as_array().unwrap().len(), 1, "{view}: {headings}");
        for landmark in ["main", "header", "nav"] {
            assert!(
                !page.eval(&visible(landmark)).as_array().unwrap().is_empty(),
                "{view} has no {landmark}"
            );
        }
        let doubled = page.eval("(ids => ids.filter((id, i) => ids.indexOf(id) !== i))([...document.querySelectorAll('[id]')].map(e => e.id))");
        assert_eq!(doubled, json!([]), "{view}: ids that stand twice");
        let unclear = page.eval("[...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].flatMap(e => ((e.getAttribute('aria-describedby') ?? '') + ' ' + (e.getAttribute('aria-labelledby') ?? '')).trim().split(/\\s+/)).filter(id => !document.getElementById(id))");
        assert_eq!(unclear, json!([]), "{view}: what is described by nothing");
        let small = page.eval("[...document.querySelectorAll('button, select, .seg a')].filter(e => e.checkVisibility() && !e.matches('.corner, .zname, .cover, .toast *') && Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 24).map(e => e.outerHTML)");
        assert_eq!(small, json!([]), "{view}: targets under 24 pixels");
    }
}

/// The scripts that a page can come to load, from the one that starts it.
fn reached(start: &str) -> Vec<String> {
    let root = tests::repository().join("static/js");
    let mut found = std::collections::BTreeSet::new();
    let mut waiting = vec![root.join(start)];
    while let Some(path) = waiting.pop() {
        let script = std::fs::read_to_string(&path).unwrap_or_else(|no| panic!("{}: {no}", path.display()));
        if !found.insert(path.clone()) {
            continue;
        }
        for before in ["from \"", "import(\"", "import \""] {
            let named = script.split(before).skip(1).filter_map(|rest| rest.split('"').next());
            let own = named.filter(|name| name.starts_with('.'));
            waiting.extend(own.map(|name| path.parent().unwrap().join(name).canonicalize().unwrap()));
        }
    }
    let name = |path: &std::path::PathBuf| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    found.iter().map(|path| format!("js/{}", name(path))).collect()
}

/// Each server has a page of its own, made of the same parts, and nobody loads what only the other one has: the bound holds
/// for what either can come to load.
#[test]
fn what_the_page_weighs_stays_within_its_budget() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = opened(&app, 1024, 768);
    let mut weigh = |files: &Value| {
        let sum = format!(
            "Promise.all({files}.map(async f => (await new Response((await fetch(f)).body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer()).byteLength)).then(all => all.reduce((a, b) => a + b, 0))"
        );
        page.eval(&sum).as_u64().unwrap()
    };
    let (camera, hub) = (reached("main.js"), reached("hub/main.js"));
    for (whose, scripts) in [("a camera", &camera), ("a hub", &hub)] {
        let all = weigh(&json!(scripts));
        assert!(all <= 90_000, "{whose}: {} scripts, {all} bytes", scripts.len());
    }
    let mut all = scripts();
    all.retain(|script| !camera.contains(script) && !hub.contains(script));
    assert_eq!(all, Vec::<String>::new(), "scripts that nobody loads");
    let before_paint = weigh(&json!(["./", "app.css", "theme.js"]));
    assert!(before_paint <= 40_000, "before the first paint: {before_paint} bytes");
    let sheets =
        weigh(&json!(["app.css", "tune.css", "timeline.css", "event.css", "uploads.css", "hub.css"]));
    assert!(sheets <= 24_000, "all stylesheets: {sheets} bytes");
}

fn scripts() -> Vec<String> {
    let mut scripts = Vec::new();
    let mut waiting = vec![tests::repository().join("static/js")];
    while let Some(folder) = waiting.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(tests::repository().join("static")).unwrap();
                scripts.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    scripts
}
