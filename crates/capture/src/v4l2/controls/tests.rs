use super::*;

fn control(name: &str, kind: Kind, least: i64, most: i64, step: u64) -> Control {
    Control { id: 1, name: name.into(), kind, least, most, step, is_read_only: false }
}

#[test]
fn names_are_those_that_v4l2_ctl_shows() {
    for (found, wanted) in [
        ("Exposure, Auto", "exposure_auto"),
        ("White Balance Temperature, Auto", "white_balance_temperature_auto"),
        ("Power Line Frequency", "power_line_frequency"),
        ("Gain", "gain"),
        ("  Focus (absolute) ", "focus_absolute"),
        ("", ""),
    ] {
        assert_eq!(normalised(found), wanted);
    }
}

#[test]
fn a_value_out_of_range_is_told_with_the_range_and_the_step() {
    let brightness = control("brightness", Kind::Number, -10, 10, 5);
    assert_eq!(checked(&brightness, 5, &[]), Ok(()));
    for value in [-15, 15, 6, i64::MIN, i64::MAX] {
        let told = checked(&brightness, value, &[]).unwrap_err();
        let wanted = format!("the control brightness cannot be {value}; allowed: -10 to 10 in steps of 5");
        assert_eq!(told, wanted);
    }
    let switch = control("focus_auto", Kind::Switch, 0, 1, 1);
    assert!(checked(&switch, 2, &[]).unwrap_err().ends_with("allowed: 0 or 1"));
    assert_eq!(checked(&switch, 1, &[]), Ok(()));
}

#[test]
fn a_menu_takes_only_the_entries_that_it_has() {
    let menu = control("exposure_auto", Kind::Menu, 0, 3, 1);
    let choices = [(1, "Manual Mode".to_owned()), (3, "Aperture Priority Mode".to_owned())];
    assert_eq!(checked(&menu, 3, &choices), Ok(()));
    let told = checked(&menu, 2, &choices).unwrap_err();
    assert!(told.ends_with("allowed: 1 (Manual Mode), 3 (Aperture Priority Mode)"), "{told}");
}

#[test]
fn an_unknown_control_is_told_with_those_that_there_are() {
    let known = [control("gain", Kind::Number, 0, 1, 1), control("gamma", Kind::Number, 0, 1, 1)];
    assert_eq!(unknown("gian", &known), "this camera has no control gian; it has gain, gamma");
    assert!(unknown("gain", &[]).contains("nor any other"));
}

#[test]
fn what_can_only_be_read_is_not_written() {
    let control = Control { is_read_only: true, ..control("temperature", Kind::Number, 0, 99, 1) };
    assert!(checked(&control, 5, &[]).unwrap_err().contains("only be read"));
}
