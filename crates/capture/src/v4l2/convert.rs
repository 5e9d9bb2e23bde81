//! Raw pictures in any of the formats that are understood → planes as the rest of the house has them: I420 in JPEG
//! range. Each source byte is read once: a driver's memory may be slow to read.

use bytes::Bytes;
use frame::{I420, Size};

use super::ask::Agreed;
use super::format::{Format, Layout};

mod range;

use range::Range;

#[cfg(test)]
mod tests;

/// Sides beyond this are refused before anything is allocated, as for a JPEG.
const MAX_SIDE: u32 = codec::MAX_SIDE;
/// Four times the longest row of four bytes a pixel; no driver pads more.
const MAX_STRIDE: usize = 1 << 17;

/// A format as agreed on, ready to convert its pictures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Converter {
    layout: Layout,
    size: Size,
    stride: usize,
    range: Range,
}

impl Converter {
    /// `None` for a size or a stride that no picture may have.
    pub(super) fn new(format: &Format, agreed: &Agreed) -> Option<Self> {
        let Size { width, height } = agreed.size;
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return None;
        }
        let row = row_len(format.layout, width as usize);
        if agreed.stride > MAX_STRIDE {
            return None;
        }
        // A stride shorter than a row is none that was set.
        let stride = if agreed.stride < row { row } else { agreed.stride };
        Some(Self {
            layout: format.layout,
            size: agreed.size,
            stride,
            range: Range::of(format, agreed.colors),
        })
    }

    /// The picture in `data`; `None` if it is not whole.
    pub(super) fn convert(&self, data: &[u8]) -> Option<I420> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut planes = vec![0; I420::len_of(self.size)];
        let (y, colors) = planes.split_at_mut(width * height);
        let (u, v) = colors.split_at_mut(colors.len() / 2);
        let mut out = Out { width, height, y, u, v };
        match self.layout {
            Layout::Jpeg => return None,
            Layout::Packed422(places) => out.packed(Rows::new(data, self.stride), places)?,
            Layout::Pairs { tall, swapped } => {
                let (luma, colors) = (Rows::new(data, self.stride), data.get(self.stride * height..)?);
                out.luma(luma)?;
                out.pairs(Rows::new(colors, even(self.stride)), tall, swapped)?;
            }
            Layout::Planes { tall, swapped } => self.planes(&mut out, data, tall, swapped)?,
            Layout::Gray => out.gray(Rows::new(data, self.stride))?,
            Layout::DeepGray(bits) => out.deep_gray(Rows::new(data, self.stride), bits)?,
            Layout::Rgb { places, step } => {
                let color = |row: &[u8], x: usize| {
                    let pixel = row.get(x * step..(x + 1) * step)?;
                    Some(places.map(|at| i32::from(pixel[at])))
                };
                out.colored(Rows::new(data, self.stride), width * step, color)?;
            }
            Layout::Rgb565 => out.colored(Rows::new(data, self.stride), width * 2, rgb565)?,
        }
        self.range.widen(out.y, out.u, out.v);
        I420::new(self.size, Bytes::from(planes))
    }

    fn planes(&self, out: &mut Out<'_>, data: &[u8], tall: bool, swapped: bool) -> Option<()> {
        let rows = if tall { out.height } else { out.height.div_ceil(2) };
        let stride = self.stride.div_ceil(2);
        let first = self.stride * out.height;
        out.luma(Rows::new(data, self.stride))?;
        let plane = |nth: usize| Some(Rows::new(data.get(first + nth * stride * rows..)?, stride));
        let (u, v) = if swapped { (1, 0) } else { (0, 1) };
        let (width, height) = (out.width.div_ceil(2), out.height);
        thinned(plane(u)?, out.u, width, height, tall)?;
        thinned(plane(v)?, out.v, width, height, tall)
    }
}

/// Bytes that a row of the first plane takes.
fn row_len(layout: Layout, width: usize) -> usize {
    match layout {
        Layout::Jpeg => 0,
        Layout::Gray | Layout::Pairs { .. } | Layout::Planes { .. } => width,
        Layout::Packed422(_) => even(width) * 2,
        Layout::DeepGray(_) | Layout::Rgb565 => width * 2,
        Layout::Rgb { step, .. } => width * step,
    }
}

/// A pair of colours stands for two pixels, even where the last one is alone.
fn even(count: usize) -> usize {
    count.next_multiple_of(2)
}

fn rgb565(row: &[u8], x: usize) -> Option<[i32; 3]> {
    let pair = row.get(x * 2..x * 2 + 2)?;
    let bits = i32::from(u16::from_le_bytes([pair[0], pair[1]]));
    let (r, g, b) = (bits >> 11, (bits >> 5) & 63, bits & 31);
    Some([(r << 3) | (r >> 2), (g << 2) | (g >> 4), (b << 3) | (b >> 2)])
}

/// Rows of a plane, one every `stride` bytes.
#[derive(Clone, Copy)]
struct Rows<'a> {
    data: &'a [u8],
    stride: usize,
}

impl<'a> Rows<'a> {
    fn new(data: &'a [u8], stride: usize) -> Self {
        Self { data, stride }
    }

    /// The first `len` bytes of a row. The padding behind the last row need not be there.
    fn row(self, nth: usize, len: usize) -> Option<&'a [u8]> {
        let begin = nth.checked_mul(self.stride)?;
        self.data.get(begin..begin.checked_add(len)?)
    }

    /// Two rows that share one row of colours; the last one may be alone.
    fn pair(self, nth: usize, len: usize, height: usize) -> Option<(&'a [u8], &'a [u8])> {
        let upper = self.row(2 * nth, len)?;
        let lower = if 2 * nth + 1 < height { self.row(2 * nth + 1, len)? } else { upper };
        Some((upper, lower))
    }
}

/// The planes that are filled.
struct Out<'a> {
    width: usize,
    height: usize,
    y: &'a mut [u8],
    u: &'a mut [u8],
    v: &'a mut [u8],
}

fn mean(a: u8, b: u8) -> u8 {
    u8::midpoint(a, b)
}

impl Out<'_> {
    fn luma(&mut self, rows: Rows<'_>) -> Option<()> {
        for (nth, out) in self.y.chunks_exact_mut(self.width).enumerate() {
            out.copy_from_slice(rows.row(nth, self.width)?);
        }
        Some(())
    }

    fn gray(&mut self, rows: Rows<'_>) -> Option<()> {
        self.luma(rows)?;
        self.colorless();
        Some(())
    }

    fn colorless(&mut self) {
        self.u.fill(128);
        self.v.fill(128);
    }

    fn deep_gray(&mut self, rows: Rows<'_>, bits: u32) -> Option<()> {
        for (nth, out) in self.y.chunks_exact_mut(self.width).enumerate() {
            let row = rows.row(nth, self.width * 2)?;
            for (out, pair) in out.iter_mut().zip(row.chunks_exact(2)) {
                let deep = u32::from(u16::from_le_bytes([pair[0], pair[1]])) >> (bits - 8);
                *out = u8::try_from(deep).unwrap_or(u8::MAX);
            }
        }
        self.colorless();
        Some(())
    }

    fn packed(&mut self, rows: Rows<'_>, [y0, u, y1, v]: [usize; 4]) -> Option<()> {
        let (width, half) = (self.width, self.width.div_ceil(2));
        for nth in 0..self.height.div_ceil(2) {
            let (upper, lower) = rows.pair(nth, half * 4, self.height)?;
            let us = &mut self.u[nth * half..][..half];
            let vs = &mut self.v[nth * half..][..half];
            let both = upper.as_chunks::<4>().0.iter().zip(lower.as_chunks::<4>().0);
            for (((a, b), out_u), out_v) in both.zip(us).zip(vs) {
                *out_u = mean(a[u], b[u]);
                *out_v = mean(a[v], b[v]);
            }
            let pair = self.y[2 * nth * width..].chunks_exact_mut(width);
            for (out, row) in pair.zip([upper, lower]).take(self.height - 2 * nth) {
                for (out, group) in out.chunks_mut(2).zip(row.as_chunks::<4>().0) {
                    out[0] = group[y0];
                    if let Some(out) = out.get_mut(1) {
                        *out = group[y1];
                    }
                }
            }
        }
        Some(())
    }

    fn pairs(&mut self, rows: Rows<'_>, tall: bool, swapped: bool) -> Option<()> {
        let half = self.width.div_ceil(2);
        let (first, second) = if swapped { (&mut self.v, &mut self.u) } else { (&mut self.u, &mut self.v) };
        for nth in 0..self.height.div_ceil(2) {
            let (upper, lower) = match tall {
                true => rows.pair(nth, half * 2, self.height)?,
                false => (rows.row(nth, half * 2)?, rows.row(nth, half * 2)?),
            };
            let outs = first[nth * half..][..half].iter_mut().zip(&mut second[nth * half..][..half]);
            let both = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            for ((a, b), (one, two)) in both.zip(outs) {
                (*one, *two) = (mean(a[0], b[0]), mean(a[1], b[1]));
            }
        }
        Some(())
    }

    /// From red, green and blue: luma of each pixel, colours of the mean of four.
    fn colored(
        &mut self,
        rows: Rows<'_>,
        len: usize,
        color: impl Fn(&[u8], usize) -> Option<[i32; 3]>,
    ) -> Option<()> {
        let (width, half) = (self.width, self.width.div_ceil(2));
        for nth in 0..self.height.div_ceil(2) {
            let (upper, lower) = rows.pair(nth, len, self.height)?;
            for x in 0..half {
                let mut sum = [0; 3];
                for (row, line) in [upper, lower].into_iter().enumerate() {
                    for column in [2 * x, (2 * x + 1).min(width - 1)] {
                        let pixel = color(line, column)?;
                        sum = [0, 1, 2].map(|i| sum[i] + pixel[i]);
                        if let Some(out) = self.y.get_mut((2 * nth + row) * width + column) {
                            *out = range::luma(pixel);
                        }
                    }
                }
                let (u, v) = range::chroma(sum);
                (self.u[nth * half + x], self.v[nth * half + x]) = (u, v);
            }
        }
        Some(())
    }
}

/// A plane of colours at half width; one of full height (`tall`) loses every other row to the mean of two.
fn thinned(rows: Rows<'_>, out: &mut [u8], width: usize, height: usize, tall: bool) -> Option<()> {
    for (nth, out) in out.chunks_exact_mut(width).enumerate() {
        if !tall {
            out.copy_from_slice(rows.row(nth, width)?);
            continue;
        }
        let (upper, lower) = rows.pair(nth, width, height)?;
        for ((out, a), b) in out.iter_mut().zip(upper).zip(lower) {
            *out = mean(*a, *b);
        }
    }
    Some(())
}
