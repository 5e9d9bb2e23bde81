//! One opened camera: what was agreed on, its buffers, and whether it still lives.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::buffers::{Buffers, Filled};
use crate::description::{Description, Mode};
use crate::faults::Faults;
use crate::fields::Errno;
use crate::log::note;
use crate::system;

/// How many may be open in one process.
const ROOM: usize = 16;
/// Their descriptors, for a look without a lock: `close` and `ioctl` pass here for every descriptor there is.
static OPEN: [AtomicI32; ROOM] = [const { AtomicI32::new(-1) }; ROOM];
static HANDLES: Mutex<Vec<Arc<Handle>>> = Mutex::new(Vec::new());
static MAPS: Mutex<Vec<Map>> = Mutex::new(Vec::new());
static MAPPED: AtomicUsize = AtomicUsize::new(0);

/// A buffer that a program has mapped.
struct Map {
    at: usize,
    handle: Arc<Handle>,
}

/// An opened camera.
pub(crate) struct Handle {
    pub(crate) fd: RawFd,
    pub(crate) folder: PathBuf,
    pub(crate) description: Arc<Description>,
    state: Mutex<State>,
    changed: Condvar,
}

/// What changes about it.
pub(crate) struct State {
    pub(crate) mode: Mode,
    pub(crate) rate: u32,
    pub(crate) buffers: Option<Buffers>,
    pub(crate) streaming: bool,
    pub(crate) dead: bool,
    /// Held while this one has buffers: the camera streams to one at a time.
    pub(crate) claim: Option<File>,
    finished: Option<File>,
    pump: Option<JoinHandle<()>>,
}

/// The folder that describes the camera, once; `None` in a process that has nothing to do with it.
pub(crate) fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| std::fs::canonicalize(std::env::var_os("TEST_DEVICE")?).ok()).as_deref()
}

/// The camera's description with the knobs as they were last set; it outlives every opening.
pub(crate) fn description(folder: &Path) -> Option<Arc<Description>> {
    static KNOWN: OnceLock<Option<Arc<Description>>> = OnceLock::new();
    KNOWN.get_or_init(|| Description::read(folder).map(Arc::new)).clone()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves plain numbers behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the camera: the descriptor that the program gets.
pub(crate) fn open(folder: &Path, flags: i32) -> Result<RawFd, Errno> {
    let faults = Faults::read(folder);
    faults.check("open")?;
    if let Some(away) = faults.away {
        return Err(away);
    }
    // A node stays gone while anything of its former life is held.
    if held() {
        note(folder, "refused: still held");
        return Err(libc::ENODEV);
    }
    let description = description(folder).ok_or(libc::EIO)?;
    let (reading, writing) = system::pipe(flags)?;
    let fd = reading.as_raw_fd();
    let place = OPEN.iter().find(|o| o.compare_exchange(-1, fd, Ordering::AcqRel, Ordering::Acquire).is_ok());
    place.ok_or(libc::EMFILE)?;
    let mode = description.modes[0].clone();
    let rate = mode.rates[0];
    let state = State {
        mode,
        rate,
        buffers: None,
        streaming: false,
        dead: false,
        claim: None,
        finished: Some(File::from(writing)),
        pump: None,
    };
    let handle =
        Handle { fd, folder: folder.into(), description, state: Mutex::new(state), changed: Condvar::new() };
    lock(&HANDLES).push(Arc::new(handle));
    note(folder, "open");
    Ok(reading.into_raw_fd())
}

/// The camera behind a descriptor.
pub(crate) fn of(fd: RawFd) -> Option<Arc<Handle>> {
    if fd < 0 || !OPEN.iter().any(|o| o.load(Ordering::Acquire) == fd) {
        return None;
    }
    lock(&HANDLES).iter().find(|h| h.fd == fd).cloned()
}

/// Lets go of it; the descriptor itself is the caller's to close.
pub(crate) fn close(handle: &Arc<Handle>) {
    handle.stop();
    {
        let mut state = handle.lock();
        state.claim = None;
        state.finished = None;
    }
    lock(&HANDLES).retain(|h| h.fd != handle.fd);
    if let Some(open) = OPEN.iter().find(|o| o.load(Ordering::Acquire) == handle.fd) {
        open.store(-1, Ordering::Release);
    }
    note(&handle.folder, "close");
}

/// Remembers a map of one of its buffers.
pub(crate) fn mapped(handle: &Arc<Handle>, at: usize) {
    let mut maps = lock(&MAPS);
    maps.push(Map { at, handle: Arc::clone(handle) });
    MAPPED.store(maps.len(), Ordering::Release);
}

/// Forgets the map at this address, if it is one.
pub(crate) fn unmapped(at: usize) {
    if MAPPED.load(Ordering::Acquire) == 0 {
        return;
    }
    let mut maps = lock(&MAPS);
    let gone: Vec<_> = maps.extract_if(.., |m| m.at == at).collect();
    MAPPED.store(maps.len(), Ordering::Release);
    drop(maps);
    // The last one of a closed camera frees its buffers, which closes a file: not under the lock.
    drop(gone);
}

fn held() -> bool {
    let mut all = lock(&HANDLES).clone();
    all.extend(lock(&MAPS).iter().map(|m| Arc::clone(&m.handle)));
    all.iter().any(|h| h.lock().dead)
}

impl Handle {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Starts filling buffers.
    pub(crate) fn start(self: &Arc<Self>) -> Result<(), Errno> {
        let mut state = self.lock();
        let pump = crate::pump::Pump::new(&state.mode, state.rate)?;
        state.streaming = true;
        let me = Arc::clone(self);
        let run = move || pump.run(&me);
        let started =
            system::without_signals(|| std::thread::Builder::new().name("test-device".into()).spawn(run));
        state.pump = Some(started.map_err(|_| libc::ENOMEM)?);
        Ok(())
    }

    /// Stops filling them and gives all back to the program.
    pub(crate) fn stop(&self) {
        let pump = {
            let mut state = self.lock();
            state.streaming = false;
            let finished = state.buffers.as_mut().map_or(0, Buffers::cancel);
            if !state.dead {
                (0..finished).for_each(|_| system::take_byte(self.fd));
            }
            state.pump.take()
        };
        self.changed.notify_all();
        if let Some(pump) = pump {
            drop(pump.join());
        }
    }
}

impl State {
    /// The camera was pulled out: hangs up for good.
    pub(crate) fn die(&mut self, folder: &Path) {
        if !std::mem::replace(&mut self.dead, true) {
            self.finished = None;
            self.claim = None;
            note(folder, "dead");
        }
    }

    /// Puts a picture into a buffer and says so; whether there was one to put it into.
    pub(crate) fn filled(&mut self, picture: &[u8], filled: Filled, padded: bool) -> bool {
        let Some(buffers) = self.buffers.as_mut() else { return false };
        if buffers.fill(picture, filled, padded).is_none() {
            return false;
        }
        // The pipe holds 65536 bytes, and there are at most 32 buffers.
        self.finished.as_ref().is_some_and(|mut pipe| pipe.write_all(&[0]).is_ok())
    }
}
