//! What a process used, read from /proc, and what its viewers saw.

use std::time::Duration;

/// CPU time so far, user and system, of the process's threads whose name `wanted` takes.
pub(crate) fn cpu(pid: i32, wanted: impl Fn(&str) -> bool) -> Duration {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let read = |name: &str| std::fs::read_to_string(thread.path().join(name)).unwrap_or_default();
        if wanted(read("comm").trim()) {
            // The first number of schedstat is the time on a core, far finer than the ticks of stat.
            let first = read("schedstat").split(' ').next().and_then(|n| n.parse::<u64>().ok());
            nanoseconds += first.unwrap_or(0);
        }
    }
    Duration::from_nanos(nanoseconds)
}

/// Whether a thread looks for motion; what it costs is measured by itself, and is no part of what a viewer costs.
pub(crate) fn detects(thread: &str) -> bool {
    thread.starts_with("detect")
}

/// Resident memory.
pub(crate) fn rss_kib(pid: i32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

/// What one program did for its viewers.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    cpu: Duration,
    ages_ms: Vec<f32>,
    kib_a_viewer: f64,
}

impl Measured {
    pub(crate) fn of(cpu: Duration, mut ages_ms: Vec<f32>, kib_a_viewer: f64) -> Self {
        ages_ms.sort_by(f32::total_cmp);
        Self { cpu, ages_ms, kib_a_viewer }
    }

    /// Puts another turn to it.
    pub(crate) fn add(&mut self, other: &Self) {
        self.cpu += other.cpu;
        self.ages_ms.extend_from_slice(&other.ages_ms);
        self.ages_ms.sort_by(f32::total_cmp);
        self.kib_a_viewer = self.kib_a_viewer.max(other.kib_a_viewer);
    }

    pub(crate) fn frames(&self) -> usize {
        self.ages_ms.len()
    }

    pub(crate) fn cpu_us_a_frame(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.frames().max(1) as f64
    }

    pub(crate) fn kib_a_viewer(&self) -> f64 {
        self.kib_a_viewer
    }

    pub(crate) fn p50_ms(&self) -> f32 {
        self.at(50)
    }

    pub(crate) fn p99_ms(&self) -> f32 {
        self.at(99)
    }

    fn at(&self, percent: usize) -> f32 {
        let last = self.ages_ms.len().saturating_sub(1);
        self.ages_ms.get(last * percent / 100).copied().unwrap_or(f32::NAN)
    }
}
