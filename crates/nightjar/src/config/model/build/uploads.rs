//! What the uploader is told, from checked values.

use jiff::tz::TimeZone;
use upload::{Checksum, Kind, RemoteSettings, Secret, Settings, WifiSettings, Window};

use super::{Reader, first_line};
use crate::config::files;
use crate::config::keys::{Section, Slot};
use crate::config::kind::{Value, hours};
use crate::config::problems::{Problem, short};
use crate::config::values::Values;

/// Bytes of a file of certificates: all that a system trusts are a quarter of this.
const MAX_CA_FILE: usize = 1 << 20;

/// The time zone of that name, else this machine's.
pub(super) fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system)
}

/// `[upload]`
pub(super) fn settings(root: &Reader<'_>) -> Settings {
    let text = |name| root.text(Section::Upload, name);
    let flag = |name| root.flag(Section::Upload, name);
    let size = |name| root.size(Section::Upload, name);
    let window = text("window").filter(|_| flag("window_active")).and_then(|window| hours(&window));
    Settings {
        paused: flag("paused"),
        rate: size("rate").filter(|rate| *rate > 0),
        window: window.map(|(from, to)| Window { from, to, zone: zone(text("time_zone").as_deref()) }),
        wifi: flag("wifi").then(|| WifiSettings {
            interface: text("wifi_interface"),
            fair_rate: size("wifi_fair_rate"),
            poor_rate: size("wifi_poor_rate"),
            ..WifiSettings::default()
        }),
        keep_clips: flag("keep_clips"),
    }
}

/// One `[[remote]]`; reads its files, whose problems are appended.
pub(super) fn remote(values: &Values, at: usize, problems: &mut Vec<Problem>) -> RemoteSettings {
    let text = |name| values.remote_text(at, name);
    let plain = |name| text(name).unwrap_or_default();
    let flag = |name| values.of_remote(at, name).is_some_and(|set| set.value == Value::Bool(true));
    let kind = match text("kind").as_deref() {
        Some("s3") => Kind::S3 {
            endpoint: root(&plain("url")),
            bucket: plain("bucket"),
            region: plain("region"),
            prefix: plain("prefix"),
            access_key: plain("access_key"),
            secret: secret(values, at, "secret_key", "secret_key_file", problems),
            checksum: match text("checksum").as_deref() {
                Some("crc32c") => Checksum::Crc32c,
                Some("none") => Checksum::None,
                _ => Checksum::Sha256,
            },
        },
        Some("legacy") => Kind::Legacy {
            url: root(&plain("url")),
            key: secret(values, at, "api_key", "api_key_file", problems),
            chunk: match values.of_remote(at, "chunk_size").map(|set| set.value) {
                Some(Value::Size(bytes)) => bytes,
                _ => 1 << 20,
            },
        },
        _ => Kind::Nightjar {
            url: root(&plain("url")),
            key: secret(values, at, "api_key", "api_key_file", problems),
            live_url: text("live_url"),
        },
    };
    let at_once = match values.of_remote(at, "at_once").map(|set| set.value) {
        Some(Value::Int(it)) => u32::try_from(it).unwrap_or(1),
        _ => 1,
    };
    let ca_file = values.of_remote(at, "ca_file").and_then(|set| {
        let path = set.path()?;
        if let Err(error) = files::read(&path, MAX_CA_FILE) {
            let what = format!("`{}` {error}", short(&path.display().to_string()));
            let mend = "name a file of certificates (PEM) that this user may read";
            problems.push(Problem::new(set.origin, format!("remote[{at}].ca_file"), what, mend));
        }
        Some(path)
    });
    RemoteSettings { name: values.remote_name(at), kind, at_once, allow_http: flag("allow_http"), ca_file }
}

/// Paths are put behind it.
fn root(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn secret(values: &Values, at: usize, plain: &str, file: &str, problems: &mut Vec<Problem>) -> Secret {
    if let Some(words) = values.remote_text(at, plain) {
        return Secret::new(words);
    }
    let slot = Slot::of(Section::Remote, file, Some(at), None);
    let line = slot.and_then(|slot| first_line(values, slot, "key", problems));
    Secret::new(line.unwrap_or_default())
}
