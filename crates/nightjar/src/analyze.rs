//! `nightjar analyze`: the detector over recorded footage, every frame judged, the same way each time; what it finds is
//! kept as events, as if the camera had been watched then.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use capture::{VideoFile, open_file};
use indicatif::{ProgressBar, ProgressStyle};
use motion::{Decision, EventEnd, Label};
use serde::Serialize;
use serde_json::{Value, json};
use store::event::EventId;

use crate::Usage;
use crate::cli::AnalyzeArgs;
use crate::footage::clip::{self, Found, Stop};
use crate::footage::stop::{self, Leavings};
use crate::footage::when::When;
use crate::footage::{Reel, Terms, Vault, digest};
use crate::run::main_region;
use crate::say;

mod lines;
#[cfg(test)]
mod tests;

use lines::{Lines, Target};

/// What came of one file.
#[derive(Debug, Default)]
struct Report {
    found: Found,
    /// The camera that its events belong to, and when it was taken; `None` if nothing was to be kept.
    kept_as: Option<(String, When)>,
    /// It was kept before.
    known: Option<EventId>,
}

/// Looks through all files; a bad one does not hold up the others. With a `vault` events are kept.
///
/// # Errors
/// [`crate::Usage`] when the frames must not go where they are to go; otherwise when they cannot be written, or when
/// nothing can be stored. Bad files are told, and exit with 1.
pub(crate) fn run(
    args: &AnalyzeArgs,
    terms: &Terms,
    open: impl FnOnce() -> anyhow::Result<Vault>,
) -> anyhow::Result<ExitCode> {
    let leavings = Leavings::default();
    let target = target(args)?;
    let vault = if args.no_store { None } else { Some(open()?) };
    let stop = Stop::default();
    let mut lines = target.map(|target| Lines::create(target, leavings.clone())).transpose()?;
    // Where the lines go to standard output, the summary would be in their way.
    let is_quiet = args.json || lines.as_ref().is_some_and(Lines::is_stdout);
    stop::on_signals(leavings, vault.is_some().then(|| stop.clone()))?;
    let mut reports = Vec::new();
    for path in &args.files {
        let report = file(path, terms, vault.as_ref(), lines.as_mut(), &stop)?;
        if let Some(code) = stop.asked() {
            return Ok(ExitCode::from(code));
        }
        if let Some(error) = &report.found.error {
            say::fault(error);
        }
        if let Some(warning) = &report.found.warning {
            say::note(&format!("nightjar: warning: {warning}"));
        }
        if !is_quiet && (report.found.frames > 0 || report.known.is_some()) {
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
    } else if !is_quiet && vault.is_some() {
        say::text(&total(&reports))?;
    }
    let failed = reports.iter().any(|report| report.found.error.is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn target(args: &AnalyzeArgs) -> anyhow::Result<Option<Target>> {
    let Some(out) = args.frames.as_deref() else { return Ok(None) };
    let target = Target::of(out, &args.files)?;
    if args.json && target == Target::Stdout {
        return Err(
            Usage("--json and --frames - both want standard output; give --frames a file".into()).into()
        );
    }
    Ok(Some(target))
}

/// Only what every file has given its frames to gets its final name.
fn finish(lines: Lines, reports: &[Report]) -> anyhow::Result<()> {
    if reports.iter().all(|report| report.found.error.is_none()) {
        return lines.publish();
    }
    if reports.iter().all(|report| report.found.frames == 0) {
        return lines.discard();
    }
    if let Some(part) = lines.leave()? {
        say::fault(&format!("not every frame is there, so the lines stay in {}", part.display()));
    }
    Ok(())
}

fn file(
    path: &Path,
    terms: &Terms,
    vault: Option<&Vault>,
    lines: Option<&mut Lines>,
    stop: &Stop,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let failed = |error: String| Found { error: Some(error), ..Found::default() };
    let mut video = match open_file(path) {
        Ok(video) => video,
        Err(error) => return Ok(Report { found: failed(clip::told(error)), ..report }),
    };
    let mut reel = None;
    if let Some(vault) = vault {
        let sha256 = match digest(path, &mut |_| ()) {
            Ok(sha256) => sha256,
            Err(error) => {
                return Ok(Report { found: failed(format!("{}: {error}", path.display())), ..report });
            }
        };
        report.known = vault.known(&sha256)?;
        if report.known.is_none() {
            let camera = terms.camera_of(path.parent().unwrap_or(Path::new(".")));
            let when = clip::when(path, &video)?;
            let source = clip::source(vault, terms, &camera, when, video.info().frame_rate, sha256)?;
            reel = Some(Reel::new(source)?);
            report.kept_as = Some((camera, when));
        } else if lines.is_none() {
            return Ok(report);
        }
    }
    report.found = look_through(path, &mut video, terms, reel, lines, stop)?;
    if let (Some(vault), Some(_)) = (vault, &report.kept_as) {
        if report.found.error.is_some() || stop.asked().is_some() {
            vault.take_back()?;
        } else {
            vault.is_through()?;
        }
    }
    Ok(report)
}

fn look_through(
    path: &Path,
    video: &mut VideoFile,
    terms: &Terms,
    reel: Option<Reel>,
    mut lines: Option<&mut Lines>,
    stop: &Stop,
) -> anyhow::Result<Found> {
    let clip = clip_of(path);
    let bar = bar(video, &clip)?;
    let mut each = |frame: u64, decision: &Decision| {
        bar.set_position(frame + 1);
        lines.as_mut().map_or(Ok(()), |lines| lines.put(&line(&clip, frame, decision)))
    };
    let mut found = clip::look(path, video, &terms.motion, reel, stop, &mut each)?;
    found.warning = video.warning().map(str::to_owned);
    bar.finish_and_clear();
    Ok(found)
}

/// The file's name without its ending.
fn clip_of(path: &Path) -> String {
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
    let name = say::plain(&path.display().to_string());
    let found = &report.found;
    if found.frames == 0 {
        return format!("{name}: kept before, skipped\n");
    }
    let share = found.moving * 100 / found.frames;
    let mut text = format!(
        "{name}: {} frames, {}, motion in {share} %, {}",
        found.frames,
        clock(found.end),
        plural(found.ends.len(), "event"),
    );
    if report.known.is_some() {
        text += ", kept before";
    } else if let Some((camera, when)) = &report.kept_as {
        let stored = found.events.len();
        text += &format!(", {stored} stored of camera {camera}, from {} ({})", when.words(), when.by.words());
    }
    text.push('\n');
    for event in &found.ends {
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

/// What came of all of them.
fn total(reports: &[Report]) -> String {
    let count = |is: &dyn Fn(&Report) -> bool| reports.iter().filter(|report| is(report)).count();
    let frames: u64 = reports.iter().map(|report| report.found.frames).sum();
    let stored = reports.iter().map(|report| report.found.events.len()).sum();
    format!(
        "{}, {frames} frames: {} stored, {} kept before, {} failed\n",
        plural(reports.len(), "file"),
        plural(stored, "event"),
        count(&|report| report.known.is_some()),
        count(&|report| report.found.error.is_some()),
    )
}

/// `1 event`, `2 events`
pub(crate) fn plural(count: usize, word: &str) -> String {
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
    let found = &report.found;
    let kept = report.kept_as.as_ref();
    json!({
        "file": path.display().to_string(),
        "clip": clip_of(path),
        "frames": found.frames,
        "frames_with_motion": found.moving,
        "duration": seconds(found.end),
        "events": found.ends.iter().map(event).collect::<Vec<_>>(),
        "camera": kept.map(|(camera, _)| camera),
        "started": kept.map(|(_, when)| when.rfc3339()),
        "started_by": kept.map(|(_, when)| when.by.name()),
        "stored": found.events.iter().map(|event| event.id.to_string()).collect::<Vec<_>>(),
        "kept_before": report.known.map(|id| id.to_string()),
        "warning": found.warning,
        "error": found.error,
    })
}
