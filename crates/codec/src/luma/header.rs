//! Markers of a baseline JPEG in one scan: what its entropy data is decoded with. Anything unusual is `None`.

use frame::{Sampling, Size};

use crate::scan;

/// Components at the most.
const COMPONENTS: usize = 3;
/// A Huffman table as DHT writes it: sixteen counts, then the values.
pub(super) type Table<'a> = &'a [u8];

/// A component, with the tables that its blocks are decoded with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component<'a> {
    /// Blocks of one unit of the scan, across and down; 1×1 in a gray picture, whatever it says of itself.
    pub(super) blocks: (usize, usize),
    /// The 64 steps of the quantiser, zigzag.
    pub(super) steps: &'a [u8],
    /// Tables of the first coefficient and of the others.
    pub(super) dc: Table<'a>,
    pub(super) ac: Table<'a>,
}

impl Component<'_> {
    /// Blocks of one unit.
    pub(super) fn count(&self) -> usize {
        self.blocks.0 * self.blocks.1
    }
}

/// What stands before the entropy data.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) size: Size,
    /// Luma first, then colour if there is any.
    pub(super) components: Vec<Component<'a>>,
    /// Units of the scan between restart markers; 0 for none.
    pub(super) interval: usize,
    /// From the first byte of the entropy data to the end of the file.
    pub(super) entropy: &'a [u8],
}

/// Reads the markers of a JPEG that libjpeg-turbo would decode to the same gray picture.
pub(super) fn read(jpeg: &[u8]) -> Option<Header<'_>> {
    let mut markers = Markers { rest: jpeg.strip_prefix(&[0xff, 0xd8])?, ..Markers::default() };
    loop {
        let &[0xff, kind, high, low, ref rest @ ..] = markers.rest else { return None };
        let len = usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?;
        let (body, rest) = rest.split_at_checked(len)?;
        markers.rest = rest;
        match kind {
            0xc0 | 0xc1 => markers.frame(body)?,
            0xc4 => markers.huffman(body)?,
            0xda => return markers.scan(body),
            0xdb => markers.steps(body)?,
            0xdd => markers.interval = usize::from(u16::from_be_bytes(body.try_into().ok()?)),
            // The library warns of a JFIF that it does not know, and a warning is an error.
            0xe0 if body.starts_with(b"JFIF\0") && body.get(5) != Some(&1) => return None,
            // Colours that are no YCbCr make another gray.
            0xee if body.starts_with(b"Adobe") && body.get(11) != Some(&1) => return None,
            0xe0..=0xef | 0xfe => {}
            _ => return None,
        }
    }
}

#[derive(Default)]
struct Markers<'a> {
    rest: &'a [u8],
    /// Size, sampling and three bytes a component.
    frame: Option<(Size, Sampling, &'a [u8])>,
    steps: [Option<&'a [u8]>; 4],
    dc: [Option<Table<'a>>; 4],
    ac: [Option<Table<'a>>; 4],
    interval: usize,
}

impl<'a> Markers<'a> {
    fn frame(&mut self, body: &'a [u8]) -> Option<()> {
        let &[8, h1, h0, w1, w0, count, ref components @ ..] = body else { return None };
        let size = Size::new(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        let usual = self.frame.is_none()
            && components.len() == 3 * usize::from(count)
            && crate::checked(size).is_ok()
            && !names(components).eq(*b"RGB");
        self.frame = Some((size, scan::sampling(components).ok()?, components));
        usual.then_some(())
    }

    fn steps(&mut self, mut body: &'a [u8]) -> Option<()> {
        while let [id @ 0..=3, rest @ ..] = body {
            let (steps, rest) = rest.split_at_checked(64)?;
            self.steps[usize::from(*id)] = Some(steps);
            body = rest;
        }
        body.is_empty().then_some(())
    }

    fn huffman(&mut self, mut body: &'a [u8]) -> Option<()> {
        while let &[class_and_id, ref rest @ ..] = body {
            let values: usize = rest.get(..16)?.iter().map(|n| usize::from(*n)).sum();
            let (table, rest) = rest.split_at_checked(16 + values)?;
            let slot = match class_and_id {
                0x00..=0x03 => self.dc.get_mut(usize::from(class_and_id)),
                _ => self.ac.get_mut(usize::from(class_and_id).checked_sub(0x10)?),
            };
            *slot? = (values <= 256).then_some(table);
            body = rest;
        }
        Some(())
    }

    /// The header of the one scan, with what it refers to.
    fn scan(self, body: &'a [u8]) -> Option<Header<'a>> {
        let (size, sampling, frame) = self.frame?;
        let count = frame.len() / 3;
        let (&[said, ref body @ ..], true) = (body, count <= COMPONENTS) else { return None };
        let (selectors, spectrum) = body.split_at_checked(2 * count)?;
        let whole = usize::from(said) == count && spectrum == [0, 63, 0];
        let distinct = |id: u8| names(frame).filter(|other| *other == id).count() == 1;
        if !whole || !names(frame).all(distinct) {
            return None;
        }
        let mut components = Vec::with_capacity(COMPONENTS);
        for (frame, selector) in frame.chunks_exact(3).zip(selectors.chunks_exact(2)) {
            let factor = |bits: u8| usize::from(if sampling == Sampling::Gray { 1 } else { bits & 15 });
            components.push(Component {
                blocks: (factor(frame[1] >> 4), factor(frame[1])),
                steps: (*self.steps.get(usize::from(frame[2]))?)?,
                dc: (*self.dc.get(usize::from(selector[1] >> 4))?)?,
                ac: (*self.ac.get(usize::from(selector[1] & 15))?)?,
            });
            if selector[0] != frame[0] {
                return None;
            }
        }
        Some(Header { size, components, interval: self.interval, entropy: self.rest })
    }
}

/// What the components of a frame header are called.
fn names(components: &[u8]) -> impl Iterator<Item = u8> {
    components.chunks_exact(3).map(|component| component[0])
}
