//! `nightjar bench`: the detector on the rendered scenes, whose truth is known. The numbers are the same on every
//! machine but for the milliseconds.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use frame::{I420, Picture, Size};
use indicatif::{ProgressBar, ProgressStyle};
use motion::Settings;
use motion::score::{Score, Scorer, Truth};
use rustix::time::{ClockId, clock_gettime};
use scene::{Class, Scene};
use serde_json::json;

use crate::cli::BenchArgs;
use crate::detect::Detector;
use crate::say;

/// Frames a second that the scenes are rendered at; every one is judged.
const RATE: u32 = 15;

/// A scene drawn with a seed, and what came of it.
struct Clip {
    scene: &'static str,
    seed: u64,
    score: Score,
    /// CPU time of detection, JPEG decoding left aside.
    cpu: Duration,
}

/// Runs and prints the scorecard.
///
/// # Errors
/// When a scene is not known, or there is no memory.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let mut work = jobs(args)?;
    // Long ones first would need their duration; popping from the end keeps the table's order cheap.
    work.reverse();
    let queue = Mutex::new(work);
    let done = Mutex::new(Vec::new());
    let bar = ProgressBar::new(queue.lock().map_or(0, |jobs| jobs.len() as u64));
    bar.set_style(
        ProgressStyle::with_template("{wide_bar} {pos}/{len} clips, {eta} left")
            .context("a bad progress bar")?,
    );
    bar.tick();
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let mut threads = Vec::new();
        for n in 0..workers {
            let (queue, done, bar) = (&queue, &done, &bar);
            let body = move || work_off(queue, done, args.size, bar);
            threads.push(std::thread::Builder::new().name(format!("bench:{n}")).spawn_scoped(scope, body)?);
        }
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("a bench thread panicked"))??;
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    let mut clips = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let order = |clip: &Clip| Scene::names().iter().position(|info| info.name == clip.scene);
    clips.sort_by_key(|clip| (order(clip), clip.seed));
    if args.json {
        say::line(&format!("{:#}", as_json(&clips, args.size)))?
    } else {
        table(&clips)?
    }
    Ok(())
}

type Job = (&'static str, u64);

fn jobs(args: &BenchArgs) -> anyhow::Result<Vec<Job>> {
    for name in &args.scenes {
        Scene::named(name, Size::new(16, 16), 0)?;
    }
    let wanted = |name: &str| args.scenes.is_empty() || args.scenes.iter().any(|it| it == name);
    let scenes = Scene::names().iter().filter(|info| wanted(info.name));
    Ok(scenes.flat_map(|info| args.seeds.iter().map(|seed| (info.name, *seed))).collect())
}

fn work_off(
    queue: &Mutex<Vec<Job>>,
    done: &Mutex<Vec<Clip>>,
    size: Size,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some((scene, seed)) = job else { return Ok(()) };
        let clip = clip(scene, seed, size).with_context(|| format!("failed on scene {scene}"))?;
        done.lock().unwrap_or_else(PoisonError::into_inner).push(clip);
        bar.inc(1);
    }
}

fn clip(name: &'static str, seed: u64, size: Size) -> anyhow::Result<Clip> {
    let mut scene = Scene::named(name, size, seed)?;
    let settings = Settings::default();
    let mut scorer = Scorer::new(settings.event_gap);
    let mut detector = Detector::new(settings)?;
    let mut cpu = Duration::ZERO;
    let frames = u32::try_from(scene.info().duration.as_millis())? * RATE / 1000;
    for n in 0..frames {
        let at = Duration::from_secs(1) * n / RATE;
        let mut planes = Vec::new();
        scene.render(at, &mut planes);
        let raw = I420::new(size, Bytes::from(planes)).context("a scene of the wrong size")?;
        let begun = thread_time();
        let looked = detector.look(&Picture::Raw(raw), at)?;
        cpu += thread_time().saturating_sub(begun);
        let actors = scene.truth(at);
        let truth: Vec<Truth> = actors
            .iter()
            .filter(|actor| actor.moving)
            .map(|actor| Truth { rect: actor.rect, label: label(actor.class) })
            .collect();
        scorer.push(&truth, &looked.decision);
    }
    Ok(Clip { scene: name, seed, score: scorer.finish(), cpu })
}

fn label(class: Class) -> motion::Label {
    match class {
        Class::Animal => motion::Label::Animal,
        Class::Person => motion::Label::Person,
        Class::Vehicle => motion::Label::Vehicle,
    }
}

/// CPU time of this thread: other programs on the machine do not count.
fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn total(clips: &[Clip]) -> (Score, Duration) {
    let mut all = (Score::default(), Duration::ZERO);
    for clip in clips {
        all.0.add(&clip.score);
        all.1 += clip.cpu;
    }
    all
}

fn table(clips: &[Clip]) -> anyhow::Result<()> {
    say::line(
        "scene         seed  events  found  false  false/h  event F1  frame F1   IoU  latency  ms/frame",
    )?;
    for clip in clips {
        row(clip.scene, &clip.seed.to_string(), &clip.score, clip.cpu)?;
    }
    let (score, cpu) = total(clips);
    row("all", "", &score, cpu)
}

fn row(scene: &str, seed: &str, score: &Score, cpu: Duration) -> anyhow::Result<()> {
    let latency = score.latency().map_or_else(|| "–".into(), |frames| frames.to_string());
    say::line(&format!(
        "{scene:<12} {seed:>5} {:>7} {:>6} {:>6} {:>8.1} {:>9.3} {:>9.3} {:>5.2} {latency:>8} {:>9.2}",
        score.events,
        score.found,
        score.false_events,
        score.false_events_per_hour(),
        score.event_f1(),
        score.frame_f1(),
        score.iou(),
        ms_per_frame(score, cpu),
    ))?;
    Ok(())
}

fn ms_per_frame(score: &Score, cpu: Duration) -> f64 {
    cpu.as_secs_f64() * 1000.0 / f64::from(score.frames.max(1))
}

fn as_json(clips: &[Clip], size: Size) -> serde_json::Value {
    let one = |score: &Score, cpu: Duration| {
        json!({
            "events": score.events,
            "found": score.found,
            "detected": score.detected,
            "false_events": score.false_events,
            "false_events_per_hour": score.false_events_per_hour(),
            "precision": score.precision(),
            "recall": score.recall(),
            "event_f1": score.event_f1(),
            "frame_f1": score.frame_f1(),
            "frames": score.frames,
            "false_frames": score.false_frames,
            "iou": score.iou(),
            "latency_frames": score.latency(),
            "ms_per_frame": ms_per_frame(score, cpu),
        })
    };
    let rows: Vec<_> = clips
        .iter()
        .map(|clip| {
            let mut row = one(&clip.score, clip.cpu);
            row["scene"] = clip.scene.into();
            row["seed"] = clip.seed.into();
            row
        })
        .collect();
    let (score, cpu) = total(clips);
    json!({ "size": [size.width, size.height], "clips": rows, "all": one(&score, cpu) })
}
