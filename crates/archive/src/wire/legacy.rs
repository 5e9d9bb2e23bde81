//! The shapes below `/storage` that scripts already poll; names and nesting must never change.

use serde::Serialize;
use store::event::Event;
use store::{RetentionReport, StorageView};
use utoipa::ToSchema;

use super::event::AlternativeWire;
use super::overview::CleanupWire;
use super::time::{rfc3339, seconds, share};
use super::{mebibytes, schema};
use crate::app::Transfers;

/// How much is kept, and what waits to be uploaded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageStatus)]
pub(crate) struct StorageStatusWire {
    storage: RoomWire,
    transfer: TransferWire,
    /// Ids of events that wait to be uploaded, the newest first, at most 200.
    pending_events: Vec<String>,
}

/// How much is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageRoom)]
struct RoomWire {
    /// Within the data directory.
    path: &'static str,
    /// MiB of all events.
    size_mb: f64,
    /// MiB that they may take; null if nothing limits them but the disk.
    #[schema(required)]
    max_size_mb: Option<f64>,
    /// Of that, 0 to 100.
    usage_percent: f64,
    event_count: u64,
}

/// What is being uploaded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageTransfer)]
struct TransferWire {
    /// Events that wait to be uploaded, counted for each remote.
    pending_count: u64,
    active_transfers: u64,
    /// Kilobit a second; 0: as fast as it goes.
    throttle_kbps: u64,
    /// Whether `schedule_window` counts.
    schedule_active: bool,
    /// Hours of the day, `22:00-06:00`.
    #[schema(required)]
    schedule_window: Option<String>,
    #[schema(required)]
    wifi_monitoring: Option<WifiWire>,
}

/// How good the wireless link is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WifiMonitoring)]
struct WifiWire {
    /// dBm.
    signal_strength: f64,
    /// Kilobit a second.
    current_throttle: u64,
}

impl StorageStatusWire {
    pub(crate) fn of(view: &StorageView, transfers: Transfers) -> Self {
        let used = view.clip_bytes + view.picture_bytes;
        let most = view.retention.max_size;
        let percent = most.filter(|&most| most > 0).map_or(0.0, |most| used as f64 * 100.0 / most as f64);
        Self {
            storage: RoomWire {
                path: "events",
                size_mb: mebibytes(used),
                max_size_mb: most.map(mebibytes),
                usage_percent: (percent * 10.0).round() / 10.0,
                event_count: view.events,
            },
            transfer: TransferWire {
                pending_count: transfers.pending,
                active_transfers: transfers.active,
                throttle_kbps: transfers.throttle_kbps,
                schedule_active: transfers.is_scheduled,
                schedule_window: transfers.window,
                wifi_monitoring: transfers.wifi.map(|(signal, throttle)| WifiWire {
                    signal_strength: signal.into(),
                    current_throttle: throttle,
                }),
            },
            pending_events: transfers.events,
        }
    }
}

/// The newest events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageEvents)]
pub(crate) struct StorageEventsWire {
    /// The newest first.
    events: Vec<StoredWire>,
    /// How many these are.
    count: usize,
}

/// One of them, with the keys of `metadata.json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageEvent)]
struct StoredWire {
    id: String,
    camera: String,
    #[schema(schema_with = web::shape::time)]
    start_time: String,
    #[schema(schema_with = web::shape::time)]
    end_time: String,
    /// Seconds.
    duration: f64,
    /// `[x, y, width, height]` in pixels.
    regions: Vec<[u32; 4]>,
    frame_count: u64,
    resolution: ResolutionWire,
    has_thumbnails: bool,
    /// Whether it is whole and will not change any more.
    processed: bool,
    classification: StoredLabelWire,
    /// Bytes of all its files.
    file_size: u64,
}

/// Pixels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageResolution)]
struct ResolutionWire {
    width: u32,
    height: u32,
}

/// What it is taken for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageClassification)]
struct StoredLabelWire {
    #[schema(schema_with = schema::label)]
    label: String,
    #[schema(schema_with = web::shape::share)]
    confidence: f64,
    alternatives: Vec<AlternativeWire>,
}

impl StorageEventsWire {
    pub(crate) fn of(events: &[Event]) -> Self {
        Self { count: events.len(), events: events.iter().map(StoredWire::of).collect() }
    }
}

impl StoredWire {
    fn of(event: &Event) -> Self {
        let verdict = &event.verdict;
        Self {
            id: event.id.to_string(),
            camera: event.camera.clone(),
            start_time: rfc3339(event.started, event.utc_offset),
            end_time: rfc3339(event.ended(), event.utc_offset),
            duration: seconds(event.duration),
            regions: event.regions.iter().map(|r| [r.x, r.y, r.w, r.h]).collect(),
            frame_count: event.frames,
            resolution: ResolutionWire { width: event.size.width, height: event.size.height },
            has_thumbnails: event.pictures.thumbnails > 0,
            processed: true,
            classification: StoredLabelWire {
                label: verdict.label.clone(),
                confidence: share(verdict.confidence),
                alternatives: AlternativeWire::all(verdict),
            },
            file_size: super::event::bytes(event),
        }
    }
}

/// What retention did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageCleanup)]
pub(crate) struct StorageCleanupWire {
    /// The figures in a sentence.
    message: String,
    /// Events whose clips went, and whose pictures stay.
    degraded: u64,
    /// Events that are gone.
    deleted: u64,
    freed_bytes: u64,
}

impl StorageCleanupWire {
    pub(crate) fn of(report: &RetentionReport) -> Self {
        let CleanupWire { degraded, deleted, freed_bytes } = CleanupWire::of(report);
        let freed = mebibytes(freed_bytes);
        let message = match (degraded, deleted) {
            (0, 0) => "Nothing had to go.".to_owned(),
            _ => format!(
                "{deleted} events and the clips of {degraded} more are gone; {freed} MiB are free again."
            ),
        };
        Self { message, degraded, deleted, freed_bytes }
    }
}
