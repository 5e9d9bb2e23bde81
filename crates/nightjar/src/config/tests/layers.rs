use super::*;

const TWO: &str = "[server]\nmax_clients = 3\n[[camera]]\nid = \"garden\"\n[[camera]]\n";

#[test]
fn without_anything_there_is_the_demo() {
    let loaded = load(Inputs::default()).unwrap();
    let camera = &loaded.config.cameras[0];
    assert_eq!((camera.id.as_str(), camera.name.as_str()), ("camera1", "Demo"));
    assert_eq!(camera.source, Source::Demo { scene: "calm".into(), seed: 1 });
    assert_eq!(loaded.config.server.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(loaded.config.cameras.len(), 1);
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let desk = Desk::with(TWO);
    let clients = |loaded: &Loaded| loaded.config.server.max_clients;
    let loaded = desk.load(&[]).unwrap();
    assert_eq!(clients(&loaded), 3);
    std::fs::write(desk.data().join("settings.toml"), "[server]\nmax_clients = 4\n").unwrap();
    assert_eq!(clients(&desk.load(&[]).unwrap()), 4);
    let variables = [("NIGHTJAR_SERVER__MAX_CLIENTS", "5"), ("NIGHTJAR_SERVER__BIND", "127.0.0.1:1")];
    let loaded = desk.load(&variables).unwrap();
    assert_eq!(clients(&loaded), 5);
    assert_eq!(loaded.config.server.bind.port(), 1);
    let mut inputs = desk.inputs();
    inputs.environment = variables.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    inputs.flags.push((Section::Server, "bind", "--bind", "127.0.0.1:2".into()));
    assert_eq!(load(inputs).unwrap().config.server.bind.port(), 2);
}

#[test]
fn every_value_knows_where_it_comes_from() {
    let desk = Desk::with(TWO);
    std::fs::write(desk.data().join("settings.toml"), "[camera.garden.motion]\nthreshold = 40\n").unwrap();
    let loaded = desk.load(&[("NIGHTJAR_CAMERA__1__MOTION__THRESHOLD", "50")]).unwrap();
    let origin = |camera| loaded.values.of_camera(camera, Section::Motion, "threshold").unwrap().origin;
    assert!(matches!(origin(0), Origin::Changed { line: 2, column: 1, .. }), "{:?}", origin(0));
    assert_eq!(origin(1), Origin::Environment("NIGHTJAR_CAMERA__1__MOTION__THRESHOLD".into()));
    assert_eq!(loaded.config.cameras[0].motion.threshold, 40);
    assert_eq!(loaded.config.cameras[1].motion.threshold, 50);
    assert_eq!(loaded.config.cameras[1].id, "camera2");
    let shown = show_toml(&loaded.values);
    assert!(shown.contains("n.toml:2:1"), "{shown}");
    assert!(shown.contains("# environment NIGHTJAR_CAMERA__1__MOTION__THRESHOLD"), "{shown}");
}

#[test]
fn the_environment_alone_can_describe_a_camera() {
    let loaded = load(Inputs {
        environment: [
            ("NIGHTJAR_CAMERA__0__SOURCE", "http"),
            ("NIGHTJAR_CAMERA__0__URL", "http://cam/video"),
            ("NIGHTJAR_CAMERA__0__USER", "me"),
            ("NIGHTJAR_CAMERA__0__PASSWORD", "secret"),
            ("NIGHTJAR_CAMERA__0__ZONE__0__NAME", "feeder"),
            ("NIGHTJAR_CAMERA__0__ZONE__0__POINTS", "[[0, 0], [1, 0], [0.5, 0.5]]"),
            ("NIGHTJAR_SERVER__HOSTS", "cam.example, cam.lan"),
            ("PATH", "/bin"),
        ]
        .map(|(k, v)| (k.into(), v.into()))
        .to_vec(),
        ..Inputs::default()
    })
    .unwrap();
    let camera = &loaded.config.cameras[0];
    assert_eq!(camera.motion.zones[0].name, "feeder");
    assert_eq!(loaded.config.server.hosts, ["cam.example", "cam.lan"]);
    assert!(matches!(&camera.source, Source::Http { login: Some((user, _)), .. } if user == "me"));
}

#[test]
fn a_change_for_a_camera_that_is_gone_is_told_and_kept_aside() {
    let desk = Desk::with(TWO);
    std::fs::write(desk.data().join("settings.toml"), "[camera.barn.motion]\nthreshold = 40\n").unwrap();
    let loaded = desk.load(&[]).unwrap();
    assert!(loaded.warnings[0].contains("`barn`"), "{:?}", loaded.warnings);
}

#[test]
fn a_password_file_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::with("");
    let secret = desk.data().join("pw");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let text = format!(
        "[[camera]]\nsource = \"http\"\nurl = \"http://c/\"\nuser = \"u\"\npassword_file = \"{}\"\n",
        secret.display()
    );
    std::fs::write(desk.file(), text).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let loaded = desk.load(&[]).unwrap();
    assert!(loaded.warnings[0].contains("chmod 600"), "{:?}", loaded.warnings);
    let Source::Http { login: Some((_, secret_read)), .. } = &loaded.config.cameras[0].source else {
        panic!()
    };
    assert_eq!(secret_read.expose(), "hunter2");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(desk.load(&[]).unwrap().warnings.is_empty());
}

#[test]
fn the_first_file_that_is_there_is_read() {
    let desk = Desk::with("[server]\nmax_clients = 9\n");
    let search = vec![desk.data().join("none.toml"), desk.file()];
    let loaded = load(Inputs { search, ..Inputs::default() }).unwrap();
    assert_eq!((loaded.config.server.max_clients, loaded.file), (9, Some(desk.file())));
}

#[test]
fn who_sends_nothing_needs_no_key_of_a_remote() {
    let desk =
        Desk::with("[hub]\npath = \"/h\"\n[[remote]]\nurl = \"https://a/\"\napi_key_file = \"/none/such\"\n");
    assert!(desk.load(&[]).is_err());
    let loaded = load(Inputs { sends_nothing: true, ..desk.inputs() }).unwrap();
    assert_eq!((loaded.config.hub.path.to_str(), loaded.config.remotes.len()), (Some("/h"), 0));
    let wrong = Desk::with("[[remote]]\nurl = \"ftp://a/\"\napi_key_file = \"/none/such\"\n");
    let problems = load(Inputs { sends_nothing: true, ..wrong.inputs() }).unwrap_err().to_string();
    assert!(
        problems.contains("ftp") && !problems.contains("/none/such"),
        "what is written is still read: {problems}"
    );
}
