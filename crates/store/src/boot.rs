//! Which boot this is, and how the process's monotonic clock stands to the machine's.

use std::path::Path;
use std::time::Duration;

use frame::Clock;
use jiff::Timestamp;

/// Wall times before this are a clock that nobody has set.
const PLAUSIBLE: i64 = 1_735_689_600; // 2025-01-01

/// The running boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Boot {
    /// Another word at each boot.
    pub(crate) id: String,
    /// From the boot to the zero of the process's clock.
    pub(crate) before: Duration,
}

impl Boot {
    pub(crate) fn of_system(clock: &dyn Clock) -> Self {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let seconds = uptime.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
        let since_boot = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Self { id: id.trim().to_owned(), before: since_boot.saturating_sub(clock.monotonic()) }
    }

    /// The time since boot at `mono` of the process's clock.
    pub(crate) fn since(&self, mono: Duration) -> Duration {
        self.before + mono
    }
}

/// Whether the wall clock is known to be right: it is later than any clock nobody has set, and where the system's
/// time service tells, it has heard from its server.
#[must_use]
pub fn clock_is_set(clock: &dyn Clock) -> bool {
    let service = Path::new("/run/systemd/timesync");
    is_plausible(clock) && (!service.is_dir() || service.join("synchronized").exists())
}

fn is_plausible(clock: &dyn Clock) -> bool {
    Timestamp::try_from(clock.wall()).is_ok_and(|now| now.as_second() >= PLAUSIBLE)
}
