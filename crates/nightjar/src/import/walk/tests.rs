use super::*;

#[test]
fn folders_come_in_order_and_links_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for folder in ["DCIM/101X", "DCIM/100X", "data"] {
        std::fs::create_dir_all(at(folder)).unwrap();
    }
    for file in [
        "DCIM/100X/B.JPG",
        "DCIM/100X/A.jpeg",
        "DCIM/100X/._A.JPG",
        "DCIM/101X/C.AVI",
        "DCIM/x.thm",
        "data/d.jpg",
    ] {
        std::fs::write(at(file), "x").unwrap();
    }
    std::os::unix::fs::symlink(at("DCIM"), at("DCIM/101X/again")).unwrap();
    std::os::unix::fs::symlink(at("data/d.jpg"), at("DCIM/101X/d.jpg")).unwrap();
    let mut seen = Vec::new();
    let mut told = Vec::new();
    let except = at("data").canonicalize().unwrap();
    folders(dir.path(), Some(&except), &mut |text| told.push(text), &mut |folder| {
        seen.push(folder);
        Ok(())
    })
    .unwrap();
    assert_eq!(told, Vec::<String>::new());
    let paths: Vec<_> = seen.iter().map(|it| it.path.strip_prefix(dir.path()).unwrap().to_owned()).collect();
    assert_eq!(paths, ["", "DCIM", "DCIM/100X", "DCIM/101X"].map(PathBuf::from));
    let names =
        |files: &[Entry]| files.iter().map(|it| it.path.file_name().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&seen[2].stills), ["A.jpeg", "B.JPG"]);
    assert_eq!(names(&seen[2].others), ["._A.JPG"]);
    assert_eq!((names(&seen[3].clips), seen[3].odd), (vec!["C.AVI".into()], 2));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let mut told = Vec::new();
    folders(Path::new("/nowhere/at/all"), None, &mut |text| told.push(text), &mut |_| Ok(())).unwrap();
    assert!(told.len() == 1 && told[0].contains("/nowhere/at/all"), "{told:?}");
}
