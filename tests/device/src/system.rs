//! The few system calls that this library makes past the C library's names, which are its own here.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::PathBuf;

use crate::fields::Errno;

/// The monotonic clock, which is the one that V4L2's time stamps count.
pub(crate) fn now_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` outlives the call, which writes to it and nothing else.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// What the last call left in `errno`.
pub(crate) fn errno() -> Errno {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// Leaves `value` in `errno` and answers what a failed call answers.
pub(crate) fn fail(value: Errno) -> c_int {
    // SAFETY: the address is this thread's own errno.
    unsafe { *libc::__errno_location() = value };
    -1
}

/// Opens as the kernel does.
///
/// # Safety
/// `path` is a C string.
pub(crate) unsafe fn open(folder: c_int, path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promised.
    narrow(unsafe { libc::syscall(libc::SYS_openat, folder, path, flags, mode) })
}

/// Closes as the kernel does.
pub(crate) fn close(fd: c_int) -> c_int {
    // SAFETY: a number is passed; that the descriptor is nobody else's is the business of who called `close`.
    narrow(unsafe { libc::syscall(libc::SYS_close, fd) })
}

/// # Safety
/// As for `ioctl`.
pub(crate) unsafe fn ioctl(fd: c_int, request: libc::c_ulong, arg: *mut c_void) -> c_int {
    // SAFETY: as the caller promised.
    narrow(unsafe { libc::syscall(libc::SYS_ioctl, fd, request, arg) })
}

/// # Safety
/// As for `mmap`.
pub(crate) unsafe fn mmap(
    at: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    fd: c_int,
    offset: i64,
) -> *mut c_void {
    // SAFETY: as the caller promised.
    let address = unsafe { libc::syscall(libc::SYS_mmap, at, length, protection, flags, fd, offset) };
    std::ptr::with_exposed_provenance_mut(usize::try_from(address).unwrap_or(usize::MAX))
}

/// # Safety
/// As for `munmap`.
pub(crate) unsafe fn munmap(at: *mut c_void, length: usize) -> c_int {
    // SAFETY: as the caller promised.
    narrow(unsafe { libc::syscall(libc::SYS_munmap, at, length) })
}

fn narrow(answer: c_long) -> c_int {
    c_int::try_from(answer).unwrap_or(-1)
}

/// The file behind a descriptor, links resolved.
pub(crate) fn path_of(fd: c_int) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()
}

/// A pipe: reading end with these flags, writing end that never waits.
pub(crate) fn pipe(flags: c_int) -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut ends = [-1; 2];
    // SAFETY: there is room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(errno());
    }
    // SAFETY: both have just been made and belong to nobody.
    let (reading, writing) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    set_flags(&writing, libc::O_NONBLOCK);
    set_flags(&reading, flags & libc::O_NONBLOCK);
    if flags & libc::O_CLOEXEC == 0 {
        // SAFETY: the descriptor is open; the call takes numbers.
        unsafe { libc::fcntl(reading.as_raw_fd(), libc::F_SETFD, 0) };
    }
    Ok((reading, writing))
}

fn set_flags(fd: &OwnedFd, flags: c_int) {
    // SAFETY: the descriptor is open; the call takes numbers.
    unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags) };
}

/// Whether who opened it does not want to wait.
pub(crate) fn is_nonblocking(fd: c_int) -> bool {
    // SAFETY: the call takes numbers; a wrong descriptor gives -1.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    flags >= 0 && flags & libc::O_NONBLOCK != 0
}

/// Takes one byte out of the pipe; it is known to hold one.
pub(crate) fn take_byte(fd: c_int) {
    let mut byte = 0_u8;
    // SAFETY: there is room for one byte.
    unsafe { libc::read(fd, (&raw mut byte).cast(), 1) };
}

/// Memory that has a descriptor.
pub(crate) fn memory(name: &CStr) -> Result<OwnedFd, Errno> {
    // SAFETY: `name` is a C string.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(errno());
    }
    // SAFETY: it has just been made and belongs to nobody.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Runs `then` with every signal kept away from the threads it starts: they belong to the program's own threads.
pub(crate) fn without_signals<T>(then: impl FnOnce() -> T) -> T {
    // SAFETY: a zeroed set is a valid one, and both outlive the calls.
    unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) =
            (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let answer = then();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        answer
    }
}

/// Waits until the descriptor has something to read or hangs up, at most 50 ms.
pub(crate) fn wait_readable(fd: c_int) {
    let mut one = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: there is one.
    unsafe { libc::poll(&raw mut one, 1, 50) };
}
