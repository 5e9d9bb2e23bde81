//! The numbers inside an ioctl's argument, by their place in it: `linux/videodev2.h` on a 64-bit machine.

/// An errno, as the kernel would give it.
pub(crate) type Errno = i32;

/// What an ioctl points to: exactly as many bytes as its number says.
pub(crate) struct Fields<'a>(&'a mut [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn get(&self, at: usize) -> u32 {
        self.0.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
    }

    pub(crate) fn put(&mut self, at: usize, value: u32) {
        self.fill(at, &value.to_ne_bytes());
    }

    pub(crate) fn put_wide(&mut self, at: usize, value: u64) {
        self.fill(at, &value.to_ne_bytes());
    }

    /// A text in a field of `room` bytes, with a NUL behind it.
    pub(crate) fn text(&mut self, at: usize, room: usize, text: &str) {
        let kept = &text.as_bytes()[..text.len().min(room - 1)];
        self.clear(at, room);
        self.fill(at, kept);
    }

    /// Zeroes `count` bytes from `at` on.
    pub(crate) fn clear(&mut self, at: usize, count: usize) {
        if let Some(part) = self.0.get_mut(at..at + count) {
            part.fill(0);
        }
    }

    fn fill(&mut self, at: usize, bytes: &[u8]) {
        if let Some(part) = self.0.get_mut(at..at + bytes.len()) {
            part.copy_from_slice(bytes);
        }
    }
}
