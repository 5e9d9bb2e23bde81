//! Bodies that are taken as they come.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use web::Problem;

use crate::problem::too_large;

/// Bytes of a piece that is hashed and written at once: so large that the disk is worth its turn, and so small that
/// hundreds of them at once fit into memory.
pub(crate) const PIECE: usize = 128 * 1024;
/// The same where few send at once: each piece goes to another thread and back, which costs as much as hashing 50 KB.
pub(crate) const LARGE_PIECE: usize = 512 * 1024;

/// The whole of a body, which is at most `most` bytes.
///
/// # Errors
/// What [`Problem::of_body`] says; 413 for more.
pub(crate) async fn whole(body: Body, what: &str, most: u64) -> Result<Vec<u8>, Problem> {
    let mut pieces = Pieces::new(body, PIECE);
    let mut all = Vec::new();
    while let Some(bytes) = pieces.bytes().await? {
        let len = (all.len() + bytes.len()) as u64;
        if len > most {
            return Err(too_large(what, len, most));
        }
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}

/// A body in pieces of `size` bytes, the last one smaller.
#[derive(Debug)]
pub(crate) struct Pieces {
    body: Body,
    size: usize,
    rest: Bytes,
}

impl Pieces {
    pub(crate) fn new(body: Body, size: usize) -> Self {
        Self { body, size, rest: Bytes::new() }
    }

    /// Fills `piece`, which is given back empty only at the end.
    ///
    /// # Errors
    /// What [`Problem::of_body`] says.
    pub(crate) async fn next(&mut self, mut piece: Vec<u8>) -> Result<Vec<u8>, Problem> {
        piece.clear();
        piece.reserve_exact(self.size);
        while piece.len() < self.size {
            if self.rest.is_empty() {
                match self.bytes().await? {
                    Some(bytes) => self.rest = bytes,
                    None => break,
                }
            }
            let len = self.rest.len().min(self.size - piece.len());
            piece.extend_from_slice(&self.rest.split_to(len));
        }
        Ok(piece)
    }

    async fn bytes(&mut self) -> Result<Option<Bytes>, Problem> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| Problem::of_body(&error))?;
            if let Ok(bytes) = frame.into_data()
                && !bytes.is_empty()
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_are_full_whatever_the_network_makes_of_them() {
        let all = (0..PIECE * 2 + 5).map(|n| (n % 251) as u8).collect::<Vec<_>>();
        for size in [1000, PIECE - 1, PIECE + 1, all.len()] {
            let chunks = all.chunks(size).map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)));
            let body = Body::from_stream(futures_util::stream::iter(chunks.collect::<Vec<_>>()));
            let mut pieces = Pieces::new(body, PIECE);
            let mut found = Vec::new();
            let mut lengths = Vec::new();
            loop {
                let piece = pieces.next(Vec::new()).await.unwrap();
                if piece.is_empty() {
                    break;
                }
                lengths.push(piece.len());
                found.extend(piece);
            }
            assert_eq!(lengths, [PIECE, PIECE, 5]);
            assert!(found == all);
        }
    }

    #[tokio::test]
    async fn a_body_that_is_larger_than_it_may_be_is_not_kept_on() {
        assert_eq!(whole(Body::from("12345"), "It", 5).await.unwrap(), b"12345");
        let problem = whole(Body::from("123456"), "It", 5).await.unwrap_err();
        assert_eq!(problem.status(), 413);
    }
}
