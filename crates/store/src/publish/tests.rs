use super::*;
use crate::fs::{FsFile, FsRead, Metadata, RealFs, Space};
use std::ffi::OsString;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Notes every step and fails at the one of a given number.
#[derive(Debug, Default, Clone)]
struct Noting {
    steps: Arc<Mutex<Vec<&'static str>>>,
    fails_at: Arc<AtomicUsize>,
}

impl Noting {
    fn note(&self, step: &'static str) -> io::Result<()> {
        let mut steps = self.steps.lock().unwrap();
        steps.push(step);
        if steps.len() == self.fails_at.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

#[derive(Debug)]
struct NotingFile(Noting, Box<dyn FsFile>);

impl io::Read for NotingFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.read(buffer)
    }
}

impl io::Seek for NotingFile {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.1.seek(to)
    }
}

impl io::Write for NotingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.note("write")?;
        self.1.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}

impl FsFile for NotingFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.note("sync")?;
        self.1.sync()
    }
    fn sync_data(&mut self) -> io::Result<()> {
        self.0.note("sync data")?;
        self.1.sync_data()
    }
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.note("set length")?;
        self.1.set_len(len)
    }
}

impl Fs for Noting {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.note("create")?;
        Ok(Box::new(NotingFile(self.clone(), RealFs.create_new(path)?)))
    }
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        RealFs.read(path, most)
    }
    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        RealFs.metadata(path)
    }
    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("rename")?;
        RealFs.rename_replace(from, to)
    }
    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.rename_noreplace(from, to)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.note("sync dir")?;
        RealFs.sync_dir(dir)
    }
    fn unlink(&self, path: &Path) -> io::Result<()> {
        RealFs.unlink(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        RealFs.list(dir)
    }
    fn open_write(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(NotingFile(self.clone(), RealFs.open_write(path)?)))
    }
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn FsRead>> {
        RealFs.open_read(path)
    }
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        RealFs.create_dir(dir)
    }
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        RealFs.create_dir_all(dir)
    }
    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        RealFs.remove_dir(dir)
    }
    fn space(&self, dir: &Path) -> io::Result<Space> {
        RealFs.space(dir)
    }
    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        RealFs.canonical(dir)
    }
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        RealFs.try_lock(path)
    }
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        RealFs.lock(path)
    }
}

#[test]
fn the_steps_come_in_the_order_that_survives_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let fs = Noting::default();
    replace(&fs, &dir.path().join("a"), b"new").unwrap();
    assert_eq!(*fs.steps.lock().unwrap(), ["create", "write", "sync", "rename", "sync dir"]);
}

#[test]
fn a_failure_at_any_step_leaves_a_whole_file_and_no_part() {
    for step in 1..=5 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        replace(&RealFs, &path, b"old").unwrap();
        let fs = Noting::default();
        fs.fails_at.store(step, Ordering::Relaxed);
        assert!(replace(&fs, &path, b"new").is_err(), "step {step}");
        let expected: &[u8] = if step == 5 { b"new" } else { b"old" };
        assert_eq!(std::fs::read(&path).unwrap(), expected, "step {step}");
        assert_eq!(RealFs.list(dir.path()).unwrap(), ["a"], "step {step}");
    }
}

#[test]
fn what_an_attempt_cut_short_left_is_no_hindrance_and_the_file_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    std::fs::write(dir.path().join("a.part"), b"half").unwrap();
    replace(&RealFs, &path, b"whole").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_rename_without_replacing_does_not_replace() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    std::fs::write(&a, b"a").unwrap();
    std::fs::write(&b, b"b").unwrap();
    assert_eq!(RealFs.rename_noreplace(&a, &b).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&b).unwrap(), b"b");
    assert!(RealFs.read(&b, 0).is_err() && RealFs.read(&b, 1).is_ok());
}
