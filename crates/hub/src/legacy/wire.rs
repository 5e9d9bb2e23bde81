//! The shapes that cameras of the older system send and read; names and nesting must never change.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::event::Event;
use utoipa::ToSchema;
use web::shape::Binary;

use super::keep::Kept;

/// An event in one form.
#[derive(Debug, ToSchema)]
#[schema(as = OlderForm)]
#[expect(dead_code, reason = "a description")]
pub(super) struct UploadForm {
    /// The clip, MP4.
    video: Binary,
    /// JSON: the keys of the older system's `metadata.json`, at least `id` and `start_time`. A time without an offset is
    /// read in the hub's zone.
    metadata: String,
    /// A JPEG; `thumbnail_1` and so on for more.
    thumbnail_0: Option<Binary>,
}

/// An event in chunks is about to come.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OlderInit)]
pub(super) struct InitAsked {
    /// JSON as a text, as in the form.
    #[schema(value_type = String)]
    pub(super) metadata: Metadata,
    /// Bytes of the clip.
    pub(super) file_size: u64,
    /// Bytes of each chunk but the last one; at most 16 MiB.
    pub(super) chunk_size: u64,
    /// How many there are.
    pub(super) total_chunks: u64,
    /// JPEGs, in Base64.
    #[serde(default)]
    pub(super) thumbnails: Option<Vec<String>>,
}

/// Some send the object itself.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Metadata {
    Text(String),
    Object(Map<String, Value>),
}

/// The upload may begin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderBegun)]
pub(crate) struct BegunWire {
    /// Goes with each chunk.
    pub(super) upload_id: String,
}

/// One chunk.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OlderChunk)]
pub(super) struct ChunkAsked {
    /// As it was given.
    pub(super) upload_id: String,
    /// From 0.
    pub(super) chunk_index: u64,
    /// Base64.
    pub(super) chunk_data: String,
}

/// A chunk is there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderChunkTaken)]
pub(crate) struct ChunkWire {
    pub(super) success: bool,
    /// As it was sent.
    pub(super) chunk_index: u64,
}

/// Which upload.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OlderUpload)]
pub(super) struct UploadAsked {
    /// As it was given.
    pub(super) upload_id: String,
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderDone)]
pub(crate) struct DoneWire {
    pub(super) success: bool,
}

/// An event is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderStored)]
pub(crate) struct StoredWire {
    success: bool,
    /// As the camera has it.
    event_id: String,
    /// Bytes of the clip.
    file_size: u64,
}

impl StoredWire {
    pub(super) fn of(kept: Kept) -> Self {
        Self { success: true, event_id: kept.id, file_size: kept.bytes }
    }
}

/// An event is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderFinished)]
pub(crate) struct FinishedWire {
    success: bool,
    /// As the camera has it.
    event_id: String,
    /// Bytes of the clip.
    file_size: u64,
    /// Its folder, within the hub's.
    path: String,
}

impl FinishedWire {
    pub(super) fn of(kept: Kept) -> Self {
        Self { success: true, event_id: kept.id, file_size: kept.bytes, path: kept.path }
    }
}

/// An event was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderDeleted)]
pub(crate) struct DeletedWire {
    pub(super) success: bool,
    /// As it was asked for.
    pub(super) event_id: String,
}

/// How much is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderStats)]
pub(crate) struct StatsWire {
    pub(super) total_events: u64,
    /// Of all their files.
    pub(super) total_size_bytes: u64,
    /// The same in MiB.
    pub(super) total_size_mb: f64,
}

/// Some of the events, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderEvents)]
pub(crate) struct ListWire {
    pub(super) events: Vec<EventWire>,
    /// How many there are in all.
    pub(super) total: u64,
    /// As asked for.
    pub(super) limit: u32,
    /// As asked for.
    pub(super) offset: u32,
}

/// An event, with the keys of `metadata.json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderEvent)]
pub(crate) struct EventWire {
    /// As the camera that sent it has it.
    id: String,
    camera: String,
    /// In UTC, ending in `+00:00`.
    start_time: String,
    /// In UTC, ending in `+00:00`.
    end_time: String,
    /// Seconds.
    duration: f64,
    /// `[x, y, width, height]` in pixels.
    regions: Vec<[u32; 4]>,
    frame_count: u64,
    resolution: ResolutionWire,
    has_thumbnails: bool,
    /// Names for `…/thumbnails/{file}`.
    thumbnails: Vec<String>,
    /// Whether all of it is here.
    processed: bool,
    motion_analysis: AnalysisWire,
    /// Bytes of the clip; 0 while there is none.
    file_size: u64,
    /// Within the hub's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

/// Pixels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderResolution)]
struct ResolutionWire {
    width: u32,
    height: u32,
}

/// What it is taken for, and numbers of its movement where they are known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderAnalysis)]
struct AnalysisWire {
    classification: LabelWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    motion_characteristics: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    temporal_features: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_hash: Option<String>,
}

/// What it is taken for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderLabel)]
struct LabelWire {
    label: String,
    confidence: f64,
    alternatives: Vec<AlternativeWire>,
}

/// What else it may be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderAlternative)]
struct AlternativeWire {
    label: String,
    confidence: f64,
}

impl EventWire {
    pub(super) fn of(event: &Event, path: Option<String>) -> Self {
        let verdict = &event.verdict;
        let alternatives = verdict.alternatives.iter();
        let (motion_characteristics, temporal_features) = numbers(event).unzip();
        Self {
            id: event.source_id.clone().unwrap_or_else(|| event.id.to_string()),
            camera: event.camera.clone(),
            start_time: utc(event.started),
            end_time: utc(event.ended()),
            duration: event.duration.as_secs_f64(),
            regions: event.regions.iter().map(|it| [it.x, it.y, it.w, it.h]).collect(),
            frame_count: event.frames,
            resolution: ResolutionWire { width: event.size.width, height: event.size.height },
            has_thumbnails: event.pictures.thumbnails > 0,
            thumbnails: (0..event.pictures.thumbnails).map(|n| format!("thumb_{n}.jpg")).collect(),
            processed: event.clip.is_some(),
            motion_analysis: AnalysisWire {
                classification: LabelWire {
                    label: verdict.label.clone(),
                    confidence: finite(verdict.confidence),
                    alternatives: alternatives
                        .map(|(label, share)| AlternativeWire {
                            label: label.clone(),
                            confidence: finite(*share),
                        })
                        .collect(),
                },
                motion_characteristics,
                temporal_features,
                signature_hash: event.analysis.as_ref().map(|analysis| analysis.signature_hash.clone()),
            },
            file_size: event.clip.as_ref().map_or(0, |clip| clip.bytes),
            path,
        }
    }
}

fn numbers(event: &Event) -> Option<(Value, Value)> {
    let analysis = event.analysis.as_ref()?;
    let (flow, time) = (&analysis.characteristics, &analysis.temporal);
    let flow = serde_json::json!({
        "mean_magnitude": finite(flow.mean_magnitude),
        "std_magnitude": finite(flow.std_magnitude),
        "mean_angle": finite(flow.mean_angle),
        "angular_dispersion": finite(flow.angular_dispersion),
        "max_magnitude": finite(flow.max_magnitude),
        "flow_complexity": finite(flow.flow_complexity),
        "dominant_direction": finite(flow.dominant_direction),
    });
    let time = serde_json::json!({
        "magnitude_trend": finite(time.magnitude_trend),
        "magnitude_variability": finite(time.magnitude_variability),
        "acceleration_mean": finite(time.acceleration_mean),
        "acceleration_std": finite(time.acceleration_std),
        "direction_changes": time.direction_changes,
        "direction_stability": finite(time.direction_stability),
    });
    Some((flow, time))
}

/// JSON has no word for what is no number; the digits that a float of 32 bits has.
fn finite(number: f32) -> f64 {
    let rounded = (f64::from(number) * 1e6).round() / 1e6;
    if rounded.is_finite() { rounded } else { 0.0 }
}

/// As programs of the older system read times: no `Z`, and six digits or none.
pub(super) fn utc(at: Timestamp) -> String {
    let zoned = at.to_zoned(TimeZone::UTC);
    let is_whole = zoned.subsec_nanosecond() < 1_000;
    let format = if is_whole { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%dT%H:%M:%S%.6f+00:00" };
    zoned.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_end_in_an_offset_and_never_in_a_letter() {
        for (at, expected) in [
            ("2026-11-20T10:10:10Z", "2026-11-20T10:10:10+00:00"),
            ("2026-11-20T10:10:10.5+01:00", "2026-11-20T09:10:10.500000+00:00"),
            ("2026-11-20T10:10:10.123456789Z", "2026-11-20T10:10:10.123456+00:00"),
            ("2026-11-20T10:10:10.000000001Z", "2026-11-20T10:10:10+00:00"),
        ] {
            assert_eq!(utc(at.parse().unwrap()), expected);
        }
    }
}
