//! `nightjar analyze`: the detector over recorded footage, every frame judged, the same way each time.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use capture::{FileError, Problem, VideoFile, open_file};
use frame::{I420, Picture};
use indicatif::{ProgressBar, ProgressStyle};
use motion::{Decision, EventEdge, EventEnd, Label, Settings};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Usage;
use crate::cli::AnalyzeArgs;
use crate::detect::Detector;
use crate::run::main_region;
use crate::say;

mod lines;
mod stop;
#[cfg(test)]
mod tests;

use lines::{Lines, Target};
use stop::Leavings;

/// What came of one file.
#[derive(Debug, Default)]
struct Report {
    frames: u64,
    moving: u64,
    end: Duration,
    events: Vec<EventEnd>,
    /// What is wrong with the file although frames came of it.
    warning: Option<String>,
    /// Why it was given up.
    error: Option<String>,
}

/// Looks through all files; a bad one does not hold up the others.
///
/// # Errors
/// [`crate::Usage`] when the frames must not go where they are to go; otherwise when they cannot be written. Bad
/// files are told, and exit with 1.
pub(crate) fn run(args: &AnalyzeArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let leavings = Leavings::default();
    let mut lines = lines(args, &leavings)?;
    // Where the lines go to standard output, the summary would be in their way.
    let is_quiet = args.json || lines.as_ref().is_some_and(Lines::is_stdout);
    stop::on_signals(leavings)?;
    let mut reports = Vec::new();
    for path in &args.files {
        let report = file(path, settings, lines.as_mut())?;
        if let Some(error) = &report.error {
            say::fault(error);
        }
        if let Some(warning) = &report.warning {
            say::note(&format!("nightjar: warning: {warning}"));
        }
        if !is_quiet && report.frames > 0 {
            say::text(&summary(path, &report))?;
        }
        reports.push(report);
    }
    if let Some(lines) = lines {
        finish(lines, &reports)?;
    }
    if args.json {
        let files: Vec<Value> = args.files.iter().zip(&reports).map(|(path, it)| as_json(path, it)).collect();
        say::line(&format!("{:#}", json!({ "files": files })))?;
    }
    let failed = reports.iter().any(|report| report.error.is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn lines(args: &AnalyzeArgs, leavings: &Leavings) -> anyhow::Result<Option<Lines>> {
    let Some(out) = args.frames.as_deref() else { return Ok(None) };
    let target = Target::of(out, &args.files)?;
    if args.json && target == Target::Stdout {
        return Err(
            Usage("--json and --frames - both want standard output; give --frames a file".into()).into()
        );
    }
    Lines::create(target, leavings.clone()).map(Some)
}

/// Only what every file has given its frames to gets its final name.
fn finish(lines: Lines, reports: &[Report]) -> anyhow::Result<()> {
    if reports.iter().all(|report| report.error.is_none()) {
        return lines.publish();
    }
    if reports.iter().all(|report| report.frames == 0) {
        return lines.discard();
    }
    if let Some(part) = lines.leave()? {
        say::fault(&format!("not every frame is there, so the lines stay in {}", part.display()));
    }
    Ok(())
}

fn file(path: &Path, settings: &Settings, lines: Option<&mut Lines>) -> anyhow::Result<Report> {
    let mut report = Report::default();
    match open_file(path) {
        Ok(mut video) => {
            let bar = bar(&video, &clip(path))?;
            look_through(path, &mut video, settings, lines, &mut report, &bar)?;
            report.warning = video.warning().map(str::to_owned);
            bar.finish_and_clear();
        }
        Err(error) => report.error = Some(told(error)),
    }
    Ok(report)
}

/// What is missing on this machine comes with how to get it, as the server says it.
fn told(error: FileError) -> String {
    match error {
        FileError::NoFfmpeg(_) => {
            let problem = Problem::from(error);
            format!("{} {}", problem.what, problem.mend)
        }
        other => other.to_string(),
    }
}

/// # Errors
/// When a line cannot be written; what is wrong with the file goes into the report.
fn look_through(
    path: &Path,
    frames: &mut dyn Iterator<Item = Result<(Duration, I420), FileError>>,
    settings: &Settings,
    mut lines: Option<&mut Lines>,
    report: &mut Report,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let clip = clip(path);
    let mut detector = Detector::new(settings.clone())?;
    for next in frames {
        let looked = next.map_err(told).and_then(|(at, planes)| {
            let looked = detector.look(&Picture::Raw(planes), at);
            let told = |error| format!("{}: frame {}: {error}", path.display(), report.frames);
            looked.map(|looked| (at, looked)).map_err(told)
        });
        let (at, looked) = match looked {
            Ok(looked) => looked,
            Err(error) => {
                report.error = Some(error);
                break;
            }
        };
        let edges = [looked.cut.as_ref(), looked.decision.edge.as_ref()];
        report.events.extend(edges.into_iter().flatten().filter_map(ended));
        if let Some(lines) = &mut lines {
            lines.put(&line(&clip, report.frames, &looked.decision))?;
        }
        report.frames += 1;
        report.moving += u64::from(looked.decision.motion);
        report.end = at;
        bar.set_position(report.frames);
    }
    report.events.extend(detector.finish().as_ref().and_then(ended));
    Ok(())
}

/// Events that were too short to be worth keeping are not told either.
fn ended(edge: &EventEdge) -> Option<EventEnd> {
    match edge {
        EventEdge::Ended(end) if !end.brief => Some(end.clone()),
        _ => None,
    }
}

/// The file's name without its ending.
fn clip(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Draws itself only where standard error is a terminal.
fn bar(video: &VideoFile, clip: &str) -> anyhow::Result<ProgressBar> {
    let bar = video.info().frames.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let style = match video.info().frames {
        Some(_) => "{msg} {wide_bar} {pos}/{len} frames, {per_sec}, {eta} left",
        None => "{msg} {spinner} {pos} frames, {per_sec}",
    };
    bar.set_style(ProgressStyle::with_template(style).context("a bad progress bar")?);
    bar.set_message(clip.to_owned());
    Ok(bar)
}

/// A frame as others read it; the label only where it is known.
#[derive(Debug, Serialize)]
struct Line<'a> {
    clip: &'a str,
    frame: u64,
    /// Seconds from the file's first frame.
    time: f64,
    motion: bool,
    /// `[x, y, w, h]` in pixels of the source.
    regions: Vec<[u32; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
}

fn line<'a>(clip: &'a str, frame: u64, decision: &Decision) -> Line<'a> {
    let label = main_region(decision).map(|main| main.label).filter(|label| *label != Label::Unknown);
    Line {
        clip,
        frame,
        time: seconds(decision.at),
        motion: decision.motion,
        regions: decision.regions.iter().map(|it| [it.rect.x, it.rect.y, it.rect.w, it.rect.h]).collect(),
        label: label.map(Label::name),
    }
}

/// To the microsecond, so that 0.1 is written as 0.1.
fn seconds(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e6).round() / 1e6
}

fn summary(path: &Path, report: &Report) -> String {
    let share = report.moving * 100 / report.frames.max(1);
    let mut text = format!(
        "{}: {} frames, {}, motion in {share} %, {}\n",
        say::plain(&path.display().to_string()),
        report.frames,
        clock(report.end),
        plural(report.events.len(), "event"),
    );
    for event in &report.events {
        text += &format!(
            "  {} – {}  {:<12} {:>3.0} %  {}\n",
            clock(event.began),
            clock(event.at),
            event.label.name(),
            event.confidence * 100.0,
            event.direction.name(),
        );
    }
    text
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// `1:02:03.4`
fn clock(at: Duration) -> String {
    let (s, tenths) = (at.as_secs(), at.subsec_millis() / 100);
    format!("{}:{:02}:{:02}.{tenths}", s / 3600, s / 60 % 60, s % 60)
}

fn as_json(path: &Path, report: &Report) -> Value {
    let event = |it: &EventEnd| {
        json!({
            "start": seconds(it.began),
            "end": seconds(it.at),
            "label": it.label.name(),
            "confidence": it.confidence,
            "direction": it.direction.name(),
        })
    };
    json!({
        "file": path.display().to_string(),
        "clip": clip(path),
        "frames": report.frames,
        "frames_with_motion": report.moving,
        "duration": seconds(report.end),
        "events": report.events.iter().map(event).collect::<Vec<_>>(),
        "warning": report.warning,
        "error": report.error,
    })
}
