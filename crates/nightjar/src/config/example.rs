//! The text of `config/nightjar.toml`: every key with its default and what it does. Keys without a default, or
//! of another source than the demo's, stand behind `#`.

use super::keys::{Key, Section};

const HEAD: &str = "\
# Nightjar's configuration: every key, with its built-in default.
#
# Read from --config, else ./nightjar.toml, else /etc/nightjar/nightjar.toml. Every key may be left out.
# Above this file stand: <data>/settings.toml (what was changed over HTTP), the environment
# (NIGHTJAR_SERVER__BIND=0.0.0.0:8000, cameras by index: NIGHTJAR_CAMERA__0__URL), and flags.
# Durations: \"500ms\", \"10s\", \"5m\", \"7d\". Sizes: \"500MB\", \"2GiB\".
# Check it with: nightjar config check. See where each value comes from with: nightjar config show.
";

/// The whole file.
pub(crate) fn text() -> String {
    let mut text = String::from(HEAD);
    for section in Section::ALL.into_iter().filter(|section| *section != Section::Root) {
        let behind = if matches!(section, Section::Remote | Section::Zone) { "# " } else { "" };
        text.push_str(&format!("\n# {}\n{behind}{}\n", section.about(), section.header()));
        for (_, key) in section.keys() {
            row(&mut text, key, behind);
        }
    }
    text
}

fn row(text: &mut String, key: &Key, behind: &str) {
    let default = key.default_value().map(|value| value.to_toml().to_string());
    let (value, there) = match (key.section, key.name) {
        (Section::Camera, "id") => ("\"camera1\"".into(), true),
        (Section::Camera, "name") => ("\"Demo\"".into(), true),
        (Section::Remote, name) => (default.clone().unwrap_or_else(|| remote(name).into()), true),
        _ => (default.clone().unwrap_or_else(|| sample(key.name).into()), default.is_some()),
    };
    let there = there && key.serves("demo");
    let behind = if there { behind } else { "# " };
    let only = key.sources().map(|sources| format!(" Only for {sources}.")).unwrap_or_default();
    text.push_str(&format!("# {}{only}\n{behind}{} = {value}\n", key.about, key.name));
}

/// The same for keys of a remote.
fn remote(name: &str) -> &'static str {
    match name {
        "name" => "\"attic\"",
        "url" => "\"https://hub.example:8080\"",
        "live_url" => "\"https://camera.example\"",
        "api_key_file" => "\"/run/secrets/hub-key\"",
        "bucket" => "\"garden\"",
        "prefix" => "\"events\"",
        "access_key" => "\"nightjar\"",
        "secret_key_file" => "\"/run/secrets/store-key\"",
        "ca_file" => "\"/etc/nightjar/ca.pem\"",
        _ => "\"…\"",
    }
}

/// Something to begin with for keys that have no default.
fn sample(name: &str) -> &'static str {
    match name {
        "url" => "\"http://camera.example/stream\"",
        "user" => "\"nightjar\"",
        "password" => "\"…\"",
        "password_file" => "\"/run/secrets/camera\"",
        "path" => "\"clip.mp4\"",
        "rate" => "\"1MB\"",
        "window" => "\"22:00-06:00\"",
        "time_zone" => "\"Europe/Amsterdam\"",
        "wifi_interface" => "\"wlan0\"",
        "name" => "\"feeder\"",
        "device" => "\"/dev/v4l/by-id/usb-046d_HD_Webcam_C270-video-index0\"",
        "format" => "\"mjpg\"",
        "controls" => "{ exposure_auto = 1, exposure_absolute = 200 }",
        "run" => "[\"rpicam-vid\", \"-t\", \"0\", \"--codec\", \"mjpeg\", \"-n\", \"-o\", \"-\"]",
        "preset" => "\"rpicam-vid\"",
        "points" => "[[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]]",
        _ => "\"\"",
    }
}
