//! Uploads in chunks that are under way.
//!
//! Each has a place on the disk without a name, where every chunk is put where it belongs; so they may come in any order
//! and again. A hub that is started anew knows none of them, and the cameras begin again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::{Spool, StoreError};
use web::Problem;

use super::keep::{Kept, Pictures};
use crate::problem::unreadable;

/// Uploads that one device may have under way; of more its idlest goes.
const OF_DEVICE: usize = 8;
/// Uploads of all devices: each has a file open.
const OF_ALL: usize = 256;
/// Chunks of an upload.
pub(super) const MOST_CHUNKS: u64 = 16_384;
/// Bytes of a chunk.
pub(super) const MOST_CHUNK: u64 = 16 << 20;

/// All uploads.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

/// One upload.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) device: String,
    pub(super) plan: Plan,
    touched: Mutex<Instant>,
    /// Who holds it is the only one to put something in.
    pub(super) state: Arc<tokio::sync::Mutex<State>>,
}

/// What becomes of an upload.
#[derive(Debug)]
pub(super) enum State {
    Open(Box<Open>),
    /// It is whole; asked again, the same is answered.
    Done(Kept),
    /// It was given up.
    Over,
}

/// What of an upload is there.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) said: Value,
    pub(super) clip: Spool,
    pub(super) pictures: Pictures,
    /// A few bytes of each chunk's SHA-256; `None`: it is still to come.
    chunks: Vec<Option<[u8; 8]>>,
}

/// How a clip is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) file_size: u64,
    pub(super) chunk_size: u64,
    pub(super) total_chunks: u64,
}

impl Plan {
    /// # Errors
    /// 422 for numbers that cannot be, with the field at fault.
    pub(super) fn new(file_size: u64, chunk_size: u64, total_chunks: u64) -> Result<Self, Problem> {
        let wrong = |field: &str, detail: String| Err(unreadable(detail).with("field", field));
        if file_size == 0 {
            return wrong("file_size", "file_size is 0; a clip has at least one byte.".to_owned());
        }
        if !(1..=MOST_CHUNK).contains(&chunk_size) {
            return wrong("chunk_size", format!("chunk_size is {chunk_size}; 1 to {MOST_CHUNK} is allowed."));
        }
        // Some count one more where the last chunk is full.
        let (least, most) = (file_size.div_ceil(chunk_size), (file_size / chunk_size).saturating_add(1));
        if total_chunks != least && total_chunks != most {
            let detail = format!(
                "total_chunks is {total_chunks}; {file_size} bytes in chunks of {chunk_size} are {least}."
            );
            return wrong("total_chunks", detail);
        }
        if total_chunks > MOST_CHUNKS {
            let detail = format!("total_chunks is {total_chunks}; at most {MOST_CHUNKS} are taken.");
            return wrong("total_chunks", detail);
        }
        Ok(Self { file_size, chunk_size, total_chunks })
    }

    /// Where a chunk begins, and how long it is.
    ///
    /// # Errors
    /// 422 if there is none of that number.
    pub(super) fn chunk(&self, index: u64) -> Result<(u64, u64), Problem> {
        if index >= self.total_chunks {
            let detail = format!("chunk_index is {index}; this upload has 0 to {}.", self.total_chunks - 1);
            return Err(unreadable(detail).with("field", "chunk_index"));
        }
        let at = index.saturating_mul(self.chunk_size).min(self.file_size);
        Ok((at, self.chunk_size.min(self.file_size - at)))
    }
}

impl Open {
    pub(super) fn new(said: Value, clip: Spool, pictures: Pictures, plan: &Plan) -> Self {
        let chunks = usize::try_from(plan.total_chunks).unwrap_or(0);
        Self { said, clip, pictures, chunks: vec![None; chunks] }
    }

    /// Puts a chunk where it belongs. → `false` if other bytes are there already.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn put(&mut self, index: u64, at: u64, bytes: &[u8]) -> Result<bool, StoreError> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let hash = hash.first_chunk().copied();
        let Some(chunk) = usize::try_from(index).ok().and_then(|index| self.chunks.get_mut(index)) else {
            return Ok(false);
        };
        if chunk.is_some() {
            return Ok(*chunk == hash);
        }
        self.clip.write_at(at, bytes)?;
        *chunk = hash;
        Ok(true)
    }

    /// The first few chunks that are still to come.
    pub(super) fn missing(&self) -> Vec<u64> {
        let missing = (0..).zip(&self.chunks).filter(|(_, chunk)| chunk.is_none());
        missing.map(|(index, _)| index).take(10).collect()
    }
}

impl Session {
    pub(super) fn new(id: String, device: &str, plan: Plan, open: Open) -> Arc<Self> {
        let state = Arc::new(tokio::sync::Mutex::new(State::Open(Box::new(open))));
        Arc::new(Self { id, device: device.to_owned(), plan, touched: Mutex::new(Instant::now()), state })
    }

    fn idle(&self) -> Duration {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That device's upload.
    pub(super) fn get(&self, id: &str, device: &str) -> Option<Arc<Session>> {
        let session = self.lock().get(id).filter(|session| session.device == device).cloned()?;
        *session.touched.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Some(session)
    }

    /// # Errors
    /// 503 if too many are under way.
    pub(super) fn begin(&self, session: Arc<Session>) -> Result<(), Problem> {
        let mut all = self.lock();
        let mine = all.values().filter(|other| other.device == session.device);
        if mine.clone().count() >= OF_DEVICE {
            let idlest = mine.max_by_key(|other| other.idle()).map(|other| other.id.clone());
            idlest.and_then(|id| all.remove(&id));
        }
        if all.len() >= OF_ALL {
            let detail = "Too many uploads in chunks are under way. Come again in a while.";
            return Err(Problem::unavailable("busy", detail, 30));
        }
        all.insert(session.id.clone(), session);
        Ok(())
    }

    pub(super) fn remove(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Bytes that a device is about to send.
    pub(super) fn bytes_of(&self, device: &str) -> u64 {
        let all = self.lock();
        let mine = all.values().filter(|session| session.device == device);
        mine.map(|session| session.plan.file_size).fold(0, u64::saturating_add)
    }

    /// Forgets those that nobody has gone on with for so long. → How many.
    pub(crate) fn expire(&self, idle: Duration) -> usize {
        let mut all = self.lock();
        let before = all.len();
        all.retain(|_, session| session.idle() < idle);
        before - all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_fill_a_file_without_a_gap() {
        for (size, chunk) in [(1, 1), (10, 3), (9, 3), (5, 100), (16 << 20, 1 << 20)] {
            let total = u64::div_ceil(size, chunk);
            for total in [total, size / chunk + 1] {
                let plan = Plan::new(size, chunk, total).unwrap();
                let mut end = 0;
                for index in 0..total {
                    let (at, len) = plan.chunk(index).unwrap();
                    assert_eq!(at, end);
                    end += len;
                }
                assert_eq!(end, size);
                assert!(plan.chunk(total).is_err() && plan.chunk(u64::MAX).is_err());
            }
        }
        let code = |size, chunk, total| Plan::new(size, chunk, total).unwrap_err().status().as_u16();
        let huge = u64::MAX;
        for (size, chunk, total) in [
            (0, 1, 0),
            (1, 0, 1),
            (10, 3, 3),
            (10, 3, 5),
            (10, MOST_CHUNK + 1, 1),
            (1 << 40, 1, 1 << 40),
            (huge, huge, 1),
            (huge, 1, huge),
        ] {
            assert_eq!(code(size, chunk, total), 422, "{size} {chunk} {total}");
        }
    }
}
