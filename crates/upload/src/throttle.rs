//! How fast bytes may go out, over all remotes together: a token bucket whose rate may change while others wait on it.
//!
//! Who waits has drawn a ticket, so that turns come in the order of asking and a large remote cannot starve a small one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Bytes in one go, at most: small enough that the rate holds within a second.
pub(crate) const MOST_PIECE: usize = 64 * 1024;
const LEAST_PIECE: usize = 2 * 1024;

/// The bucket. Held under its lock: arithmetic alone.
#[derive(Debug)]
pub(crate) struct Throttle {
    bucket: Mutex<Bucket>,
    changed: Notify,
}

#[derive(Debug)]
struct Bucket {
    /// Bytes a second; `None`: no limit.
    rate: Option<u64>,
    /// Bytes that were let through or may be, since the beginning.
    granted: f64,
    /// Bytes that were asked for since the beginning.
    asked: f64,
    /// When `granted` was last brought up to date.
    at: Instant,
}

impl Throttle {
    /// With that many bytes a second; must be made within a runtime, whose time it follows.
    pub(crate) fn new(rate: Option<u64>) -> Self {
        let bucket = Bucket { rate, granted: 0.0, asked: 0.0, at: Instant::now() };
        Self { bucket: Mutex::new(bucket), changed: Notify::new() }
    }

    /// From now on that many bytes a second; who waits is told.
    pub(crate) fn set(&self, rate: Option<u64>) {
        let mut bucket = self.lock();
        bucket.refill();
        if bucket.rate != rate {
            bucket.rate = rate;
            drop(bucket);
            self.changed.notify_waiters();
        }
    }

    /// Bytes a second at present.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.lock().rate
    }

    /// A good size for the next piece: an eighth of a second's worth.
    pub(crate) fn piece(&self) -> usize {
        match self.rate() {
            None => MOST_PIECE,
            Some(rate) => usize::try_from(rate / 8).unwrap_or(MOST_PIECE).clamp(LEAST_PIECE, MOST_PIECE),
        }
    }

    /// Waits until so many bytes may go.
    pub(crate) async fn take(&self, bytes: usize) {
        let mut ticket = Ticket::draw(self, bytes);
        loop {
            // Listening before looking: a change in between is not missed.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match ticket.wait() {
                Turn::Now => break,
                Turn::In(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = changed => {}
                    }
                }
                Turn::WhenChanged => changed.await,
            }
        }
        ticket.used = true;
    }

    fn lock(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn refill(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        match self.rate {
            None => self.granted = self.asked,
            Some(rate) => {
                #[expect(clippy::cast_precision_loss, reason = "a rate far below 2^53")]
                let rate = rate as f64;
                // What was not asked for is saved for a quarter of a second and no longer.
                self.granted = (self.granted + rate * passed).min(self.asked + rate / 4.0);
            }
        }
    }
}

enum Turn {
    Now,
    In(Duration),
    WhenChanged,
}

/// A place in the queue; one that is left before its turn gives its bytes back to those behind.
struct Ticket<'a> {
    throttle: &'a Throttle,
    bytes: f64,
    number: f64,
    used: bool,
}

impl<'a> Ticket<'a> {
    fn draw(throttle: &'a Throttle, bytes: usize) -> Self {
        let mut bucket = throttle.lock();
        bucket.refill();
        #[expect(clippy::cast_precision_loss, reason = "a piece far below 2^53")]
        let bytes = bytes as f64;
        bucket.asked += bytes;
        Self { throttle, bytes, number: bucket.asked, used: false }
    }

    fn wait(&self) -> Turn {
        let mut bucket = self.throttle.lock();
        bucket.refill();
        match bucket.rate {
            None => Turn::Now,
            // The thousandth of a byte is what adding many small steps loses.
            Some(_) if bucket.granted + 0.001 >= self.number => Turn::Now,
            Some(0) => Turn::WhenChanged,
            #[expect(clippy::cast_precision_loss, reason = "a rate far below 2^53")]
            Some(rate) => {
                let seconds = (self.number - bucket.granted) / rate as f64;
                Turn::In(Duration::from_secs_f64(seconds.clamp(0.001, 3600.0)))
            }
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.used {
            let mut bucket = self.throttle.lock();
            bucket.refill();
            bucket.granted += self.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use tokio::task::JoinSet;

    async fn take_all(throttle: &Throttle, bytes: usize, piece: usize) -> Duration {
        let began = Instant::now();
        for _ in 0..bytes / piece {
            throttle.take(piece).await;
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_carries_more_than_the_rate_and_what_was_saved() {
        let throttle = Throttle::new(Some(100_000));
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let took = take_all(&throttle, 1_025_000, 5_000).await;
        assert!((9.9..10.1).contains(&took.as_secs_f64()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_get_the_same_however_much_they_want() {
        let throttle = Arc::new(Throttle::new(Some(100_000)));
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let throttle = Arc::clone(&throttle);
            tasks.spawn(async move { take_all(&throttle, 500_000, 10_000).await });
        }
        let took: Vec<_> = tasks.join_all().await;
        assert!(took.iter().all(|took| (19.0..20.5).contains(&took.as_secs_f64())), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_rate_holds_for_those_who_wait_already() {
        let throttle = Arc::new(Throttle::new(Some(0)));
        let waiting = Arc::clone(&throttle);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { take_all(&waiting, 1_000_000, 50_000).await });
        tokio::time::sleep(Duration::from_secs(100)).await;
        throttle.set(Some(100_000));
        tokio::time::sleep(Duration::from_secs(5)).await;
        throttle.set(None);
        let took = tasks.join_all().await.remove(0);
        assert!((105.0..105.1).contains(&took.as_secs_f64()), "{took:?}");
        assert_eq!((throttle.rate(), throttle.piece()), (None, MOST_PIECE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_given_up_is_for_the_next() {
        let throttle = Throttle::new(Some(1000));
        let given_up = tokio::time::timeout(Duration::from_secs(1), throttle.take(1_000_000));
        assert!(given_up.await.is_err());
        let began = Instant::now();
        throttle.take(2_000).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}
