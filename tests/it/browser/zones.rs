//! Zones drawn on the picture, by pointer and by keys, and what comes of them.

use super::*;

const BOXES: &str = "JSON.parse(document.querySelector('[data-camera=garden]').dataset.boxes || '[]').length";
const SAVE: &str = "[...document.querySelectorAll('.tune button')].find(b => b.textContent === 'Save zones')";
const NEW: &str = "[...document.querySelectorAll('.tune button')].find(b => b.textContent === 'New zone')";

fn tuned(app: &TestApp) -> (Browser, Page) {
    let browser = Browser::start();
    let mut page = browser.page(&format!("{}tune/garden", app.url()), 1280, 900);
    page.wait(
        "a live picture",
        SOON,
        &format!("{TILE}?.dataset.state === 'live' && +{TILE}.dataset.seq > 0"),
    );
    (browser, page)
}

fn zones(app: &TestApp) -> Vec<Value> {
    app.json("/api/v1/cameras/garden")["zones"].as_array().unwrap().clone()
}

/// The middle of a corner of the zone that is selected.
fn corner(page: &mut Page, i: usize) -> [f64; 2] {
    let at = page.eval(&format!("(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelectorAll('.corner')[{i}].getBoundingClientRect())"));
    std::array::from_fn(|i| at[i].as_f64().unwrap())
}

fn corners(zone: &Value) -> Vec<[f64; 2]> {
    zone["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| [p[0].as_f64().unwrap(), p[1].as_f64().unwrap()])
        .collect()
}

#[test]
fn a_zone_drawn_with_the_pointer_holds_back_what_moves_in_it_and_lets_it_go_again() {
    let app = Setup::scene("walker").start();
    let (_browser, mut page) = tuned(&app);
    page.wait("a box", Duration::from_secs(120), BOXES);
    page.click(NEW);
    page.write("Everything");
    let [x, y, w, h] = place(&mut page);
    for (i, to) in [[x, y], [x + w, y], [x + w, y + h], [x, y + h]].into_iter().enumerate() {
        let from = corner(&mut page, i);
        page.drag(from, to);
    }
    assert_eq!(zones(&app), Vec::<Value>::new(), "nothing holds before it is saved");
    page.click(SAVE);
    let kept =
        tests::until("the server has it", SOON, || Some(zones(&app)).filter(|zones| !zones.is_empty()));
    assert_eq!((&kept[0]["name"], &kept[0]["kind"]), (&json!("Everything"), &json!("exclude")));
    for (is, wanted) in corners(&kept[0]).iter().zip([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) {
        assert!(
            (is[0] - wanted[0]).abs() < 0.01 && (is[1] - wanted[1]).abs() < 0.01,
            "{is:?}, not {wanted:?}"
        );
    }
    page.wait(
        "nothing moves any more",
        SOON,
        &format!("{BOXES} === 0 && !{TILE}.hasAttribute('data-moving')"),
    );
    let (first, mut boxes) = (shown(&mut page), 0);
    tests::until("four more seconds", SOON, || {
        boxes += page.eval(BOXES).as_u64().unwrap();
        (shown(&mut page) > first + 60).then_some(())
    });
    assert_eq!(boxes, 0, "something was boxed within an ignored zone");
    page.click("[...document.querySelectorAll('.tune button')].find(b => b.textContent === 'Remove zone' && b.checkVisibility())");
    page.click(SAVE);
    tests::until("the server has none", SOON, || zones(&app).is_empty().then_some(()));
    page.wait("a box again", Duration::from_secs(120), BOXES);
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// Presses Tab until the focus is where `script` says.
fn tab_to(page: &mut Page, what: &str, script: &str) {
    for _ in 0..60 {
        page.press("Tab", 9);
        if page.eval(&format!("(e => {script})(document.activeElement)")) == json!(true) {
            return;
        }
    }
    panic!("the keyboard does not reach {what}");
}

#[test]
fn a_mask_drawn_with_keys_alone_is_black_in_the_picture_at_once() {
    let app = Setup::scene("walker").start();
    let (_browser, mut page) = tuned(&app);
    // The middle of the picture: where a new zone stands.
    let middle = "(c => Math.max(...c.getContext('2d').getImageData(Math.floor(c.width * 0.45), Math.floor(c.height * 0.45), 40, 24).data.filter((_, i) => i % 4 < 3)))(document.querySelector('[data-camera=garden] canvas'))";
    assert!(page.eval(middle).as_u64() > Some(60), "there is something to mask");
    tab_to(&mut page, "New zone", "e.textContent === 'New zone'");
    page.press("Enter", 13);
    page.write("Neighbour");
    tab_to(&mut page, "the kind", "e.type === 'radio'");
    page.press("ArrowRight", 39);
    assert_eq!(page.eval("document.activeElement.value"), json!("mask"));
    let focus = "document.activeElement.getAttribute('aria-label') ?? ''";
    // Back over the list to the picture: the corners stand behind their zone's name.
    page.eval("document.querySelector('.zname').focus()");
    page.press("Tab", 9);
    assert!(
        page.eval(focus).as_str().unwrap().starts_with("Neighbour, corner 1 of 4, 35 % from the left, 35 %"),
        "{}",
        page.eval(focus)
    );
    page.press("ArrowLeft", 37);
    page.press_with("ArrowUp", 38, 8);
    assert!(
        page.eval(focus).as_str().unwrap().contains("corner 1 of 4, 34 % from the left, 30 % from the top"),
        "{}",
        page.eval(focus)
    );
    page.press("+", 187);
    assert!(page.eval(focus).as_str().unwrap().contains("corner 2 of 5"), "{}", page.eval(focus));
    page.press("Delete", 46);
    assert!(page.eval(focus).as_str().unwrap().contains("corner 1 of 4"), "{}", page.eval(focus));
    tab_to(&mut page, "Save zones", "e.textContent === 'Save zones'");
    page.press("Enter", 13);
    let kept =
        tests::until("the server has it", SOON, || Some(zones(&app)).filter(|zones| !zones.is_empty()));
    assert_eq!((&kept[0]["name"], &kept[0]["kind"]), (&json!("Neighbour"), &json!("mask")));
    let first = corners(&kept[0])[0];
    assert!((first[0] - 0.34).abs() < 0.001 && (first[1] - 0.3).abs() < 0.001, "{first:?}");
    page.wait("its pixels are black on the canvas", SOON, &format!("{middle} < 24"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn what_is_drawn_can_be_undone_and_cancelled_and_asks_before_it_is_lost() {
    let app = Setup::scene("calm").more("[[camera.zone]]\nname = \"lawn\"\nkind = \"include\"\npoints = [[0.1, 0.5], [0.9, 0.5], [0.5, 0.9]]\n").start();
    let (_browser, mut page) = tuned(&app);
    page.click("document.querySelector('.zname')");
    let before = corner(&mut page, 0);
    let (from, to) = (before, [before[0] + 60.0, before[1] - 40.0]);
    page.drag(from, to);
    let moved = corner(&mut page, 0);
    assert!((moved[0] - to[0]).abs() < 2.0 && (moved[1] - to[1]).abs() < 2.0, "{moved:?}, not {to:?}");
    page.press_with("z", 90, 2);
    let back = corner(&mut page, 0);
    assert!(
        (back[0] - before[0]).abs() < 1.0,
        "one undo takes the whole drag back: {back:?}, not {before:?}"
    );
    page.press("Delete", 46);
    assert_eq!(
        page.eval("document.querySelectorAll('.corner').length"),
        json!(3),
        "fewer than three go around nothing"
    );
    page.click(NEW);
    assert_eq!(page.eval("document.querySelectorAll('.zname').length"), json!(2));
    page.eval("window.asked = 0; window.confirm = () => { asked += 1; return false; }");
    page.click("document.querySelector('.places a[data-place=live]')");
    assert_eq!((page.eval("asked"), page.eval("location.pathname")), (json!(1), json!("/tune/garden")));
    page.click("[...document.querySelectorAll('.tune button')].find(b => b.textContent === 'Cancel')");
    assert_eq!(page.eval("document.querySelectorAll('.zname').length"), json!(1));
    assert_eq!(zones(&app).len(), 1);
}

#[test]
fn a_zone_that_the_server_cannot_take_says_so_where_it_is_wrong() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = tuned(&app);
    for _ in 0..2 {
        page.click(NEW);
        page.write("twin");
    }
    page.click(SAVE);
    page.wait("the name of the second is said to be wrong", SOON, "(row => row?.querySelector('[data-field=name] .wrong')?.checkVisibility() && row.querySelector('[data-field=name] input').getAttribute('aria-invalid') === 'true')(document.querySelectorAll('.zl.edit > li')[1])");
    assert_eq!(zones(&app), Vec::<Value>::new(), "all or nothing");
    assert_eq!(page.eval("document.querySelectorAll('.zname').length"), json!(2), "what was drawn is kept");
}

#[test]
fn a_draft_stays_within_the_picture_and_within_what_the_server_takes_and_every_step_can_be_undone() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = tuned(&app);
    let found = page.eval(
        "import('/js/tune/draft.js').then(({ Draft, MOST }) => { \
           const draft = new Draft(); draft.load([]); const id = draft.addZone(); const start = JSON.stringify(draft.plain); \
           for (let i = 0; i < 50; i += 1) draft.moveCorner(id, 0, 0.3 - i, 2); \
           const out = draft.zone(id).points[0]; \
           draft.undo(); const oneStep = JSON.stringify(draft.plain) === start; \
           for (let i = 0; i < 20; i += 1) draft.moveZone(id, 0.05, -0.05); \
           const shape = draft.zone(id).points; draft.seal(); \
           const inside = shape.flat().every(v => v >= 0 && v <= 1); \
           const kept = Math.abs(shape[1][0] - shape[0][0] - 0.3) < 1e-3 && Math.abs(shape[2][1] - shape[1][1] - 0.3) < 1e-3; \
           for (let i = 0; i < 80; i += 1) draft.addCorner(id, 0); \
           const most = draft.zone(id).points.length === MOST && draft.addCorner(id, 0) === -1; \
           while (draft.removeCorner(id, 0)); \
           const fewest = draft.zone(id).points.length; \
           while (draft.undoable) draft.undo(); \
           return { out, oneStep, inside, kept, most, fewest, left: draft.zones.length }; })",
    );
    let wanted = json!({"out": [0, 1], "oneStep": true, "inside": true, "kept": true, "most": true, "fewest": 3, "left": 1});
    assert_eq!(found, wanted, "a hundred steps are kept; the oldest of more go");
}

#[test]
fn what_zones_as_drawn_would_hold_back_is_what_the_server_holds_back() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = tuned(&app);
    let left = "[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]";
    for (kinds, boxed, held) in [
        (vec![], [0.1, 0.1, 0.2, 0.2], false),
        (vec!["include"], [0.1, 0.1, 0.2, 0.2], false),
        (vec!["include"], [0.6, 0.1, 0.2, 0.2], true),
        (vec!["exclude"], [0.1, 0.1, 0.2, 0.2], true),
        (vec!["exclude"], [0.6, 0.1, 0.2, 0.2], false),
        (vec!["mask"], [0.1, 0.1, 0.2, 0.2], true),
        // Two fifths of it lie where it counts, then three.
        (vec!["include"], [0.42, 0.1, 0.2, 0.2], true),
        (vec!["include"], [0.38, 0.1, 0.2, 0.2], false),
        (vec!["include", "exclude"], [0.1, 0.1, 0.2, 0.2], true),
    ] {
        let zones =
            kinds.iter().map(|kind| format!("{{kind: '{kind}', points: {left}}}")).collect::<Vec<_>>();
        let asked = format!(
            "import('/js/tune/draft.js').then(({{ holdsBack }}) => holdsBack([{}], {boxed:?}))",
            zones.join(", ")
        );
        assert_eq!(page.eval(&asked), json!(held), "{kinds:?} {boxed:?}");
    }
}

/// Touches the middle of what `script` answers with a finger.
fn tap(page: &mut Page, script: &str) {
    let at = page.eval(&format!("(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); return {{x: r.x + r.width / 2, y: r.y + r.height / 2}}; }})({script})"));
    page.call("Input.dispatchTouchEvent", json!({"type": "touchStart", "touchPoints": [at]}));
    page.call("Input.dispatchTouchEvent", json!({"type": "touchEnd", "touchPoints": []}));
}

#[test]
fn on_a_phone_a_corner_is_removed_by_touch_and_no_word_is_of_keys() {
    let app = Setup::scene("calm").more("[[camera.zone]]\nname = \"lawn\"\nkind = \"include\"\npoints = [[0.1, 0.4], [0.9, 0.4], [0.9, 0.9], [0.1, 0.9]]\n").start();
    let (_browser, mut page) = tuned(&app);
    page.resize(390, 844);
    page.call("Emulation.setTouchEmulationEnabled", json!({"enabled": true, "maxTouchPoints": 1}));
    page.go(&format!("{}tune/garden", app.url()));
    page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
    const HINT: &str = "document.querySelector('.tunehelp p').textContent";
    const REMOVE: &str = "document.querySelector('.tunehelp button')";
    let shown = format!("{REMOVE}.checkVisibility()");
    assert!(page.eval(HINT).as_str().unwrap().starts_with("Choose a zone"), "{}", page.eval(HINT));
    tap(&mut page, "document.querySelector('.zname')");
    page.wait("how to work at it", SOON, &format!("/touched/.test({HINT}) && !/Del|key/i.test({HINT})"));
    assert_eq!(page.eval(&shown), json!(false), "no corner is chosen");
    tap(&mut page, "document.querySelectorAll('.corner')[1]");
    page.wait(
        "it is chosen",
        SOON,
        &format!(
            "{shown} && document.querySelectorAll('.corner')[1].getAttribute('aria-pressed') === 'true'"
        ),
    );
    assert_eq!(page.eval(&format!("{REMOVE}.getAttribute('aria-label')")), json!("Remove corner 2 of 4"));
    tap(&mut page, REMOVE);
    page.wait("it is gone", SOON, &format!("document.querySelectorAll('.corner').length === 3 && !{shown}"));
    tap(&mut page, "document.querySelectorAll('.corner')[2]");
    page.wait("the last three stay", SOON, &format!("{shown} && {REMOVE}.disabled"));
    // The same with keys: back, then a corner is chosen, and the button stands behind the corners.
    page.press_with("z", 90, 2);
    page.wait("it is back", SOON, "document.querySelectorAll('.corner').length === 4");
    page.eval("document.querySelectorAll('.corner')[3].focus()");
    page.press("Enter", 13);
    page.press("Tab", 9);
    assert_eq!(page.eval("document.activeElement.getAttribute('aria-label')"), json!("Remove corner 4 of 4"));
    page.press("Enter", 13);
    let focus = page.eval("document.activeElement.getAttribute('aria-label')");
    assert!(focus.as_str().unwrap().starts_with("lawn, corner 3 of 3"), "{focus}");
    // A new zone is small here: its name stands clear of it.
    tap(&mut page, NEW);
    page.wait("a new zone", SOON, "document.querySelectorAll('.zname').length === 2");
    let clear = page.eval("document.querySelector('.zname[aria-pressed=true]').getBoundingClientRect().bottom <= document.querySelector('.editor .zone.on').getBoundingClientRect().top");
    assert_eq!(clear, json!(true), "the name hides its zone");
    assert_eq!(page.complaints(), Vec::<String>::new());
}
