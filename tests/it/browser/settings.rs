//! The settings of a camera as a form.

use super::*;

fn tuned(app: &TestApp) -> (Browser, Page) {
    let browser = Browser::start();
    let mut page = browser.page(&format!("{}tune/garden", app.url()), 1280, 900);
    page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
    (browser, page)
}

/// Types `value` over what stands in a field.
fn fill(page: &mut Page, key: &str, value: &str) {
    page.click(&format!("document.querySelector('[data-field=\"{key}\"] input')"));
    page.eval("document.activeElement.select()");
    page.write(value);
}

fn submit(page: &mut Page) {
    page.click("document.querySelector('.settings [type=submit]')");
}

#[test]
fn settings_of_the_form_are_applied_together_and_kept_as_typed_until_then() {
    let app = Setup::scene("calm").start();
    let (_browser, mut page) = tuned(&app);
    fill(&mut page, "name", "Back yard");
    fill(&mut page, "motion.min_area", "50");
    page.press("Tab", 9);
    let wrong = "(w => w.checkVisibility() && w.textContent)(document.querySelector('[data-field=\"motion.min_area\"] .wrong'))";
    assert_eq!(page.eval(wrong), json!("50 is too few. 100 to 10000 are allowed."));
    submit(&mut page);
    assert_eq!(
        page.eval("document.activeElement.value"),
        json!("50"),
        "the focus goes to what is wrong, and it is kept"
    );
    assert_eq!(app.json("/api/v1/cameras/garden")["motion"]["min_area"], json!(500));
    fill(&mut page, "motion.min_area", "800");
    page.click("document.querySelector('[data-field=\"show_timestamp\"] [role=switch]')");
    assert_eq!(
        page.eval("document.querySelector('.settings [type=submit]').textContent"),
        json!("Apply 3 changes")
    );
    submit(&mut page);
    tests::until("the server has all of them", SOON, || {
        let camera = app.json("/api/v1/cameras/garden");
        (camera["name"] == "Back yard"
            && camera["motion"]["min_area"] == 800
            && camera["settings"]["show_timestamp"] == true)
            .then_some(())
    });
    page.wait(
        "it says that it holds",
        SOON,
        "/holds from now on/.test(document.querySelector('[data-toast]')?.textContent)",
    );
    page.wait(
        "the name is the new one",
        SOON,
        &format!("{TILE}.querySelector('.nm').textContent === 'Back yard'"),
    );
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_setting_that_the_environment_holds_cannot_be_changed_and_says_why() {
    let app = Setup::scene("calm").env("NIGHTJAR_CAMERA__0__MOTION__THRESHOLD", "30").start();
    let (_browser, mut page) = tuned(&app);
    let row = "document.querySelector('[data-field=\"motion.threshold\"]')";
    assert_eq!(page.eval(&format!("{row}.querySelector('input').disabled")), json!(true));
    let said = page.eval(&format!("{row}.querySelector('.hint').textContent"));
    assert!(said.as_str().unwrap().contains("NIGHTJAR_CAMERA__0__MOTION__THRESHOLD"), "{said}");
    assert_eq!(
        page.eval("document.querySelector('[data-field=\"motion.min_area\"] input').disabled"),
        json!(false)
    );
}

#[test]
fn a_turned_picture_is_turned_on_the_page_without_a_reload() {
    let app = Setup::scene("walker").start();
    let (_browser, mut page) = tuned(&app);
    page.eval("window.sameDocument = true");
    page.eval("(s => { s.value = '90'; s.dispatchEvent(new Event('input', {bubbles: true})); s.dispatchEvent(new Event('change', {bubbles: true})); })(document.querySelector('[data-field=rotation] select'))");
    submit(&mut page);
    page.wait(
        "it stands upright",
        SOON,
        &format!("(([w, h]) => w < h)({TILE}.dataset.picture.split('x').map(Number))"),
    );
    assert_eq!(page.eval("window.sameDocument"), json!(true));
    assert_eq!(page.complaints(), Vec::<String>::new());
}
