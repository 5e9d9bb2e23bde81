//! What goes over the wire beside what `archive` shows: answers for people, and the description of what cameras say,
//! whose shapes themselves are `store::parcel`'s.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use store::devices::Device;
use store::parcel::BeatCamera;
use store::{StorageView, StoreState};
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

/// RFC 3339, UTC, whole seconds.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn any() -> Object {
    ObjectBuilder::new().schema_type(Type::Object).build()
}

fn standing_words() -> Object {
    web::shape::words(["unknown", "files", "clip", "stored"])
}

/// All that belongs to an event.
#[derive(Debug, ToSchema)]
#[schema(as = Manifest)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::Manifest`")]
pub(crate) struct ManifestWire {
    /// `metadata.json` as it lies beside the clip.
    #[schema(schema_with = any)]
    metadata: Value,
    /// The small files; at most 68, and 32 MiB together.
    files: Vec<FileWire>,
    /// The clip, unless there is none.
    clip: Option<ClipWire>,
}

/// One small file.
#[derive(Debug, ToSchema)]
#[schema(as = ManifestFile)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::FileEntry`")]
pub(crate) struct FileWire {
    /// `poster.jpg`, `thumb.jpg`, `trail.jpg`, `thumb_0.jpg` to `thumb_63.jpg` or `track.json`.
    name: String,
    /// At most 16 MiB.
    bytes: u64,
    /// 64 hexadecimal digits.
    sha256: String,
}

/// The clip's file.
#[derive(Debug, ToSchema)]
#[schema(as = ManifestClip)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::ClipEntry`")]
pub(crate) struct ClipWire {
    /// Of the whole file.
    bytes: u64,
    /// 64 hexadecimal digits.
    sha256: String,
}

/// How far an event has come.
#[derive(Debug, ToSchema)]
#[schema(as = Standing)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::Standing`")]
pub(crate) struct StandingWire {
    /// The event's id.
    event: String,
    /// `unknown`: say what belongs to it; `files`: `wants` are to be sent; `clip`: it is to be sent from `offset` on;
    /// `stored`: it is kept.
    #[schema(schema_with = standing_words)]
    state: String,
    /// Small files that are still to be sent.
    wants: Vec<String>,
    /// Bytes of the clip that are there.
    offset: u64,
    /// Once it is kept.
    receipt: Option<ReceiptWire>,
}

/// The word that an event is kept.
#[derive(Debug, ToSchema)]
#[schema(as = Receipt)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::ReceiptShape`")]
pub(crate) struct ReceiptWire {
    /// The event's id.
    event: String,
    /// Of the clip that is kept; if none is, of what was said of the event.
    sha256: String,
    /// Bytes of the clip.
    bytes: u64,
    /// When it was whole.
    #[schema(schema_with = web::shape::time)]
    received: String,
    /// Where it lies: `events/YYYY/MM/DD/<id>`.
    path: String,
}

/// How a camera is.
#[derive(Debug, ToSchema)]
#[schema(as = Beat)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::Beat`")]
pub(crate) struct BeatWire {
    /// Of its program.
    version: String,
    /// Its wall clock.
    #[schema(schema_with = web::shape::time)]
    now: String,
    /// What it still has to send.
    backlog: BacklogWire,
    /// Its cameras.
    cameras: Vec<BeatCameraWire>,
    /// Where people see it live.
    live_url: Option<String>,
    /// How it is.
    health: BeatHealthWire,
}

/// One of its cameras.
#[derive(Debug, ToSchema)]
#[schema(as = BeatCamera)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::BeatCamera`")]
pub(crate) struct BeatCameraWire {
    /// `[a-z0-9-]`.
    id: String,
    /// For people.
    name: String,
    /// A word such as `live` or `lost`.
    state: String,
}

/// How a camera's machine is.
#[derive(Debug, ToSchema)]
#[schema(as = BeatHealth)]
#[expect(dead_code, reason = "a description; the shape itself is `store::parcel::BeatHealth`")]
pub(crate) struct BeatHealthWire {
    /// What is wrong, in words; one of a single camera begins with its id and a colon: `garden: It does not answer.`
    problems: Vec<String>,
    /// Bytes.
    disk_free: Option<u64>,
    /// Seconds since its program started.
    uptime_s: u64,
}

/// The hub's own time, to see by how much a clock is off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BeatAnswer)]
pub(crate) struct BeatAnswerWire {
    /// The hub's wall clock.
    #[schema(schema_with = web::shape::time)]
    pub(crate) now: String,
}

/// All devices.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Devices)]
pub(crate) struct DevicesWire {
    /// By name.
    pub(crate) devices: Vec<DeviceWire>,
}

/// A machine that sends events here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub(crate) struct DeviceWire {
    /// The public part of its key.
    pub(crate) id: String,
    /// The name of its key.
    pub(crate) name: String,
    /// Whether its key is still good.
    pub(crate) has_key: bool,
    /// Whether it was heard of within the last three minutes.
    pub(crate) online: bool,
    /// When it was heard of for the first time.
    #[schema(schema_with = web::shape::time)]
    pub(crate) first_seen: String,
    /// When it was heard of last.
    #[schema(schema_with = web::shape::time)]
    pub(crate) last_seen: String,
    /// Of its program; null for one that does not say, as older ones.
    pub(crate) version: Option<String>,
    /// By how much its clock is ahead of the hub's, milliseconds.
    pub(crate) clock_offset_ms: Option<i64>,
    /// What it still has to send.
    pub(crate) backlog: Option<BacklogWire>,
    /// Its cameras, under the names that their events have here.
    pub(crate) cameras: Vec<DeviceCameraWire>,
    /// Where people see it live.
    pub(crate) live_url: Option<String>,
    /// What is wrong with all of it, in words; what is wrong with one camera stands there.
    pub(crate) problems: Vec<String>,
    /// Free bytes of its disk.
    pub(crate) disk_free_bytes: Option<u64>,
    /// Seconds since its program started.
    pub(crate) uptime_s: Option<u64>,
    /// What of it is kept here.
    pub(crate) kept: DeviceKeptWire,
}

/// What is kept here of a device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceKept)]
pub(crate) struct DeviceKeptWire {
    /// Events.
    pub(crate) events: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// Bytes of clips that were announced and are not whole.
    pub(crate) owed_bytes: u64,
    /// Bytes that it may have here; null: as many as there is room for.
    pub(crate) quota_bytes: Option<u64>,
}

/// What a device still has to send.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backlog)]
pub(crate) struct BacklogWire {
    /// Events.
    pub(crate) events: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// When the oldest of them began.
    #[schema(schema_with = web::shape::time_or_null)]
    pub(crate) oldest: Option<String>,
}

/// One camera of a device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceCamera)]
pub(crate) struct DeviceCameraWire {
    /// `[a-z0-9-]`.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// A word such as `live` or `lost`.
    pub(crate) state: String,
    /// What is wrong with this one, in words.
    pub(crate) problems: Vec<String>,
}

/// The hub itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hub)]
pub(crate) struct HubWire {
    /// What it is called.
    pub(crate) name: String,
    /// Of its program.
    pub(crate) version: &'static str,
    /// Its wall clock.
    #[schema(schema_with = web::shape::time)]
    pub(crate) now: String,
    /// Seconds since it started.
    pub(crate) uptime_s: u64,
    /// Devices that were ever heard of and not forgotten.
    pub(crate) devices: u64,
    /// Devices that were heard of within the last three minutes.
    pub(crate) online: u64,
    /// Events whose small files are coming in just now.
    pub(crate) incoming: u64,
    /// Most bytes of an event that are taken.
    pub(crate) max_event_bytes: u64,
    /// What is kept.
    pub(crate) storage: HubStorageWire,
}

/// What the hub keeps, and what it may.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HubStorage)]
pub(crate) struct HubStorageWire {
    /// Events.
    pub(crate) events: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// Bytes that may be kept; null: as many as there is room for.
    pub(crate) max_bytes: Option<u64>,
    /// Free bytes of the disk; null while it is not there.
    pub(crate) free_bytes: Option<u64>,
    /// What is wrong with the disk, in words; null if nothing is.
    pub(crate) problem: Option<String>,
}

impl DeviceWire {
    pub(crate) fn of(
        mut device: Device,
        now: Timestamp,
        has_key: bool,
        name_of: impl Fn(&str) -> String,
    ) -> Self {
        let known = |camera: BeatCamera| DeviceCameraWire {
            problems: of_camera(&camera.id, &mut device.problems),
            id: name_of(&camera.id),
            name: camera.name,
            state: camera.state,
        };
        let cameras = device.cameras.into_iter().map(known).collect();
        Self {
            id: device.key,
            name: device.name,
            has_key,
            online: is_online(device.last_seen, now),
            first_seen: time(device.first_seen),
            last_seen: time(device.last_seen),
            version: device.version,
            clock_offset_ms: device.clock_offset_ms,
            backlog: device.backlog.map(|backlog| BacklogWire {
                events: backlog.events,
                bytes: backlog.bytes,
                oldest: backlog.oldest.map(time),
            }),
            cameras,
            live_url: device.live_url,
            problems: device.problems,
            disk_free_bytes: device.disk_free,
            uptime_s: device.uptime_s,
            kept: DeviceKeptWire {
                events: device.events,
                bytes: device.bytes,
                owed_bytes: device.owed_bytes,
                quota_bytes: device.quota,
            },
        }
    }
}

/// Takes out of a device's problems those of one camera, which begin with its id; what is left is the device's.
fn of_camera(id: &str, problems: &mut Vec<String>) -> Vec<String> {
    let its = |problem: &String| {
        let what = problem.strip_prefix(id).and_then(|rest| rest.strip_prefix(": "));
        what.map(str::to_owned)
    };
    let own = problems.iter().filter_map(its).collect();
    problems.retain(|problem| its(problem).is_none());
    own
}

impl HubStorageWire {
    pub(crate) fn of(view: &StorageView) -> Self {
        let problem = match &view.state {
            StoreState::Ok => None,
            StoreState::Degraded(problem) | StoreState::Missing(problem) => Some(problem.what.clone()),
        };
        let is_there = !matches!(view.state, StoreState::Missing(_));
        Self {
            events: view.events,
            bytes: view.clip_bytes.saturating_add(view.picture_bytes),
            max_bytes: view.retention.max_size,
            free_bytes: is_there.then_some(view.disk.free),
            problem,
        }
    }
}

/// It says how it is once a minute: three that are missing are no chance.
pub(crate) fn is_online(last_seen: Timestamp, now: Timestamp) -> bool {
    now.as_second() - last_seen.as_second() < 180
}
