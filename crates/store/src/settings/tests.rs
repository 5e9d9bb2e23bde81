use super::*;
use crate::fs::RealFs;

fn file() -> (tempfile::TempDir, SettingsFile) {
    let dir = tempfile::tempdir().unwrap();
    let file = SettingsFile::new(Arc::new(RealFs), &dir.path().join("data"));
    (dir, file)
}

#[test]
fn changes_add_up_and_come_back() {
    let (_dir, file) = file();
    assert_eq!(file.load().unwrap(), Settings::default());
    let threshold = |n| CameraSettings { motion_threshold: Some(n), ..Default::default() };
    file.merge("garden", threshold(30)).unwrap();
    file.merge("shed", threshold(40)).unwrap();
    file.merge("garden", CameraSettings { max_clients: Some(7), ..Default::default() }).unwrap();
    file.merge("garden", threshold(31)).unwrap();
    let settings = file.load().unwrap();
    let garden = CameraSettings { motion_threshold: Some(31), max_clients: Some(7), ..Default::default() };
    assert_eq!(settings.camera["garden"], garden);
    assert_eq!(settings.camera["shed"], threshold(40));
}

#[test]
fn a_damaged_file_is_named_with_its_line_and_never_written_over() {
    let (dir, file) = file();
    file.merge("garden", CameraSettings::default()).unwrap();
    for damage in ["[camera.garden]\nmotion_treshold = 1\n", "x = ", "camera = 1"] {
        std::fs::write(file.path(), damage).unwrap();
        let error = file.merge("garden", CameraSettings::default()).unwrap_err().to_string();
        assert!(error.contains("settings.toml") && error.contains("line"), "{error}");
        assert_eq!(std::fs::read_to_string(dir.path().join("data/settings.toml")).unwrap(), damage);
    }
}
