//! The rows of a camera, and of what is inside its table.

use std::time::Duration;

use super::super::super::kind::Kind;
use super::super::{Key, Preset, Section};
use super::secs;

fn sources() -> Vec<&'static str> {
    vec!["demo", "v4l2", "http", "rtsp", "file", "command"]
}

fn scenes() -> Vec<&'static str> {
    scene::Scene::names().iter().map(|info| info.name).collect()
}

fn positions() -> Vec<&'static str> {
    server::TimestampPosition::ALL.map(server::TimestampPosition::as_str).to_vec()
}

const SOURCE: Kind = Kind::Choice { works: sources, later: &[] };
const PIXELS: Kind = Kind::Choice { works: capture::format_words, later: &[] };
const SCENE: Kind = Kind::Choice { works: scenes, later: &[] };
const PACE: Kind = Kind::Choice { works: || vec!["real-time", "fast"], later: &[] };
const TRANSPORT: Kind = Kind::Choice { works: || vec!["tcp", "udp"], later: &[] };
const PRESET: Kind = Kind::Choice { works: || vec!["rpicam-vid", "libcamera-vid"], later: &[] };
const RESTART: Kind = Kind::Choice { works: || vec!["always", "on-failure", "never"], later: &[] };
const POSITION: Kind = Kind::Choice { works: positions, later: &[] };
const ZONE: Kind = Kind::Choice { works: || vec!["include", "exclude", "mask"], later: &[] };
const ENCODER: Kind = Kind::Choice { works: || vec!["h264", "mjpeg", "ffmpeg"], later: &[] };
/// Those that take plain pictures: a name here is all that ffmpeg's command line gets from the file.
const HARDWARE: Kind = Kind::Choice {
    works: || {
        vec![
            "h264_v4l2m2m",
            "h264_nvenc",
            "h264_qsv",
            "h264_rkmpp",
            "h264_omx",
            "h264_mf",
            "libx264",
            "libopenh264",
        ]
    },
    later: &[],
};
const RING: Kind = Kind::Size { min: 4 << 20, max: 4 << 30 };

/// `[[camera]]` and what is inside.
pub(super) const CAMERA: &[Key] = &[
    Key::new(
        Section::Camera,
        "id",
        Kind::Id,
        Preset::Unset,
        "Stable name in paths and on disk: a-z, 0-9 and -. Left out: camera1, camera2, …",
    ),
    Key::new(
        Section::Camera,
        "name",
        Kind::Text { max: 80 },
        Preset::Unset,
        "Name for people. Left out: the id.",
    ),
    Key::new(
        Section::Camera,
        "source",
        SOURCE,
        Preset::Text("demo"),
        "Where the pictures come from: demo (a rendered scene), v4l2 (a camera at this machine), http (MJPEG or a polled JPEG), rtsp, \
         file (a video), command (a program's output).",
    ),
    Key::new(Section::Camera, "scene", SCENE, Preset::Text("calm"), "Which scene is rendered.")
        .only_for("demo"),
    Key::new(
        Section::Camera,
        "seed",
        Kind::Int { min: 0, max: i64::MAX },
        Preset::Int(1),
        "The same seed renders the same scene.",
    )
    .only_for("demo"),
    Key::new(
        Section::Camera,
        "device",
        Kind::Path,
        Preset::Unset,
        "The camera's node: a link in /dev/v4l/by-id follows it wherever it is plugged in, /dev/video0 may become another's.",
    )
    .only_for("v4l2"),
    Key::new(
        Section::Camera,
        "format",
        PIXELS,
        Preset::Unset,
        "Pixel format to ask the camera for. Left out: mjpg where it has size and rate, else what needs the least bandwidth.",
    )
    .only_for("v4l2"),
    Key::new(
        Section::Camera,
        "controls",
        Kind::Controls,
        Preset::Unset,
        "Controls of the camera in the order in which they are set, by the names that v4l2-ctl --list-ctrls-menus shows.",
    )
    .only_for("v4l2"),
    Key::new(
        Section::Camera,
        "url",
        Kind::Url,
        Preset::Unset,
        "For http an MJPEG stream, or a JPEG that is asked for frame_rate times a second; the answer tells which. For rtsp \
         the camera's stream.",
    )
    .only_for("http")
    .or_for("rtsp"),
    Key::new(
        Section::Camera,
        "user",
        Kind::Text { max: 256 },
        Preset::Unset,
        "For basic or digest authentication.",
    )
    .only_for("http")
    .or_for("rtsp"),
    Key::new(
        Section::Camera,
        "password",
        Kind::Secret,
        Preset::Unset,
        "Never shown and never logged; a file is better.",
    )
    .only_for("http")
    .or_for("rtsp"),
    Key::new(
        Section::Camera,
        "password_file",
        Kind::Path,
        Preset::Unset,
        "A file whose first line is the password; a relative one counts from this file's folder.",
    )
    .only_for("http")
    .or_for("rtsp"),
    Key::new(
        Section::Camera,
        "transport",
        TRANSPORT,
        Preset::Text("tcp"),
        "tcp loses nothing; udp for cameras that cannot do better.",
    )
    .only_for("rtsp"),
    Key::new(
        Section::Camera,
        "run",
        Kind::Words,
        Preset::Unset,
        "The program and its arguments, as a list; it writes JPEG after JPEG to its standard output. No shell reads it.",
    )
    .only_for("command"),
    Key::new(
        Section::Camera,
        "preset",
        PRESET,
        Preset::Unset,
        "Instead of run: rpicam-vid (the Raspberry Pi's own camera) or libcamera-vid (its older name), with width, height and \
         frame_rate.",
    )
    .only_for("command"),
    Key::new(
        Section::Camera,
        "restart",
        RESTART,
        Preset::Text("always"),
        "What happens when the program ends: always (it is started again), on-failure, never.",
    )
    .only_for("command"),
    Key::new(
        Section::Camera,
        "path",
        Kind::Path,
        Preset::Unset,
        "The video file; needs ffmpeg. A relative one counts from this file's folder.",
    )
    .only_for("file"),
    Key::new(
        Section::Camera,
        "pace",
        PACE,
        Preset::Text("real-time"),
        "real-time, or fast: as fast as it can be read, and detection sees a sample. For every frame: nightjar analyze.",
    )
    .only_for("file"),
    Key::new(
        Section::Camera,
        "loop",
        Kind::Bool,
        Preset::Bool(true),
        "Begin again at the end, or end there.",
    )
    .only_for("file"),
    Key::new(
        Section::Camera,
        "width",
        Kind::Int { min: 1, max: 3840 },
        Preset::Int(1280),
        "Pixels to ask the source for; what it delivers is what counts.",
    ),
    Key::new(
        Section::Camera,
        "height",
        Kind::Int { min: 1, max: 2160 },
        Preset::Int(720),
        "Pixels to ask the source for.",
    ),
    Key::new(
        Section::Camera,
        "frame_rate",
        Kind::Int { min: 1, max: 120 },
        Preset::Int(15),
        "Frames a second to ask the source for.",
    ),
    Key::new(
        Section::Camera,
        "rotation",
        Kind::IntOf { works: &[0, 90, 180, 270], later: &[] },
        Preset::Int(0),
        "Degrees clockwise: 0, 90, 180, 270. A JPEG loses nothing by it where its sides hold whole blocks of 8 or 16 pixels.",
    ),
    Key::new(
        Section::Camera,
        "show_timestamp",
        Kind::Bool,
        Preset::Bool(false),
        "Write the local time on streams and snapshots; ?raw=1 gives the untouched picture.",
    ),
    Key::new(
        Section::Camera,
        "timestamp_position",
        POSITION,
        Preset::Text("top-left"),
        "Corner that the time is written in.",
    ),
    Key::new(
        Section::Camera,
        "highlight_motion",
        Kind::Bool,
        Preset::Bool(false),
        "Draw boxes around what moves on streams and snapshots; ?raw=1 gives the untouched picture.",
    ),
    Key::new(
        Section::Camera,
        "ring_size",
        RING,
        Preset::Text("64MiB"),
        "Memory for recent frames at the most.",
    ),
    Key::new(Section::Motion, "enabled", Kind::Bool, Preset::Bool(true), "Look for movement."),
    Key::new(
        Section::Motion,
        "threshold",
        Kind::Int { min: 5, max: 100 },
        Preset::Int(25),
        "How much must change; lower is more sensitive.",
    ),
    Key::new(
        Section::Motion,
        "min_area",
        Kind::Int { min: 100, max: 10_000 },
        Preset::Int(500),
        "Smallest mover, in pixels of a 640x480 picture and in proportion elsewhere.",
    ),
    Key::new(
        Section::Motion,
        "analysis_fps",
        Kind::Int { min: 1, max: 60 },
        Preset::Int(10),
        "Frames a second that are looked at, at the most.",
    ),
    Key::new(
        Section::Motion,
        "min_frames",
        Kind::Int { min: 1, max: 60 },
        Preset::Int(2),
        "Frames in a row that must show a mover before it counts.",
    ),
    Key::new(
        Section::Motion,
        "event_gap",
        Kind::Duration { min: Duration::from_millis(500), max: Duration::from_secs(300) },
        Preset::Text("3s"),
        "A visit ends after so long without movement.",
    ),
    Key::new(Section::Recording, "enabled", Kind::Bool, Preset::Bool(true), "Keep events."),
    Key::new(
        Section::Recording,
        "pre_roll",
        secs(0, 60),
        Preset::Text("5s"),
        "Kept of what was before an event, as far as ring_size holds it.",
    ),
    Key::new(
        Section::Recording,
        "post_roll",
        secs(0, 60),
        Preset::Text("2s"),
        "Kept after the last movement of an event.",
    ),
    Key::new(
        Section::Recording,
        "min_duration",
        Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(60) },
        Preset::Text("1s"),
        "Movement for less than this is no event.",
    ),
    Key::new(
        Section::Recording,
        "max_duration",
        secs(10, 3600),
        Preset::Text("5m"),
        "An event that is longer goes on in a next part.",
    ),
    Key::new(
        Section::Recording,
        "encoder",
        ENCODER,
        Preset::Text("h264"),
        "h264 (encoded here), mjpeg (the camera's own pictures: no work, ten times the size), ffmpeg (a child process with a \
         hardware encoder; if that fails, h264).",
    ),
    Key::new(
        Section::Recording,
        "ffmpeg_encoder",
        HARDWARE,
        Preset::Text("h264_v4l2m2m"),
        "For encoder = \"ffmpeg\": its encoder. h264_v4l2m2m is that of a Raspberry Pi 4.",
    ),
    Key::new(
        Section::Recording,
        "quality",
        Kind::Int { min: 1, max: 100 },
        Preset::Int(80),
        "Of clips and their pictures; less is smaller.",
    ),
    Key::new(
        Section::Recording,
        "thumbnails_per_event",
        Kind::Int { min: 0, max: 12 },
        Preset::Int(3),
        "Pictures spread over an event, besides its poster.",
    ),
    Key::new(
        Section::Zone,
        "name",
        Kind::Text { max: 80 },
        Preset::Unset,
        "Name for people, once per camera. Left out: zone1, zone2, …",
    ),
    Key::new(
        Section::Zone,
        "kind",
        ZONE,
        Preset::Text("include"),
        "include: only here counts. exclude: not here. mask: black in memory, on disk and in every stream.",
    ),
    Key::new(
        Section::Zone,
        "points",
        Kind::Points,
        Preset::Unset,
        "Corners [x, y] in order, shares of width and height: [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]].",
    ),
    Key::new(
        Section::Zone,
        "sensitivity",
        Kind::Float { min: 0.1, max: 10.0 },
        Preset::Float(1.0),
        "Above 1: more sensitive here; below: less.",
    ),
];
