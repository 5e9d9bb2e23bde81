//! Room for as many open files as connections may be there: a shell or systemd gives 1024, and may give more when asked.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that the rest of the process may have open: cameras, children, the data directory.
const OTHERS: u64 = 256;

/// How many of `wanted` connections there is room for, after asking for it.
pub(crate) fn room_for(wanted: usize) -> usize {
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return wanted;
    }
    let most = limit.maximum.map_or(needed, |most| most.min(needed));
    let asked = Rlimit { current: Some(most), maximum: limit.maximum };
    let has = if setrlimit(Resource::Nofile, asked).is_ok() { most } else { limit.current.unwrap_or(most) };
    fitting(wanted, has)
}

fn fitting(wanted: usize, files: u64) -> usize {
    // A few even where the limit leaves none: running out is waited out by the accept loop.
    let room = usize::try_from(files.saturating_sub(OTHERS)).unwrap_or(usize::MAX).max(16);
    if room < wanted {
        tracing::warn!(
            connections = room,
            wanted,
            "the limit of open files leaves room for fewer connections"
        );
    }
    room.min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_into_the_files_that_are_allowed() {
        assert_eq!([fitting(1000, 1256), fitting(1000, 1024), fitting(1000, 100)], [1000, 768, 16]);
        assert_eq!(room_for(100), 100, "every system gives as many");
        let before = getrlimit(Resource::Nofile);
        assert!(before.current.is_none_or(|files| files >= 356));
    }
}
