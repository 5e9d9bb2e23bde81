//! A V4L2 camera for machines without one: a library for `LD_PRELOAD` that answers `open`, `ioctl`, `mmap`, `munmap` and
//! `close` for the files below `$TEST_DEVICE/dev`, and leaves every other file to the kernel.
//!
//! - **Reads** `$TEST_DEVICE/device` (what the camera is and where its frames are) once, and `$TEST_DEVICE/faults` (what
//!   is wrong with it now) again and again.
//! - **Writes** a line to `$TEST_DEVICE/log` for everything that is asked of the camera, and frames into the buffers.
//! - **Never** is part of Nightjar; never touches a file, a descriptor or a map that is not the camera's.
//!
//! The descriptor that a program gets is a pipe's reading end with one byte in it for each finished buffer, so `poll`,
//! `ppoll`, `select` and `epoll` work on it as on any other, and a camera that is gone hangs up. The format of the
//! files stands in `description` and `faults`.
#![allow(
    unsafe_code,
    reason = "it stands between a program and the C library, whose functions it has to export"
)]

mod buffers;
mod controls;
mod description;
mod faults;
mod fields;
mod handle;
mod hooks;
mod ioctl;
mod log;
mod pump;
mod system;
