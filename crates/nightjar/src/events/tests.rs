use super::*;

#[test]
fn a_day_reaches_from_its_midnight_to_the_next() {
    let (from, to) = (time("2026-11-20", false).unwrap(), time("2026-11-20", true).unwrap());
    assert_eq!(to.duration_since(from).as_secs(), 86_400);
    let noon = time("2026-11-20 12:00", false).unwrap();
    assert_eq!(noon.duration_since(from).as_secs(), 43_200);
    let exact = time("2026-11-20T06:00:00+01:00", true).unwrap();
    assert_eq!(exact.to_string(), "2026-11-20T05:00:00Z");
    for bad in ["", "yesterday", "2026-13-01", "20"] {
        assert_eq!(time(bad, false), None, "{bad}");
    }
}

#[test]
fn what_cannot_be_meant_is_usage() {
    let args = EventsListArgs {
        camera: None,
        label: Some("fox".into()),
        from: None,
        to: None,
        limit: 1,
        json: false,
    };
    assert!(query(&args).unwrap_err().0.contains("animal"));
    let args = EventsListArgs { label: None, from: Some("soon".into()), ..args };
    assert!(query(&args).unwrap_err().0.contains("--from soon"));
    assert!(parsed("../../etc/passwd").is_err());
}
