//! How unlike anything of late: an event's distance to the nearest of the camera's last [`KNOWN`] ones, from 0 (there was one
//! just like it) to 1 (nothing of the kind). The first event of a camera is all new.
//!
//! The distance is [`Signature::distance`]; events without movement of their own are not compared.

use std::collections::VecDeque;

use motion::Signature;
use sha2::{Digest, Sha256};
use store::event::{Analysis, Characteristics, Temporal};
use store::query::Query;
use store::{Store, StoreError};

#[cfg(test)]
mod tests;

/// Events that are remembered of a camera.
const KNOWN: usize = 32;

/// What a camera saw of late.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: VecDeque<Signature>,
}

impl Memory {
    /// What the camera saw of late, as far as the store knows.
    pub(crate) fn recall(&mut self, store: &Store, camera: &str) {
        match late(store, camera) {
            Ok(known) => known.into_iter().for_each(|it| self.remember(it)),
            Err(error) => tracing::debug!(%error, camera, "nothing is known of what the camera saw"),
        }
    }

    /// How new that is.
    pub(crate) fn novelty(&self, signature: &Signature) -> f32 {
        if signature.histogram.is_empty() {
            return 0.0;
        }
        self.known.iter().map(|known| known.distance(signature)).fold(1.0, f32::min)
    }

    /// From now on it is known.
    pub(crate) fn remember(&mut self, signature: Signature) {
        if signature.histogram.is_empty() {
            return;
        }
        if self.known.len() == KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(signature);
    }
}

/// The signatures of a camera's last events, oldest first.
fn late(store: &Store, camera: &str) -> Result<Vec<Signature>, StoreError> {
    let limit = u32::try_from(KNOWN).unwrap_or(u32::MAX);
    let query = Query { camera: Some(camera.to_owned()), limit, ..Query::default() };
    let mut known = Vec::new();
    for listed in store.list(&query)?.events.iter().rev() {
        // A list is without the numbers of the movement.
        let event = store.get(listed.id)?;
        known.extend(event.as_ref().and_then(|event| event.analysis.as_ref()).map(signature));
    }
    Ok(known)
}

/// A signature as it is stored.
#[must_use]
pub fn analysis(it: &Signature) -> Analysis {
    let characteristics = Characteristics {
        mean_magnitude: it.mean_magnitude,
        std_magnitude: it.std_magnitude,
        mean_angle: it.mean_angle,
        angular_dispersion: it.angular_dispersion,
        max_magnitude: it.max_magnitude,
        flow_complexity: it.flow_complexity,
        dominant_direction: it.dominant_direction,
    };
    let temporal = Temporal {
        magnitude_trend: it.magnitude_trend,
        magnitude_variability: it.magnitude_variability,
        acceleration_mean: it.acceleration_mean,
        acceleration_std: it.acceleration_std,
        direction_changes: it.direction_changes,
        direction_stability: it.direction_stability,
    };
    let mut hash = Sha256::new();
    let numbers = [
        it.mean_magnitude,
        it.std_magnitude,
        it.mean_angle,
        it.angular_dispersion,
        it.max_magnitude,
        it.flow_complexity,
        it.dominant_direction,
        it.magnitude_trend,
        it.magnitude_variability,
        it.acceleration_mean,
        it.acceleration_std,
        it.direction_stability,
    ];
    numbers.iter().chain(&it.histogram).for_each(|number| hash.update(number.to_le_bytes()));
    hash.update(it.direction_changes.to_le_bytes());
    let signature_hash = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Analysis { characteristics, temporal, histogram: it.histogram.clone(), signature_hash }
}

/// The other way round, for what was stored.
#[must_use]
pub fn signature(it: &Analysis) -> Signature {
    let (flow, time) = (it.characteristics, it.temporal);
    Signature {
        histogram: it.histogram.clone(),
        mean_magnitude: flow.mean_magnitude,
        std_magnitude: flow.std_magnitude,
        max_magnitude: flow.max_magnitude,
        mean_angle: flow.mean_angle,
        angular_dispersion: flow.angular_dispersion,
        flow_complexity: flow.flow_complexity,
        dominant_direction: flow.dominant_direction,
        magnitude_trend: time.magnitude_trend,
        magnitude_variability: time.magnitude_variability,
        acceleration_mean: time.acceleration_mean,
        acceleration_std: time.acceleration_std,
        direction_changes: time.direction_changes,
        direction_stability: time.direction_stability,
    }
}
