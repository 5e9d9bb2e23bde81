//! What a user meets before anything is started.

use tests::{Setup, repository, run};

fn check(text: &str) -> tests::Finished {
    Setup::config(text).run(&["config", "check"])
}

#[test]
fn the_shipped_configuration_is_good() {
    let file = repository().join("config/nightjar.toml");
    let done = run(&["--config", file.to_str().unwrap(), "config", "check"], &[]);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn a_bad_configuration_ends_with_78_and_names_file_line_and_nearest_key() {
    let done = check("[server]\nmax_client = 3\n");
    assert_eq!(done.code, 78, "{}", done.err);
    for part in ["nightjar.toml", "2", "max_client", "max_clients"] {
        assert!(done.err.contains(part), "{part} is not in: {}", done.err);
    }
}

#[test]
fn a_value_out_of_range_is_told_with_what_is_allowed() {
    let done = check("[[camera]]\nsource = \"demo\"\n[camera.motion]\nthreshold = 4\n");
    assert_eq!(done.code, 78, "{}", done.err);
    for part in ["threshold", "4", "5", "100"] {
        assert!(done.err.contains(part), "{part} is not in: {}", done.err);
    }
}

#[test]
fn a_zone_with_two_points_is_refused() {
    let done = check(
        "[[camera]]\nsource = \"demo\"\n[[camera.zone]]\nname = \"z\"\nkind = \"include\"\npoints = [[0.1, 0.1], [0.2, 0.2]]\n",
    );
    assert_eq!(done.code, 78, "{}", done.err);
    assert!(done.err.contains("points"), "{}", done.err);
}

#[test]
fn nothing_is_started_before_the_whole_configuration_is_valid() {
    let done = Setup::config("[[camera]]\nsource = \"demo\"\nwidth = \"wide\"\n").run(&["serve"]);
    assert_eq!((done.code, done.out.as_str()), (78, ""), "{}", done.err);
    assert!(done.err.contains("width"), "{}", done.err);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let done = run(&["serv"], &[]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("serve"), "the nearest command is named: {}", done.err);
}

#[test]
fn show_says_where_each_value_comes_from_and_masks_secrets() {
    let setup = Setup::config(
        "[[camera]]\nid = \"gate\"\nsource = \"http\"\nurl = \"http://127.0.0.1:9/\"\nuser = \"u\"\npassword = \"verysecret\"\n",
    );
    let done = setup.run(&["config", "show"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("gate") && done.out.contains("nightjar.toml"), "{}", done.out);
    assert!(done.out.contains("NIGHTJAR_SERVER__BIND"), "what the environment gave says so: {}", done.out);
    assert!(!done.out.contains("verysecret"), "{}", done.out);
}

#[test]
fn the_schema_is_json_and_knows_the_cameras() {
    let done = run(&["config", "schema"], &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    let schema: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert!(schema["properties"]["camera"].is_object(), "{schema:#}");
}

#[test]
fn two_cameras_of_one_name_are_refused() {
    let camera = "[[camera]]\nid = \"garden\"\nsource = \"demo\"\n";
    let done = check(&camera.repeat(2));
    assert_eq!(done.code, 78, "{}", done.err);
    assert!(done.err.contains("garden"), "{}", done.err);
}

#[test]
fn what_never_ends_is_refused_instead_of_read() {
    let done = run(&["--config", "/dev/zero", "config", "check"], &[]);
    assert_eq!(done.code, 78, "{}", done.err);
    assert!(done.err.contains("/dev/zero: is a device"), "{}", done.err);
}
