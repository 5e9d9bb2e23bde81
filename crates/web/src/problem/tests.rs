use super::*;

#[test]
fn a_bare_status_becomes_a_problem_of_the_same_status() {
    for status in 400..600 {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(Problem::of_status(status).status(), status);
    }
}

#[test]
fn a_browser_is_asked_for_the_key() {
    let response = Problem::unauthorized("key_missing", "x").render(None);
    let asks: Vec<_> = response.headers().get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!(asks.len(), 2);
    assert!(asks[0].to_str().unwrap().starts_with("Basic "));
}
