//! The one table of keys ([`table`]). Reading, checking, `config show`, the JSON Schema and `config/nightjar.toml` all come
//! from it, so that no two of them can disagree.

use super::kind::{Kind, Value};

mod table;

pub(crate) use table::KEYS;

/// A table of the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// The file itself, which holds tables only.
    Root,
    /// `[server]`
    Server,
    /// `[data]`
    Data,
    /// `[retention]`
    Retention,
    /// `[log]`
    Log,
    /// `[upload]`
    Upload,
    /// `[[remote]]`
    Remote,
    /// `[hub]`
    Hub,
    /// `[[camera]]`
    Camera,
    /// `[camera.motion]`
    Motion,
    /// `[camera.recording]`
    Recording,
    /// `[[camera.zone]]`
    Zone,
}

impl Section {
    /// All of them, outermost first.
    pub(crate) const ALL: [Self; 12] = [
        Self::Root,
        Self::Server,
        Self::Data,
        Self::Retention,
        Self::Log,
        Self::Upload,
        Self::Remote,
        Self::Hub,
        Self::Camera,
        Self::Motion,
        Self::Recording,
        Self::Zone,
    ];

    /// Those that stand once, for the whole program.
    pub(crate) const SINGLE: [Self; 6] =
        [Self::Server, Self::Data, Self::Retention, Self::Log, Self::Upload, Self::Hub];

    /// Those that each camera has once.
    pub(crate) const OF_CAMERA: [Self; 3] = [Self::Camera, Self::Motion, Self::Recording];

    /// Its own name within its parent.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Server => "server",
            Self::Data => "data",
            Self::Retention => "retention",
            Self::Log => "log",
            Self::Upload => "upload",
            Self::Remote => "remote",
            Self::Hub => "hub",
            Self::Camera => "camera",
            Self::Motion => "motion",
            Self::Recording => "recording",
            Self::Zone => "zone",
        }
    }

    /// Where it stands; the root stands in itself.
    pub(crate) fn parent(self) -> Self {
        match self {
            Self::Motion | Self::Recording | Self::Zone => Self::Camera,
            _ => Self::Root,
        }
    }

    /// Whether there may be several, as `[[…]]`.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::Remote | Self::Camera | Self::Zone)
    }

    /// How many there may be of a list.
    pub(crate) fn most(self) -> usize {
        match self {
            Self::Remote => MAX_REMOTES,
            Self::Zone => MAX_ZONES,
            _ => MAX_CAMERAS,
        }
    }

    /// What it is about, for the schema and the example.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Root => "Nightjar's configuration",
            Self::Server => "Who may look in, and how many.",
            Self::Data => "Where everything that must survive a restart is kept.",
            Self::Retention => {
                "How much of the events is kept. The least valuable go first, favourites stay; of some the pictures stay longer."
            }
            Self::Log => "What is written to standard error.",
            Self::Upload => "When and how fast events go to the remotes. Applied at run time.",
            Self::Remote => "Where every event is sent to. None: nothing leaves this machine. Up to 8.",
            Self::Hub => "The storage server, nightjar hub: what cameras send, from many of them.",
            Self::Camera => {
                "One table per camera, up to 64. Without any: this machine's own camera, else the demo scene."
            }
            Self::Motion => "What counts as movement. Applied at run time, without dropping a viewer.",
            Self::Recording => {
                "What becomes of movement: an event with a clip and pictures, in the data directory."
            }
            Self::Zone => "Areas of the picture. None: the whole picture counts. Up to 32 per camera.",
        }
    }

    /// As its header stands in a file.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Server => "[server]",
            Self::Data => "[data]",
            Self::Retention => "[retention]",
            Self::Log => "[log]",
            Self::Upload => "[upload]",
            Self::Remote => "[[remote]]",
            Self::Hub => "[hub]",
            Self::Camera => "[[camera]]",
            Self::Motion => "[camera.motion]",
            Self::Recording => "[camera.recording]",
            Self::Zone => "[[camera.zone]]",
        }
    }

    /// The tables directly inside.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |child| *child != Self::Root && child.parent() == self)
    }

    /// Its keys with their place in [`KEYS`].
    pub(crate) fn keys(self) -> impl Iterator<Item = (usize, &'static Key)> {
        KEYS.iter().enumerate().filter(move |(_, key)| key.section == self)
    }
}

/// What a key holds when nobody says anything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Preset {
    /// Nothing; the key is optional, or required by a check of its own.
    Unset,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text, as it would stand in a file.
    Text(&'static str),
    /// An empty list of hosts.
    NoHosts,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// The table it stands in.
    pub(crate) section: Section,
    /// Its name there.
    pub(crate) name: &'static str,
    /// What it may hold.
    pub(crate) kind: Kind,
    /// What it holds by default.
    pub(crate) preset: Preset,
    /// Only for cameras of these sources, or remotes of these kinds; none: for all. Unused places are empty.
    only_for: [&'static str; 2],
    /// What it does, with its unit.
    pub(crate) about: &'static str,
}

impl Key {
    const fn new(
        section: Section,
        name: &'static str,
        kind: Kind,
        preset: Preset,
        about: &'static str,
    ) -> Self {
        Self { section, name, kind, preset, only_for: [""; 2], about }
    }

    const fn only_for(mut self, source: &'static str) -> Self {
        self.only_for[0] = source;
        self
    }

    /// Besides the one of [`Key::only_for`].
    const fn or_for(mut self, source: &'static str) -> Self {
        self.only_for[1] = source;
        self
    }

    /// Whether a camera of that source, or a remote of that kind, has this key.
    pub(crate) fn serves(&self, source: &str) -> bool {
        self.only_for[0].is_empty() || self.only_for.contains(&source)
    }

    /// The sources or kinds that have this key, as `source = "http" or "rtsp"`; `None` if all have it.
    pub(crate) fn sources(&self) -> Option<String> {
        let quoted = self.only_for.iter().filter(|source| !source.is_empty());
        let quoted: Vec<String> = quoted.map(|source| format!("\"{source}\"")).collect();
        let chooser = if self.section == Section::Remote { "kind" } else { "source" };
        (!quoted.is_empty()).then(|| format!("{chooser} = {}", quoted.join(" or ")))
    }

    /// The built-in value.
    pub(crate) fn default_value(&self) -> Option<Value> {
        match self.preset {
            Preset::Unset => None,
            Preset::Bool(it) => Some(Value::Bool(it)),
            Preset::Int(it) => Some(Value::Int(it)),
            Preset::Float(it) => Some(Value::Float(it)),
            Preset::Text(it) => self.kind.read_word(it).ok(),
            Preset::NoHosts => Some(Value::Hosts(Vec::new())),
        }
    }
}

/// Cameras at the most: each has a ring of its own and two threads.
pub(crate) const MAX_CAMERAS: usize = 64;
/// Remotes at the most: each has its own place in every event's row of what is owed.
pub(crate) const MAX_REMOTES: usize = 8;
/// Zones per camera at the most: every candidate is tested against each.
pub(crate) const MAX_ZONES: usize = 32;

/// Names that the documentation knows and this version does not: where they stand, and what they are for.
const LATER: &[(Section, &str, &str)] = &[
    (Section::Root, "auth", "sessions and passwords"),
    (Section::Root, "place", "sun times"),
    (Section::Server, "base_path", "serving below a path"),
    (Section::Server, "tls", "TLS"),
    (Section::Server, "trusted_proxies", "proxies"),
];

/// What a name will be for, if this version does not know it yet.
pub(crate) fn later(section: Section, name: &str) -> Option<&'static str> {
    LATER.iter().find(|(at, known, _)| *at == section && *known == name).map(|(.., what)| *what)
}

/// One key of one camera, zone or remote: a place where a value may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    /// Which remote, for keys of remotes.
    pub(crate) remote: Option<usize>,
    /// Which camera, for keys of cameras.
    pub(crate) camera: Option<usize>,
    /// Which of its zones, for keys of zones.
    pub(crate) zone: Option<usize>,
    /// Place in [`KEYS`].
    pub(crate) key: usize,
}

impl Slot {
    /// The place of that key; `index` (of the camera or the remote) and `zone` as far as the section has them.
    pub(crate) fn of(
        section: Section,
        name: &str,
        index: Option<usize>,
        zone: Option<usize>,
    ) -> Option<Self> {
        let key = section.keys().find(|(_, key)| key.name == name)?.0;
        Some(Self::at(key, index, zone))
    }

    /// The place of the row `key` of the table.
    pub(crate) fn at(key: usize, index: Option<usize>, zone: Option<usize>) -> Self {
        if KEYS[key].section == Section::Remote {
            Self { remote: index, camera: None, zone: None, key }
        } else {
            Self { remote: None, camera: index, zone, key }
        }
    }

    /// The row of the table.
    pub(crate) fn row(self) -> &'static Key {
        &KEYS[self.key]
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let row = self.row();
        f.write_str(&place(row.section, self.camera.or(self.remote), self.zone, row.name))
    }
}

/// `server.bind`, `remote[0].url`, `camera[0].zone[1].points`; an empty name is the table itself.
pub(crate) fn place(section: Section, index: Option<usize>, zone: Option<usize>, name: &str) -> String {
    let at = |at: Option<usize>| at.map(|at| format!("[{at}]")).unwrap_or_default();
    let table = match section {
        Section::Root => String::new(),
        Section::Camera | Section::Remote => format!("{}{}", section.name(), at(index)),
        Section::Motion | Section::Recording => format!("camera{}.{}", at(index), section.name()),
        Section::Zone => format!("camera{}.zone{}", at(index), at(zone)),
        other => other.name().to_owned(),
    };
    match (table.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => table,
        _ => format!("{table}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_allowed_by_its_own_key() {
        for key in KEYS {
            if matches!(key.preset, Preset::Unset) {
                continue;
            }
            let value =
                key.default_value().unwrap_or_else(|| panic!("default of {} does not parse", key.name));
            let read = key.kind.read(&value.to_toml()).unwrap_or_else(|e| panic!("{}: {e:?}", key.name));
            assert_eq!(read, value, "{}", key.name);
        }
    }
}
