use super::people::{Holder, holders_in, look_up};
use super::*;

fn error(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

const NODE: &str = "/dev/video0";

#[test]
fn each_error_of_the_system_says_what_to_do() {
    let path = Path::new(NODE);
    for (code, wanted, word) in [
        (libc::ENODEV, "unplugged", "Plug it in"),
        (libc::EBUSY, "busy", "Nightjar over HTTP"),
        (libc::ENOSPC, "usb_bandwidth", "another USB controller"),
        (libc::ENOMEM, "no_memory", "smaller size"),
        (libc::EIO, "device_error", "cable"),
        (libc::EPROTO, "device_error", "cable"),
        (libc::EINVAL, "refused_setting", "v4l2-ctl"),
        (libc::ENOTTY, "not_v4l2", "by-id"),
        (libc::EBADF, "device_error", "dmesg"),
    ] {
        let problem = refused(path, "STREAMON", &error(code));
        assert_eq!(problem.code, wanted, "{problem}");
        assert!(problem.what.contains(NODE) && problem.mend.contains(word), "{problem}");
    }
    for (code, wanted) in [
        (libc::ENOENT, "no_device"),
        (libc::ENXIO, "unplugged"),
        (libc::EACCES, "denied"),
        (libc::EMFILE, "no_descriptors"),
    ] {
        let problem = not_opened(path, &error(code));
        assert_eq!(problem.code, wanted, "{problem}");
        assert!(!problem.what.contains("os error"), "{problem}");
    }
}

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nnightjar:x:998:997::/var/lib/nightjar:/bin/false\n";
const GROUPS: &str = "root:x:0:\nvideo:x:44:ada,nightjar\ncamera:x:100:\n";

#[test]
fn who_may_not_open_it_is_told_the_group_and_the_command() {
    let told = |user, group| denied(Path::new(NODE), &look_up(user, group, PASSWD, GROUPS));
    let problem = told(998, Some(100));
    assert_eq!(problem.what, "The user nightjar may not open /dev/video0; its group camera may.");
    assert!(problem.mend.contains("sudo usermod -aG camera nightjar"), "{problem}");
    let member = told(998, Some(44));
    assert!(member.mend.contains("log out and in again"), "{member}");
    assert!(told(998, None).mend.contains("chgrp video /dev/video0"));
    let nameless = told(4711, Some(4712));
    assert!(nameless.mend.contains("usermod -aG 4712 4711"), "numbers where there are no names: {nameless}");
}

#[test]
fn the_program_that_holds_it_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let problem = busy(file.path());
    assert!(problem.what.contains("another camera of this configuration"), "this process: {problem}");
    let folder = tempfile::tempdir().unwrap();
    for (process, name) in [(std::process::id(), "nightjar"), (4242, "ffmpeg\n"), (5, "sshd")] {
        let fds = folder.path().join(process.to_string()).join("fd");
        std::fs::create_dir_all(&fds).unwrap();
        std::fs::write(fds.join("../comm"), name).unwrap();
        let target = if name == "sshd" { Path::new("/dev/null") } else { file.path() };
        std::os::unix::fs::symlink(target, fds.join("7")).unwrap();
    }
    let found = holders_in(folder.path(), file.path());
    assert_eq!(found[0], Holder { name: "ffmpeg".into(), process: 4242, is_us: false });
    assert!(found[1].is_us && found.len() == 2, "{found:?}");
    assert!(holders_in(Path::new("/nonexistent"), file.path()).is_empty());
}

#[test]
fn formats_are_listed_where_none_fits() {
    let code = |letters: &[u8; 4]| u32::from_le_bytes(*letters);
    let path = Path::new(NODE);
    let wanted = no_format(path, Some("MJPG"), &[code(b"YUYV"), code(b"H264")]);
    assert_eq!(wanted.what, "/dev/video0 does not offer the format MJPG; it offers YUYV, H264.");
    let bayer = no_format(path, None, &[code(b"pRAA"), code(b"BA10")]);
    assert!(bayer.mend.contains("rpicam-vid"), "{bayer}");
    assert!(no_format(path, None, &[]).what.contains("nothing"));
}
