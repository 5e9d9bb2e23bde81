//! Where it counts, and how much.

use frame::Point;

use crate::{Settings, ZoneKind};

/// Places asked along each side of a box.
const STEPS: u8 = 5;

/// What the zones say about a box (shares of the picture, 0 to 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    /// Share of it that lies where it counts.
    pub(super) share: f32,
    /// Sensitivity there: the most sensitive include zone that its middle lies in, else 1.
    pub(super) sensitivity: f32,
}

/// Asks the zones about a box from `from` to `to`.
pub(super) fn standing(settings: &Settings, from: Point, to: Point) -> Standing {
    if settings.zones.is_empty() {
        return Standing { share: 1.0, sensitivity: 1.0 };
    }
    let mut counted = 0u8;
    for row in 0..STEPS {
        for column in 0..STEPS {
            let at = |a: f32, b: f32, step: u8| a + (b - a) * (f32::from(step) + 0.5) / f32::from(STEPS);
            counted +=
                u8::from(counts(settings, Point { x: at(from.x, to.x, column), y: at(from.y, to.y, row) }));
        }
    }
    let middle = Point { x: 0.5 * (from.x + to.x), y: 0.5 * (from.y + to.y) };
    Standing {
        share: f32::from(counted) / f32::from(STEPS * STEPS),
        sensitivity: sensitivity(settings, middle),
    }
}

fn counts(settings: &Settings, place: Point) -> bool {
    let mut wanted = None;
    for zone in &settings.zones {
        let inside = zone.polygon.contains(place);
        match zone.kind {
            ZoneKind::Include => wanted = Some(wanted.unwrap_or(false) || inside),
            ZoneKind::Exclude | ZoneKind::Mask if inside => return false,
            ZoneKind::Exclude | ZoneKind::Mask => {}
        }
    }
    wanted.unwrap_or(true)
}

fn sensitivity(settings: &Settings, middle: Point) -> f32 {
    let here =
        settings.zones.iter().filter(|zone| zone.kind == ZoneKind::Include && zone.polygon.contains(middle));
    here.map(|zone| zone.sensitivity)
        .fold(None, |most: Option<f32>, s| Some(most.map_or(s, |m| m.max(s))))
        .unwrap_or(1.0)
}
