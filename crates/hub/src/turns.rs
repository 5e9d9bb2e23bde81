//! Whose turn it is: a device sends two things at once, memory and disk are shared in the order of asking.
//!
//! A device that waits for its turn is not read from, so what it has sent lies in its kernel and costs nothing here. The
//! disk's turn is for one piece, so that many who send at once get the same share whatever their lines are like.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use web::Problem;

use crate::body::{LARGE_PIECE, PIECE};

/// What one device may send at once.
const OF_DEVICE: usize = 2;
/// Pieces that are hashed and written at once: more make neither a disk nor a small processor faster.
const OF_DISK: usize = 4;
/// Kibibytes of bodies that are held at once.
const MEMORY: usize = 96 * 1024;
/// The longest that anybody waits before being told to come again.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is shared.
#[derive(Debug)]
pub(crate) struct Turns {
    devices: Mutex<HashMap<String, Arc<Semaphore>>>,
    disk: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            devices: Mutex::default(),
            disk: Arc::new(Semaphore::new(OF_DISK)),
            memory: Arc::new(Semaphore::new(MEMORY)),
        }
    }
}

/// A turn; given back when dropped.
pub(crate) type Turn = OwnedSemaphorePermit;

impl Turns {
    /// The device's turn to send.
    ///
    /// # Errors
    /// 503 if it sends too much else.
    pub(crate) async fn of(&self, device: &str) -> Result<Turn, Problem> {
        let places = {
            // As many as there are keys.
            let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
            let places = devices.entry(device.to_owned());
            places.or_insert_with(|| Arc::new(Semaphore::new(OF_DEVICE))).clone()
        };
        let detail = "This device sends as much at once as one may. Come again in a moment.";
        patient(places.acquire_owned(), "device_busy", detail).await
    }

    /// Memory for so many bytes of bodies.
    ///
    /// # Errors
    /// 503 if others hold it for too long.
    pub(crate) async fn memory(&self, bytes: usize) -> Result<Turn, Problem> {
        let detail = "Too many cameras are sending. Come again in a moment.";
        patient(self.memory.clone().acquire_many_owned(kibibytes(bytes)), "busy", detail).await
    }

    /// The same if nobody has to wait for it.
    pub(crate) fn memory_now(&self, bytes: usize) -> Option<Turn> {
        self.memory.clone().try_acquire_many_owned(kibibytes(bytes)).ok()
    }

    /// Memory for two pieces of a body, one that comes and one that is written, and how large they are: large ones where
    /// half of all memory is free.
    ///
    /// # Errors
    /// As [`Turns::memory`].
    pub(crate) async fn pieces(&self) -> Result<(Turn, usize), Problem> {
        let is_plenty = self.memory.available_permits() > MEMORY / 2;
        match self.memory_now(2 * LARGE_PIECE).filter(|_| is_plenty) {
            Some(turn) => Ok((turn, LARGE_PIECE)),
            None => Ok((self.memory(2 * PIECE).await?, PIECE)),
        }
    }

    /// The turn to hash and write a piece.
    ///
    /// # Errors
    /// Never while it serves.
    pub(crate) async fn disk(&self) -> Result<Turn, Problem> {
        self.disk.clone().acquire_owned().await.map_err(|_| Problem::internal())
    }
}

/// No more than there is, which would be waited for in vain.
fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024).clamp(1, MEMORY / 2)).unwrap_or(1)
}

async fn patient(
    turn: impl Future<Output = Result<Turn, AcquireError>>,
    code: &'static str,
    detail: &str,
) -> Result<Turn, Problem> {
    match timeout(PATIENCE, turn).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) => Err(Problem::internal()),
        Err(_) => Err(Problem::unavailable(code, detail, 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_device_sends_two_things_at_once_and_keeps_nobody_else_waiting() {
        let turns = Turns::default();
        let held = [turns.of("one").await.unwrap(), turns.of("one").await.unwrap()];
        let other = turns.of("two").await;
        assert!(other.is_ok());
        let refused = turns.of("one").await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (503, "device_busy"));
        drop(held);
        assert!(turns.of("one").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn few_who_send_get_large_pieces_and_many_small_ones() {
        let turns = Turns::default();
        let (first, large) = turns.pieces().await.unwrap();
        let most = turns.memory(MEMORY / 2 * 1024).await.unwrap();
        let (second, small) = turns.pieces().await.unwrap();
        assert_eq!((large, small), (LARGE_PIECE, PIECE));
        let kept = [first, second].map(|turn| turn.num_permits() * 1024);
        assert_eq!(kept, [2 * LARGE_PIECE, 2 * PIECE]);
        drop(most);
        assert_eq!(turns.pieces().await.unwrap().1, LARGE_PIECE);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_given_in_the_order_of_asking_and_never_more_than_there_is() {
        let turns = Turns::default();
        let most = MEMORY * 1024;
        let held = [turns.memory(most).await.unwrap(), turns.memory(most).await.unwrap()];
        assert!(turns.memory_now(1).is_none(), "two of the largest are all there is");
        let (large, small) = (turns.memory(most), turns.memory(1));
        let first = async {
            let large = large.await.unwrap();
            assert!(turns.memory_now(1).is_some() && turns.memory_now(most).is_none());
            drop(large);
        };
        let later = async {
            drop(small.await.unwrap());
        };
        let free = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(held);
        };
        tokio::join!(first, later, free);
    }
}
