use std::os::unix::fs::symlink;

use super::*;

fn identity(card: &str, bus: &str) -> Identity {
    Identity { driver: "uvcvideo".into(), card: card.into(), bus: bus.into(), index: None }
}

/// A folder with nodes that hold what they are: card and port.
fn tree(nodes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, what) in nodes {
        fs::write(folder.path().join(name), what).unwrap();
    }
    folder
}

fn probe(node: &Path) -> Option<Identity> {
    let text = fs::read_to_string(node).ok()?;
    let (card, bus) = text.split_once('@')?;
    Some(identity(card, bus))
}

fn found(nodes: &[(&str, &str)], known: &Identity) -> Option<String> {
    let folder = tree(nodes);
    let node = again(folder.path(), known, probe)?;
    Some(node.file_name().unwrap().to_string_lossy().into_owned())
}

#[test]
fn a_camera_is_found_under_its_new_number() {
    let known = identity("C270", "usb-1");
    assert_eq!(found(&[("video0", "C920@usb-2"), ("video2", "C270@usb-1")], &known).unwrap(), "video2");
    assert_eq!(found(&[("video0", "C920@usb-2"), ("video1", "metadata")], &known), None);
    assert_eq!(found(&[("audio0", "C270@usb-1"), ("videotape", "C270@usb-1")], &known), None);
}

#[test]
fn a_camera_that_moved_to_another_port_is_found_if_it_is_the_only_one_of_its_make() {
    let known = identity("C270", "usb-1");
    assert_eq!(found(&[("video7", "C270@usb-9")], &known).unwrap(), "video7");
    assert_eq!(found(&[("video7", "C270@usb-9"), ("video8", "C270@usb-8")], &known), None);
    let both = [("video7", "C270@usb-9"), ("video10", "C270@usb-1")];
    assert_eq!(found(&both, &known).unwrap(), "video10", "its own port counts more");
}

#[test]
fn the_same_one_of_a_cameras_two_nodes_is_found() {
    let folder = tree(&[("video4", "C270@usb-1"), ("video6", "C270@usb-1")]);
    let probe =
        |node: &Path| Some(Identity { index: Some(u32::from(node.ends_with("video6"))), ..probe(node)? });
    let known = Identity { index: Some(1), ..identity("C270", "usb-1") };
    assert_eq!(again(folder.path(), &known, probe), Some(folder.path().join("video6")));
    let moved = Identity { index: Some(1), ..identity("C270", "usb-9") };
    assert_eq!(again(folder.path(), &moved, probe), Some(folder.path().join("video6")), "in another port");
}

#[test]
fn nodes_are_in_the_order_of_their_numbers() {
    let folder = tree(&[("video10", ""), ("video2", ""), ("video0", ""), ("v4l-subdev0", "")]);
    let names: Vec<_> = nodes(folder.path()).iter().map(|it| it.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["video0", "video2", "video10"]);
    assert!(nodes(Path::new("/nonexistent")).is_empty());
}

#[test]
fn the_folder_of_the_nodes_is_known_from_either_kind_of_path() {
    for path in ["/dev/video0", "/dev/v4l/by-id/usb-x-video-index0", "/dev/v4l/by-path/y"] {
        assert_eq!(root_of(Path::new(path)), Some(Path::new("/dev")), "{path}");
    }
    assert!(is_link(Path::new("/dev/v4l/by-id/x")));
    assert!(!is_link(Path::new("/dev/video0")));
}

#[test]
fn a_node_is_named_by_the_link_that_follows_it() {
    let folder = tree(&[("video0", ""), ("video1", "")]);
    let links = folder.path().join("v4l/by-id");
    fs::create_dir_all(&links).unwrap();
    symlink("../../video1", links.join("usb-C270-video-index0")).unwrap();
    symlink("../../video9", links.join("usb-gone-video-index0")).unwrap();
    let stable = |name| stable(folder.path(), &folder.path().join(name));
    assert_eq!(stable("video1"), Some(links.join("usb-C270-video-index0")));
    assert_eq!(stable("video0"), None);
}

#[test]
fn what_is_no_device_is_no_camera() {
    let folder = tree(&[("video0", "a file")]);
    assert_eq!(first_camera_in(folder.path()), None);
}
