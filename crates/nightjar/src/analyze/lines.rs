//! The file with a line per frame. It has its name only once it is whole, and it is never a recording that is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::Usage;
use crate::footage::stop::Leavings;

/// Names of standard output.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Where the lines go, found out before anything is opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Standard output.
    Stdout,
    /// A pipe or a device that is there: written as it goes.
    Stream(PathBuf),
    /// A file, which is replaced once the new one is whole.
    File(PathBuf),
}

impl Target {
    /// Looks at `out` and touches nothing.
    ///
    /// # Errors
    /// [`Usage`] for a directory, a block device, or one of the `inputs`, by whatever name.
    pub(super) fn of(out: &Path, inputs: &[PathBuf]) -> Result<Self, Usage> {
        if STDOUT.iter().any(|name| out == Path::new(name)) {
            return Ok(Self::Stdout);
        }
        let refuse = |what: &str| {
            let mend = "allowed: the name of a file, or - for standard output";
            Err(Usage(format!("--frames {} {what}; {mend}", out.display())))
        };
        for name in [out.to_owned(), part(out)] {
            let Ok(there) = std::fs::metadata(&name) else { continue };
            let same = |input: &&PathBuf| std::fs::metadata(input).is_ok_and(|it| is_same(&it, &there));
            if let Some(input) = inputs.iter().find(same) {
                return refuse(&format!("would overwrite {}, which is to be read", input.display()));
            }
            if there.is_dir() {
                return refuse("is a directory");
            }
            if there.file_type().is_block_device() {
                return refuse("is a disk");
            }
            if !there.is_file() {
                return if name == out { Ok(Self::Stream(name)) } else { refuse("has no room beside it") };
            }
        }
        // What a link leads to is replaced, not the link.
        Ok(Self::File(std::fs::canonicalize(out).unwrap_or_else(|_| out.to_owned())))
    }
}

fn is_same(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// The lines, being written.
pub(super) struct Lines {
    name: PathBuf,
    /// What the file is called until it is whole; nothing for a stream.
    part: Option<PathBuf>,
    out: BufWriter<Box<dyn Sink>>,
    is_stdout: bool,
    leavings: Leavings,
}

/// Something that is written to and, at the end, kept.
trait Sink: Write {
    fn keep(&self) -> io::Result<()>;
}

impl Sink for File {
    fn keep(&self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Sink for io::Stdout {
    fn keep(&self) -> io::Result<()> {
        self.lock().flush()
    }
}

struct Stream(File);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for Stream {
    fn keep(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Opens the target. A file that is begun is among the leavings of a program that is stopped.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(target: Target, leavings: Leavings) -> anyhow::Result<Self> {
        let told = |path: &Path| format!("failed to write {}", path.display());
        let is_stdout = target == Target::Stdout;
        let (name, part, out): (_, _, Box<dyn Sink>) = match target {
            Target::Stdout => (PathBuf::from("standard output"), None, Box::new(io::stdout())),
            Target::Stream(path) => {
                let file = OpenOptions::new().write(true).open(&path).with_context(|| told(&path))?;
                (path, None, Box::new(Stream(file)))
            }
            Target::File(path) => {
                let part = part(&path);
                leavings.begin(&part);
                let file = File::create(&part).with_context(|| told(&part))?;
                (path, Some(part), Box::new(file))
            }
        };
        Ok(Self { name, part, out: BufWriter::new(out), is_stdout, leavings })
    }

    /// Whether they go to standard output.
    pub(super) fn is_stdout(&self) -> bool {
        self.is_stdout
    }

    /// One more line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn put(&mut self, line: &impl serde::Serialize) -> anyhow::Result<()> {
        let written = serde_json::to_writer(&mut self.out, line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        written.with_context(|| {
            format!("failed to write {}", self.part.as_ref().unwrap_or(&self.name).display())
        })
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let flushed = self.out.flush().and_then(|()| self.out.get_ref().keep());
        flushed.with_context(|| format!("failed to write {}", self.name.display()))
    }

    /// The file is whole and gets its name.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(super) fn publish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        let Some(part) = &self.part else { return Ok(()) };
        let name = &self.name;
        let renamed = self.leavings.end(|| std::fs::rename(part, name));
        renamed.with_context(|| format!("failed to write {}", name.display()))
    }

    /// Not every recording could be read: what there is keeps the name of a part. Where it is, if anywhere.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(super) fn leave(mut self) -> anyhow::Result<Option<PathBuf>> {
        self.flush()?;
        self.leavings.end(|| ());
        Ok(self.part)
    }

    /// Nothing came of it: nothing is left.
    ///
    /// # Errors
    /// When the part cannot be removed.
    pub(super) fn discard(self) -> anyhow::Result<()> {
        let Some(part) = &self.part else { return Ok(()) };
        let removed = self.leavings.end(|| std::fs::remove_file(part));
        removed.with_context(|| format!("failed to remove {}", part.display()))
    }
}
