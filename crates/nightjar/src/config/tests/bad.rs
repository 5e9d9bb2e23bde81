use super::super::problems::{Origin, Problem};
use super::*;

mod remotes;

/// A configuration that is wrong, the line and the key that the message must name, and words it must hold.
struct Bad(&'static str, usize, &'static str, &'static str);

#[rustfmt::skip]
const FILES: &[Bad] = &[
    // unknown keys, with the nearest known one
    Bad("serverr = 1", 1, "serverr", "did you mean `server`"),
    Bad("[servr]\nbind = 1", 1, "servr", "did you mean `server`"),
    Bad("[server]\nbnid = 1", 2, "server.bnid", "did you mean `bind`"),
    Bad("[server]\nmax_client = 1", 2, "server.max_client", "did you mean `max_clients`"),
    Bad("[server]\ntimeout = \"3s\"", 2, "server.timeout", "did you mean `client_timeout`"),
    Bad("[data]\npaht = \"x\"", 2, "data.paht", "did you mean `path`"),
    Bad("[log]\nlevl = \"info\"", 2, "log.levl", "did you mean `level`"),
    Bad("[[camera]]\nurll = \"http://a/\"", 2, "camera[0].urll", "did you mean `url`"),
    Bad("[[camera]]\nthreshold = 3", 2, "camera[0].threshold", "it belongs to [camera.motion]"),
    Bad("bind = \"127.0.0.1:1\"", 1, "bind", "it belongs to [server]"),
    Bad("[[camera]]\n[camera.motoin]\nenabled = true", 2, "camera[0].motoin", "did you mean `motion`"),
    Bad("[[camera]]\n[camera.motion]\ntreshold = 5", 3, "camera[0].motion.treshold", "did you mean `threshold`"),
    Bad("[[camera]]\n[camera.recording]\npre_rol = \"1s\"", 3, "camera[0].recording.pre_rol", "did you mean `pre_roll`"),
    Bad("[[camera]]\n[camera.recording]\npre_roll = \"2m\"", 3, "camera[0].recording.pre_roll", "from \"0s\" to \"1m\""),
    Bad("[[camera]]\n[camera.recording]\nencoder = \"h265\"", 3, "camera[0].recording.encoder", "did you mean `h264`"),
    Bad("[[camera]]\n[camera.recording]\nffmpeg_encoder = \"x;reboot\"", 3, "camera[0].recording.ffmpeg_encoder", "h264_v4l2m2m"),
    Bad("[[camera]]\nrecording = true", 2, "camera[0].recording", "written as [camera.recording]"),
    Bad("[retention]\nmax_size = \"1kB\"", 2, "retention.max_size", "16MiB"),
    Bad("[place]\nlatitude = 1.0", 1, "place", "this version cannot do"),
    Bad("[server]\ntls = true", 2, "server.tls", "this version cannot do TLS yet"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npionts = []", 4, "camera[0].zone[0].pionts", "did you mean `points`"),
    Bad("[[camera]]\nvebrosity = 3", 2, "camera[0].vebrosity", "known here: id, name"),
    // tables of the wrong shape
    Bad("server = 3", 1, "server", "found `3`; allowed: a table, written as [server]"),
    Bad("[camera]\nid = \"a\"", 1, "camera", "found a table; allowed: a list of tables, each written as [[camera]]"),
    Bad("camera = [1]", 1, "camera", "written as [[camera]]"),
    Bad("[[camera]]\nmotion = true", 2, "camera[0].motion", "written as [camera.motion]"),
    Bad("[[camera]]\n[camera.zone]\nname = \"a\"", 2, "camera[0].zone", "written as [[camera.zone]]"),
    Bad("[server.bind]\nx = 1", 1, "server.bind", "allowed: an address with a port"),
    // TOML itself
    Bad("[server", 1, "", "not valid TOML"),
    Bad("\n\nbind =", 3, "", "not valid TOML"),
    Bad("[server]\nbind = \"a\"\nbind = \"b\"", 3, "", "duplicate key `bind`"),
    // addresses, numbers, words, durations, sizes
    Bad("[server]\nbind = \"localhost:8000\"", 2, "server.bind", "found `\"localhost:8000\"`"),
    Bad("[server]\nbind = \"127.0.0.1\"", 2, "server.bind", "an address with a port"),
    Bad("[server]\nbind = \"127.0.0.1:70000\"", 2, "server.bind", "127.0.0.1:8000"),
    Bad("[server]\nbind = 8000", 2, "server.bind", "found `8000`"),
    Bad("[server]\nmax_clients = 0", 2, "server.max_clients", "from 1 to 10000"),
    Bad("[server]\nmax_clients = 10001", 2, "server.max_clients", "found `10001`"),
    Bad("[server]\nmax_clients = \"20\"", 2, "server.max_clients", "found `\"20\"`"),
    Bad("[server]\nmax_clients = 2.5", 2, "server.max_clients", "a whole number"),
    Bad("[server]\nclient_timeout = 30", 2, "server.client_timeout", "a duration from \"1s\" to \"10m\""),
    Bad("[server]\nclient_timeout = \"30\"", 2, "server.client_timeout", "found `\"30\"`"),
    Bad("[server]\nclient_timeout = \"11m\"", 2, "server.client_timeout", "found `\"11m\"`"),
    Bad("[server]\nhosts = \"a\"", 2, "server.hosts", "a list of host names"),
    Bad("[server]\nhosts = [\"a b\"]", 2, "server.hosts", "a list of host names"),
    Bad("[server]\nhosts = [\"a\", \"b c\", \"d e\"]", 2, "server.hosts", "found `\"b c\"` as name 2"),
    Bad("[server]\nhosts = [3]", 2, "server.hosts", "a list of host names"),
    Bad("[data]\npath = \"\"", 2, "data.path", "an empty text"),
    Bad("[data]\npath = 7", 2, "data.path", "allowed: a path"),
    Bad("[log]\nlevel = \"verbose\"", 2, "log.level", "\"error\", \"warn\""),
    Bad("[log]\nlevel = \"inf\"", 2, "log.level", "did you mean `info`"),
    Bad("[log]\nformat = \"xml\"", 2, "log.format", "\"text\", \"json\""),
    Bad("[[camera]]\nid = \"Garden\"", 2, "camera[0].id", "a-z, 0-9 and -"),
    Bad("[[camera]]\nid = \"../etc\"", 2, "camera[0].id", "a-z, 0-9 and -"),
    Bad("[[camera]]\nid = \"a\"\n[[camera]]\nid = \"a\"", 4, "camera[1].id", "camera[0] already"),
    Bad("[[camera]]\nid = \"camera2\"\n[[camera]]", 3, "camera[1].id", "each camera needs its own"),
    Bad("[[camera]]\nname = \"\"", 2, "camera[0].name", "an empty text"),
    Bad("[[camera]]\nsource = \"webcam\"", 2, "camera[0].source", "\"demo\", \"v4l2\", \"http\", \"rtsp\", \"file\", \"command\""),
    Bad("[[camera]]\nsource = \"v4l2\"", 1, "camera[0].device", "is missing"),
    Bad("[[camera]]\nsource = \"v4l2\"\ndevice = \"/dev/video0\"\nformat = \"h264\"", 4, "camera[0].format", "\"mjpg\""),
    Bad("[[camera]]\nsource = \"v4l2\"\ndevice = \"/dev/video0\"\ncontrols = { gain = \"much\" }", 4, "camera[0].controls", "for gain"),
    Bad("[[camera]]\nsource = \"v4l2\"\ndevice = \"/dev/video0\"\ncontrols = { Gain = 1 }", 4, "camera[0].controls", "a-z, 0-9 and _"),
    Bad("[[camera]]\nsource = \"v4l2\"\ndevice = \"/dev/video0\"\ncontrols = 3", 4, "camera[0].controls", "table of names"),
    Bad("[[camera]]\ndevice = \"/dev/video0\"", 2, "camera[0].device", "source = \"v4l2\""),
    Bad("[[camera]]\nscene = \"foks\"", 2, "camera[0].scene", "did you mean `fox`"),
    Bad("[[camera]]\nseed = -1", 2, "camera[0].seed", "found `-1`"),
    Bad("[[camera]]\nwidth = 0", 2, "camera[0].width", "from 1 to 3840"),
    Bad("[[camera]]\nheight = 4000", 2, "camera[0].height", "from 1 to 2160"),
    Bad("[[camera]]\nframe_rate = 0", 2, "camera[0].frame_rate", "from 1 to 120"),
    Bad("[[camera]]\nrotation = 45", 2, "camera[0].rotation", "found `45`; allowed: 0, 90, 180, 270"),
    Bad("[[camera]]\nring_size = \"64\"", 2, "camera[0].ring_size", "a size from \"4MiB\" to \"4GiB\""),
    Bad("[[camera]]\nring_size = \"1MB\"", 2, "camera[0].ring_size", "found `\"1MB\"`"),
    Bad("[[camera]]\n[camera.motion]\nthreshold = 4", 3, "camera[0].motion.threshold", "from 5 to 100"),
    Bad("[[camera]]\n[camera.motion]\nthreshold = 101", 3, "camera[0].motion.threshold", "found `101`"),
    Bad("[[camera]]\n[camera.motion]\nmin_area = 99", 3, "camera[0].motion.min_area", "from 100 to 10000"),
    Bad("[[camera]]\n[camera.motion]\nanalysis_fps = 0", 3, "camera[0].motion.analysis_fps", "from 1 to 60"),
    Bad("[[camera]]\n[camera.motion]\nenabled = \"yes\"", 3, "camera[0].motion.enabled", "true or false"),
    Bad("[[camera]]\n[camera.motion]\nevent_gap = \"3 parsecs\"", 3, "camera[0].motion.event_gap", "a duration"),
    // what belongs together
    Bad("[[camera]]\nurl = \"http://a/\"", 2, "camera[0].url", "set source = \"http\""),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://a/\"\nscene = \"fox\"", 4, "camera[0].scene", "set source = \"demo\""),
    Bad("[[camera]]\nsource = \"http\"", 1, "camera[0].url", "is missing"),
    Bad("\n[[camera]]\nsource = \"file\"", 2, "camera[0].path", "is missing"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"rtsp://a/\"", 3, "camera[0].url", "set source = \"rtsp\" or correct the url"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://u:pw@a/\"", 3, "camera[0].url", "keys of their own"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://a/\"\nuser = \"u\"", 4, "camera[0].user", "without a password"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://a/\"\npassword = \"p\"", 4, "camera[0].password", "add user"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://a/\"\nuser = \"u\"\npassword = \"p\"\npassword_file = \"f\"", 6, "camera[0].password_file", "keep one"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://a/\"\nuser = \"u\"\npassword_file = \"/none/such\"", 5, "camera[0].password_file", "cannot be read"),
    Bad("[[camera]]\nsource = \"http\"\nurl = \"http://a/\"\nuser = \"u\"\npassword_file = \"/dev/zero\"", 5, "camera[0].password_file", "is a device"),
    Bad("[[camera]]\nsource = \"file\"\npath = \"x\"\npace = \"slow\"", 4, "camera[0].pace", "\"real-time\", \"fast\""),
    // zones
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"", 2, "camera[0].zone[0].points", "is missing"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,1]]", 4, "camera[0].zone[0].points", "found 2 corners"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,0],[1,2]]", 4, "camera[0].zone[0].points", "the corner [1, 2]"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,0],[nan,0.5]]", 4, "camera[0].zone[0].points", "the corner"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,0],[1]]", 4, "camera[0].zone[0].points", "found `[1]`"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[0.5,0.5],[1,1]]", 4, "camera[0].zone[0].points", "on one line"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,1],[1,0],[0,1]]", 4, "camera[0].zone[0].points", "a line that crosses itself"),
    Bad("[[camera]]\n[[camera.zone]]\nkind = \"mask\"\nsensitivity = 2.0\npoints = [[0,0],[1,0],[1,1]]", 4, "camera[0].zone[0].sensitivity", "does nothing in a zone of kind = \"mask\""),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,0],[1,1]]\nsensitivity = 11", 5, "camera[0].zone[0].sensitivity", "from 0.1 to 10"),
    Bad("[[camera]]\n[[camera.zone]]\nname = \"a\"\npoints = [[0,0],[1,0],[1,1]]\nkind = \"exclude\"\nsensitivity = 2.0", 6, "camera[0].zone[0].sensitivity", "does nothing"),
    Bad("[[camera]]\nzone = [{name = \"a\", points = [[0,0],[1,0],[1,1]]},\n{name = \"a\", points = [[0,0],[1,0],[1,1]]}]", 3, "camera[0].zone[1].name", "zone[0] already"),
];

#[test]
fn every_bad_configuration_is_answered_with_its_line_and_key() {
    assert!(FILES.len() >= 60);
    for Bad(text, line, key, words) in FILES.iter().chain(remotes::FILES) {
        let desk = Desk::with(text);
        let Err(problems) = desk.load(&[]) else { panic!("taken for good:\n{text}") };
        let told = problems.to_string();
        let place = format!("n.toml:{line}:");
        let hit = told.lines().any(|l| {
            let key = if key.is_empty() { "not valid".to_owned() } else { format!(": {key}: ") };
            l.contains(&place) && l.contains(&key) && l.contains(words)
        });
        assert!(hit, "line {line}, key `{key}`, words `{words}` are not in\n{told}\nfor\n{text}");
        assert_eq!(problems.0.len(), 1, "told more than once:\n{told}\nfor\n{text}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let desk = Desk::with("[server]\nbind = 1\nbnid = 2\n[[camera]]\nwidth = 0\nsource = \"http\"\n");
    let problems = desk.load(&[("NIGHTJAR_LOG__LEVEL", "loud")]).unwrap_err();
    let told = problems.to_string();
    assert_eq!(problems.0.len(), 5, "{told}");
    assert!(told.starts_with("the configuration has 5 problems:"), "{told}");
}

#[test]
fn bad_variables_are_named() {
    for (name, value, words) in [
        ("NIGHTJAR_SERVER__BIN", "x", "did you mean `NIGHTJAR_SERVER__BIND`"),
        ("NIGHTJAR_SERVER_BIND", "x", "did you mean `NIGHTJAR_SERVER__BIND`"),
        ("NIGHTJAR_SERVER__BIND", "", "an empty text"),
        ("NIGHTJAR_SERVER__MAX_CLIENTS", "many", "from 1 to 10000"),
        ("NIGHTJAR_CAMERA__URL", "http://a/", "NIGHTJAR_CAMERA__0__URL"),
        ("NIGHTJAR_CAMERA__1__URL", "http://a/", "the next one is camera 0"),
        ("NIGHTJAR_CAMERA__0__ZONE__1__NAME", "a", "the next one is zone 0"),
        ("NIGHTJAR_CAMERA__0__MOTION__THRESHOLD", "4", "from 5 to 100"),
        ("NIGHTJAR_HUB__BIND", "8080", "an address with a port"),
        ("NIGHTJAR_HUB__BNID", "0.0.0.0:8080", "did you mean `NIGHTJAR_HUB__BIND`"),
        ("NIGHTJAR_UPLOAD__RATE", "fast", "a size from"),
        ("NIGHTJAR_REMOTE__1__URL", "http://a/", "the next one is remote 0"),
        ("NIGHTJAR_REMOTE__0__NAME", "Attic", "a-z, 0-9 and -"),
        ("NIGHTJAR_REMOTE__URL", "http://a/", "unknown variable"),
        ("NIGHTJAR_CAMERA__0__URL", "http://a/", "belongs to source = \"http\""),
    ] {
        let told = Desk::with("").load(&[(name, value)]).unwrap_err().to_string();
        assert!(told.contains(name) && told.contains(words), "{name}={value}: {told}");
    }
}

#[test]
fn a_bad_flag_and_a_missing_file_are_named() {
    let desk = Desk::with("");
    let mut inputs = desk.inputs();
    inputs.flags.push((Section::Server, "bind", "--bind", "everywhere".into()));
    let told = load(inputs).unwrap_err().to_string();
    assert!(told.contains("flag --bind: server.bind: found `\"everywhere\"`"), "{told}");
    let told = load(Inputs { config: Some("/none/such.toml".into()), ..Inputs::default() }).unwrap_err();
    assert!(told.to_string().contains("/none/such.toml: cannot be read"), "{told}");
}

#[test]
fn what_was_changed_over_http_is_checked_with_its_line() {
    let desk = Desk::with("[[camera]]\nid = \"garden\"\n");
    std::fs::write(desk.data().join("settings.toml"), "[camera.garden.motion]\nthreshold = 300\n").unwrap();
    let told = desk.load(&[]).unwrap_err().to_string();
    assert!(told.contains("settings.toml:2:13: camera[0].motion.threshold: found `300`"), "{told}");
}

#[test]
fn bytes_that_are_not_text_are_named_with_their_line() {
    let desk = Desk::with("");
    std::fs::write(desk.file(), b"[server]\n\xff\xfe").unwrap();
    let told = desk.load(&[]).unwrap_err().to_string();
    assert!(told.contains("is not UTF-8 in line 2"), "{told}");
}

#[test]
fn remotes_are_nothing_that_can_be_changed_over_http() {
    let desk = Desk::with("");
    let text = "[[remote]]\nurl = \"https://elsewhere.example/\"\napi_key = \"k\"\n";
    std::fs::write(desk.data().join("settings.toml"), text).unwrap();
    let told = desk.load(&[]).unwrap_err().to_string();
    assert!(
        told.contains("settings.toml:1:3: remote: remotes come from the configuration file alone"),
        "{told}"
    );
}

#[test]
fn a_shape_that_is_right_in_one_file_is_not_called_wrong_in_the_words_of_the_other() {
    let desk = Desk::with("[[camera]]\nid = \"garden\"\n");
    std::fs::write(desk.data().join("settings.toml"), "[[camera]]\nid = \"garden\"\n").unwrap();
    let told = desk.load(&[]).unwrap_err().to_string();
    assert!(told.contains("found a list of tables") && told.contains("[camera.ID]"), "{told}");
}

#[test]
fn problems_come_in_the_order_of_their_lines() {
    let desk = Desk::with("[[camera]]\nsource = \"http\"\n[server]\nbind = 1\n");
    let told = desk.load(&[]).unwrap_err().to_string();
    let (first, second) = (told.find("n.toml:1:"), told.find("n.toml:4:"));
    assert!(first.is_some() && first < second, "{told}");
}

#[test]
fn a_flood_of_problems_is_cut_short_and_does_not_take_long() {
    let flood = |between: &str| -> String { (0..80_000).map(|n| format!("k{n} = 1{between}")).collect() };
    for text in [flood("\n"), format!("server = {{ {} z = 1 }}", flood(", "))] {
        let begun = std::time::Instant::now();
        let problems = Desk::with(&text).load(&[]).unwrap_err();
        let told = problems.to_string();
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(problems.0.len() >= 80_000);
        assert_eq!(told.lines().count(), 52, "a head, fifty, and how many more");
        assert!(told.ends_with(&format!("and {} more", problems.0.len() - 50)), "{told}");
    }
}

#[test]
fn what_is_repeated_is_short_and_steers_no_terminal() {
    let long = "x".repeat(5000);
    let desk = Desk::with(&format!("{long} = 1\n\"a\\u001b[2J\" = 1\n[log]\nlevel = \"{long}\"\n"));
    let told = desk.load(&[]).unwrap_err().to_string();
    assert!(told.contains("a\\x1b[2J") && !told.contains('\u{1b}'), "{told}");
    assert!(!told.contains(&"x".repeat(65)), "{told}");
    let problem = Problem::new(Origin::File { path: "a\x1b.toml".into(), line: 1, column: 1 }, "", "x", "");
    assert_eq!(problem.to_string(), "a\\x1b.toml:1:1: x");
}

#[test]
fn columns_count_characters_wherever_they_stand() {
    for before in [0, 1, 1000, 1023, 1024, 2047, 2048] {
        let text = format!("a = 1 # {}\n\"ü\" = \"é\"", "ä".repeat(before));
        let told = Desk::with(&text).load(&[]).unwrap_err().to_string();
        assert!(told.contains("n.toml:1:1:") && told.contains("n.toml:2:1:"), "{told}");
    }
    let text = format!("log = {{ level = \"info\", format = \"text\", {}b = 1 }}", " ".repeat(2000));
    let told = Desk::with(&text).load(&[]).unwrap_err().to_string();
    assert!(told.contains("n.toml:1:2042:"), "{told}");
}
