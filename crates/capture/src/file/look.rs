//! Whether there is a file at all. The child would say so, too, but in its own words, and it would wait for ever
//! where opening a path blocks.

use std::fs::{FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::file::error::FileError;
use crate::file::shown;
use crate::halt::Halt;

/// How often a wait looks whether it is told to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// A disk that sleeps takes so long to wake.
const PATIENCE: Duration = Duration::from_secs(10);

type Found = Result<(), FileError>;

/// Looks at a path on a thread of its own: a share whose server is gone blocks whoever asks for it, uninterruptibly.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// One that still hangs, so that there is never more than one such thread a camera.
    pending: Option<Receiver<Found>>,
}

impl Look {
    /// Whether the path is a file that can be read and holds anything; waits `patience` and ten seconds at the most.
    pub(crate) fn at(&mut self, path: &Path, halt: &Arc<Halt>, patience: Duration) -> Found {
        let own: PathBuf = path.to_owned();
        self.with(path, halt, patience.min(PATIENCE), move || readable(&own))
    }

    fn with(
        &mut self,
        path: &Path,
        halt: &Arc<Halt>,
        patience: Duration,
        look: impl FnOnce() -> Found + Send + 'static,
    ) -> Found {
        let found = match self.pending.take() {
            Some(pending) => pending,
            None => {
                let (tell, found) = sync_channel(1);
                let body = move || {
                    // Nobody listens any more if the camera is gone.
                    let _told = tell.send(look());
                };
                std::thread::Builder::new().name("look".into()).spawn(body)?;
                found
            }
        };
        let deadline = Instant::now() + patience;
        loop {
            match found.recv_timeout(GLANCE) {
                Ok(found) => return found,
                Err(RecvTimeoutError::Disconnected) => return readable(path),
                Err(RecvTimeoutError::Timeout) if halt.is_stopped() => return Err(FileError::Stopped),
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                    self.pending = Some(found);
                    return Err(FileError::NoDisk(shown(path)));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

fn readable(path: &Path) -> Found {
    let refused = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "that is not allowed".to_owned(),
            other => other.to_string(),
        };
        FileError::NoFile(shown(path), why)
    };
    let sort = |kind: FileType| match other_kind(kind) {
        Some(other) => Err(FileError::NotAFile(shown(path), other)),
        None => Ok(()),
    };
    // Asked first, since opening a pipe waits for a writer and opening a device may do anything.
    sort(std::fs::metadata(path).map_err(refused)?.file_type())?;
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(refused)?;
    let found = file.metadata().map_err(refused)?;
    sort(found.file_type())?;
    if found.len() == 0 {
        return Err(FileError::NoFrames(shown(path), " (it is empty)".to_owned()));
    }
    Ok(())
}

/// What it is if it is no regular file.
fn other_kind(kind: FileType) -> Option<&'static str> {
    [
        (kind.is_dir(), "a folder"),
        (kind.is_fifo(), "a named pipe"),
        (kind.is_socket(), "a socket"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
        (!kind.is_file(), "something else"),
    ]
    .into_iter()
    .find_map(|(is, name)| is.then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    fn halt() -> Arc<Halt> {
        Arc::new(Halt::new().unwrap())
    }

    #[test]
    fn what_is_no_file_is_refused_by_name_and_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.mp4");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let socket = folder.path().join("socket.mp4");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let table: [(&Path, &str); 4] = [
            (&pipe, "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
            (folder.path(), "a folder"),
        ];
        for (path, kind) in table {
            let error = Look::default().at(path, &halt(), Duration::from_secs(5)).unwrap_err();
            let text = error.to_string();
            assert!(text.ends_with(&format!("is no file: found {kind}; give a video file")), "{text}");
            assert_eq!(Problem::from(error).code, "no_file");
        }
    }

    #[test]
    fn a_disk_that_does_not_answer_costs_one_thread_and_not_the_camera() {
        let (release, held) = sync_channel::<()>(0);
        let path = Path::new("/share/a.mp4");
        let mut look = Look::default();
        let hang = move || {
            let _released = held.recv();
            Ok(())
        };
        let patience = Duration::from_millis(100);
        let error = look.with(path, &halt(), patience, hang).unwrap_err();
        assert_eq!(error.to_string(), "the disk with a.mp4 does not answer");
        let again = look.with(path, &halt(), patience, || panic!("a second thread was started"));
        assert!(matches!(again, Err(FileError::NoDisk(_))));
        let stopped = halt();
        stopped.stop();
        assert!(matches!(look.with(path, &stopped, PATIENCE, || Ok(())), Err(FileError::Stopped)));
        drop(release);
    }

    #[test]
    fn a_disk_that_wakes_is_seen_at_the_next_look() {
        let (release, held) = sync_channel::<()>(0);
        let mut look = Look::default();
        let slow = move || {
            let _released = held.recv();
            Ok(())
        };
        let path = Path::new("/share/a.mp4");
        assert!(look.with(path, &halt(), Duration::from_millis(60), slow).is_err());
        drop(release);
        assert!(look.with(path, &halt(), PATIENCE, || panic!("a second thread was started")).is_ok());
    }
}
