//! What is wrong with the camera now: `$TEST_DEVICE/faults`, a line each; no file or an empty one is a sound camera.
//!
//! | line | what happens |
//! |---|---|
//! | `gone` | what is open is dead (hung up, `ENODEV`) and stays so; `open` gives `ENOENT` |
//! | `nodev` | the same, but `open` gives `ENODEV` |
//! | `stall` | no buffer is filled any more |
//! | `error N` | every Nth buffer carries the error flag and half a picture |
//! | `short N` | every Nth buffer has half a picture and no flag |
//! | `drop N` | every Nth frame is lost on its way, seen only in the numbers |
//! | `padding` | the whole buffer counts as used, whatever stands behind the picture |
//! | `fail WHAT ERRNO` | `open`, or an ioctl by its name in small letters without `VIDIOC_`, fails |

use std::path::Path;

use crate::fields::Errno;

/// All that is wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// The errno for who opens it now.
    pub(crate) away: Option<Errno>,
    pub(crate) stall: bool,
    pub(crate) padding: bool,
    error: u32,
    short: u32,
    drop: u32,
    fail: Vec<(String, Errno)>,
}

impl Faults {
    pub(crate) fn read(folder: &Path) -> Self {
        let mut all = Self::default();
        for line in std::fs::read_to_string(folder.join("faults")).unwrap_or_default().lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let each = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(1);
            match words[..] {
                ["gone"] => all.away = Some(libc::ENOENT),
                ["nodev"] => all.away = Some(libc::ENODEV),
                ["stall"] => all.stall = true,
                ["padding"] => all.padding = true,
                ["error", ..] => all.error = each,
                ["short", ..] => all.short = each,
                ["drop", ..] => all.drop = each,
                ["fail", what, errno] => all.fail.push((what.to_owned(), errno.parse().unwrap_or(libc::EIO))),
                _ => {}
            }
        }
        all
    }

    /// Whether `what`, `open` or an ioctl, is to fail.
    pub(crate) fn check(&self, what: &str) -> Result<(), Errno> {
        self.fail.iter().find(|(name, _)| name == what).map_or(Ok(()), |&(_, errno)| Err(errno))
    }

    pub(crate) fn error_at(&self, sequence: u32) -> bool {
        every(self.error, sequence)
    }

    pub(crate) fn short_at(&self, sequence: u32) -> bool {
        every(self.short, sequence)
    }

    pub(crate) fn drop_at(&self, sequence: u32) -> bool {
        every(self.drop, sequence)
    }
}

fn every(each: u32, sequence: u32) -> bool {
    each > 0 && sequence % each == each - 1
}
