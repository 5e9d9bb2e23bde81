//! What a process used, read from /proc, and what its viewers saw.

use std::time::Duration;

/// CPU time of the process so far, user and system, all threads.
pub(crate) fn cpu(pid: i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name may hold spaces; the fields are counted from behind its bracket. utime and stime are 14 and 15.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // Linux shows these in units of 1/100 s on every machine.
    Duration::from_millis(ticks * 10)
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
