//! Smaller planes by area: each new pixel is the mean of the area that it covers.

/// Brings a colour plane of `from` samples to `to`, each side the same or half, and appends it.
pub(crate) fn halve_to(plane: &[u8], from: (usize, usize), to: (usize, usize), out: &mut Vec<u8>) {
    if from == to {
        out.extend_from_slice(plane);
        return;
    }
    let across = if from.0 > to.0 { 2 } else { 1 };
    let down = if from.1 > to.1 { 2 } else { 1 };
    for y in 0..to.1 {
        let upper = &plane[(y * down).min(from.1 - 1) * from.0..][..from.0];
        let lower = &plane[(y * down + down - 1).min(from.1 - 1) * from.0..][..from.0];
        out.extend((0..to.0).map(|x| {
            let (left, right) = ((x * across).min(from.0 - 1), (x * across + across - 1).min(from.0 - 1));
            let sum = u16::from(upper[left])
                + u16::from(upper[right])
                + u16::from(lower[left])
                + u16::from(lower[right]);
            low_byte(u32::from(sum + 2) / 4)
        }));
    }
}

/// Appends the window of a plane of rows `stride` long that begins at `corner` and is `size` samples.
pub(crate) fn window(
    plane: &[u8],
    stride: usize,
    corner: (usize, usize),
    size: (usize, usize),
    out: &mut Vec<u8>,
) {
    for row in plane.chunks_exact(stride.max(1)).skip(corner.1).take(size.1) {
        out.extend_from_slice(&row[corner.0..corner.0 + size.0]);
    }
}

/// Means of `factor`×`factor` boxes; those at the right and lower edge may be smaller. Row after row.
pub(crate) fn boxes(plane: &[u8], width: usize, height: usize, factor: usize) -> Vec<u8> {
    let columns = width.div_ceil(factor);
    let mut out = Vec::with_capacity(columns * height.div_ceil(factor));
    let mut sums = vec![0u32; width];
    for rows in plane.chunks(factor * width) {
        sums.fill(0);
        for row in rows.chunks_exact(width) {
            for (sum, &pixel) in sums.iter_mut().zip(row) {
                *sum += u32::from(pixel);
            }
        }
        let height = rows.len() / width;
        out.extend(sums.chunks(factor).map(|run| {
            let count = u32::try_from(run.len() * height).unwrap_or(u32::MAX);
            low_byte((run.iter().sum::<u32>() + count / 2) / count)
        }));
    }
    out
}

/// Shrinks a plane from `from` to `to` samples, no side growing, and appends it. Each new sample is the mean of its
/// area, samples that lie across its edge counted by their share.
pub(crate) fn shrink(plane: &[u8], from: (usize, usize), to: (usize, usize), out: &mut Vec<u8>) {
    if from == to {
        out.extend_from_slice(plane);
        return;
    }
    let columns = shares(from.0, to.0);
    let rows = shares(from.1, to.1);
    let mut sums = vec![0u32; from.0];
    for row in &rows {
        sums.fill(0);
        for (source, &weight) in plane[row.first * from.0..].chunks_exact(from.0).zip(&row.weights) {
            for (sum, &sample) in sums.iter_mut().zip(source) {
                *sum += u32::from(sample) * weight;
            }
        }
        out.extend(columns.iter().map(|column| {
            let parts = sums[column.first..].iter().zip(&column.weights);
            let sum: u64 = parts.map(|(&sum, &weight)| u64::from(sum) * u64::from(weight)).sum();
            low_byte(u32::try_from((sum + (1 << 31)) >> 32).unwrap_or(255))
        }));
    }
}

/// Which source samples one new sample covers, and by how much; the weights add up to 2^16.
struct Share {
    first: usize,
    weights: Vec<u32>,
}

fn shares(from: usize, to: usize) -> Vec<Share> {
    // Positions in units of 1/to of a source sample: a new sample is `from` of them wide, a source one `to`.
    (0..to)
        .map(|i| {
            let (begin, end) = (i * from, (i + 1) * from);
            let (first, last) = (begin / to, (end - 1) / to);
            let mut weights: Vec<u32> = (first..=last)
                .map(|s| {
                    let covered = ((s + 1) * to).min(end) - (s * to).max(begin);
                    u32::try_from((covered << 16) / from).unwrap_or(1 << 16)
                })
                .collect();
            // What rounding down left over goes to the first, so that a flat plane stays as it is.
            let missing = (1 << 16) - weights.iter().sum::<u32>();
            weights[0] += missing;
            Share { first, weights }
        })
        .collect()
}

fn low_byte(value: u32) -> u8 {
    value.min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_flat_plane_stays_flat_at_any_size(value: u8, w in 1usize..70, h in 1usize..70, tw in 1usize..70, th in 1usize..70) {
            let to = (tw.min(w), th.min(h));
            let mut out = Vec::new();
            shrink(&vec![value; w * h], (w, h), to, &mut out);
            prop_assert_eq!(out, vec![value; to.0 * to.1]);
        }

        #[test]
        fn boxes_of_a_flat_plane_are_flat(value: u8, w in 1usize..70, h in 1usize..70, factor in 1usize..9) {
            let out = boxes(&vec![value; w * h], w, h, factor);
            prop_assert_eq!(out, vec![value; w.div_ceil(factor) * h.div_ceil(factor)]);
        }
    }

    #[test]
    fn a_sample_across_the_edge_counts_by_its_share() {
        let mut out = Vec::new();
        shrink(&[0, 90, 180], (3, 1), (2, 1), &mut out);
        // 0 and half of 90 over one and a half samples; half of 90 and 180 over the same.
        assert_eq!(out, [30, 150]);
    }

    #[test]
    fn boxes_are_means_of_what_is_there() {
        assert_eq!(boxes(&[0, 10, 20, 30, 40, 50], 3, 2, 2), [20, 35]);
    }
}
