//! The buffers of one opened camera: memory with a descriptor, in as many pieces as were asked for.

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::FileExt;

use crate::fields::{Errno, Fields};
use crate::system;

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE` and `V4L2_MEMORY_MMAP`: all that this camera knows.
pub(crate) const CAPTURE: u32 = 1;
pub(crate) const MMAP: u32 = 1;
/// As many as the kernel's own queue holds.
const MOST: u32 = 32;
const PAGE: u32 = 4096;

const QUEUED: u32 = 0x2;
const DONE: u32 = 0x4;
const ERROR: u32 = 0x40;
const MONOTONIC: u32 = 0x2000;

/// What is in a filled buffer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filled {
    pub(crate) used: u32,
    pub(crate) sequence: u32,
    pub(crate) time_ns: u64,
    pub(crate) error: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Program,
    Queue,
    Done,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Buffers {
    memory: File,
    each: u32,
    owner: Vec<Owner>,
    filled: Vec<Filled>,
    queue: VecDeque<usize>,
    done: VecDeque<usize>,
}

impl Buffers {
    pub(crate) fn new(count: u32, size: u32) -> Result<Self, Errno> {
        let each = size.div_ceil(PAGE) * PAGE;
        let count = usize::try_from(count.min(MOST)).unwrap_or(0);
        let memory = File::from(system::memory(c"test-device")?);
        memory.set_len(u64::from(each) * count as u64).map_err(|_| libc::ENOMEM)?;
        let (owner, filled) = (vec![Owner::Program; count], vec![Filled::default(); count]);
        Ok(Self { memory, each, owner, filled, queue: VecDeque::new(), done: VecDeque::new() })
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.owner.len()).unwrap_or(MOST)
    }

    pub(crate) fn memory(&self) -> RawFd {
        self.memory.as_raw_fd()
    }

    /// Writes the `v4l2_buffer` of one.
    pub(crate) fn describe(&self, index: usize, arg: &mut Fields) -> Result<(), Errno> {
        let (owner, filled) =
            (self.owner.get(index).ok_or(libc::EINVAL)?, self.filled.get(index).ok_or(libc::EINVAL)?);
        let state = match owner {
            Owner::Program => 0,
            Owner::Queue => QUEUED,
            Owner::Done => DONE,
        };
        arg.clear(0, 88);
        let index = u32::try_from(index).unwrap_or(0);
        arg.put(0, index);
        arg.put(4, CAPTURE);
        arg.put(8, filled.used);
        arg.put(12, MONOTONIC | state | if filled.error { ERROR } else { 0 });
        arg.put(16, 1); // V4L2_FIELD_NONE
        arg.put_wide(24, filled.time_ns / 1_000_000_000);
        arg.put_wide(32, filled.time_ns % 1_000_000_000 / 1000);
        arg.put(56, filled.sequence);
        arg.put(60, MMAP);
        arg.put(64, index * self.each);
        arg.put(72, self.each);
        Ok(())
    }

    pub(crate) fn queue(&mut self, index: usize) -> Result<(), Errno> {
        if self.owner.get(index) != Some(&Owner::Program) {
            return Err(libc::EINVAL);
        }
        self.owner[index] = Owner::Queue;
        self.queue.push_back(index);
        Ok(())
    }

    /// Fills the oldest queued buffer; `None` when there is none, and the frame is lost.
    pub(crate) fn fill(&mut self, picture: &[u8], mut filled: Filled, padded: bool) -> Option<()> {
        let index = self.queue.pop_front()?;
        let kept = &picture[..picture.len().min(self.each as usize)];
        // Memory that cannot be written leaves old bytes: a fault like another.
        drop(self.memory.write_all_at(kept, u64::from(self.each) * index as u64));
        filled.used = if padded { self.each } else { u32::try_from(kept.len()).unwrap_or(0) };
        self.filled[index] = filled;
        self.owner[index] = Owner::Done;
        self.done.push_back(index);
        Some(())
    }

    /// Gives the oldest filled one to the program.
    pub(crate) fn dequeue(&mut self) -> Option<usize> {
        let index = self.done.pop_front()?;
        self.owner[index] = Owner::Program;
        Some(index)
    }

    /// What `VIDIOC_STREAMOFF` does: all of them are the program's again. How many had been finished.
    pub(crate) fn cancel(&mut self) -> usize {
        let finished = self.done.len();
        self.queue.clear();
        self.done.clear();
        self.owner.fill(Owner::Program);
        finished
    }
}
