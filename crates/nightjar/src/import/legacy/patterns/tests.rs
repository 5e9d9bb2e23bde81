use super::*;

fn found(json: &str) -> Vec<Pattern> {
    let mut found = Vec::new();
    collect(&serde_json::from_str(json).unwrap(), None, "here", &mut found);
    found
}

#[test]
fn patterns_are_found_in_lists_and_by_their_ids() {
    for json in [
        r#"[{"id": "m1", "label": "fox"}]"#,
        r#"{"patterns": [{"event_id": "m1", "id": 3, "classification": {"label": "fox"}}], "version": 2}"#,
        r#"{"m1": {"label": null, "classification": "fox"}}"#,
    ] {
        let found = found(json);
        assert_eq!(found.len(), 1, "{json}");
        assert_eq!(found[0].ids()[0], "m1", "{json}");
        assert_eq!(found[0].label(), Some(("animal", Some("fox".to_owned()))), "{json}");
    }
    assert_eq!(
        found(r#"[{"id": "m1", "label": ""}, {"id": 2, "classification": "unknown"}]"#)[1].label(),
        None
    );
    assert!(is_base(Path::new("x/patterns/a.json")) && is_base(Path::new("motion.DB")));
    assert!(!is_base(Path::new("x/a.json")));
}

#[test]
fn a_base_is_read_without_a_trace_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let (there, here) = (dir.path().join("there"), dir.path().join("here"));
    std::fs::create_dir_all(&there).unwrap();
    std::fs::create_dir_all(&here).unwrap();
    let path = there.join("patterns.db");
    let base = Connection::open(&path).unwrap();
    base.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE patterns (id TEXT, label TEXT, vector BLOB); CREATE TABLE x (a);
         INSERT INTO patterns VALUES ('m1', 'cat', x'00ff'), ('m2', NULL, NULL);",
    )
    .unwrap();
    // It is in use, and its log holds what was written.
    assert!(there.join("patterns.db-wal").exists());
    let names = |dir: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names(&there);
    let found = of_sqlite(&path, "there", &here).unwrap();
    assert_eq!(names(&there), before);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].label(), Some(("animal", Some("cat".to_owned()))));
    assert_eq!(found[0].all["vector"], "00ff");
    assert_eq!(names(&here).len(), 0);
    let kept = put_by(&here, &found[1..]).unwrap();
    assert_eq!(put_by(&here, &found[1..]).unwrap(), kept, "once");
    drop(base);
}
