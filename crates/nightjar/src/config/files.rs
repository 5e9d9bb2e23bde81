//! Small files that people write, read with a bound and a deadline: whatever is named is looked at before it is read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// How long a pipe may take to be written and closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// The bytes of a regular file, or of a pipe (`--config <(…)`) that is closed in time.
///
/// # Errors
/// What stands there instead, as a fragment that fits behind the path.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let told = |error: io::Error| format!("cannot be read: {error}");
    // Opening a pipe that nobody writes would wait for ever.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(told)?;
    let kind = file.metadata().map_err(told)?.file_type();
    let bytes = if kind.is_file() {
        let mut bytes = Vec::new();
        (&file).take(limit as u64 + 1).read_to_end(&mut bytes).map_err(told)?;
        bytes
    } else if kind.is_fifo() {
        pipe(&file, limit)?
    } else if kind.is_dir() {
        return Err("is a directory".into());
    } else {
        return Err("is a device, allowed: a file".into());
    };
    if bytes.len() > limit {
        return Err(format!(
            "found more than {}, which is the most it may hold",
            super::units::format_size(limit as u64)
        ));
    }
    Ok(bytes)
}

fn pipe(file: &File, limit: usize) -> Result<Vec<u8>, String> {
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while bytes.len() <= limit {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        let mut polled = [PollFd::new(file, PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(0) => {
                return Err(format!(
                    "is a pipe that nobody wrote and closed within {} s",
                    PATIENCE.as_secs()
                ));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(format!("cannot be read: {}", io::Error::from(error))),
        }
        match (&*file).read(&mut part) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(&part[..n]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(format!("cannot be read: {error}")),
        }
    }
    Ok(bytes)
}

/// A path of the configuration file `file` counts from that file's folder; one of a pipe from the working directory.
pub(super) fn beside(file: &Path, path: &str) -> PathBuf {
    let is_pipe = ["/dev", "/proc"].iter().any(|root| file.starts_with(root));
    match file.parent() {
        Some(folder) if !is_pipe => folder.join(path),
        _ => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_read() {
        for (path, words) in
            [("/dev/zero", "is a device"), ("/", "is a directory"), ("/none/such", "cannot be read")]
        {
            let told = read(Path::new(path), 100).unwrap_err();
            assert!(told.contains(words), "{path}: {told}");
        }
        let dir = tempfile::tempdir().unwrap();
        let large = dir.path().join("large");
        std::fs::write(&large, [b'a'; 101]).unwrap();
        assert!(read(&large, 100).unwrap_err().contains("more than 100"));
        assert_eq!(read(&large, 101).unwrap().len(), 101);
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_one_that_nobody_writes_is_given_up() {
        let (reader, mut writer) = io::pipe().unwrap();
        let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        io::Write::write_all(&mut writer, b"hello").unwrap();
        drop(writer);
        assert_eq!(read(Path::new(&name), 100).unwrap(), b"hello");
        let (reader, _writer) = io::pipe().unwrap();
        let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert!(read(Path::new(&name), 100).unwrap_err().contains("nobody wrote"));
    }

    #[test]
    fn a_relative_path_counts_from_the_folder_of_the_file_that_names_it() {
        assert_eq!(beside(Path::new("/etc/nightjar/n.toml"), "a.mp4"), Path::new("/etc/nightjar/a.mp4"));
        assert_eq!(beside(Path::new("n.toml"), "a.mp4"), Path::new("a.mp4"));
        assert_eq!(beside(Path::new("/etc/n.toml"), "/a.mp4"), Path::new("/a.mp4"));
        assert_eq!(beside(Path::new("/dev/fd/63"), "a.mp4"), Path::new("a.mp4"));
    }
}
