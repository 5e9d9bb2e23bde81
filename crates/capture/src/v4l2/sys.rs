//! The calls that a V4L2 device understands, as safe functions: the only place with `unsafe` in the house.
//!
//! What makes it sound, in one place each:
//! - a [`Request`] can only be made if the size that its number encodes is that of the struct it is used with, so the
//!   kernel reads and writes within it ([`Device::call`]);
//! - [`Plain`] structs are numbers all through, so that zeros are a value of them and any answer is, too;
//! - a buffer's memory is looked at only between its dequeuing and its queuing, through a shared borrow of the
//!   [`Mapping`] that unmaps it ([`Stream::take`] hands it to a closure, so that nothing of it can be kept).
//!
//! Everything goes through the C library, so that what interposes its calls stands in for a device.
#![expect(unsafe_code, reason = "ioctl and mmap have no safe form; this module is the audited one")]

use std::ffi::{CString, c_int};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use v4l::v4l_sys as kernel;
use v4l::v4l2::vidioc;

mod answers;

pub(super) use answers::{
    IntervalsAnswer, PictureFormat, RateParameters, SizesAnswer, menu_name, menu_value,
};

/// A struct of the kernel's interface.
///
/// # Safety
/// All of its fields are numbers, arrays or unions of numbers, or pointers that the requests here never follow, so
/// that every pattern of bits is a value of it.
pub(super) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($name:ident),+ $(,)?) => { $(
        // SAFETY: read off its declaration in linux/videodev2.h: numbers, arrays and unions of them; the pointers
        // inside `v4l2_buffer` and `v4l2_format` belong to kinds of memory and of streams that are not used here.
        unsafe impl Plain for kernel::$name {}
    )+ };
}

plain!(
    v4l2_capability,
    v4l2_fmtdesc,
    v4l2_frmsizeenum,
    v4l2_frmivalenum,
    v4l2_format,
    v4l2_streamparm,
    v4l2_queryctrl,
    v4l2_query_ext_ctrl,
    v4l2_querymenu,
    v4l2_control,
    v4l2_requestbuffers,
    v4l2_buffer,
    v4l2_pix_format,
    v4l2_captureparm,
);
// SAFETY: a number.
unsafe impl Plain for c_int {}

/// A `T` of zeros, as the interface wants what is not set to be.
pub(super) fn zeroed<T: Plain>() -> T {
    // SAFETY: zeros are a value of every `Plain` type.
    unsafe { std::mem::zeroed() }
}

/// The number of a request together with the struct it takes.
pub(super) struct Request<T>(libc::Ioctl, PhantomData<T>);

impl<T: Plain> Request<T> {
    /// Does not compile where the sizes differ.
    const fn new(number: vidioc::_IOC_TYPE) -> Self {
        // Bits 16 to 29 of a request are the size of its argument, see `asm-generic/ioctl.h`.
        assert!((number >> 16) as usize & 0x3fff == size_of::<T>());
        Self(number as libc::Ioctl, PhantomData)
    }
}

pub(super) const CAPABILITIES: Request<kernel::v4l2_capability> = Request::new(vidioc::VIDIOC_QUERYCAP);
pub(super) const NEXT_FORMAT: Request<kernel::v4l2_fmtdesc> = Request::new(vidioc::VIDIOC_ENUM_FMT);
pub(super) const NEXT_SIZE: Request<kernel::v4l2_frmsizeenum> = Request::new(vidioc::VIDIOC_ENUM_FRAMESIZES);
pub(super) const NEXT_INTERVAL: Request<kernel::v4l2_frmivalenum> =
    Request::new(vidioc::VIDIOC_ENUM_FRAMEINTERVALS);
pub(super) const GET_FORMAT: Request<kernel::v4l2_format> = Request::new(vidioc::VIDIOC_G_FMT);
pub(super) const SET_FORMAT: Request<kernel::v4l2_format> = Request::new(vidioc::VIDIOC_S_FMT);
pub(super) const GET_RATE: Request<kernel::v4l2_streamparm> = Request::new(vidioc::VIDIOC_G_PARM);
pub(super) const SET_RATE: Request<kernel::v4l2_streamparm> = Request::new(vidioc::VIDIOC_S_PARM);
pub(super) const NEXT_CONTROL: Request<kernel::v4l2_query_ext_ctrl> =
    Request::new(vidioc::VIDIOC_QUERY_EXT_CTRL);
pub(super) const NEXT_OLD_CONTROL: Request<kernel::v4l2_queryctrl> = Request::new(vidioc::VIDIOC_QUERYCTRL);
pub(super) const NEXT_CHOICE: Request<kernel::v4l2_querymenu> = Request::new(vidioc::VIDIOC_QUERYMENU);
pub(super) const SET_CONTROL: Request<kernel::v4l2_control> = Request::new(vidioc::VIDIOC_S_CTRL);
const BUFFERS: Request<kernel::v4l2_requestbuffers> = Request::new(vidioc::VIDIOC_REQBUFS);
const LOOK_AT: Request<kernel::v4l2_buffer> = Request::new(vidioc::VIDIOC_QUERYBUF);
const QUEUE: Request<kernel::v4l2_buffer> = Request::new(vidioc::VIDIOC_QBUF);
const DEQUEUE: Request<kernel::v4l2_buffer> = Request::new(vidioc::VIDIOC_DQBUF);
const ON: Request<c_int> = Request::new(vidioc::VIDIOC_STREAMON);
const OFF: Request<c_int> = Request::new(vidioc::VIDIOC_STREAMOFF);

/// The kind of stream that is used here: pictures out of the device, in one plane of memory.
pub(super) const CAPTURE: u32 = kernel::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE;
const MMAP: u32 = kernel::v4l2_memory_V4L2_MEMORY_MMAP;

/// An open device node; dropping it closes it.
#[derive(Debug)]
pub(super) struct Device(c_int);

impl Device {
    /// Opens the node without waiting for anything.
    ///
    /// # Errors
    /// What `open` says.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        loop {
            // SAFETY: `path` ends in a zero and lives until the call returns.
            let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_NONBLOCK | libc::O_CLOEXEC) };
            if fd >= 0 {
                return Ok(Self(fd));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Asks the device; its answer is in `argument` then.
    ///
    /// # Errors
    /// What `ioctl` says.
    pub(super) fn call<T: Plain>(&self, request: Request<T>, argument: &mut T) -> io::Result<()> {
        let Request(number, _) = request;
        loop {
            // SAFETY: the number's own size is that of `T`, and any answer is a `T`: see `Request::new` and `Plain`.
            if unsafe { libc::ioctl(self.0, number, std::ptr::from_mut(argument)) } >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Sets a control of 64 bits, which only the newer request can.
    ///
    /// # Errors
    /// What `ioctl` says.
    pub(super) fn set_wide_control(&self, id: u32, value: i64) -> io::Result<()> {
        // SAFETY: numbers, and pointers that are set below or stay null.
        let mut control: kernel::v4l2_ext_control = unsafe { std::mem::zeroed() };
        control.id = id;
        control.__bindgen_anon_1.value64 = value;
        // SAFETY: as above.
        let mut controls: kernel::v4l2_ext_controls = unsafe { std::mem::zeroed() };
        controls.count = 1;
        controls.controls = &raw mut control;
        let number = vidioc::VIDIOC_S_EXT_CTRLS as libc::Ioctl;
        // SAFETY: the request takes a `v4l2_ext_controls` that points to as many controls as it counts; both live here.
        match unsafe { libc::ioctl(self.0, number, &raw mut controls) } {
            0.. => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Whether nobody else streams from it: asking for no buffers changes nothing, but fails then.
    ///
    /// # Errors
    /// `EBUSY`, or whatever else `ioctl` says.
    pub(super) fn check_free(&self) -> io::Result<()> {
        self.request_buffers(0).map(|_| ())
    }

    fn request_buffers(&self, count: u32) -> io::Result<u32> {
        let mut wish: kernel::v4l2_requestbuffers = zeroed();
        (wish.count, wish.type_, wish.memory) = (count, CAPTURE, MMAP);
        self.call(BUFFERS, &mut wish)?;
        Ok(wish.count)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own and is not used after this. What it answers helps nobody.
        unsafe { libc::close(self.0) };
    }
}

/// A buffer's memory, shared with the driver; dropping it unmaps it.
#[derive(Debug)]
struct Mapping {
    start: *mut libc::c_void,
    len: usize,
}

// SAFETY: the memory belongs to the process, not to a thread, and only the owner of the mapping looks at it.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(device: &Device, offset: u32, len: u32) -> io::Result<Self> {
        let (len, offset) = (len as usize, libc::off_t::from(offset));
        if len == 0 {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at a place that the kernel chooses; nothing that is there changes.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), len, protection, libc::MAP_SHARED, device.0, offset) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start, len })
    }

    /// The first `count` bytes, fewer if there are not as many. Only while the driver does not have the buffer.
    fn bytes(&self, count: usize) -> &[u8] {
        // SAFETY: `len` bytes are mapped readable from `start` on until `self` is dropped, which the borrow outlives;
        // the driver writes only to buffers that are queued, and `Stream::take` calls this between the two.
        unsafe { std::slice::from_raw_parts(self.start.cast::<u8>(), count.min(self.len)) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what was mapped, once. It fails only for what was not.
        unsafe { libc::munmap(self.start, self.len) };
    }
}

/// What the driver says about a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    /// Counted by the driver, wrapping; a gap is what it dropped.
    pub(super) sequence: u32,
    /// By the monotonic clock, if that is what the driver stamps with.
    pub(super) time: Option<Duration>,
    /// The data is damaged.
    pub(super) is_damaged: bool,
}

impl Label {
    fn of(buffer: &kernel::v4l2_buffer) -> Self {
        let is_monotonic =
            buffer.flags & kernel::V4L2_BUF_FLAG_TIMESTAMP_MASK == kernel::V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
        let seconds = u64::try_from(buffer.timestamp.tv_sec).unwrap_or(0);
        let micros = u64::try_from(buffer.timestamp.tv_usec).unwrap_or(0);
        let time = Duration::from_secs(seconds) + Duration::from_micros(micros);
        Self {
            sequence: buffer.sequence,
            time: Some(time).filter(|time| is_monotonic && !time.is_zero()),
            is_damaged: buffer.flags & kernel::V4L2_BUF_FLAG_ERROR != 0,
        }
    }
}

/// Why waiting for a picture ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// The device has a picture, or something else to say.
    Device,
    /// The device has an error.
    Trouble,
    /// The other descriptor has.
    Other,
    /// Neither.
    Elapsed,
}

/// A device that streams. Dropping it unmaps all buffers, ends the stream and closes the device, in this order: a
/// node that was unplugged stays gone for everybody as long as a mapping or a descriptor of it remains.
#[derive(Debug)]
pub(super) struct Stream {
    mappings: Vec<Mapping>,
    device: Device,
}

impl Stream {
    /// Maps about `count` buffers, gives them to the driver and lets it begin. `Err` holds the step that failed.
    ///
    /// # Errors
    /// The request and what the system said to it.
    pub(super) fn start(device: Device, count: u32) -> Result<Self, (&'static str, io::Error)> {
        let given = device.request_buffers(count).map_err(|error| ("REQBUFS", error))?;
        let mut stream = Self { mappings: Vec::new(), device };
        for index in 0..given {
            let mut buffer = stream.buffer(index);
            stream.device.call(LOOK_AT, &mut buffer).map_err(|error| ("QUERYBUF", error))?;
            // SAFETY: for mapped memory of one plane the driver answers with an offset.
            let offset = unsafe { buffer.m.offset };
            let mapping = Mapping::new(&stream.device, offset, buffer.length);
            stream.mappings.push(mapping.map_err(|error| ("mmap", error))?);
            stream.queue(index).map_err(|error| ("QBUF", error))?;
        }
        let mut kind = CAPTURE.cast_signed();
        stream.device.call(ON, &mut kind).map_err(|error| ("STREAMON", error))?;
        Ok(stream)
    }

    fn buffer(&self, index: u32) -> kernel::v4l2_buffer {
        let mut buffer: kernel::v4l2_buffer = zeroed();
        (buffer.index, buffer.type_, buffer.memory) = (index, CAPTURE, MMAP);
        buffer
    }

    fn queue(&self, index: u32) -> io::Result<()> {
        self.device.call(QUEUE, &mut self.buffer(index))
    }

    /// Waits for the device or for `other`, until `deadline` at the most.
    ///
    /// # Errors
    /// What `poll` says.
    pub(super) fn wait(&self, other: BorrowedFd<'_>, deadline: Instant) -> io::Result<Woken> {
        let watched = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut both = [watched(self.device.0), watched(other.as_raw_fd())];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up, so that it does not spin through the last millisecond.
            let ms = c_int::try_from(left.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX);
            // SAFETY: an array of as many entries as are counted; it lives until the call returns.
            let ready = unsafe { libc::poll(both.as_mut_ptr(), both.len() as libc::nfds_t, ms) };
            match ready {
                0 => return Ok(Woken::Elapsed),
                1.. if both[1].revents != 0 => return Ok(Woken::Other),
                1.. if both[0].revents & libc::POLLIN == 0 => return Ok(Woken::Trouble),
                1.. => return Ok(Woken::Device),
                _ => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Takes the next picture if there is one: `look` sees its bytes, then the driver gets the buffer back.
    ///
    /// # Errors
    /// What the system says to taking it or to giving it back.
    pub(super) fn take<T>(&mut self, look: impl FnOnce(Label, &[u8]) -> T) -> io::Result<Option<T>> {
        let mut buffer = self.buffer(0);
        match self.device.call(DEQUEUE, &mut buffer) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        let mapping = self.mappings.get(buffer.index as usize);
        let mapping = mapping.ok_or_else(|| io::Error::from_raw_os_error(libc::EIO))?;
        let found = look(Label::of(&buffer), mapping.bytes(buffer.bytesused as usize));
        self.queue(buffer.index)?;
        Ok(Some(found))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.mappings.clear();
        let mut kind = CAPTURE.cast_signed();
        // The device may be gone, and then there is no stream either.
        let _ended = self.device.call(OFF, &mut kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_structs_are_as_large_as_those_of_the_kernel() {
        use kernel::*;
        let sizes = [
            (size_of::<v4l2_capability>(), 104),
            (size_of::<v4l2_fmtdesc>(), 64),
            (size_of::<v4l2_frmsizeenum>(), 44),
            (size_of::<v4l2_frmivalenum>(), 52),
            (size_of::<v4l2_format>(), 208),
            (size_of::<v4l2_streamparm>(), 204),
            (size_of::<v4l2_queryctrl>(), 68),
            (size_of::<v4l2_query_ext_ctrl>(), 232),
            (size_of::<v4l2_querymenu>(), 44),
            (size_of::<v4l2_control>(), 8),
            (size_of::<v4l2_ext_control>(), 20),
            (size_of::<v4l2_ext_controls>(), 32),
            (size_of::<v4l2_requestbuffers>(), 20),
            (size_of::<v4l2_buffer>(), 88),
        ];
        for (index, (found, wanted)) in sizes.into_iter().enumerate() {
            assert_eq!(found, wanted, "struct {index}");
        }
    }

    #[test]
    fn what_is_no_device_answers_with_an_error_and_is_closed() {
        let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let file = tempfile::NamedTempFile::new().unwrap();
        let before = count();
        for _ in 0..1000 {
            let device = Device::open(file.path()).unwrap();
            let error = device.call(CAPABILITIES, &mut zeroed()).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOTTY));
            let (step, error) = Stream::start(device, 4).unwrap_err();
            assert_eq!((step, error.raw_os_error()), ("REQBUFS", Some(libc::ENOTTY)));
        }
        // Other tests of this program open some, too; a thousand they do not.
        assert!(count() < before + 500, "{before} {}", count());
        assert_eq!(Device::open(Path::new("/nonexistent")).unwrap_err().raw_os_error(), Some(libc::ENOENT));
    }
}
