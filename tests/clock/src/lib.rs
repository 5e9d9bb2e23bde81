//! A wall clock that a test can set, for any program: a library for `LD_PRELOAD` that answers `clock_gettime`.
//!
//! - **Reads** the first eight bytes of the file `$TEST_CLOCK` at every call: seconds, signed, by which the wall clock
//!   is ahead of the machine's.
//! - **Writes** nothing but the time that is asked for.
//! - **Never** is part of Nightjar; never touches a clock but the wall clock.
#![allow(
    unsafe_code,
    reason = "it stands between a program and the C library, whose function it has to export"
)]

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

/// The number in the file, which is mapped and not read: programs ask for the time often.
static AHEAD: OnceLock<Option<&'static AtomicI64>> = OnceLock::new();

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    // SAFETY: the arguments are the caller's, who promised what the kernel asks for.
    let done = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    if done != 0 {
        return -1;
    }
    if clock == libc::CLOCK_REALTIME
        && let Some(ahead) = AHEAD.get_or_init(map)
    {
        // SAFETY: the kernel has just written to it.
        unsafe { (*time).tv_sec += ahead.load(Ordering::Relaxed) };
    }
    0
}

fn map() -> Option<&'static AtomicI64> {
    let path = std::env::var_os("TEST_CLOCK")?;
    let file = std::fs::File::open(path).ok()?;
    let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
    // SAFETY: a new map, of a file that the test keeps at its length; it outlives the program.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), 8, libc::PROT_READ, libc::MAP_SHARED, fd, 0) };
    if at == libc::MAP_FAILED {
        return None;
    }
    let at: *mut c_void = at;
    // SAFETY: a map begins at a page, holds these eight bytes, and is never taken away.
    Some(unsafe { AtomicI64::from_ptr(at.cast::<i64>()) })
}
