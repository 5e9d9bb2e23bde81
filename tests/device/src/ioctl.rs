//! What the camera answers to each ioctl: the part of V4L2 that captures single-planar video into mapped memory.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::buffers::{Buffers, CAPTURE, MMAP};
use crate::controls::{self, Control};
use crate::description::Mode;
use crate::faults::Faults;
use crate::fields::{Errno, Fields};
use crate::handle::{Handle, State};
use crate::log::note;
use crate::system;

type Answer = Result<(), Errno>;
/// `V4L2_CAP_VIDEO_CAPTURE`, `V4L2_CAP_STREAMING`, `V4L2_CAP_EXT_PIX_FORMAT`.
const CAPABLE: u32 = 0x0000_0001 | 0x0400_0000 | 0x0020_0000;
/// `V4L2_CAP_DEVICE_CAPS`.
const DEVICE_CAPS: u32 = 0x8000_0000;
/// `V4L2_CAP_TIMEPERFRAME`, of a stream's parameters.
const RATE: u32 = 0x1000;
/// Linux 6.1, whose driver for USB cameras is the model.
const KERNEL: u32 = 6 << 16 | 1 << 8;

macro_rules! ioctls {
    ($($number:literal $name:literal),* $(,)?) => {
        fn name(number: u32) -> &'static str { match number { $($number => $name,)* _ => "" } }
    };
}
// The number within 'V'.
ioctls! {
    0 "querycap", 2 "enum_fmt", 4 "g_fmt", 5 "s_fmt", 8 "reqbufs", 9 "querybuf", 15 "qbuf", 17 "dqbuf", 18 "streamon",
    19 "streamoff", 21 "g_parm", 22 "s_parm", 26 "enuminput", 27 "g_ctrl", 28 "s_ctrl", 36 "queryctrl", 37 "querymenu",
    38 "g_input", 39 "s_input", 64 "try_fmt", 71 "g_ext_ctrls", 72 "s_ext_ctrls", 73 "try_ext_ctrls",
    74 "enum_framesizes", 75 "enum_frameintervals", 103 "query_ext_ctrl",
}

/// Answers one.
pub(crate) fn answer(handle: &Arc<Handle>, request: u32, arg: &mut Fields) -> Answer {
    let name = if request >> 8 & 0xff == u32::from(b'V') { name(request & 0xff) } else { "" };
    let faults = Faults::read(&handle.folder);
    let dead = {
        let mut state = handle.lock();
        if faults.away.is_some() {
            state.die(&handle.folder);
        }
        state.dead
    };
    // What is gone can still be let go of.
    if dead && name != "streamoff" {
        return Err(libc::ENODEV);
    }
    faults.check(name)?;
    match name {
        "qbuf" => handle.lock().buffers.as_mut().ok_or(libc::EINVAL)?.queue(arg.get(0) as usize),
        "dqbuf" => dequeue(handle, arg),
        "querybuf" => handle.lock().buffers.as_ref().ok_or(libc::EINVAL)?.describe(arg.get(0) as usize, arg),
        "reqbufs" => request_buffers(handle, arg),
        "streamon" => stream_on(handle),
        "streamoff" => {
            note(&handle.folder, "streamoff");
            handle.stop();
            Ok(())
        }
        "g_fmt" | "s_fmt" | "try_fmt" => format(handle, name, arg),
        "g_parm" | "s_parm" => rate(handle, name == "s_parm", arg),
        "querycap"
        | "enum_fmt"
        | "enum_framesizes"
        | "enum_frameintervals"
        | "enuminput"
        | "g_input"
        | "s_input" => tell(handle, name, arg),
        "queryctrl" => controls::query(&knobs(handle), arg),
        "query_ext_ctrl" => controls::query_ext(&knobs(handle), arg),
        "querymenu" => controls::menu(&knobs(handle), arg),
        "g_ctrl" => controls::get(&knobs(handle), arg.get(0)).map(|value| arg.put(4, value)),
        "s_ctrl" => set_control(handle, arg),
        // Programs fall back on the plain ones.
        _ => Err(libc::ENOTTY),
    }
}

fn knobs(handle: &Handle) -> MutexGuard<'_, Vec<Control>> {
    handle.description.controls.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_control(handle: &Handle, arg: &mut Fields) -> Answer {
    let (id, wanted) = (arg.get(0), arg.get(4));
    let value = controls::set(&mut knobs(handle), id, wanted)?;
    note(&handle.folder, &format!("s_ctrl {id:#010x} {}", value.cast_signed()));
    arg.put(4, value);
    Ok(())
}

fn tell(handle: &Handle, name: &str, arg: &mut Fields) -> Answer {
    let camera = &handle.description;
    match name {
        "querycap" => {
            arg.text(0, 16, "uvcvideo");
            arg.text(16, 32, &camera.card);
            arg.text(48, 32, &camera.bus);
            arg.put(80, KERNEL);
            arg.put(84, CAPABLE | DEVICE_CAPS);
            arg.put(88, CAPABLE);
            arg.clear(92, 12);
        }
        "enum_fmt" => {
            let fourccs = camera.fourccs();
            let fourcc = (arg.get(4) == CAPTURE).then(|| fourccs.get(arg.get(0) as usize)).flatten();
            let &fourcc = fourcc.ok_or(libc::EINVAL)?;
            let compressed = camera.sizes(fourcc).any(Mode::is_compressed);
            arg.put(8, u32::from(compressed));
            arg.text(12, 32, &String::from_utf8_lossy(&fourcc.to_le_bytes()));
            arg.put(44, fourcc);
        }
        "enum_framesizes" => {
            let mode = camera.sizes(arg.get(4)).nth(arg.get(0) as usize).ok_or(libc::EINVAL)?;
            arg.put(8, 1);
            arg.put(12, mode.width);
            arg.put(16, mode.height);
        }
        "enum_frameintervals" => {
            let (width, height) = (arg.get(8), arg.get(12));
            let mode = camera.sizes(arg.get(4)).find(|m| (m.width, m.height) == (width, height));
            let rate = mode.and_then(|m| m.rates.get(arg.get(0) as usize)).ok_or(libc::EINVAL)?;
            arg.put(16, 1);
            arg.put(20, 1);
            arg.put(24, *rate);
        }
        // One input, called 0.
        "enuminput" if arg.get(0) == 0 => {
            arg.clear(0, 80);
            arg.text(4, 32, "Camera 1");
            arg.put(36, 2); // V4L2_INPUT_TYPE_CAMERA
        }
        "g_input" => arg.put(0, 0),
        "s_input" if arg.get(0) == 0 => {}
        _ => return Err(libc::EINVAL),
    }
    Ok(())
}

fn format(handle: &Handle, name: &str, arg: &mut Fields) -> Answer {
    if arg.get(0) != CAPTURE {
        return Err(libc::EINVAL);
    }
    let mut state = handle.lock();
    let mode = match name {
        "g_fmt" => state.mode.clone(),
        _ => handle.description.nearest(arg.get(16), arg.get(8), arg.get(12)).clone(),
    };
    if name == "s_fmt" {
        if state.buffers.is_some() || is_claimed(handle, &state)? {
            return Err(libc::EBUSY);
        }
        let fourcc = mode.fourcc.to_le_bytes();
        note(
            &handle.folder,
            &format!("s_fmt {} {}x{}", String::from_utf8_lossy(&fourcc), mode.width, mode.height),
        );
        state.rate = mode.rates[0];
        state.mode = mode.clone();
    }
    arg.clear(8, 192);
    arg.put(8, mode.width);
    arg.put(12, mode.height);
    arg.put(16, mode.fourcc);
    arg.put(20, 1); // V4L2_FIELD_NONE
    arg.put(24, mode.stride);
    arg.put(28, mode.size());
    arg.put(32, 8); // V4L2_COLORSPACE_SRGB
    Ok(())
}

fn rate(handle: &Handle, set: bool, arg: &mut Fields) -> Answer {
    if arg.get(0) != CAPTURE {
        return Err(libc::EINVAL);
    }
    let mut state = handle.lock();
    if set {
        if state.streaming {
            return Err(libc::EBUSY);
        }
        let (numerator, denominator) = (arg.get(12).max(1), arg.get(16));
        if denominator > 0 {
            let wanted = denominator / numerator;
            let near = state.mode.rates.iter().copied().min_by_key(|r| r.abs_diff(wanted));
            state.rate = near.unwrap_or(state.rate);
        }
        note(&handle.folder, &format!("s_parm {}", state.rate));
    }
    arg.clear(4, 200);
    arg.put(4, RATE);
    arg.put(12, 1);
    arg.put(16, state.rate);
    Ok(())
}

fn request_buffers(handle: &Handle, arg: &mut Fields) -> Answer {
    if arg.get(4) != CAPTURE || arg.get(8) != MMAP {
        return Err(libc::EINVAL);
    }
    let mut state = handle.lock();
    if state.streaming || is_claimed(handle, &state)? {
        return Err(libc::EBUSY);
    }
    let count = arg.get(0);
    if count == 0 {
        (state.buffers, state.claim) = (None, None);
    } else {
        if state.claim.is_none() {
            state.claim = Some(claim(handle)?.ok_or(libc::EBUSY)?);
        }
        state.buffers = Some(Buffers::new(count, state.mode.size())?);
    }
    arg.put(0, state.buffers.as_ref().map_or(0, Buffers::count));
    arg.put(12, 1); // V4L2_BUF_CAP_SUPPORTS_MMAP
    note(&handle.folder, &format!("reqbufs {}", arg.get(0)));
    Ok(())
}

/// The right to stream, which ends with the file that it is held by; `None` when another opening has it.
fn claim(handle: &Handle) -> Result<Option<File>, Errno> {
    let path = handle.folder.join("claim");
    let file = File::options().append(true).create(true).open(path).map_err(|_| libc::EIO)?;
    // SAFETY: the call takes numbers, and the descriptor is open.
    let got = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0;
    Ok(got.then_some(file))
}

fn is_claimed(handle: &Handle, state: &State) -> Result<bool, Errno> {
    Ok(state.claim.is_none() && claim(handle)?.is_none())
}

fn stream_on(handle: &Arc<Handle>) -> Answer {
    {
        let state = handle.lock();
        if state.buffers.is_none() {
            return Err(libc::EINVAL);
        }
        if state.streaming {
            return Ok(());
        }
    }
    note(&handle.folder, "streamon");
    handle.start()
}

fn dequeue(handle: &Arc<Handle>, arg: &mut Fields) -> Answer {
    loop {
        {
            let mut state = handle.lock();
            if state.dead {
                return Err(libc::ENODEV);
            }
            let streaming = state.streaming;
            let buffers = state.buffers.as_mut().filter(|_| streaming).ok_or(libc::EINVAL)?;
            if let Some(index) = buffers.dequeue() {
                system::take_byte(handle.fd);
                return buffers.describe(index, arg);
            }
        }
        if system::is_nonblocking(handle.fd) {
            return Err(libc::EAGAIN);
        }
        system::wait_readable(handle.fd);
    }
}
