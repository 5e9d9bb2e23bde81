//! A wall clock that a test sets while the program runs; its monotonic clock goes on as ever.

use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use crate::app::{Setup, build};

/// The wall clock of the programs that are started with it.
#[derive(Debug)]
pub struct WallClock {
    file: NamedTempFile,
}

impl WallClock {
    /// One that is `seconds` ahead of the machine's.
    #[must_use]
    pub fn ahead(seconds: i64) -> Self {
        let clock = Self { file: NamedTempFile::new().unwrap() };
        clock.set(seconds);
        clock
    }

    /// From now on it is `seconds` ahead of the machine's, or behind.
    pub fn set(&self, seconds: i64) {
        // Written over and never cut, since the program has it mapped.
        self.file.as_file().write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }

    /// What is started as `setup` says goes by it.
    #[must_use]
    pub fn given_to(&self, setup: Setup) -> Setup {
        let library: PathBuf = build(&["--lib"]).join("libtest_clock.so");
        setup
            .env("LD_PRELOAD", &library.display().to_string())
            .env("TEST_CLOCK", &self.file.path().display().to_string())
    }
}
