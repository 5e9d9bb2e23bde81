//! From checked values to the typed configuration. What the table of keys and the checks let through always
//! fits; the fallbacks here are never reached by a valid configuration.

use std::path::PathBuf;
use std::time::Duration;

use frame::Size;
use motion::{Settings, Zone, ZoneKind};
use recorder::EncoderKind;

use super::{Camera, Config, Hub, Log, Retention, Secret, Server, Source, polygon};
use crate::config::files;
use crate::config::keys::{Section, Slot};
use crate::config::kind::Value;
use crate::config::problems::{Problem, short};
use crate::config::values::Values;

mod uploads;

/// Bytes of a password file; its first line is what counts.
const MAX_PASSWORD_FILE: usize = 64 << 10;

impl Config {
    /// Builds everything; reads the password files, whose problems are appended.
    pub(crate) fn build(values: &Values, problems: &mut Vec<Problem>) -> Self {
        let root = Reader { values, camera: None, zone: None };
        let server = Server {
            bind: root.address(Section::Server, "bind"),
            max_clients: root.number(Section::Server, "max_clients"),
            client_timeout: root.duration(Section::Server, "client_timeout").unwrap_or_default(),
            hosts: root.hosts(Section::Server, "hosts"),
        };
        let log = Log {
            level: root.text(Section::Log, "level").unwrap_or_default(),
            json: root.text(Section::Log, "format").as_deref() == Some("json"),
        };
        let data = PathBuf::from(root.text(Section::Data, "path").unwrap_or_default());
        let cameras =
            (0..values.cameras.len()).map(|camera| self::camera(values, camera, problems)).collect();
        Self {
            server,
            data,
            retention: retention(&root, Section::Retention),
            log,
            upload: uploads::settings(&root),
            remotes: (0..values.remotes.len()).map(|at| uploads::remote(values, at, problems)).collect(),
            hub: hub(&root),
            cameras,
        }
    }

    /// `[upload]` alone.
    pub(crate) fn upload_of(values: &Values) -> upload::Settings {
        uploads::settings(&Reader { values, camera: None, zone: None })
    }

    /// `[retention]` alone.
    pub(crate) fn retention_of(values: &Values) -> Retention {
        retention(&Reader { values, camera: None, zone: None }, Section::Retention)
    }

    /// One camera; reads its password file, whose problems are appended.
    pub(crate) fn camera_of(values: &Values, camera: usize, problems: &mut Vec<Problem>) -> Camera {
        self::camera(values, camera, problems)
    }
}

fn retention(root: &Reader<'_>, section: Section) -> Retention {
    Retention {
        max_age: root.duration(section, "max_age").unwrap_or(Duration::MAX),
        max_size: root.size(section, "max_size").unwrap_or(u64::MAX),
        min_free: root.size(section, "min_free").unwrap_or_default(),
    }
}

fn hub(root: &Reader<'_>) -> Hub {
    Hub {
        bind: root.address(Section::Hub, "bind"),
        path: PathBuf::from(root.text(Section::Hub, "path").unwrap_or_default()),
        hosts: root.hosts(Section::Hub, "hosts"),
        max_event: root.size(Section::Hub, "max_event").unwrap_or_default(),
        incomplete_for: root.duration(Section::Hub, "incomplete_for").unwrap_or_default(),
        zone: uploads::zone(root.text(Section::Hub, "time_zone").as_deref()),
        retention: retention(root, Section::Hub),
    }
}

struct Reader<'a> {
    values: &'a Values,
    camera: Option<usize>,
    zone: Option<usize>,
}

impl Reader<'_> {
    fn get(&self, section: Section, name: &str) -> Option<Value> {
        Some(self.values.get(Slot::of(section, name, self.camera, self.zone)?)?.value)
    }

    fn text(&self, section: Section, name: &str) -> Option<String> {
        match self.get(section, name)? {
            Value::Text(it) => Some(it),
            _ => None,
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.values.get(Slot::of(Section::Camera, name, self.camera, None)?)?.path()
    }

    fn int(&self, section: Section, name: &str) -> i64 {
        match self.get(section, name) {
            Some(Value::Int(it)) => it,
            _ => 0,
        }
    }

    fn number(&self, section: Section, name: &str) -> u32 {
        u32::try_from(self.int(section, name)).unwrap_or(u32::MAX)
    }

    fn flag(&self, section: Section, name: &str) -> bool {
        self.get(section, name) == Some(Value::Bool(true))
    }

    fn duration(&self, section: Section, name: &str) -> Option<Duration> {
        match self.get(section, name)? {
            Value::Duration(it) => Some(it),
            _ => None,
        }
    }

    /// Bytes.
    fn size(&self, section: Section, name: &str) -> Option<u64> {
        match self.get(section, name)? {
            Value::Size(it) => Some(it),
            _ => None,
        }
    }

    fn address(&self, section: Section, name: &str) -> std::net::SocketAddr {
        match self.get(section, name) {
            Some(Value::Address(it)) => it,
            _ => (std::net::Ipv4Addr::LOCALHOST, 0).into(),
        }
    }

    fn words(&self, name: &str) -> Vec<String> {
        match self.get(Section::Camera, name) {
            Some(Value::Words(it)) => it,
            _ => Vec::new(),
        }
    }

    fn hosts(&self, section: Section, name: &str) -> Vec<String> {
        match self.get(section, name) {
            Some(Value::Hosts(it)) => it,
            _ => Vec::new(),
        }
    }
}

fn camera(values: &Values, index: usize, problems: &mut Vec<Problem>) -> Camera {
    let keys = Reader { values, camera: Some(index), zone: None };
    let id = values.id(index);
    let ring_size = keys.size(Section::Camera, "ring_size").unwrap_or_default();
    let motion = motion(&keys, index);
    let recording = recording(&keys, motion.event_gap);
    Camera {
        name: keys.text(Section::Camera, "name").unwrap_or_else(|| id.clone()),
        id,
        source: source(&keys, problems),
        size: Size::new(keys.number(Section::Camera, "width"), keys.number(Section::Camera, "height")),
        frame_rate: keys.number(Section::Camera, "frame_rate"),
        shaping: shaping(keys.number(Section::Camera, "rotation"), &motion.zones, recording.enabled),
        ring_size: usize::try_from(ring_size).unwrap_or(usize::MAX),
        analysis_fps: keys.number(Section::Motion, "analysis_fps"),
        motion,
        recording,
    }
}

fn recording(keys: &Reader<'_>, event_gap: Duration) -> recorder::Settings {
    let span = |name| keys.duration(Section::Recording, name).unwrap_or_default();
    let number = |name| keys.number(Section::Recording, name);
    recorder::Settings {
        enabled: keys.flag(Section::Recording, "enabled"),
        pre_roll: span("pre_roll"),
        post_roll: span("post_roll"),
        max_duration: span("max_duration"),
        event_gap,
        encoder: match keys.text(Section::Recording, "encoder").as_deref() {
            Some("mjpeg") => EncoderKind::Mjpeg,
            Some("ffmpeg") => EncoderKind::Ffmpeg {
                name: keys.text(Section::Recording, "ffmpeg_encoder").unwrap_or_default(),
            },
            _ => EncoderKind::H264,
        },
        quality: u8::try_from(number("quality")).unwrap_or(100),
        thumbnails: number("thumbnails_per_event"),
    }
}

/// What nobody is to see is what the zones of kind `mask` cover; detection leaves them out by the same zones.
fn shaping(rotation: u32, zones: &[Zone], is_recorded: bool) -> capture::Shaping {
    let masks = zones.iter().filter(|zone| zone.kind == ZoneKind::Mask).map(|zone| zone.polygon.clone());
    capture::Shaping {
        rotation: frame::Rotation::from_degrees(rotation).unwrap_or_default(),
        masks: masks.collect(),
        compress: is_recorded,
    }
}

fn motion(keys: &Reader<'_>, camera: usize) -> Settings {
    let zones = keys.values.cameras.get(camera).map_or(0, |table| table.zones.len());
    Settings {
        enabled: keys.flag(Section::Motion, "enabled"),
        threshold: u8::try_from(keys.int(Section::Motion, "threshold")).unwrap_or(u8::MAX),
        min_area: keys.number(Section::Motion, "min_area"),
        min_frames: keys.number(Section::Motion, "min_frames"),
        event_gap: keys.duration(Section::Motion, "event_gap").unwrap_or_default(),
        zones: (0..zones)
            .filter_map(|zone| {
                self::zone(&Reader { values: keys.values, camera: keys.camera, zone: Some(zone) })
            })
            .collect(),
        min_duration: keys.duration(Section::Recording, "min_duration").unwrap_or_default(),
    }
}

fn zone(keys: &Reader<'_>) -> Option<Zone> {
    let Value::Points(corners) = keys.get(Section::Zone, "points")? else { return None };
    let kind = match keys.text(Section::Zone, "kind").as_deref() {
        Some("exclude") => ZoneKind::Exclude,
        Some("mask") => ZoneKind::Mask,
        _ => ZoneKind::Include,
    };
    let sensitivity = match keys.get(Section::Zone, "sensitivity") {
        #[expect(clippy::cast_possible_truncation, reason = "0.1 to 10 needs no more than f32")]
        Some(Value::Float(it)) => it as f32,
        _ => 1.0,
    };
    Some(Zone {
        name: keys.values.zone_name(keys.camera?, keys.zone?),
        kind,
        polygon: polygon(&corners)?,
        sensitivity,
    })
}

fn source(keys: &Reader<'_>, problems: &mut Vec<Problem>) -> Source {
    let text = |name| keys.text(Section::Camera, name);
    match text("source").as_deref() {
        Some("http") => Source::Http { url: text("url").unwrap_or_default(), login: login(keys, problems) },
        Some("rtsp") => Source::Rtsp {
            url: text("url").unwrap_or_default(),
            udp: text("transport").as_deref() == Some("udp"),
            login: login(keys, problems),
        },
        Some("command") => Source::Command {
            run: match text("preset") {
                Some(program) => preset(&program, keys),
                None => keys.words("run"),
            },
            restart: match text("restart").as_deref() {
                Some("never") => capture::Restart::Never,
                Some("on-failure") => capture::Restart::OnFailure,
                _ => capture::Restart::Always,
            },
        },
        Some("v4l2") => Source::V4l2 {
            device: keys.path("device").unwrap_or_default(),
            format: text("format"),
            controls: match keys.get(Section::Camera, "controls") {
                Some(Value::Controls(controls)) => controls,
                _ => Vec::new(),
            },
        },
        Some("file") => Source::File {
            path: keys.path("path").unwrap_or_default(),
            fast: text("pace").as_deref() == Some("fast"),
            looped: keys.flag(Section::Camera, "loop"),
        },
        _ => Source::Demo {
            scene: text("scene").unwrap_or_default(),
            seed: u64::try_from(keys.int(Section::Camera, "seed")).unwrap_or(0),
        },
    }
}

/// What the Raspberry Pi's own program must be told to write JPEG after JPEG to its standard output, for ever.
fn preset(program: &str, keys: &Reader<'_>) -> Vec<String> {
    let number = |name| keys.int(Section::Camera, name).to_string();
    let (width, height, rate) = (number("width"), number("height"), number("frame_rate"));
    let line = [
        program,
        "--timeout",
        "0",
        "--nopreview",
        "--codec",
        "mjpeg",
        "--flush",
        "--width",
        &width,
        "--height",
        &height,
        "--framerate",
        &rate,
        "--output",
        "-",
    ];
    line.map(str::to_owned).into()
}

fn login(keys: &Reader<'_>, problems: &mut Vec<Problem>) -> Option<(String, Secret)> {
    let user = keys.text(Section::Camera, "user")?;
    Some((user, Secret(password(keys, problems).unwrap_or_default())))
}

fn password(keys: &Reader<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    if let Some(password) = keys.text(Section::Camera, "password") {
        return Some(password);
    }
    let slot = Slot::of(Section::Camera, "password_file", keys.camera, None)?;
    first_line(keys.values, slot, "password", problems)
}

/// The first line of the file that the place names: a password or a key.
fn first_line(values: &Values, slot: Slot, noun: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let set = values.explicit(slot)?;
    let path = set.path()?;
    let mut push = |what: String, mend: &str| {
        problems.push(Problem::new(set.origin.clone(), slot.to_string(), what, mend));
    };
    let text = files::read(&path, MAX_PASSWORD_FILE)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8".into()));
    let path = short(&path.display().to_string());
    match text {
        Ok(text) => {
            let line = text.lines().next().unwrap_or_default().trim_end();
            if line.is_empty() || line.len() > 1024 {
                push(format!("`{path}` has no {noun} in its first line"), "allowed: 1 to 1024 characters");
            }
            Some(line.to_owned())
        }
        Err(error) => {
            push(format!("`{path}` {error}"), "name a file that this user may read");
            None
        }
    }
}
