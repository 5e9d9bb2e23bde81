//! The threads that must not die: each is named, its end is reported, a panic is an end too.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

/// A thread came to its end.
#[derive(Debug)]
pub(crate) struct StageEnd {
    /// Its name.
    pub(crate) name: String,
    /// The camera it belongs to.
    pub(crate) camera: usize,
    /// Whether it panicked.
    pub(crate) panicked: bool,
}

/// All such threads.
#[derive(Debug)]
pub(crate) struct Stages {
    /// Those that have not reported their end yet.
    threads: HashMap<String, JoinHandle<()>>,
    report: mpsc::Sender<StageEnd>,
    ends: mpsc::Receiver<StageEnd>,
}

impl Stages {
    /// Room for the reports of `count` threads, so that none ever waits to report.
    pub(crate) fn new(count: usize) -> Self {
        let (report, ends) = mpsc::channel(count.max(1));
        Self { threads: HashMap::new(), report, ends }
    }

    /// Starts a thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub(crate) fn start(
        &mut self,
        name: String,
        camera: usize,
        body: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        let (report, told) = (self.report.clone(), name.clone());
        let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
            let panicked = catch_unwind(AssertUnwindSafe(body)).is_err();
            if report.try_send(StageEnd { name: told, camera, panicked }).is_err() {
                tracing::debug!("nobody waits for the end of a thread any more");
            }
        })?;
        self.threads.insert(name, thread);
        Ok(())
    }

    /// The next thread that ends.
    pub(crate) async fn next_end(&mut self) -> Option<StageEnd> {
        let end = self.ends.recv().await?;
        if let Some(thread) = self.threads.remove(&end.name) {
            // Reporting was the last thing it did, and its panic was caught.
            thread.join().unwrap_or_default();
        }
        Some(end)
    }

    /// Waits for all threads up to `patience`; the names of those that are still at it.
    pub(crate) async fn join(mut self, patience: Duration) -> Vec<String> {
        let deadline = tokio::time::Instant::now() + patience;
        while !self.threads.is_empty() {
            match tokio::time::timeout_at(deadline, self.next_end()).await {
                Ok(Some(end)) => tracing::debug!(stage = end.name, "ended"),
                Ok(None) | Err(_) => break,
            }
        }
        self.threads.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[tokio::test]
    async fn an_end_is_reported_and_a_panic_is_one() {
        let mut stages = Stages::new(2);
        stages.start("calm".into(), 0, || ()).unwrap();
        let end = stages.next_end().await.unwrap();
        assert_eq!((end.name.as_str(), end.camera, end.panicked), ("calm", 0, false));
        stages.start("nervous".into(), 1, || panic!("on purpose")).unwrap();
        let end = stages.next_end().await.unwrap();
        assert_eq!((end.name.as_str(), end.camera, end.panicked), ("nervous", 1, true));
        assert!(stages.join(Duration::from_secs(5)).await.is_empty());
    }

    #[tokio::test]
    async fn a_thread_that_goes_on_is_named_and_left_behind() {
        let mut stages = Stages::new(2);
        let (stop, wait) = sync_channel::<()>(1);
        stages.start("quick".into(), 0, || ()).unwrap();
        stages.start("stubborn".into(), 0, move || wait.recv().unwrap_or_default()).unwrap();
        assert_eq!(stages.join(Duration::from_millis(50)).await, ["stubborn"]);
        drop(stop);
    }
}
