//! A stream of H.264 as encoders write it, cut into pictures.
//!
//! NAL units stand behind start codes; an access unit delimiter (type 9) begins each picture. The picture before it is
//! whole then, and the last one at the stream's end.

/// A whole picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Unit {
    /// NAL units, each behind its length in 4 bytes; parameter sets and delimiters left out.
    pub(super) data: Vec<u8>,
    /// It needs no other to be shown.
    pub(super) key: bool,
}

/// Takes the stream in as it comes.
#[derive(Debug, Default)]
pub(super) struct AnnexB {
    /// What was not cut yet.
    rest: Vec<u8>,
    open: Unit,
    /// The newest parameter sets.
    pub(super) sps: Vec<u8>,
    pub(super) pps: Vec<u8>,
}

/// An encoder that writes so much without a start code writes something else.
const MOST: usize = 16 << 20;

impl AnnexB {
    /// More of the stream, emptied; the pictures that are whole by now. `false` if this is no H.264.
    pub(super) fn take(&mut self, bytes: &mut Vec<u8>, units: &mut Vec<Unit>) -> bool {
        self.rest.append(bytes);
        let mut begin = None;
        let mut at = 0;
        // A unit ends at the next start code.
        while let Some(found) = start_code(&self.rest, at) {
            if let Some(begin) = begin.replace(found + 3) {
                let nal = trimmed(&self.rest[begin..found]).to_vec();
                self.unit(&nal, units);
            }
            at = found + 3;
        }
        if let Some(begin) = begin {
            self.rest.drain(..begin - 3);
        }
        self.rest.len() <= MOST
    }

    /// The stream has ended: the last picture.
    pub(super) fn end(&mut self, units: &mut Vec<Unit>) {
        if let Some(found) = start_code(&self.rest, 0) {
            let nal = trimmed(&self.rest[found + 3..]).to_vec();
            self.unit(&nal, units);
        }
        self.rest.clear();
        self.close(units);
    }

    fn unit(&mut self, nal: &[u8], units: &mut Vec<Unit>) {
        match nal.first().map(|head| head & 31) {
            Some(9) => self.close(units),
            Some(7) => nal.clone_into(&mut self.sps),
            Some(8) => nal.clone_into(&mut self.pps),
            Some(kind @ (1..=5)) => {
                self.open.key |= kind == 5;
                self.open.data.extend_from_slice(&u32::try_from(nal.len()).unwrap_or(u32::MAX).to_be_bytes());
                self.open.data.extend_from_slice(nal);
            }
            _ => {}
        }
    }

    fn close(&mut self, units: &mut Vec<Unit>) {
        let unit = std::mem::take(&mut self.open);
        units.extend((!unit.data.is_empty()).then_some(unit));
    }
}

/// Where the next `00 00 01` is.
fn start_code(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(3).position(|it| it == [0, 0, 1]).map(|at| at + from)
}

/// A unit never ends in a zero: these are of the next start code, or padding.
fn trimmed(nal: &[u8]) -> &[u8] {
    let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &nal[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = &[
        0, 0, 0, 1, 9, 16, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 4, 5, 0, 0, 1, 0x65,
        6, 0, 0, 0, 1, 9, 16, 0, 0, 1, 6, 1, 1, 0, 0, 1, 0x41, 7,
    ];

    #[test]
    fn pictures_come_out_whole_however_the_stream_is_cut() {
        for step in 1..STREAM.len() {
            let (mut stream, mut units) = (AnnexB::default(), Vec::new());
            for chunk in STREAM.chunks(step) {
                assert!(stream.take(&mut chunk.to_vec(), &mut units));
            }
            stream.end(&mut units);
            let first = Unit { data: vec![0, 0, 0, 3, 0x65, 4, 5, 0, 0, 0, 2, 0x65, 6], key: true };
            let second = Unit { data: vec![0, 0, 0, 2, 0x41, 7], key: false };
            assert_eq!(units, [first, second], "in steps of {step}");
            assert_eq!((stream.sps.as_slice(), stream.pps.as_slice()), (&[0x67, 1, 2][..], &[0x68, 3][..]));
        }
    }
}
