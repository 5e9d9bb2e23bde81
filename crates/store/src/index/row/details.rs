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
    (numbers, pack(&analysis.histogram))
}

/// How many there are, one bit for each that is not 0, and those: most cells of an event see nothing flow.
fn pack(cells: &[f32]) -> Vec<u8> {
    let cells = cells.get(..usize::from(u16::MAX)).unwrap_or(cells);
    let is_some = |cell: &f32| cell.to_bits() != 0;
    let mut bytes = u16::try_from(cells.len()).unwrap_or(u16::MAX).to_le_bytes().to_vec();
    let bits = |eight: &[f32]| eight.iter().rev().fold(0u8, |bits, cell| bits << 1 | u8::from(is_some(cell)));
    bytes.extend(cells.chunks(8).map(bits));
    bytes.extend(cells.iter().copied().filter(is_some).flat_map(f32::to_le_bytes));
    bytes
}

fn unpack(bytes: &[u8]) -> Option<Vec<f32>> {
    let (count, bytes) = bytes.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_le_bytes(*count));
    let (bits, cells) = bytes.split_at_checked(count.div_ceil(8))?;
    let (cells, rest) = cells.as_chunks::<4>();
    let mut cells = cells.iter().copied().map(f32::from_le_bytes);
    let is_some = |n: usize| bits.get(n / 8).is_some_and(|bits| bits >> (n % 8) & 1 == 1);
    let unpacked = (0..count)
        .map(|n| if is_some(n) { cells.next() } else { Some(0.0) })
        .collect::<Option<Vec<f32>>>()?;
    (rest.is_empty() && cells.next().is_none()).then_some(unpacked)
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
    let Some(histogram) = unpack(histogram) else { return Err("its histogram is cut short".to_owned()) };
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
        histogram,
        signature_hash: signature,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_histogram_comes_back_as_it_was(cells in proptest::collection::vec(prop_oneof![Just(0.0f32), Just(-0.0), any::<f32>()], 0..600)) {
            let bits = |cells: &[f32]| cells.iter().copied().map(f32::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(unpack(&pack(&cells)).map(|cells| bits(&cells)), Some(bits(&cells)));
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(unpack(&bytes));
        }
    }
}
