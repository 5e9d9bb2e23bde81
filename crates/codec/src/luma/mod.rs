//! The gray picture at an eighth to a half of its size, straight from the entropy data of a usual camera JPEG.
//!
//! The house decodes this one thing itself, because it is most of what looking at a camera costs. libjpeg-turbo
//! decodes every coefficient of every block, one at a time, before its reduced IDCT leaves nearly all of them out: of
//! the 2.3 ms for a 1280×720 picture of 185 KB at a quarter of its size nine tenths are Huffman decoding. Here colour
//! blocks are only stepped over, several symbols at a look ([`tables::Skip`]), luma symbols are taken two at a look
//! ([`tables::Pairs`]) and added at once to the few pixels they touch ([`weights`]): 1.2 ms in the same run, and for a
//! picture of 109 KB 0.85 instead of 1.55, the same pixels to within a level or two of rounding. (One loop over the
//! symbols of all blocks, without a branch at a block's end, took longer: it chains the sums through memory.)
//!
//! What is not a sound baseline JPEG in one scan is left to libjpeg-turbo, damage of any kind included: so a picture
//! is refused, or not, for the same reasons and in the same words as if this module did not exist.
//!
//! - [`header`]: markers → tables, sampling, where the entropy data begins.
//! - [`bits`]: entropy data without stuffed bytes, and the bit reader.
//! - [`blocks`]: symbols → pixels of one block.

mod bits;
mod blocks;
mod header;
mod tables;
mod weights;

#[cfg(test)]
mod tests;

use frame::{Luma, Size};

use self::bits::Bits;
use self::header::Header;
use self::tables::Tables;
use self::weights::weights;

/// Levels from middle gray, of 128 either way, that no encoder's rounding leads to. What libjpeg makes of more is its
/// own affair.
const WILDEST: f32 = 320.0;

/// Decodes reduced luma; keeps tables and buffers for the next picture.
#[derive(Debug, Default)]
pub(crate) struct Reduced {
    /// Those of the picture before: a camera sends the same ones with every picture.
    tables: Option<Tables>,
    /// Entropy data of one restart interval.
    clean: Vec<u8>,
    /// The luma plane, padded to whole units of the scan.
    plane: Vec<u8>,
}

impl Reduced {
    /// As [`crate::Decoder::luma`] promises, at the scale that `eighths` chooses for the size; `None` for what is
    /// left to libjpeg-turbo.
    pub(crate) fn luma(&mut self, jpeg: &[u8], eighths: impl Fn(Size) -> u32) -> Option<Luma> {
        let header = header::read(jpeg)?;
        match eighths(header.size) {
            1 => self.reduced::<1>(&header),
            2 => self.reduced::<4>(&header),
            3 => self.reduced::<9>(&header),
            4 => self.reduced::<16>(&header),
            _ => None,
        }
    }

    /// With so many pixels for a block of 64.
    fn reduced<const PIXELS: usize>(&mut self, header: &Header<'_>) -> Option<Luma> {
        let tables = match self.tables.take().filter(|tables| tables.are_of(header)) {
            Some(tables) => tables,
            None => Tables::new(header)?,
        };
        let layout = Layout::new(header, PIXELS.isqrt());
        self.plane.clear();
        self.plane.resize(layout.stride * layout.units.1 * layout.unit.1, 0);
        let scanned = self.scan::<PIXELS>(header, &tables, &layout);
        self.tables = Some(tables);
        scanned?;
        let side = |pixels: u32| (pixels * layout.side as u32).div_ceil(8);
        let size = Size::new(side(header.size.width), side(header.size.height));
        let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize);
        for row in self.plane.chunks_exact(layout.stride).take(size.height as usize) {
            pixels.extend_from_slice(&row[..size.width as usize]);
        }
        Some(Luma { size, pixels })
    }

    /// All restart intervals, each of the right length and with the right marker behind it.
    fn scan<const PIXELS: usize>(
        &mut self,
        header: &Header<'_>,
        tables: &Tables,
        layout: &Layout,
    ) -> Option<()> {
        let weights = weights::<PIXELS>(header.components.first()?.steps);
        let units = layout.units.0 * layout.units.1;
        let interval = if header.interval == 0 { units } else { header.interval };
        let mut rest = header.entropy;
        let mut wild = false;
        for (first, number) in (0..units).step_by(interval).zip((0..8).cycle()) {
            let marker = bits::segment(&mut rest, &mut self.clean)?;
            let end = (first + interval).min(units);
            let mut bits = Bits::new(&self.clean);
            let mut before = 0;
            for unit in first..end {
                let place = (unit % layout.units.0 * layout.unit.0, unit / layout.units.0 * layout.unit.1);
                for block in 0..layout.blocks.0 * layout.blocks.1 {
                    let pixels = blocks::take(&mut bits, &tables.luma, &weights, &mut before)?;
                    let (x, y) = (block % layout.blocks.0, block / layout.blocks.0);
                    let at = (place.1 + y * layout.side) * layout.stride + place.0 + x * layout.side;
                    put(&mut self.plane[at..], layout, &pixels);
                    wild |= pixels.iter().fold(false, |wild, pixel| wild | (pixel.abs() > WILDEST));
                }
                for (table, blocks) in &tables.colour {
                    for _ in 0..*blocks {
                        blocks::skip(&mut bits, table)?;
                    }
                }
            }
            // Bytes may be left over before EOI, as the padding of some cameras is, and nowhere else.
            let whole = match bits.left() {
                0..8 => end == units || marker == 0xd0 + number,
                8.. => end == units,
                _ => false,
            };
            if !whole || end == units && marker != 0xd9 {
                return None;
            }
        }
        (!wild).then_some(())
    }
}

/// A block's pixels to their place in the plane.
#[inline(always)]
fn put<const PIXELS: usize>(plane: &mut [u8], layout: &Layout, pixels: &[f32; PIXELS]) {
    let side = PIXELS.isqrt();
    for (row, pixels) in plane.chunks_mut(layout.stride).zip(pixels.chunks_exact(side)) {
        for (out, pixel) in row.iter_mut().zip(pixels) {
            // Half a level to round by, and 128 that a JPEG's levels are counted from.
            *out = (pixel + 128.5) as u8;
        }
    }
}

/// Where blocks go.
#[derive(Debug)]
struct Layout {
    /// Side in pixels of what a block becomes.
    side: usize,
    /// Luma blocks of a unit of the scan, its pixels, and units in the picture; across and down.
    blocks: (usize, usize),
    unit: (usize, usize),
    units: (usize, usize),
    /// Pixels from a row of the plane to the next.
    stride: usize,
}

impl Layout {
    fn new(header: &Header<'_>, side: usize) -> Self {
        let blocks = header.components.first().map_or((1, 1), |luma| luma.blocks);
        let across = |pixels: u32, blocks: usize| (pixels as usize).div_ceil(8 * blocks);
        let units = (across(header.size.width, blocks.0), across(header.size.height, blocks.1));
        let unit = (blocks.0 * side, blocks.1 * side);
        Self { side, blocks, unit, units, stride: units.0 * unit.0 }
    }
}
