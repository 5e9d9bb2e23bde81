//! The numbers of an event's movement, as blobs.

use crate::event::{Analysis, Characteristics, Temporal};

/// Floats before the count, and behind it.
const NUMBERS: usize = 12;

/// The columns `numbers` and `histogram`.
pub(in crate::index) fn details(analysis: &Analysis) -> (Vec<u8>, Vec<u8>) {
    let (c, t) = (&analysis.characteristics, &analysis.temporal);
    let floats: [f32; NUMBERS] = [
        c.mean_magnitude,
        c.std_magnitude,
        c.mean_angle,
        c.angular_dispersion,
        c.max_magnitude,
        c.flow_complexity,
        c.dominant_direction,
        t.magnitude_trend,
        t.magnitude_variability,
        t.acceleration_mean,
        t.acceleration_std,
        t.direction_stability,
    ];
    let mut numbers: Vec<u8> = floats.into_iter().flat_map(f32::to_le_bytes).collect();
    numbers.extend(t.direction_changes.to_le_bytes());
    (numbers, analysis.histogram.iter().copied().flat_map(f32::to_le_bytes).collect())
}

pub(in crate::index) fn read_details(
    numbers: &[u8],
    histogram: &[u8],
    signature: String,
) -> Result<Analysis, String> {
    let (words, rest) = numbers.as_chunks::<4>();
    let ([floats @ .., changes], []) = (words, rest) else {
        return Err("its numbers are cut short".to_owned());
    };
    let floats: Vec<f32> = floats.iter().copied().map(f32::from_le_bytes).collect();
    let Ok(f) = <[f32; NUMBERS]>::try_from(floats) else {
        return Err("its numbers are cut short".to_owned());
    };
    let (cells, rest) = histogram.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("its histogram is cut short".to_owned());
    }
    Ok(Analysis {
        characteristics: Characteristics {
            mean_magnitude: f[0],
            std_magnitude: f[1],
            mean_angle: f[2],
            angular_dispersion: f[3],
            max_magnitude: f[4],
            flow_complexity: f[5],
            dominant_direction: f[6],
        },
        temporal: Temporal {
            magnitude_trend: f[7],
            magnitude_variability: f[8],
            acceleration_mean: f[9],
            acceleration_std: f[10],
            direction_changes: u32::from_le_bytes(*changes),
            direction_stability: f[11],
        },
        histogram: cells.iter().copied().map(f32::from_le_bytes).collect(),
        signature_hash: signature,
    })
}
