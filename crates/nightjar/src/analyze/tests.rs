use super::*;
use frame::Rect;
use motion::{Direction, Region};

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

#[test]
fn the_file_has_its_name_only_once_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.jsonl");
    let mut lines = Lines::create(&path).unwrap();
    lines.put("a", 0, &decision(Vec::new())).unwrap();
    assert!(!path.exists());
    lines.publish().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no part is left");
}

#[test]
fn a_file_that_is_not_there_holds_up_nobody_and_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let args = AnalyzeArgs {
        files: vec![dir.path().join("none.mp4")],
        frames: Some(dir.path().join("out.jsonl")),
        no_store: true,
        camera: None,
        json: false,
    };
    assert_eq!(run(&args, &Settings::default()).unwrap(), ExitCode::FAILURE);
    assert_eq!(std::fs::read_to_string(dir.path().join("out.jsonl")).unwrap(), "");
}

#[test]
fn times_are_written_as_people_read_them() {
    assert_eq!(clock(Duration::from_millis(3_723_450)), "1:02:03.4");
    assert_eq!(seconds(Duration::from_nanos(66_666_667)), 0.066_667);
    assert_eq!((clip(Path::new("/x/vtest.avi")), plural(1, "event")), ("vtest".into(), "1 event".into()));
}
