//! A place in a list, as text that only this program reads.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::query::{Order, Query};

const VERSION: u8 = 1;
/// Enough to notice a slip; whoever forges one reads only what the list would give anyway.
const CHECK: usize = 6;
const LEN: usize = 1 + 8 + CHECK;

/// A place in the list of one question; it fits no other question and no other order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    place: i64,
    check: [u8; CHECK],
}

/// A text that is no [`Cursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor is not one that a page has given for the same question")]
pub struct NotACursor;

impl Cursor {
    /// Behind the row at `place` of what `query` asks for.
    pub(crate) fn new(query: &Query, place: i64) -> Self {
        Self { place, check: check(query, place) }
    }

    /// The row it stands behind.
    pub(crate) fn place(self, query: &Query) -> Result<i64, NotACursor> {
        if check(query, self.place) == self.check { Ok(self.place) } else { Err(NotACursor) }
    }
}

/// Over everything that decides which rows come, and not over how many are wanted at once.
fn check(query: &Query, place: i64) -> [u8; CHECK] {
    let Query {
        camera,
        from,
        to,
        label,
        favourite,
        seen,
        origin,
        min_length,
        text,
        order,
        limit: _,
        cursor: _,
    } = query;
    let asked = format!(
        "{camera:?} {from:?} {to:?} {label:?} {favourite:?} {seen:?} {origin:?} {min_length:?} {text:?} {}",
        matches!(order, Order::Newest)
    );
    let digest = Sha256::new().chain_update([VERSION]).chain_update(place.to_be_bytes()).chain_update(asked);
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest.finalize()[..CHECK]);
    check
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [VERSION; LEN];
        bytes[1..9].copy_from_slice(&self.place.to_be_bytes());
        bytes[9..].copy_from_slice(&self.check);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotACursor)?;
        let bytes: [u8; LEN] = bytes.try_into().map_err(|_| NotACursor)?;
        let [VERSION, rest @ ..] = bytes else { return Err(NotACursor) };
        let (place, check) = rest.split_at(8);
        Ok(Self {
            place: i64::from_be_bytes(place.try_into().map_err(|_| NotACursor)?),
            check: check.try_into().map_err(|_| NotACursor)?,
        })
    }
}
