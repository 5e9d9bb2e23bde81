//! Cameras of this machine.

use super::*;

fn local() -> Option<(PathBuf, String)> {
    Some(("/dev/v4l/by-id/usb-C270".into(), "HD Webcam\u{7} C270 ".into()))
}

#[test]
fn a_local_camera_stands_in_for_the_demo_where_nothing_is_configured() {
    let loaded = load(Inputs { local: local(), ..Inputs::default() }).unwrap();
    let camera = &loaded.config.cameras[0];
    assert_eq!((camera.id.as_str(), camera.name.as_str()), ("camera1", "HD Webcam C270"));
    let device = "/dev/v4l/by-id/usb-C270".into();
    assert_eq!(camera.source, Source::V4l2 { device, format: None, controls: Vec::new() });
    let nameless = Some(("/dev/video0".into(), String::new()));
    let loaded = load(Inputs { local: nameless, ..Inputs::default() }).unwrap();
    assert_eq!(loaded.config.cameras[0].name, "Camera");
}

#[test]
fn a_camera_that_is_configured_wins_over_a_local_one() {
    let desk = Desk::with("[[camera]]\nname = \"mine\"\n");
    let loaded = load(Inputs { local: local(), ..desk.inputs() }).unwrap();
    assert_eq!(loaded.config.cameras[0].source, Source::Demo { scene: "calm".into(), seed: 1 });
}

#[test]
fn controls_keep_their_order_and_may_stand_in_a_table_of_their_own() {
    let head = "[[camera]]\nsource = \"v4l2\"\ndevice = \"/dev/video0\"\n";
    let inline = "controls = { zoom = -3, focus_auto = false, backlight = true }\n";
    let table = "[camera.controls]\nzoom = -3\nfocus_auto = false\nbacklight = true\n";
    for text in [inline, table] {
        let loaded = Desk::with(&format!("{head}{text}")).load(&[]).unwrap();
        let Source::V4l2 { controls, .. } = &loaded.config.cameras[0].source else { panic!("{text}") };
        let wanted = [("zoom", -3), ("focus_auto", 0), ("backlight", 1)];
        assert_eq!(*controls, wanted.map(|(name, value)| (name.to_owned(), value)), "{text}");
    }
    let loaded = Desk::with(head).load(&[("NIGHTJAR_CAMERA__0__CONTROLS", "{ gain = 7 }")]).unwrap();
    let Source::V4l2 { controls, .. } = &loaded.config.cameras[0].source else {
        panic!("from the environment")
    };
    assert_eq!(*controls, [("gain".to_owned(), 7)]);
}
