use super::*;
use capture::FileError;
use frame::{I420, Rect};
use motion::{Direction, Region};
use std::path::PathBuf;

fn decision(regions: Vec<Region>) -> Decision {
    Decision {
        at: Duration::from_millis(100),
        motion: !regions.is_empty(),
        regions,
        candidates: Vec::new(),
        edge: None,
        near_misses: Vec::new(),
    }
}

fn region(rect: Rect, label: Label) -> Region {
    Region {
        track: 1,
        rect,
        label,
        confidence: 0.5,
        alternatives: Vec::new(),
        direction: Direction::Left,
        trail: Vec::new(),
    }
}

#[test]
fn a_line_has_the_shape_that_others_read() {
    let written = |frame, decision| serde_json::to_string(&line("vtest", frame, &decision)).unwrap();
    let quiet = written(1, decision(Vec::new()));
    assert_eq!(quiet, r#"{"clip":"vtest","frame":1,"time":0.1,"motion":false,"regions":[]}"#);
    let fox = region(Rect::new(1, 2, 30, 40), Label::Animal);
    let speck = region(Rect::new(5, 6, 7, 8), Label::Unknown);
    let moving = written(2, decision(vec![speck.clone(), fox]));
    let wanted = r#"{"clip":"vtest","frame":2,"time":0.1,"motion":true,"regions":[[5,6,7,8],[1,2,30,40]],"label":"animal"}"#;
    assert_eq!(moving, wanted);
    assert!(!written(3, decision(vec![speck])).contains("label"), "unknown is not known");
}

fn lines_in(dir: &Path) -> (PathBuf, Lines) {
    let path = dir.join("out.jsonl");
    let target = Target::of(&path, &[]).unwrap();
    (path, Lines::create(target, Leavings::default()).unwrap())
}

fn report(frames: u64, error: Option<&str>) -> Report {
    let found = Found { frames, error: error.map(str::to_owned), ..Found::default() };
    Report { found, ..Report::default() }
}

/// Keeps nothing.
fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    super::run(args, &Terms::built_in(None), || unreachable!("nothing is to be kept"))
}

fn names_in(dir: &Path) -> Vec<String> {
    let name = |it: std::io::Result<std::fs::DirEntry>| it.unwrap().file_name().into_string().unwrap();
    std::fs::read_dir(dir).unwrap().map(name).collect()
}

#[test]
fn the_file_has_its_name_only_once_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mut lines) = lines_in(dir.path());
    lines.put(&line("a", 0, &decision(Vec::new()))).unwrap();
    assert!(!path.exists());
    finish(lines, &[report(1, None)]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!(names_in(dir.path()), ["out.jsonl"], "no part is left");
}

#[test]
fn a_partial_result_keeps_the_name_of_a_part() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mut lines) = lines_in(dir.path());
    std::fs::write(&path, "the result of yesterday").unwrap();
    lines.put(&line("a", 0, &decision(Vec::new()))).unwrap();
    finish(lines, &[report(1, None), report(0, Some("bad"))]).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the result of yesterday");
    assert_eq!(std::fs::read_to_string(dir.path().join("out.jsonl.part")).unwrap().lines().count(), 1);
}

#[test]
fn a_file_that_is_not_there_publishes_nothing_and_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let args = AnalyzeArgs {
        files: vec![dir.path().join("none.mp4")],
        frames: Some(dir.path().join("out.jsonl")),
        no_store: true,
        camera: None,
        json: false,
    };
    assert_eq!(run(&args).unwrap(), ExitCode::FAILURE);
    assert!(names_in(dir.path()).is_empty(), "{:?}", names_in(dir.path()));
}

#[test]
fn a_recording_is_never_overwritten_by_what_is_told_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("clip.mp4"), "precious").unwrap();
    std::fs::write(at("b.jsonl.part"), "precious").unwrap();
    std::fs::hard_link(at("clip.mp4"), at("hard")).unwrap();
    std::os::unix::fs::symlink("clip.mp4", at("soft")).unwrap();
    std::os::unix::fs::symlink("clip.mp4", at("c.jsonl.part")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    let files = vec![at("clip.mp4"), at("b.jsonl.part")];
    for out in ["clip.mp4", "hard", "soft", "folder/../clip.mp4", "b.jsonl", "c.jsonl", "folder"] {
        let args = AnalyzeArgs {
            files: files.clone(),
            frames: Some(at(out)),
            no_store: true,
            camera: None,
            json: false,
        };
        let told = run(&args).unwrap_err();
        assert!(told.is::<Usage>(), "{out}: {told:#}");
        for file in &files {
            assert_eq!(std::fs::read_to_string(file).unwrap(), "precious", "{out}");
        }
    }
    assert_eq!(Target::of(&at("new.jsonl"), &files), Ok(Target::File(at("new.jsonl"))));
}

#[test]
fn standard_output_and_devices_are_written_without_a_part() {
    for name in ["-", "/dev/stdout"] {
        assert_eq!(Target::of(Path::new(name), &[]), Ok(Target::Stdout));
    }
    let null = Target::of(Path::new("/dev/null"), &[]).unwrap();
    assert_eq!(null, Target::Stream("/dev/null".into()));
    let mut lines = Lines::create(null, Leavings::default()).unwrap();
    lines.put(&1).unwrap();
    finish(lines, &[report(1, Some("bad"))]).unwrap();
}

#[test]
fn what_was_begun_is_gone_when_the_program_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let leavings = Leavings::default();
    let target = Target::of(&dir.path().join("out.jsonl"), &[]).unwrap();
    let _lines = Lines::create(target, leavings.clone()).unwrap();
    assert_eq!(names_in(dir.path()), ["out.jsonl.part"]);
    drop(leavings.clear());
    assert!(names_in(dir.path()).is_empty());
}

#[test]
fn a_frame_that_cannot_be_had_ends_its_file_and_no_other() {
    let size = frame::Size::new(64, 48);
    let picture = || I420::new(size, vec![80; 64 * 48 * 3 / 2].into()).unwrap();
    let frames = vec![
        Ok((Duration::ZERO, picture())),
        Err(FileError::Stalled("a.mp4".into())),
        Ok((Duration::from_secs(1), picture())),
    ];
    let settings = motion::Settings::default();
    let mut seen = Vec::new();
    let mut each = |frame: u64, _: &Decision| {
        seen.push(frame);
        Ok(())
    };
    let mut frames = frames.into_iter();
    let found =
        clip::look(Path::new("a.mp4"), &mut frames, &settings, None, &Stop::default(), &mut each).unwrap();
    assert_eq!((found.frames, found.error.as_deref()), (1, Some("ffmpeg went silent over a.mp4")));
    assert_eq!(seen, [0]);
}

#[test]
fn missing_ffmpeg_comes_with_how_to_get_it() {
    let told = clip::told(FileError::NoFfmpeg("ffmpeg".into()));
    assert!(told.contains("not installed") && told.contains("apt install ffmpeg"), "{told}");
}

#[test]
fn times_are_written_as_people_read_them() {
    assert_eq!(clock(Duration::from_millis(3_723_450)), "1:02:03.4");
    assert_eq!(seconds(Duration::from_nanos(66_666_667)), 0.066_667);
    assert_eq!((clip_of(Path::new("/x/vtest.avi")), plural(1, "event")), ("vtest".into(), "1 event".into()));
}
