//! What can be changed over HTTP: each field as a client names it, and the place where its value stands.

use std::time::Duration;

use server::{CameraConfig, ConfigPatch, TimestampPosition, Zone, ZoneKind};

use crate::config::{Origin, Section, Slot, Value, Values};

/// A row: the name as `PATCH /api/v1/cameras/{id}` has it, the place, and what a patch says of it.
pub(super) struct Field {
    pub(super) name: &'static str,
    section: Section,
    key: &'static str,
    pick: fn(&ConfigPatch) -> Option<Value>,
}

/// Zones are a list, so they are no row; this is their name.
pub(super) const ZONES: &str = "zones";

const fn row(
    name: &'static str,
    section: Section,
    key: &'static str,
    pick: fn(&ConfigPatch) -> Option<Value>,
) -> Field {
    Field { name, section, key, pick }
}

/// Every field but the zones.
pub(super) static FIELDS: &[Field] = &[
    row("name", Section::Camera, "name", |it| it.name.clone().map(Value::Text)),
    row("width", Section::Camera, "width", |it| int(it.width)),
    row("height", Section::Camera, "height", |it| int(it.height)),
    row("frame_rate", Section::Camera, "frame_rate", |it| int(it.frame_rate)),
    row("rotation", Section::Camera, "rotation", |it| int(it.rotation)),
    row("show_timestamp", Section::Camera, "show_timestamp", |it| it.show_timestamp.map(Value::Bool)),
    row("timestamp_position", Section::Camera, "timestamp_position", |it| {
        it.timestamp_position.map(|it| Value::Text(it.as_str().to_owned()))
    }),
    row("highlight_motion", Section::Camera, "highlight_motion", |it| it.highlight_motion.map(Value::Bool)),
    row("max_clients", Section::Server, "max_clients", |it| int(it.max_clients)),
    row("client_timeout", Section::Server, "client_timeout", |it| {
        it.client_timeout.map(|it| Value::Duration(Duration::from_secs(u64::from(it))))
    }),
    row("motion.enabled", Section::Motion, "enabled", |it| it.motion_detection.map(Value::Bool)),
    row("motion.threshold", Section::Motion, "threshold", |it| int(it.motion_threshold)),
    row("motion.min_area", Section::Motion, "min_area", |it| int(it.motion_min_area)),
    row("motion.analysis_fps", Section::Motion, "analysis_fps", |it| int(it.analysis_fps)),
    row("motion.min_frames", Section::Motion, "min_frames", |it| int(it.min_frames)),
    row("motion.event_gap_s", Section::Motion, "event_gap", |it| it.event_gap.map(Value::Duration)),
];

fn int(value: Option<u32>) -> Option<Value> {
    value.map(|it| Value::Int(i64::from(it)))
}

/// One field of a patch.
pub(super) struct Change {
    pub(super) field: &'static str,
    pub(super) slot: Slot,
    pub(super) value: Value,
}

impl Field {
    fn slot(&self, camera: usize) -> Option<Slot> {
        Slot::of(self.section, self.key, (self.section != Section::Server).then_some(camera), None)
    }
}

/// What a patch names, zones aside.
pub(super) fn changes(camera: usize, patch: &ConfigPatch) -> impl Iterator<Item = Change> {
    FIELDS.iter().filter_map(move |field| {
        Some(Change { field: field.name, slot: field.slot(camera)?, value: (field.pick)(patch)? })
    })
}

/// The fields that a change would be refused for, and what stands above.
pub(super) fn locked(values: &Values, camera: usize) -> Vec<(&'static str, String)> {
    let plain = FIELDS
        .iter()
        .filter_map(|field| Some((field.name, shadow(&values.explicit(field.slot(camera)?)?.origin)?)));
    let zones = values.zones_shadow(camera).and_then(shadow).map(|by| (ZONES, by));
    plain.chain(zones).collect()
}

/// What wins over a change.
pub(super) fn shadow(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Environment(name) => Some(format!("the environment variable {name}")),
        Origin::Flag(flag) => Some(format!("the flag {flag}")),
        Origin::Default | Origin::File { .. } | Origin::Changed { .. } => None,
    }
}

/// Whether the one is what was told of the other: a client that hands back what it was told changes nothing.
pub(super) fn looks_like(there: &Value, handed: &Value) -> bool {
    match (there, handed) {
        // Told in whole seconds, or in milliseconds.
        (Value::Duration(there), Value::Duration(handed)) => {
            there == handed || (handed.subsec_nanos() == 0 && there.as_secs() == handed.as_secs())
        }
        (there, handed) => there == handed,
    }
}

/// What is asked of a camera.
pub(super) fn settings(values: &Values, camera: usize) -> CameraConfig {
    let get = |section, name| {
        let slot = Slot::of(section, name, (section != Section::Server).then_some(camera), None)?;
        values.get(slot).map(|set| set.value)
    };
    let number = |section, name| match get(section, name) {
        Some(Value::Int(it)) => u32::try_from(it).unwrap_or(u32::MAX),
        Some(Value::Duration(it)) => u32::try_from(it.as_secs()).unwrap_or(u32::MAX),
        _ => 0,
    };
    let flag = |section, name| get(section, name) == Some(Value::Bool(true));
    let position = values.camera_text(camera, "timestamp_position");
    let event_gap = match get(Section::Motion, "event_gap") {
        Some(Value::Duration(it)) => it,
        _ => Duration::ZERO,
    };
    CameraConfig {
        width: number(Section::Camera, "width"),
        height: number(Section::Camera, "height"),
        frame_rate: number(Section::Camera, "frame_rate"),
        rotation: number(Section::Camera, "rotation"),
        max_clients: number(Section::Server, "max_clients"),
        client_timeout: number(Section::Server, "client_timeout"),
        show_timestamp: flag(Section::Camera, "show_timestamp"),
        timestamp_position: position
            .and_then(|name| TimestampPosition::named(&name))
            .unwrap_or(TimestampPosition::TopLeft),
        motion_detection: flag(Section::Motion, "enabled"),
        motion_threshold: number(Section::Motion, "threshold"),
        motion_min_area: number(Section::Motion, "min_area"),
        highlight_motion: flag(Section::Camera, "highlight_motion"),
        analysis_fps: number(Section::Motion, "analysis_fps"),
        min_frames: number(Section::Motion, "min_frames"),
        event_gap,
        zones: zones(values, camera),
    }
}

fn zones(values: &Values, camera: usize) -> Vec<Zone> {
    let count = values.cameras.get(camera).map_or(0, |table| table.zones.len());
    let get = |zone, name| {
        let slot = Slot::of(Section::Zone, name, Some(camera), Some(zone))?;
        values.get(slot).map(|set| set.value)
    };
    #[expect(clippy::cast_possible_truncation, reason = "shares of a picture need no more than f32")]
    let narrow = |it: f64| it as f32;
    let one = |zone| Zone {
        name: values.zone_name(camera, zone),
        kind: match get(zone, "kind") {
            Some(Value::Text(kind)) => ZoneKind::named(&kind).unwrap_or(ZoneKind::Include),
            _ => ZoneKind::Include,
        },
        points: match get(zone, "points") {
            Some(Value::Points(points)) => {
                points.iter().map(|(x, y)| frame::Point { x: narrow(*x), y: narrow(*y) }).collect()
            }
            _ => Vec::new(),
        },
        sensitivity: match get(zone, "sensitivity") {
            Some(Value::Float(it)) => narrow(it),
            _ => 1.0,
        },
    };
    (0..count).map(one).collect()
}

/// A zone as the values of its keys. Where nothing counts, nothing can be more sensitive, so that key is left out.
pub(super) fn zone_values(zone: &Zone) -> Vec<(&'static str, Value)> {
    let points = zone.points.iter().map(|point| (as_told(point.x), as_told(point.y))).collect();
    let mut keys = vec![
        ("name", Value::Text(zone.name.clone())),
        ("kind", Value::Text(zone.kind.as_str().to_owned())),
        ("points", Value::Points(points)),
    ];
    if zone.kind == ZoneKind::Include {
        keys.push(("sensitivity", Value::Float(as_told(zone.sensitivity))));
    }
    keys
}

/// By how many degrees clockwise a picture that is turned by `from` has to be turned on to be turned by `to`.
pub(super) fn turn_between(from: u32, to: u32) -> u32 {
    (to % 360 + 360 - from % 360) % 360
}

/// The zone as it lies on the picture once that is turned by so many degrees clockwise.
pub(super) fn turned(mut zone: Zone, by: u32) -> Zone {
    // Rounded, so that four quarters come to the same digits.
    let rest = |share: f32| ((1.0 - share) * 1e6).round() / 1e6;
    for point in &mut zone.points {
        let (x, y) = (point.x, point.y);
        (point.x, point.y) = match by {
            90 => (rest(y), x),
            180 => (rest(x), rest(y)),
            270 => (y, rest(x)),
            _ => (x, y),
        };
    }
    zone
}

/// The number with the digits it is told with: 0.1 and not 0.10000000149.
fn as_told(it: f32) -> f64 {
    it.to_string().parse().unwrap_or_else(|_| f64::from(it))
}
