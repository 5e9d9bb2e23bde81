//! The rows.

use std::time::Duration;

use super::super::kind::Kind;
use super::{Key, Preset, Section};

mod camera;
mod upload;

use camera::CAMERA;
use upload::UPLOAD;

const fn secs(min: u64, max: u64) -> Kind {
    Kind::Duration { min: Duration::from_secs(min), max: Duration::from_secs(max) }
}

const LEVEL: Kind = Kind::Choice { works: || vec!["error", "warn", "info", "debug", "trace"], later: &[] };
const FORMAT: Kind = Kind::Choice { works: || vec!["text", "json"], later: &[] };

/// Every key there is.
pub(crate) static KEYS: &[Key] = &joined::<{ SERVER.len() + UPLOAD.len() + CAMERA.len() }>();

const fn joined<const N: usize>() -> [Key; N] {
    let parts = [SERVER, UPLOAD, CAMERA];
    let mut all = [SERVER[0]; N];
    let (mut part, mut to) = (0, 0);
    while part < parts.len() {
        let mut from = 0;
        while from < parts[part].len() {
            all[to] = parts[part][from];
            (from, to) = (from + 1, to + 1);
        }
        part += 1;
    }
    all
}

/// Of what serves and keeps.
const SERVER: &[Key] = &[
    Key::new(
        Section::Server,
        "bind",
        Kind::Address,
        Preset::Text("127.0.0.1:8000"),
        "Address and port to listen on. Anything but loopback needs a key first: nightjar key add.",
    ),
    Key::new(
        Section::Server,
        "max_clients",
        Kind::Int { min: 1, max: 10_000 },
        Preset::Int(20),
        "Viewers at once over all cameras; one more is answered 503.",
    ),
    Key::new(
        Section::Server,
        "client_timeout",
        secs(1, 600),
        Preset::Text("30s"),
        "A viewer that takes longer over one picture is closed; one that takes nothing at all already after 8s.",
    ),
    Key::new(
        Section::Server,
        "hosts",
        Kind::Hosts,
        Preset::NoHosts,
        "Names this server may be called by, besides addresses, localhost and *.local; others are answered 421.",
    ),
    Key::new(
        Section::Data,
        "path",
        Kind::Path,
        Preset::Text("/var/lib/nightjar"),
        "The data directory; made, readable by its owner only, if it is not there. A relative one counts from where the \
         program is started.",
    ),
    Key::new(
        Section::Retention,
        "max_age",
        secs(3600, 3650 * 86_400),
        Preset::Text("30d"),
        "Events that are older go.",
    ),
    Key::new(
        Section::Retention,
        "max_size",
        Kind::Size { min: 16 << 20, max: 1 << 50 },
        Preset::Text("10GiB"),
        "Bytes of all clips and pictures together at the most.",
    ),
    Key::new(
        Section::Retention,
        "min_free",
        Kind::Size { min: 0, max: 1 << 50 },
        Preset::Text("1GiB"),
        "Room that is left on the disk for others.",
    ),
    Key::new(
        Section::Log,
        "level",
        LEVEL,
        Preset::Text("info"),
        "How much is told: error, warn, info, debug, trace.",
    ),
    Key::new(
        Section::Log,
        "format",
        FORMAT,
        Preset::Text("text"),
        "text for people, json (a line each) for programs.",
    ),
];
