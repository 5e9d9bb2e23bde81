//! A file's bytes as a body: read a piece at a time off the tokio workers, each only once the one before is on its
//! way, so that a client costs one piece of memory however large the file is.

use std::io::{self, Read, Seek, SeekFrom};

use axum::body::Body;
use bytes::Bytes;
use tokio::task::spawn_blocking;

#[cfg(test)]
mod tests;

/// Bytes of a piece.
const PIECE: usize = 256 * 1024;

/// What is left of a file.
struct Rest<F> {
    file: F,
    /// Where it begins; `None` once the file stands there.
    first: Option<u64>,
    left: u64,
}

/// `len` bytes of `file` from `first` on. A file that ends before ends the connection, so that nobody takes what came
/// for all of it.
pub(crate) fn body<F: Read + Seek + Send + 'static>(file: F, first: u64, len: u64) -> Body {
    let rest = Rest { file, first: Some(first), left: len };
    let pieces = futures_util::stream::try_unfold(rest, |rest| async {
        if rest.left == 0 {
            return Ok(None);
        }
        match spawn_blocking(move || rest.piece()).await {
            Ok(piece) => piece.map(Some),
            Err(panicked) => Err(io::Error::other(panicked)),
        }
    });
    Body::from_stream(pieces)
}

impl<F: Read + Seek> Rest<F> {
    fn piece(mut self) -> io::Result<(Bytes, Self)> {
        if let Some(first) = self.first.take() {
            self.file.seek(SeekFrom::Start(first))?;
        }
        let len = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; len];
        self.file.read_exact(&mut piece)?;
        self.left -= len as u64;
        Ok((piece.into(), self))
    }
}
