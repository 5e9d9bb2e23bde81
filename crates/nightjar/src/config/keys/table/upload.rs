//! The rows of what is sent elsewhere, and of the hub that takes it.

use super::super::super::kind::Kind;
use super::super::{Key, Preset, Section};
use super::secs;

const REMOTE: Kind = Kind::Choice { works: || vec!["nightjar", "legacy", "s3"], later: &[] };
const CHECKSUM: Kind = Kind::Choice { works: || vec!["sha256", "crc32c", "none"], later: &[] };
/// Bytes a second; `0B` lifts a limit that a lower layer sets.
const RATE: Kind = Kind::Size { min: 0, max: 1 << 40 };

/// `[upload]`, `[[remote]]` and `[hub]`.
pub(super) const UPLOAD: &[Key] = &[
    Key::new(
        Section::Upload,
        "paused",
        Kind::Bool,
        Preset::Bool(false),
        "Send nothing until it is resumed; what is owed waits.",
    ),
    Key::new(
        Section::Upload,
        "rate",
        RATE,
        Preset::Unset,
        "Bytes a second at the most, over all remotes. Left out, or \"0B\": as fast as the link is.",
    ),
    Key::new(
        Section::Upload,
        "window",
        Kind::Window,
        Preset::Unset,
        "Send only then, every day; it may go over midnight. Left out: always.",
    ),
    Key::new(
        Section::Upload,
        "window_active",
        Kind::Bool,
        Preset::Bool(true),
        "false: window is kept in mind and does not count.",
    ),
    Key::new(
        Section::Upload,
        "time_zone",
        Kind::TimeZone,
        Preset::Unset,
        "What the window's times are of. Left out: this machine's.",
    ),
    Key::new(
        Section::Upload,
        "wifi",
        Kind::Bool,
        Preset::Bool(false),
        "Send slower while the wireless link is weak: fair_rate below -65 dBm, poor_rate below -75 dBm.",
    ),
    Key::new(
        Section::Upload,
        "wifi_interface",
        Kind::Text { max: 15 },
        Preset::Unset,
        "Whose signal is looked at. Left out: the first wireless one.",
    ),
    Key::new(
        Section::Upload,
        "wifi_fair_rate",
        Kind::Size { min: 1000, max: 1 << 40 },
        Preset::Text("500kB"),
        "Bytes a second at the most between -65 and -75 dBm.",
    ),
    Key::new(
        Section::Upload,
        "wifi_poor_rate",
        RATE,
        Preset::Text("100kB"),
        "Bytes a second at the most below -75 dBm; \"0B\": nothing is sent then.",
    ),
    Key::new(
        Section::Upload,
        "keep_clips",
        Kind::Bool,
        Preset::Bool(true),
        "false: a clip goes from here as soon as every remote has proved to hold it; its pictures stay.",
    ),
    Key::new(
        Section::Remote,
        "name",
        Kind::Id,
        Preset::Unset,
        "Stable name, by which it is remembered what was sent: a-z, 0-9 and -. Left out: remote1, remote2, …",
    ),
    Key::new(
        Section::Remote,
        "kind",
        REMOTE,
        Preset::Text("nightjar"),
        "What is there: nightjar (a nightjar hub), legacy (an older storage server), s3 (any S3-compatible store).",
    ),
    Key::new(
        Section::Remote,
        "url",
        Kind::Url,
        Preset::Unset,
        "Its address; of a store its endpoint, without the bucket. http:// only to this machine or its own network.",
    ),
    Key::new(
        Section::Remote,
        "api_key_file",
        Kind::Path,
        Preset::Unset,
        "A file whose first line is the key; a relative one counts from this file's folder.",
    )
    .only_for("nightjar")
    .or_for("legacy"),
    Key::new(
        Section::Remote,
        "api_key",
        Kind::Secret,
        Preset::Unset,
        "Never shown and never logged; a file is better.",
    )
    .only_for("nightjar")
    .or_for("legacy"),
    Key::new(
        Section::Remote,
        "live_url",
        Kind::Url,
        Preset::Unset,
        "Where people find this machine's own page; the hub links to it.",
    )
    .only_for("nightjar"),
    Key::new(
        Section::Remote,
        "at_once",
        Kind::Int { min: 1, max: 2 },
        Preset::Int(1),
        "Events that are sent at the same time.",
    ),
    Key::new(
        Section::Remote,
        "chunk_size",
        Kind::Size { min: 64 << 10, max: 16 << 20 },
        Preset::Text("1MiB"),
        "A larger event is sent in parts of this size.",
    )
    .only_for("legacy"),
    Key::new(Section::Remote, "bucket", Kind::Text { max: 63 }, Preset::Unset, "Which bucket.")
        .only_for("s3"),
    Key::new(
        Section::Remote,
        "region",
        Kind::Text { max: 64 },
        Preset::Text("us-east-1"),
        "The bucket's region; many stores do not care.",
    )
    .only_for("s3"),
    Key::new(
        Section::Remote,
        "prefix",
        Kind::Text { max: 256 },
        Preset::Unset,
        "What stands before YYYY/MM/DD/<event> in every name.",
    )
    .only_for("s3"),
    Key::new(Section::Remote, "access_key", Kind::Text { max: 128 }, Preset::Unset, "The access key's id.")
        .only_for("s3"),
    Key::new(
        Section::Remote,
        "secret_key_file",
        Kind::Path,
        Preset::Unset,
        "A file whose first line is the secret access key; a relative one counts from this file's folder.",
    )
    .only_for("s3"),
    Key::new(
        Section::Remote,
        "secret_key",
        Kind::Secret,
        Preset::Unset,
        "Never shown and never logged; a file is better.",
    )
    .only_for("s3"),
    Key::new(
        Section::Remote,
        "checksum",
        CHECKSUM,
        Preset::Text("sha256"),
        "What the store checks while it takes a file; for one that knows no checksums: none, and every clip is read back.",
    )
    .only_for("s3"),
    Key::new(
        Section::Remote,
        "allow_http",
        Kind::Bool,
        Preset::Bool(false),
        "Send to a host elsewhere without TLS: everybody on the way can read the key and the clips.",
    ),
    Key::new(
        Section::Remote,
        "ca_file",
        Kind::Path,
        Preset::Unset,
        "Certificates (PEM) of an authority of your own, besides the known ones.",
    ),
    Key::new(
        Section::Hub,
        "bind",
        Kind::Address,
        Preset::Text("127.0.0.1:8080"),
        "Address and port to listen on. Anything but loopback needs a key first: nightjar key add --hub.",
    ),
    Key::new(
        Section::Hub,
        "path",
        Kind::Path,
        Preset::Text("/var/lib/nightjar-hub"),
        "The hub's data directory. A relative one counts from where the program is started.",
    ),
    Key::new(
        Section::Hub,
        "hosts",
        Kind::Hosts,
        Preset::NoHosts,
        "Names this hub may be called by, besides addresses, localhost and *.local; others are answered 421.",
    ),
    Key::new(
        Section::Hub,
        "max_event",
        Kind::Size { min: 1 << 20, max: 1 << 40 },
        Preset::Text("2GiB"),
        "Bytes of one event at the most; a larger one is refused before it is read.",
    ),
    Key::new(
        Section::Hub,
        "incomplete_for",
        secs(3600, 365 * 86_400),
        Preset::Text("7d"),
        "An upload that nobody has gone on with for so long is thrown away.",
    ),
    Key::new(
        Section::Hub,
        "time_zone",
        Kind::TimeZone,
        Preset::Unset,
        "What the times of older cameras are of, which name no zone. Left out: this machine's.",
    ),
    Key::new(
        Section::Hub,
        "max_age",
        secs(3600, 3650 * 86_400),
        Preset::Text("90d"),
        "Events that are older go.",
    ),
    Key::new(
        Section::Hub,
        "max_size",
        Kind::Size { min: 16 << 20, max: 1 << 50 },
        Preset::Text("100GiB"),
        "Bytes of all clips and pictures together at the most.",
    ),
    Key::new(
        Section::Hub,
        "min_free",
        Kind::Size { min: 0, max: 1 << 50 },
        Preset::Text("1GiB"),
        "Room that is left on the disk for others.",
    ),
];
