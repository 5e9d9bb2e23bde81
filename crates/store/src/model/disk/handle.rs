//! An open file of the model disk.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::{Content, ModelFs};
use crate::fs::{FsFile, FsRead};

/// An open file.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) fs: ModelFs,
    pub(super) node: u64,
    pub(super) at: usize,
}

impl Read for Handle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.fs.locked();
        let live = state.nodes.get(&self.node).map(|node| Arc::clone(&node.live)).unwrap_or_default();
        drop(state);
        let n = live.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += n;
        Ok(n)
    }
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.fs.changing().write(self.node, Content::Write { at: self.at, bytes: bytes.into() });
        self.at += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let len = self.fs.locked().nodes.get(&self.node).map_or(0, |node| node.live.len() as u64);
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => len.checked_add_signed(by),
            SeekFrom::Current(by) => (self.at as u64).checked_add_signed(by),
        };
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        self.at = usize::try_from(place).map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(place)
    }
}

impl FsFile for Handle {
    fn sync(&mut self) -> io::Result<()> {
        self.fs.changing().sync(self.node);
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.sync()
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.fs.changing().write(self.node, Content::Length(len));
        Ok(())
    }
}

impl FsRead for Handle {
    fn into_file(self: Box<Self>) -> Option<std::fs::File> {
        None
    }
}
