//! The walk over a scan's blocks: black ones for those that are covered, all others copied bit by bit.
//!
//! Nothing is decoded further than the Huffman codes, so what is not covered stays bit for bit what it was. Only first
//! coefficients are written anew where the one before has changed: they are stored as differences.

use super::Unfit;
use super::bits::{Reader, Writer};
use super::header::Head;
use super::tables::Codes;
use crate::cover::Cover;

/// The end of a block.
const END: u8 = 0x00;
/// Sixteen zeros.
const ZEROS: u8 = 0xf0;

struct Walk<'a> {
    reader: Reader<'a>,
    /// Where the bits begin that are still to be copied as they are.
    run: Option<Reader<'a>>,
    writer: Writer,
    /// By plane: the first coefficient of the block before, as read and as written.
    read: Vec<i32>,
    written: Vec<i32>,
}

/// The JPEG with every group of blocks black that is covered.
pub(super) fn blacked_out(jpeg: &[u8], head: &Head, cover: &Cover) -> Result<Vec<u8>, Unfit> {
    let planes = head.components.iter().map(|c| Some((c, head.codes(c)?)));
    let planes = planes.collect::<Option<Vec<_>>>().ok_or(Unfit::Damaged)?;
    let mut out = Vec::with_capacity(jpeg.len() + 64);
    out.extend_from_slice(&head.kept);
    let mut walk = Walk {
        reader: Reader::new(jpeg, head.data),
        run: None,
        writer: Writer::new(out),
        read: vec![0; planes.len()],
        written: vec![0; planes.len()],
    };
    let cell = head.cell();
    let columns = (head.size.width as usize).div_ceil(cell.0);
    let rows = (head.size.height as usize).div_ceil(cell.1);
    let (mut left, mut number) = (head.restart, 0u8);
    for row in 0..rows {
        for column in 0..columns {
            if head.restart > 0 && left == 0 {
                walk.restart(number)?;
                (left, number) = (head.restart, (number + 1) % 8);
            }
            left = left.saturating_sub(1);
            let is_black = cover.row(row).iter().any(|run| run.contains(&column));
            for (plane, (component, codes)) in planes.iter().enumerate() {
                for _ in 0..component.blocks.0 * component.blocks.1 {
                    match is_black {
                        true => walk.black(plane, *codes, component.black)?,
                        false => walk.copy(plane, *codes)?,
                    }
                }
            }
        }
    }
    walk.end()
}

impl Walk<'_> {
    /// Reads the first coefficient.
    #[inline]
    fn first(&mut self, plane: usize, codes: Codes<'_>) -> Result<(), Unfit> {
        let next = self.reader.peek();
        let (size, length) = codes.dc.symbol(next >> 16).ok_or(Unfit::Damaged)?;
        let size = u32::from(size);
        if size > 11 {
            return Err(Unfit::Damaged);
        }
        let taken = length + size;
        let bits = top(next, taken);
        self.reader.skip(taken)?;
        let value = i32::try_from(bits & ((1 << size) - 1)).map_err(|_| Unfit::Damaged)?;
        let is_negative = size > 0 && value < 1 << (size - 1);
        self.read[plane] += if is_negative { value - (1 << size) + 1 } else { value };
        Ok(())
    }

    /// Writes the first coefficient as its difference to the one written before.
    fn write_first(&mut self, plane: usize, codes: Codes<'_>, value: i32) -> Result<(), Unfit> {
        let difference = value - self.written[plane];
        let size = 32 - difference.unsigned_abs().leading_zeros();
        let symbol = u8::try_from(size).map_err(|_| Unfit::Kind)?;
        // A camera's own tables may lack what black needs.
        let (code, length) = codes.dc.code(symbol).filter(|_| size <= 11).ok_or(Unfit::Kind)?;
        let bits = if difference < 0 { difference - 1 } else { difference };
        self.writer.put(code, length);
        self.writer.put(bits.cast_unsigned() & ((1 << size) - 1), size);
        self.written[plane] = value;
        Ok(())
    }

    fn copy(&mut self, plane: usize, codes: Codes<'_>) -> Result<(), Unfit> {
        if self.read[plane] == self.written[plane] {
            if self.run.is_none() {
                self.run = Some(self.reader.clone());
            }
            self.first(plane, codes)?;
            self.written[plane] = self.read[plane];
        } else {
            self.flush()?;
            self.first(plane, codes)?;
            self.write_first(plane, codes, self.read[plane])?;
            self.run = Some(self.reader.clone());
        }
        self.others(codes)
    }

    /// Copies what is still to be copied, up to where the reader is.
    fn flush(&mut self) -> Result<(), Unfit> {
        let Some(mut run) = self.run.take() else { return Ok(()) };
        let mut left = self.reader.taken() - run.taken();
        while left > 0 {
            let count = left.min(32) as u32;
            self.writer.put(top(run.peek(), count), count);
            run.skip(count)?;
            left -= u64::from(count);
        }
        Ok(())
    }

    fn black(&mut self, plane: usize, codes: Codes<'_>, black: i32) -> Result<(), Unfit> {
        self.flush()?;
        self.first(plane, codes)?;
        self.others(codes)?;
        self.write_first(plane, codes, black)?;
        let (code, length) = codes.ac.code(END).ok_or(Unfit::Kind)?;
        self.writer.put(code, length);
        Ok(())
    }

    /// Goes over the other 63 coefficients.
    #[inline]
    fn others(&mut self, codes: Codes<'_>) -> Result<(), Unfit> {
        let mut at = 1;
        while at < 64 {
            let next = self.reader.peek();
            let (symbol, length) = codes.ac.symbol(next >> 16).ok_or(Unfit::Damaged)?;
            let taken = length + u32::from(symbol & 15);
            self.reader.skip(taken)?;
            match symbol {
                END => return Ok(()),
                ZEROS => at += 16,
                _ if symbol & 15 == 0 => return Err(Unfit::Damaged),
                _ => at += usize::from(symbol >> 4) + 1,
            }
        }
        if at > 64 { Err(Unfit::Damaged) } else { Ok(()) }
    }

    fn restart(&mut self, number: u8) -> Result<(), Unfit> {
        self.flush()?;
        if self.reader.marker()? != 0xd0 + number {
            return Err(Unfit::Damaged);
        }
        self.writer.marker(0xd0 + number);
        self.read.fill(0);
        self.written.fill(0);
        Ok(())
    }

    fn end(mut self) -> Result<Vec<u8>, Unfit> {
        self.flush()?;
        // What else stands there would be a second scan.
        if self.reader.marker()? != 0xd9 {
            return Err(Unfit::Kind);
        }
        self.writer.marker(0xd9);
        Ok(self.writer.into_bytes())
    }
}

/// The upper `count` bits, 0 to 32.
fn top(bits: u32, count: u32) -> u32 {
    bits.checked_shr(32 - count).unwrap_or(0)
}

/// The same picture with a restart marker after every so many groups.
#[cfg(test)]
pub(super) fn with_restarts(jpeg: &[u8], every: u8) -> Vec<u8> {
    let head = super::header::read(jpeg).unwrap();
    let scan = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let out = [&jpeg[..scan], &[0xff, 0xdd, 0, 4, 0, every], &jpeg[scan..head.data]].concat();
    let count = head.components.len();
    let mut walk = Walk {
        reader: Reader::new(jpeg, head.data),
        run: None,
        writer: Writer::new(out),
        read: vec![0; count],
        written: vec![0; count],
    };
    let (width, height) = head.cell();
    let groups = (head.size.width as usize).div_ceil(width) * (head.size.height as usize).div_ceil(height);
    for group in 0..groups {
        if group > 0 && group % usize::from(every) == 0 {
            let number = (group / usize::from(every) - 1) % 8;
            walk.flush().unwrap();
            walk.writer.marker(0xd0 + u8::try_from(number).unwrap());
            walk.written.fill(0);
        }
        for (plane, component) in head.components.iter().enumerate() {
            for _ in 0..component.blocks.0 * component.blocks.1 {
                walk.copy(plane, head.codes(component).unwrap()).unwrap();
            }
        }
    }
    walk.end().unwrap()
}
