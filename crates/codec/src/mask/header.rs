//! The segments before a JPEG's scan, as far as its blocks can be walked by them.

use frame::Size;

use super::Unfit;
use super::tables::{Codes, Table};
use crate::markers::{Segment, segments};

/// One colour plane.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Component {
    id: u8,
    /// Blocks from left to right and from top to bottom in one group.
    pub(super) blocks: (usize, usize),
    quant: u8,
    /// Which tables of [`Head`] its codes are in.
    pub(super) dc: usize,
    pub(super) ac: usize,
    /// The first coefficient, as it is stored, of a block that is black, or without colour.
    pub(super) black: i32,
}

/// Everything up to the scan's data.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) size: Size,
    pub(super) components: Vec<Component>,
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// Groups between two restart markers; 0: there are none.
    pub(super) restart: usize,
    /// What is kept of it, scan header included.
    pub(super) kept: Vec<u8>,
    /// Where the scan's data begins.
    pub(super) data: usize,
}

impl Head {
    /// Pixels that a group of blocks covers.
    pub(super) fn cell(&self) -> (usize, usize) {
        match self.components.as_slice() {
            // A scan of one plane goes block by block, whatever its factors say.
            [_] => (8, 8),
            more => {
                let most = |side: fn(&Component) -> usize| more.iter().map(side).max().unwrap_or(1);
                (8 * most(|c| c.blocks.0), 8 * most(|c| c.blocks.1))
            }
        }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    frame: Option<(Size, Vec<Component>)>,
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    /// The first step of each quantization table.
    steps: [Option<u16>; 4],
    restart: usize,
    is_rgb: bool,
    kept: Vec<u8>,
}

/// Reads all segments up to the first scan.
pub(super) fn read(jpeg: &[u8]) -> Result<Head, Unfit> {
    let mut reading = Reading { kept: vec![0xff, 0xd8], ..Reading::default() };
    for segment in segments(jpeg) {
        if is_kept(&segment) {
            reading.kept.extend_from_slice(jpeg.get(segment.begin..segment.end).ok_or(Unfit::Damaged)?);
        }
        match segment.marker {
            0xc0 | 0xc1 => reading.frame = Some(frame(segment.body)?),
            // Progressive, lossless, arithmetic.
            0xc2 | 0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Err(Unfit::Kind),
            0xc4 => reading.codes(segment.body)?,
            0xdb => reading.steps(segment.body)?,
            0xdd => {
                let &[high, low] = segment.body else { return Err(Unfit::Damaged) };
                reading.restart = u16::from_be_bytes([high, low]).into();
            }
            0xee => reading.is_rgb |= segment.body.starts_with(b"Adobe") && segment.body.get(11) == Some(&0),
            0xda => return reading.finish(segment.body, segment.end),
            _ => {}
        }
    }
    Err(Unfit::Damaged)
}

/// Comments and what applications put in may show the picture again, small and in the clear; how colours are meant
/// is all that is kept of it.
fn is_kept(segment: &Segment<'_>) -> bool {
    match segment.marker {
        0xe0 => segment.body.starts_with(b"JFIF\0") && segment.body.len() == 14,
        0xe2 => segment.body.starts_with(b"ICC_PROFILE\0"),
        0xee => segment.body.starts_with(b"Adobe"),
        0xe1 | 0xe3..=0xed | 0xef | 0xfe => false,
        _ => true,
    }
}

fn frame(body: &[u8]) -> Result<(Size, Vec<Component>), Unfit> {
    let &[_, h1, h0, w1, w0, _, ref list @ ..] = body else { return Err(Unfit::Damaged) };
    let size = Size::new(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
    let components = list.chunks_exact(3).map(|c| Component {
        id: c[0],
        blocks: (usize::from(c[1] >> 4), usize::from(c[1] & 15)),
        quant: c[2],
        ..Component::default()
    });
    let components: Vec<Component> = components.collect();
    let fits = |c: &Component| (1..=4).contains(&c.blocks.0) && (1..=4).contains(&c.blocks.1);
    if size.area() == 0 || !components.iter().all(fits) {
        return Err(Unfit::Damaged);
    }
    Ok((size, components))
}

impl Reading {
    fn codes(&mut self, mut body: &[u8]) -> Result<(), Unfit> {
        while let [class_and_id, rest @ ..] = body {
            let (table, used) = Table::read(rest).ok_or(Unfit::Damaged)?;
            let slots = if class_and_id >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *slots.get_mut(usize::from(class_and_id & 15)).ok_or(Unfit::Damaged)? = Some(table);
            body = &rest[used..];
        }
        Ok(())
    }

    fn steps(&mut self, mut body: &[u8]) -> Result<(), Unfit> {
        while let [depth_and_id, rest @ ..] = body {
            let is_wide = depth_and_id >> 4 != 0;
            let len = if is_wide { 128 } else { 64 };
            let table = rest.get(..len).ok_or(Unfit::Damaged)?;
            let step = if is_wide { u16::from_be_bytes([table[0], table[1]]) } else { table[0].into() };
            *self.steps.get_mut(usize::from(depth_and_id & 15)).ok_or(Unfit::Damaged)? = Some(step);
            body = &rest[len..];
        }
        Ok(())
    }

    /// The scan's header: it must hold all planes at once.
    fn finish(self, body: &[u8], data: usize) -> Result<Head, Unfit> {
        let (size, mut components) = self.frame.ok_or(Unfit::Damaged)?;
        let count = components.len();
        if body.first().map(|&n| usize::from(n)) != Some(count) || !matches!(count, 1 | 3) {
            return Err(Unfit::Kind);
        }
        let ids: Vec<u8> = components.iter().map(|c| c.id).collect();
        let is_rgb = count == 3 && (self.is_rgb || ids == b"RGB");
        let pairs = body.get(1..1 + 2 * count).ok_or(Unfit::Damaged)?;
        for (i, (component, pair)) in components.iter_mut().zip(pairs.chunks_exact(2)).enumerate() {
            if component.id != pair[0] {
                return Err(Unfit::Kind);
            }
            (component.dc, component.ac) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
            let step = self.steps.get(usize::from(component.quant)).copied().flatten();
            let step = i32::from(step.filter(|step| *step > 0).ok_or(Unfit::Damaged)?);
            // A block's mean is its first coefficient times the step over 8, counted from 128.
            component.black = if i == 0 || is_rgb { -((1024 + step - 1) / step) } else { 0 };
        }
        if count == 1 {
            components[0].blocks = (1, 1);
        }
        let has = |tables: &[Option<Table>; 4], i: usize| matches!(tables.get(i), Some(Some(_)));
        if !components.iter().all(|c| has(&self.dc, c.dc) && has(&self.ac, c.ac)) {
            return Err(Unfit::Damaged);
        }
        let Self { dc, ac, restart, kept, .. } = self;
        Ok(Head { size, components, dc, ac, restart, kept, data })
    }
}

impl Head {
    /// The codes of a plane's first coefficients and of its others.
    pub(super) fn codes(&self, component: &Component) -> Option<Codes<'_>> {
        Some(Codes { dc: self.dc.get(component.dc)?.as_ref()?, ac: self.ac.get(component.ac)?.as_ref()? })
    }
}
