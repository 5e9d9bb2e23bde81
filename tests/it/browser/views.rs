//! Where one can go on the page, and what it asks of the server on the way: addresses, Back, many cameras, hidden pages.

use super::*;

/// `n` small demo cameras `cam1`…, the first of them called `garden`.
fn cameras(n: u32) -> TestApp {
    let more = |i| {
        format!(
            "[[camera]]\nid = \"cam{i}\"\nname = \"Camera {i}\"\nsource = \"demo\"\nscene = \"calm\"\nwidth = 320\nheight = 180\nframe_rate = 5\n"
        )
    };
    let all = (2..=n).map(more).collect::<String>();
    Setup::config(&format!("[[camera]]\nid = \"garden\"\nname = \"Garden\"\nsource = \"demo\"\nscene = \"calm\"\nwidth = 320\nheight = 180\nframe_rate = 5\n{all}")).start()
}

#[test]
fn every_view_has_an_address_that_can_be_loaded_and_back_leads_back() {
    let app = cameras(2);
    let (_browser, mut page) = opened(&app, 1280, 800);
    page.eval("window.sameDocument = true");
    page.click(
        "document.querySelector('.acts a[href$=\"/camera/garden\"], .acts a[href$=\"/camera/cam2\"]')",
    );
    page.wait("one camera", SOON, "/\\/camera\\/(garden|cam2)$/.test(location.pathname) && document.querySelector('.one [data-seq]') !== null");
    let links =
        page.eval("[...document.querySelectorAll('.brand, .places a')].map(a => a.getAttribute('href'))");
    let id = page.eval("location.pathname.split('/').pop()");
    let (live, tune) = (app.url(), format!("{}tune/{}", app.url(), id.as_str().unwrap()));
    let timeline = format!("{}timeline", app.url());
    assert_eq!(
        links,
        json!([live, live, timeline, tune, format!("{}uploads", app.url())]),
        "the bar leads to the same places from everywhere"
    );
    page.click("document.querySelector('.crumb a[href*=\"/tune/\"]')");
    page.wait(
        "its zones",
        SOON,
        "location.pathname.startsWith('/tune/') && document.querySelector('.tune [data-seq]') !== null",
    );
    assert!(page.eval("document.title").as_str().unwrap().starts_with("Tune "));
    for (path, class) in [("/camera/", ".one"), ("/", ".live[data-layout=large]")] {
        page.eval("history.back()");
        page.wait("the view before", SOON, &format!("location.pathname.startsWith('{path}') && document.querySelector('{class}')?.checkVisibility() && document.querySelector('{class} [data-seq]') !== null"));
    }
    assert_eq!(page.eval("location.pathname"), json!("/"));
    assert_eq!(page.eval("window.sameDocument"), json!(true), "no view is a load");
    // The address itself, as from a bookmark.
    page.go(&format!("{}camera/cam2", app.url()));
    page.wait(
        "the other camera",
        SOON,
        "+document.querySelector('.one [data-camera=cam2]')?.dataset.seq > 0",
    );
    assert_eq!(page.eval("document.querySelector('h1:not([hidden])').textContent"), json!("Camera 2"));
    page.go(&format!("{}camera/nobody", app.url()));
    page.wait("it says so", SOON, "document.querySelector('.empty')?.checkVisibility()");
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(page.sockets(), 3, "one for each document that was loaded");
}

#[test]
fn many_cameras_stand_in_an_even_grid_over_one_socket_and_lead_each_to_its_own_view() {
    let app = cameras(8);
    let (_browser, mut page) = opened(&app, 1440, 900);
    page.wait(
        "all are live",
        Duration::from_secs(60),
        "[...document.querySelectorAll('[data-camera]')].filter(t => +t.dataset.seq > 2).length === 8",
    );
    let widths = page.eval("[...new Set([...document.querySelectorAll('.grid [data-camera]')].map(t => Math.round(t.getBoundingClientRect().width)))]");
    assert_eq!(widths.as_array().unwrap().len(), 1, "the tiles are {widths} wide");
    assert_eq!(page.sockets(), 1);
    page.click("document.querySelector('[data-camera=cam3] a.cover')");
    page.wait("one of them", SOON, "location.pathname === '/camera/cam3' && +document.querySelector('.one [data-camera=cam3]')?.dataset.seq > 0");
    // The others' frames are no longer asked for.
    let said = page.eval("performance.now()");
    assert!(said.is_number() && page.sockets() == 1);
    let watched = tests::until("only one camera is watched", SOON, || {
        let all = app.json("/api/v1/cameras")["cameras"].as_array().unwrap().clone();
        let watched: Vec<_> = all.iter().filter(|c| c["viewers"] != 0).map(|c| c["id"].clone()).collect();
        (watched.len() <= 1).then_some(watched)
    });
    assert_eq!(watched, vec![json!("cam3")]);
}

#[test]
fn what_is_off_the_screen_is_not_asked_for() {
    let app = cameras(6);
    let browser = Browser::start();
    let mut page = browser.page(&app.url(), 390, 500);
    page.wait("the first is live", SOON, "+document.querySelector('.big[data-camera]')?.dataset.seq > 10");
    let last = "[...document.querySelectorAll('.others [data-camera]')].at(-1)";
    assert_eq!(
        page.eval(&format!("'seq' in {last}.dataset")),
        json!(false),
        "the last camera's pictures came unseen"
    );
    page.eval(&format!("{last}.scrollIntoView()"));
    page.wait("it is live once it is seen", SOON, &format!("+{last}.dataset.seq > 0"));
}

#[test]
fn no_picture_comes_to_a_hidden_page_and_all_come_back_at_once() {
    let app = Setup::scene("walker").start();
    let (_browser, mut page) = opened(&app, 1024, 768);
    page.hide(true);
    let hidden = std::time::Instant::now();
    let mut last = (page.pictures(), hidden);
    // Quiet for two seconds: at 15 a second thirty would have come.
    tests::until("no more pictures come", SOON, || {
        let now = page.pictures();
        if now != last.0 {
            last = (now, std::time::Instant::now());
        }
        (last.1.elapsed() > Duration::from_secs(2)).then_some(())
    });
    let stopped = last.1.duration_since(hidden);
    assert!(stopped < Duration::from_secs(1), "pictures came for {stopped:?}");
    let (before, seq) = (page.pictures(), shown(&mut page));
    let back = std::time::Instant::now();
    page.hide(false);
    page.wait("a new picture", SOON, &format!("+{TILE}.dataset.seq > {seq}"));
    let took = back.elapsed();
    assert!(took < Duration::from_secs(1), "the picture came back after {took:?}");
    assert!(page.pictures() > before);
    assert_eq!(page.sockets(), 1);
}

#[test]
fn why_it_fired_stands_on_the_picture_and_beside_it_as_the_server_says_it() {
    let app = Setup::scene("walker").start();
    let browser = Browser::start();
    let mut page = browser.page(&format!("{}camera/garden", app.url()), 1280, 900);
    let told = page.wait("a reason", Duration::from_secs(120), "(() => { const panel = document.querySelector('.why[data-why]'); const y = document.querySelector('.ft .y:not([hidden])'); \
        return panel && y ? [panel.querySelector('.voice').textContent, y.textContent, panel.querySelectorAll('tbody tr').length, panel.dataset.why] : null; })()");
    let why = tests::until("the server's own words", SOON, || {
        let why = app.json("/api/v1/cameras/garden")["why"].clone();
        (why["fired"] == json!(true)).then_some(why)
    });
    // The label, and the words with it, may have become surer in between.
    if why["time"] == told[3] && why["sentence"] == told[0] {
        assert_eq!(why["gates"].as_array().unwrap().len() as u64, told[2].as_u64().unwrap());
    }
    assert_eq!(told[0], told[1], "the same on the picture and beside it");
    assert!(told[0].as_str().unwrap().len() > 20 && told[2].as_u64() > Some(2), "{told}");
    let bars = page.eval("[...document.querySelectorAll('.why .bullet')].filter(b => b.checkVisibility()).map(b => [b.firstElementChild.style.width, b.lastElementChild.style.left])");
    assert!(
        bars.as_array()
            .unwrap()
            .iter()
            .all(|b| b[0].as_str().unwrap().ends_with('%') && b[1].as_str().unwrap().ends_with('%')),
        "{bars}"
    );
}

#[test]
fn what_stands_still_within_a_visit_is_told_alike_in_tile_and_list() {
    // Whoever walks here stops now and then; the visit goes on for as long as the pause between two visits allows.
    let app = Setup::scene("stop-and-go").more("[camera.motion]\nevent_gap = \"60s\"\n").start();
    let (_browser, mut page) = opened(&app, 1280, 800);
    let told = page.wait("it is told to be there still", Duration::from_secs(60), "(() => { const tile = document.querySelector('.ft .q:not([hidden])')?.textContent ?? ''; const row = document.querySelector('.visits .t1')?.textContent ?? ''; \
        return /is still here|has just left/.test(tile) ? [tile, row] : null; })()");
    let (tile, row) = (told[0].as_str().unwrap(), told[1].as_str().unwrap());
    let same = if tile.contains("has just left") { "has just left" } else { "is still here" };
    assert!(row.contains(same), "{tile} {row}");
}

#[test]
fn a_connection_that_the_server_closes_says_why_and_is_made_again() {
    let app = Setup::scene("calm").start();
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1024, 768);
    // Each connection keeps the number of the first picture that came over it.
    page.before_all(
        "window.lines = []; const Plain = WebSocket; window.WebSocket = class extends Plain { constructor(url) { super(url); lines.push(this); \
         this.addEventListener('message', ({ data }) => { if (typeof data !== 'string') this.first ??= Number(new DataView(data).getBigUint64(8, true)); }); } };",
    );
    page.go(&app.url());
    page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
    let left = page.eval(
        "window.old = lines.at(-1); old.dispatchEvent(new CloseEvent('close', { code: 4002, reason: 'This client takes too long over what it is sent.' })); \
         old.readyState === WebSocket.OPEN",
    );
    assert_eq!(left, json!(false), "the old one is given up at once");
    page.wait(
        "the reason",
        SOON,
        "/takes too long over what it is sent\\./.test(document.querySelector('[data-toast]')?.textContent)",
    );
    // Newer pictures alone would not tell: the last ones over the old connection are shown a moment after its end.
    page.wait(
        "pictures over another connection",
        SOON,
        &format!("lines.at(-1) !== old && +{TILE}.dataset.seq >= lines.at(-1).first"),
    );
    assert_eq!(page.eval("lines.filter(l => l.readyState === WebSocket.OPEN).length"), json!(1), "only that");
}

#[test]
fn a_visit_that_goes_on_is_told_by_the_surest_look_at_it_and_stands_before_the_others() {
    let app = cameras(2);
    let (_browser, mut page) = opened(&app, 1280, 800);
    let found = page.eval(
        "Promise.all([import('/js/cameras.js'), import('/js/live/visits.js')]).then(([{ Cameras }, { gathered }]) => { \
           const all = new Cameras(); const info = id => ({ id, source: { state: 'live' }, motion: { enabled: true } }); \
           all.hear({ type: 'hello', cameras: [info('garden'), info('cam2')] }); \
           const [garden, other] = all.all; \
           const visit = (id, end) => ({ id, start: `2026-06-19T20:0${id}:00Z`, end, label: 'unknown', confidence: 0, direction: 'still' }); \
           garden.learn({ visits: [visit(1, null)], bins: [] }); \
           other.learn({ visits: [visit(3, '2026-06-19T20:03:30Z'), visit(2, '2026-06-19T20:02:30Z')], bins: [] }); \
           const sees = (track, label, confidence, x, detected = true) => { const box = [x, 0.4, 0.2, 0.2]; \
             const regions = detected ? [{ track, label, confidence, box, direction: 'left' }] : []; \
             all.hear({ type: 'motion', camera: 'garden', seq: 1, time_ms: 0, detected, regions }); \
             return `${garden.visit.label} ${garden.visit.resting}`; }; \
           const told = [sees(1, 'animal', 0.8, 0.4), sees(1, 'person', 0.4, 0), sees(1, 'unknown', 0.95, 0), sees(2, 'person', 0.3, 0), sees(0, '', 0, 0, false), sees(3, 'vehicle', 0.9, 0.4)]; \
           const keys = silent => gathered(all.all, silent).map(({ key }) => key); \
           return { told, now: keys(false), silent: keys(true) }; })",
    );
    let told = ["animal null", "animal null", "animal null", "animal null", "animal left", "vehicle null"];
    let wanted = json!({"told": told, "now": ["garden/1", "cam2/3", "cam2/2"], "silent": ["cam2/3", "cam2/2", "garden/1"]});
    assert_eq!(found, wanted);
}
