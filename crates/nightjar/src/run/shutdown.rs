//! The end, in phases: stop intake · drain · persist · let go. Each has its bound and is logged.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// A part of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// No more requests, no more frames: the token fires, sources stop, viewers are told.
    StopIntake,
    /// What was taken in is worked off: rings are closed, detection ends its open event.
    Drain,
    /// What must survive is on disk.
    Persist,
    /// Everything else is dropped.
    LetGo,
}

impl Phase {
    /// How long it may take. Together under five seconds.
    pub(crate) fn bound(self) -> Duration {
        Duration::from_millis(match self {
            Self::StopIntake => 2_000,
            Self::Drain => 1_600,
            Self::Persist => 800,
            Self::LetGo => 500,
        })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StopIntake => "stop intake",
            Self::Drain => "drain",
            Self::Persist => "persist",
            Self::LetGo => "let go",
        })
    }
}

/// Milliseconds as the log has them: a number that every reader of JSON takes for one.
pub(super) fn whole_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Runs a phase within its bound; `None` if it was abandoned.
pub(crate) async fn phase<T>(phase: Phase, work: impl Future<Output = T>) -> Option<T> {
    let begun = Instant::now();
    let done = timeout(phase.bound(), work).await.ok();
    let ms = whole_ms(begun.elapsed());
    if done.is_some() {
        tracing::info!(%phase, ms, "shutdown");
    } else {
        tracing::warn!(%phase, ms, "shutdown: abandoned, it took too long");
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_phases_together_end_within_five_seconds() {
        let all = [Phase::StopIntake, Phase::Drain, Phase::Persist, Phase::LetGo];
        let sum: Duration = all.into_iter().map(Phase::bound).sum();
        assert!(sum < Duration::from_secs(5), "{sum:?}");
        assert!(all.is_sorted());
    }

    #[tokio::test(start_paused = true)]
    async fn a_phase_that_hangs_is_abandoned() {
        assert_eq!(phase(Phase::Drain, std::future::pending::<()>()).await, None);
        assert_eq!(phase(Phase::Drain, async { 7 }).await, Some(7));
    }
}
