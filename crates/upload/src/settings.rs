//! What the uploader is told: when and how fast, and which remotes there are. Plain values, already checked by whoever
//! read the configuration; secrets print as `***`.

use std::fmt;
use std::path::PathBuf;

use jiff::civil::Time;
use jiff::tz::TimeZone;

/// When and how fast, for all remotes; may change at any time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Nothing is sent.
    pub paused: bool,
    /// Bytes a second over all remotes together; `None`: as fast as it goes.
    pub rate: Option<u64>,
    /// The hours of the day that sending is allowed in; `None`: all.
    pub window: Option<Window>,
    /// Slower while the signal is weak; `None`: the signal is not looked at.
    pub wifi: Option<WifiSettings>,
    /// Clips stay here after every remote has proved that it holds them.
    pub keep_clips: bool,
}

/// Hours of the day; over midnight if `from` is after `to`, all day if they are the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The first moment that is within.
    pub from: Time,
    /// The first moment that is not.
    pub to: Time,
    /// Where those hours count.
    pub zone: TimeZone,
}

/// How the Wi-Fi signal limits the rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WifiSettings {
    /// Such as `wlan0`; `None`: the first that the system lists.
    pub interface: Option<String>,
    /// Bytes a second while the signal is neither good nor poor; `None`: no limit.
    pub fair_rate: Option<u64>,
    /// Bytes a second while it is poor; 0: nothing is sent. `None`: no limit.
    pub poor_rate: Option<u64>,
    /// Where the system lists its wireless interfaces; `/proc/net/wireless` but in tests.
    pub file: PathBuf,
}

impl Default for WifiSettings {
    fn default() -> Self {
        Self { interface: None, fair_rate: None, poor_rate: None, file: "/proc/net/wireless".into() }
    }
}

/// One remote, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteSettings {
    /// What its errands are filed under; stable, `[a-z0-9-]`.
    pub name: String,
    /// How to speak to it, and where.
    pub kind: Kind,
    /// Events under way at a time, 1 or 2.
    pub at_once: u32,
    /// Plain HTTP to hosts outside the local network is allowed.
    pub allow_http: bool,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl RemoteSettings {
    /// What never stands in a log or on a page.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        match &self.kind {
            Kind::Nightjar { key, .. } | Kind::Legacy { key, .. } => Some(key),
            Kind::S3 { secret, .. } => Some(secret),
        }
    }

    /// Where people see this camera live, if the remote is to know.
    #[must_use]
    pub fn live_url(&self) -> Option<&str> {
        match &self.kind {
            Kind::Nightjar { live_url, .. } => live_url.as_deref(),
            Kind::Legacy { .. } | Kind::S3 { .. } => None,
        }
    }
}

/// What kind of remote, with what that kind needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Our hub.
    Nightjar {
        /// Its root, such as `https://hub.example:8080`.
        url: String,
        /// With scope `upload`.
        key: Secret,
        /// Where the hub's people find this camera's own page.
        live_url: Option<String>,
    },
    /// An older storage server.
    Legacy {
        /// Its root.
        url: String,
        /// For `X-API-Key`.
        key: Secret,
        /// Bytes of a chunk; clips up to this go in a single request.
        chunk: u64,
    },
    /// An S3-compatible object store.
    S3 {
        /// Such as `https://s3.example:9000`.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// Such as `us-east-1`.
        region: String,
        /// What the keys begin with; may be empty.
        prefix: String,
        /// Public half of the key.
        access_key: String,
        /// Secret half.
        secret: Secret,
        /// How the store is to check what it received.
        checksum: Checksum,
    },
}

/// How an object store is to check what it received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Checksum {
    /// `x-amz-checksum-sha256` on every object and part.
    #[default]
    Sha256,
    /// `x-amz-checksum-crc32c`, and the clip is read back once to be sure of its SHA-256.
    Crc32c,
    /// No checksum headers, for stores that know none; the clip is read back once.
    None,
}

/// Words that reach the remote they are for and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of its plain words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The plain words, to be sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
