//! Uploads as `/api/v1` and the older paths tell them.

use std::time::SystemTime;

use archive::{errand_stage, errand_state};
use jiff::Timestamp;
use serde::Serialize;
use store::outbox::{ErrandCursor, ErrandView};
use utoipa::ToSchema;

use crate::uploads::{RemoteView, UnderWay, UploadsView};
use crate::wire::{schema, time};

/// What is owed to whom, how fast it goes, and why it waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Uploads)]
pub(crate) struct UploadsWire {
    /// Nothing is sent until somebody resumes it.
    paused: bool,
    /// Bytes a second at the most, as set; null: no limit.
    #[schema(required)]
    rate: Option<u64>,
    /// Bytes a second that are allowed at present, the signal looked at; null: as fast as it goes.
    #[schema(required)]
    rate_limit: Option<u64>,
    /// Hours of the day that sending is allowed in, `22:00-06:00`; null: all.
    #[schema(required)]
    window: Option<String>,
    /// Whether `window` counts.
    window_active: bool,
    /// Whether it is open now; null where it does not count.
    #[schema(required)]
    in_window: Option<bool>,
    /// The wireless link, where it is looked at and there is one.
    #[schema(required)]
    signal: Option<SignalWire>,
    /// Whether clips stay here after every remote has proved to hold them.
    keep_clips: bool,
    /// In the order of the configuration.
    remotes: Vec<RemoteWire>,
}

/// How good the wireless link is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
struct SignalWire {
    dbm: i32,
    #[schema(schema_with = schema::signal)]
    quality: &'static str,
}

/// A remote, and what is owed to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Remote)]
struct RemoteWire {
    /// As configured.
    name: String,
    #[schema(schema_with = schema::remote_kind)]
    kind: &'static str,
    /// Its address.
    url: String,
    #[schema(schema_with = schema::remote_state)]
    state: &'static str,
    /// Why it waits, while it does.
    #[schema(schema_with = schema::waiting, required)]
    waiting: Option<&'static str>,
    /// Seconds until it goes on, where that is known.
    #[schema(required)]
    resumes_in_s: Option<f64>,
    /// Bytes a second of late.
    rate: f64,
    /// Seconds until all that is owed is there, at the rate of late; null: nothing is owed, or nobody knows.
    #[schema(required)]
    eta_s: Option<f64>,
    /// Ids of the events under way.
    sending: Vec<String>,
    /// How far those are whose bytes go.
    under_way: Vec<UnderWayWire>,
    backlog: BacklogWire,
    /// When something was last sent.
    #[schema(schema_with = web::shape::time_or_null, required)]
    last_sent: Option<String>,
    /// Of what the last attempt failed that failed.
    #[schema(required)]
    last_error: Option<LastErrorWire>,
    /// What is wrong, if nothing went well since.
    #[schema(required)]
    problem: Option<String>,
}

/// How far one event is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnderWay)]
struct UnderWayWire {
    /// Its id.
    event: String,
    #[schema(schema_with = schema::errand_stage)]
    stage: &'static str,
    /// Bytes of it that went out; of a clip that is taken up again, those that the remote has already are among them.
    sent: u64,
    /// Bytes of all of it; 0 where that is not known.
    bytes: u64,
}

/// What is owed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backlog)]
struct BacklogWire {
    /// Events that are owed, those under way among them.
    events: u64,
    /// Of these, those of which the pictures come first and nothing was sent yet.
    pictures: u64,
    /// Of these, those of which the clip is owed, or everything at once.
    clips: u64,
    /// Of all that is owed.
    bytes: u64,
    /// Events that were refused, and wait for somebody to try them again.
    failed: u64,
    /// Events that are there, of those that are still here.
    done: u64,
    /// When the first of those owed began.
    #[schema(schema_with = web::shape::time_or_null, required)]
    oldest: Option<String>,
}

/// An attempt that failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadError)]
struct LastErrorWire {
    #[schema(schema_with = web::shape::time)]
    time: String,
    why: String,
}

fn at(time: Timestamp) -> String {
    time::rfc3339(SystemTime::from(time))
}

impl UploadsWire {
    pub(crate) fn of(view: &UploadsView) -> Self {
        Self {
            paused: view.paused,
            rate: view.rate,
            rate_limit: view.rate_limit,
            window: view.window.clone(),
            window_active: view.window_active,
            in_window: view.in_window,
            signal: view.signal.map(|(dbm, quality)| SignalWire { dbm, quality }),
            keep_clips: view.keep_clips,
            remotes: view.remotes.iter().map(RemoteWire::of).collect(),
        }
    }
}

impl RemoteWire {
    fn of(remote: &RemoteView) -> Self {
        let backlog = &remote.backlog;
        let last_error = backlog.last_error.as_ref();
        Self {
            name: remote.name.clone(),
            kind: remote.kind,
            url: remote.url.clone(),
            state: remote.state,
            waiting: remote.waiting,
            resumes_in_s: remote.resumes_in.map(|wait| wait.as_secs_f64()),
            rate: remote.rate.round(),
            eta_s: remote.eta.map(|eta| eta.as_secs_f64().round()),
            sending: remote.sending.iter().map(ToString::to_string).collect(),
            under_way: remote.under_way.iter().map(UnderWayWire::of).collect(),
            backlog: BacklogWire {
                events: backlog.pictures + backlog.clips,
                pictures: backlog.pictures,
                clips: backlog.clips,
                bytes: backlog.bytes,
                failed: backlog.failed,
                done: backlog.done,
                oldest: backlog.oldest.map(at),
            },
            last_sent: backlog.last_sent.map(at),
            last_error: last_error.map(|(time, why)| LastErrorWire { time: at(*time), why: why.clone() }),
            problem: remote.trouble.clone(),
        }
    }
}

impl UnderWayWire {
    fn of(it: &UnderWay) -> Self {
        Self { event: it.event.to_string(), stage: errand_stage(it.stage), sent: it.sent, bytes: it.bytes }
    }
}

/// Some of the errands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Errands)]
pub(crate) struct ErrandsWire {
    /// The newest event first.
    errands: Vec<ErrandWire>,
    /// The `cursor` of the next page; null after the last one.
    #[schema(required)]
    next: Option<String>,
}

/// One event that is owed to one remote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Errand)]
struct ErrandWire {
    remote: String,
    /// The event's id.
    event: String,
    /// The event's camera.
    camera: String,
    /// When the event began.
    #[schema(schema_with = web::shape::time)]
    start_time: String,
    #[schema(schema_with = schema::errand_state)]
    state: &'static str,
    #[schema(schema_with = schema::errand_stage)]
    stage: &'static str,
    /// Attempts at this part that came to nothing.
    attempts: u32,
    /// Seconds until its next attempt; null unless it is owed.
    #[schema(required)]
    due_in_s: Option<f64>,
    /// Of what the last attempt failed.
    #[schema(required)]
    why: Option<String>,
    /// Bytes that are still owed.
    bytes: u64,
    /// When the last of it was there.
    #[schema(schema_with = web::shape::time_or_null, required)]
    done_at: Option<String>,
}

impl ErrandsWire {
    pub(crate) fn of(errands: &[ErrandView], next: Option<ErrandCursor>) -> Self {
        let one = |errand: &ErrandView| ErrandWire {
            remote: errand.remote.clone(),
            event: errand.event.to_string(),
            camera: errand.camera.clone(),
            start_time: at(errand.started),
            state: errand_state(errand.state),
            stage: errand_stage(errand.stage),
            attempts: errand.attempts,
            due_in_s: errand.due_in.map(|due| due.as_secs_f64()),
            why: errand.why.clone(),
            bytes: errand.bytes,
            done_at: errand.done_at.map(at),
        };
        Self { errands: errands.iter().map(one).collect(), next: next.map(|next| next.to_string()) }
    }
}

/// How many errands are due now that were not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retried)]
pub(crate) struct RetriedWire {
    pub(crate) due: u64,
}

/// Whether an event is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageTransferAnswer)]
pub(crate) struct TransferWire {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
}

/// How and when events are sent now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageConfigChanged)]
pub(crate) struct StorageConfigWire {
    message: &'static str,
    config: OlderConfigWire,
}

/// As older scripts call it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageConfig)]
struct OlderConfigWire {
    /// Kilobit a second; 0: no limit.
    throttle_kbps: u64,
    schedule_active: bool,
    #[schema(required)]
    schedule_window: Option<String>,
    wifi_monitoring: bool,
    /// MiB of all events.
    max_size_mb: f64,
}

impl StorageConfigWire {
    pub(crate) fn of(view: &UploadsView) -> Self {
        let config = OlderConfigWire {
            throttle_kbps: view.rate.unwrap_or_default() / 125,
            schedule_active: view.window_active && view.window.is_some(),
            schedule_window: view.window.clone(),
            wifi_monitoring: view.wifi,
            max_size_mb: (view.max_size as f64 / 1_048_576.0 * 100.0).round() / 100.0,
        };
        Self { message: "Applied and kept.", config }
    }
}
