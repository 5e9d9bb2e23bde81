//! docs/performance.md: ratios of one run first, then what they were made of.

use std::fmt::{Display, Formatter, Result};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::peers::{FEW, MANY, Peers};
use crate::process::Measured;

pub(crate) struct Fanout {
    pub(crate) viewers: usize,
    pub(crate) ours: Measured,
    pub(crate) bare: Measured,
}

pub(crate) struct Slow {
    pub(crate) alone_p99_ms: f32,
    pub(crate) beside_p99_ms: f32,
    pub(crate) alone_frames: usize,
    pub(crate) beside_frames: usize,
}

pub(crate) struct Report {
    pub(crate) picture_bytes: usize,
    pub(crate) fps: u32,
    pub(crate) fanouts: Vec<Fanout>,
    pub(crate) slow: Slow,
    pub(crate) detection_ms: f64,
    pub(crate) first_frame: Duration,
    /// `None` where the others are not installed.
    pub(crate) peers: Option<Peers>,
    pub(crate) benches: Vec<(String, f64)>,
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.opening(f)?;
        self.goals(f)?;
        self.crowds(f)?;
        self.others(f)?;
        self.benchmarks(f)
    }
}

impl Report {
    fn opening(&self, f: &mut Formatter<'_>) -> Result {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(f, "# How fast\n")?;
        writeln!(
            f,
            "Written by `make bench`: one run on {} with {cores} cores, the load client and the camera on",
            std::env::consts::ARCH
        )?;
        writeln!(
            f,
            "the same machine. Milliseconds differ from machine to machine; the ratios are what to look at. CPU a frame is that\n\
             of every thread but the detector's, which is measured by itself."
        )?;
        writeln!(
            f,
            "The camera sends {} KB JPEGs of 1280×720 at {} frames a second, passed through.\n",
            self.picture_bytes / 1000,
            self.fps
        )
    }

    fn goals(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "| what | goal | measured | |\n|---|---|---|---|")?;
        let mut row = |what: &str, goal: &str, measured: String, held: bool| {
            writeln!(f, "| {what} | {goal} | {measured} | {} |", if held { "held" } else { "**missed**" })
        };
        let interval_ms = 1000.0 / self.fps as f32;
        for crowd in &self.fanouts {
            let n = crowd.viewers;
            let ratio = crowd.ours.cpu_us_a_frame() / crowd.bare.cpu_us_a_frame();
            row(
                &format!("CPU a delivered frame, {n} viewers, against a bare axum relay"),
                "≤ 1.3×",
                format!("{ratio:.2}×"),
                ratio <= 1.3,
            )?;
            let kib = crowd.ours.kib_a_viewer();
            row(&format!("memory a viewer, {n} viewers"), "< 64 KiB", format!("{kib:.0} KiB"), kib < 64.0)?;
            let p99 = crowd.ours.p99_ms();
            let goal = format!("≤ {interval_ms:.0} ms (one frame)");
            row(
                &format!("camera to viewer, p99, {n} viewers"),
                &goal,
                format!("{p99:.1} ms"),
                p99 <= interval_ms,
            )?;
        }
        let slow = &self.slow;
        let measured = format!(
            "{:.1} → {:.1} ms, {} → {} frames",
            slow.alone_p99_ms, slow.beside_p99_ms, slow.alone_frames, slow.beside_frames
        );
        // Frames may differ by the one that was under way at either end; the age by the noise of a shared machine.
        let held = slow.beside_frames * 100 >= slow.alone_frames * 97 && slow.beside_p99_ms <= interval_ms;
        row(
            "20 viewers that stopped reading, beside 50 that read: p99 and frames of the 50",
            "unchanged",
            measured,
            held,
        )?;
        let (ms, start) = (self.detection_ms, self.first_frame.as_millis());
        row("detection, CPU an analysed frame with decoding", "< 3 ms", format!("{ms:.2} ms"), ms < 3.0)?;
        row(
            "process start to the first demo picture fetched",
            "< 300 ms",
            format!("{start} ms"),
            start < 300,
        )?;
        let Some(peers) = &self.peers else { return Ok(()) };
        let ratio = peers.ours_many.us_a_delivered_frame() / peers.ustreamer.us_a_delivered_frame();
        row(
            &format!("CPU a delivered frame, {MANY} viewers, against µStreamer"),
            "≤ 0.5×",
            format!("{ratio:.2}×"),
            ratio <= 0.5,
        )?;
        let ratio = peers.ours_few.ms_a_camera_frame() / peers.motion.ms_a_camera_frame();
        row(
            &format!("CPU of the whole server with detection and {FEW} viewers, against Motion"),
            "≤ 0.6×",
            format!("{ratio:.2}×"),
            ratio <= 0.6,
        )
    }

    fn crowds(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "\n## What the ratios are made of\n")?;
        writeln!(
            f,
            "| viewers | program | CPU a frame | age p50 | age p99 | memory a viewer | frames |\n|---|---|---|---|---|---|---|"
        )?;
        for crowd in &self.fanouts {
            for (name, m) in [("nightjar", &crowd.ours), ("axum relay", &crowd.bare)] {
                let (us, kib) = (m.cpu_us_a_frame(), m.kib_a_viewer());
                let (p50, p99, frames, n) = (m.p50_ms(), m.p99_ms(), m.frames(), crowd.viewers);
                writeln!(
                    f,
                    "| {n} | {name} | {us:.0} µs | {p50:.1} ms | {p99:.1} ms | {kib:.0} KiB | {frames} |"
                )?;
            }
        }
        Ok(())
    }

    fn others(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "\n## Beside others\n")?;
        let Some(peers) = &self.peers else {
            return writeln!(f, "Not compared: µStreamer or Motion is not installed here.");
        };
        let [ustreamer, motion] = &peers.versions;
        writeln!(
            f,
            "All on the same camera in the same run: JPEGs of 1280×720 at 15 frames a second over V4L2, in which somebody \
             walks by.\nµStreamer {ustreamer} hands the camera's own pictures on, Motion {motion} streams and detects, as \
             Debian has them.\n"
        )?;
        writeln!(
            f,
            "| program | viewers | beside it | CPU a delivered frame | CPU a camera's frame | frames |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (name, viewers, beside, cost) in [
            ("µStreamer", MANY, "nothing", &peers.ustreamer),
            ("nightjar", MANY, "nothing", &peers.ours_many),
            ("Motion", FEW, "detection", &peers.motion),
            ("nightjar", FEW, "detection", &peers.ours_few),
            ("Motion", FEW, "detection and recording", &peers.motion_recording),
            ("nightjar", FEW, "detection and recording", &peers.ours_recording),
        ] {
            let (us, ms, frames) = (cost.us_a_delivered_frame(), cost.ms_a_camera_frame(), cost.frames);
            writeln!(f, "| {name} | {viewers} | {beside} | {us:.0} µs | {ms:.2} ms | {frames} |")?;
        }
        Ok(())
    }

    fn benchmarks(&self, f: &mut Formatter<'_>) -> Result {
        if self.benches.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n## Parts (criterion, median)\n\n| benchmark | time |\n|---|---|")?;
        for (name, ns) in &self.benches {
            writeln!(f, "| {name} | {} |", readable(*ns))?;
        }
        Ok(())
    }
}

fn readable(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// The medians that criterion left behind: `<name…>/new/{benchmark,estimates}.json`.
pub(crate) fn criterion(folder: &Path) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for path in entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()) {
        if path.ends_with("new") {
            let read = |name: &str| {
                std::fs::read(path.join(name)).ok().and_then(|b| serde_json::from_slice::<Value>(&b).ok())
            };
            let median = read("estimates.json").and_then(|v| v["median"]["point_estimate"].as_f64());
            let name = read("benchmark.json").and_then(|v| v["full_id"].as_str().map(str::to_owned));
            found.extend(name.zip(median));
        } else {
            found.extend(criterion(&path));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}
