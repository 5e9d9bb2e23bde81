//! The C library's functions that a program calls to reach a camera. Each looks whether it is about the camera, and
//! asks the kernel if it is not.
//!
//! `open` and `ioctl` are variadic in C. Here they take what they may be given as fixed arguments, which on 64-bit
//! Linux are passed in the same registers.

use std::ffi::{c_char, c_int, c_ulong, c_void};

use crate::fields::Fields;
use crate::{handle, ioctl, system};

/// # Safety
/// As for `openat`.
unsafe fn open_any(folder: c_int, path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promised.
    let fd = unsafe { system::open(folder, path, flags, mode) };
    let Some(home) = handle::folder() else { return fd };
    // A node is a plain file, so that what looks for cameras finds it; opening it gives the camera instead.
    if fd < 0 || !system::path_of(fd).is_some_and(|p| p.starts_with(home.join("dev"))) || is_folder(flags) {
        return fd;
    }
    system::close(fd);
    handle::open(home, flags).unwrap_or_else(system::fail)
}

fn is_folder(flags: c_int) -> bool {
    flags & (libc::O_DIRECTORY | libc::O_PATH | libc::O_CREAT) != 0
}

macro_rules! open {
    ($($name:ident $at:ident),*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
            // SAFETY: as the caller promised.
            unsafe { open_any(libc::AT_FDCWD, path, flags, mode) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $at(folder: c_int, path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
            // SAFETY: as the caller promised.
            unsafe { open_any(folder, path, flags, mode) }
        }
    )*};
}
// The names with underscores are what programs call that were built with `_FORTIFY_SOURCE`.
open!(open openat, open64 openat64, __open_2 __openat_2, __open64_2 __openat64_2);

#[unsafe(no_mangle)]
extern "C" fn close(fd: c_int) -> c_int {
    if let Some(handle) = handle::of(fd) {
        handle::close(&handle);
    }
    system::close(fd)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ioctl(fd: c_int, request: c_ulong, arg: *mut c_void) -> c_int {
    let Some(handle) = handle::of(fd) else {
        // SAFETY: as the caller promised.
        return unsafe { system::ioctl(fd, request, arg) };
    };
    // How many bytes the argument has stands in the number. Programs may pass it as a negative int.
    let request = u32::try_from(request & 0xffff_ffff).unwrap_or(0);
    let size = (request >> 16 & 0x3fff) as usize;
    if arg.is_null() || size == 0 {
        return system::fail(libc::EINVAL);
    }
    // SAFETY: whoever makes this call lends that many bytes for as long as it takes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(arg.cast::<u8>(), size) };
    match ioctl::answer(&handle, request, &mut Fields::new(bytes)) {
        Ok(()) => 0,
        Err(errno) => system::fail(errno),
    }
}

/// # Safety
/// As for `mmap`.
unsafe fn map_any(
    at: *mut c_void,
    length: usize,
    prot: c_int,
    flags: c_int,
    fd: c_int,
    offset: i64,
) -> *mut c_void {
    let Some(handle) = handle::of(fd) else {
        // SAFETY: as the caller promised.
        return unsafe { system::mmap(at, length, prot, flags, fd, offset) };
    };
    let memory = handle.lock().buffers.as_ref().filter(|_| flags & libc::MAP_SHARED != 0).map(|b| b.memory());
    let Some(memory) = memory else {
        system::fail(libc::EINVAL);
        return libc::MAP_FAILED;
    };
    // SAFETY: as the caller promised, of memory that nobody shrinks.
    let mapped = unsafe { system::mmap(at, length, prot, flags, memory, offset) };
    if mapped != libc::MAP_FAILED {
        handle::mapped(&handle, mapped.expose_provenance());
    }
    mapped
}

macro_rules! mmap {
    ($($name:ident),*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(at: *mut c_void, length: usize, prot: c_int, flags: c_int, fd: c_int, offset: i64)
            -> *mut c_void {
            // SAFETY: as the caller promised.
            unsafe { map_any(at, length, prot, flags, fd, offset) }
        }
    )*};
}
mmap!(mmap, mmap64);

#[unsafe(no_mangle)]
unsafe extern "C" fn munmap(at: *mut c_void, length: usize) -> c_int {
    handle::unmapped(at.addr());
    // SAFETY: as the caller promised.
    unsafe { system::munmap(at, length) }
}
