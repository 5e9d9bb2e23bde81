//! A layer between SQLite and its files, for tests: somebody sees each operation before it is done, and may let it
//! fail. What it does not show is the file of `-shm`, which is memory that processes share and is made anew at a start.
#![allow(unsafe_code, reason = "SQLite takes its files' functions as a table of C functions")]

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::ffi;

use crate::error::StoreError;
use crate::store::locked;

/// What a connection asks for by `vfs=`.
pub(crate) const NAME: &CStr = c"nightjar-model";

/// What SQLite is about to do with one of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileOp<'a> {
    Open { is_new: bool },
    Read,
    Write { at: u64, bytes: &'a [u8] },
    Length(u64),
    Sync,
    Delete { is_synced: bool },
}

/// Who looks.
pub(super) trait Watch: Send + Sync + Debug {
    /// Whether it is done; an error is what the system would have said.
    fn may(&self, name: &str, op: FileOp<'_>) -> io::Result<()>;
}

/// By the folder whose files are watched.
static FOLDERS: Mutex<Vec<(PathBuf, Arc<dyn Watch>)>> = Mutex::new(Vec::new());
/// By the address of the open file.
static FILES: OnceLock<Mutex<HashMap<usize, Watched>>> = OnceLock::new();
static LAYER: OnceLock<Option<Layer>> = OnceLock::new();

/// The watched file of a name, and SQLite's own functions for it.
#[derive(Clone)]
struct Watched {
    watch: Arc<dyn Watch>,
    name: String,
    original: Option<ffi::sqlite3_io_methods>,
}

struct Layer {
    real: *mut ffi::sqlite3_vfs,
    /// What stands before the functions at an address: SQLite has some for files with locks and others without.
    ours: Mutex<HashMap<usize, &'static ffi::sqlite3_io_methods>>,
}

// SAFETY: SQLite never changes nor frees a file system that it has registered itself.
unsafe impl Send for Layer {}
// SAFETY: as above.
unsafe impl Sync for Layer {}

/// The files of that folder are watched as long as this lives.
#[derive(Debug)]
pub(super) struct Watching(PathBuf);

impl Drop for Watching {
    fn drop(&mut self) {
        locked(&FOLDERS).retain(|(folder, _)| *folder != self.0);
    }
}

pub(super) fn watch(folder: &Path, watch: Arc<dyn Watch>) -> Result<Watching, StoreError> {
    if LAYER.get_or_init(register).is_none() {
        return Err(StoreError::Database("SQLite takes no file system".to_owned()));
    }
    locked(&FOLDERS).push((folder.to_owned(), watch));
    Ok(Watching(folder.to_owned()))
}

fn register() -> Option<Layer> {
    // SAFETY: null asks for the default one; this initialises SQLite if nobody has.
    let real = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    if real.is_null() {
        return None;
    }
    // SAFETY: it is not null and lives as long as the program.
    let mut ours = unsafe { *real };
    (ours.zName, ours.pNext) = (NAME.as_ptr(), std::ptr::null_mut());
    ours.xOpen = Some(open);
    ours.xDelete = Some(delete);
    // SAFETY: SQLite keeps the address, which is never freed. Its other functions do not ask in which table they stand.
    let code = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 0) };
    (code == ffi::SQLITE_OK).then(|| Layer { real, ours: Mutex::default() })
}

fn layer() -> Option<&'static Layer> {
    LAYER.get().and_then(Option::as_ref)
}

fn files() -> &'static Mutex<HashMap<usize, Watched>> {
    FILES.get_or_init(Mutex::default)
}

/// Whoever watches that file, with its name; and whether it is there.
fn watched(path: *const c_char) -> Option<(Watched, bool)> {
    if path.is_null() {
        return None;
    }
    // SAFETY: SQLite hands in a name that ends in a zero.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok().map(Path::new)?;
    let name = path.file_name()?.to_str()?.to_owned();
    let folders = locked(&FOLDERS);
    let (_, watch) = folders.iter().find(|(folder, _)| path.parent() == Some(folder))?;
    Some((Watched { watch: Arc::clone(watch), name, original: None }, path.exists()))
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Some(layer) = layer() else { return ffi::SQLITE_CANTOPEN };
    let found = watched(path);
    if let Some((watched, is_there)) = &found {
        let is_new = !is_there && flags & ffi::SQLITE_OPEN_CREATE != 0;
        if watched.watch.may(&watched.name, FileOp::Open { is_new }).is_err() {
            // SAFETY: SQLite asks for exactly this where nothing was opened.
            unsafe { (*file).pMethods = std::ptr::null() };
            return ffi::SQLITE_CANTOPEN;
        }
    }
    // SAFETY: the arguments are SQLite's own; `file` is as large as the real one asks for.
    let code = unsafe {
        match (*layer.real).xOpen {
            Some(open) => open(layer.real, path, file, flags, out),
            None => ffi::SQLITE_CANTOPEN,
        }
    };
    if let (ffi::SQLITE_OK, Some((watched, _))) = (code, found) {
        // SAFETY: a file that was opened has its functions.
        unsafe {
            let original = *(*file).pMethods;
            let mut all = locked(&layer.ours);
            let ours = all
                .entry((*file).pMethods as usize)
                .or_insert_with(|| Box::leak(Box::new(replaced(original))));
            (*file).pMethods = *ours;
            locked(files()).insert(file as usize, Watched { original: Some(original), ..watched });
        }
    }
    code
}

fn replaced(original: ffi::sqlite3_io_methods) -> ffi::sqlite3_io_methods {
    ffi::sqlite3_io_methods {
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        ..original
    }
}

/// The same function of SQLite, after whoever watches has seen what it is about to do.
macro_rules! pass {
    ($file:ident, $op:expr, $failed:expr, $function:ident ( $($argument:expr),* )) => {{
        let watched = locked(files()).get(&($file as usize)).cloned();
        let seen = watched.as_ref().map_or(Ok(()), |watched| watched.watch.may(&watched.name, $op));
        match (seen, watched.and_then(|watched| watched.original?.$function)) {
            (Err(error), _) if error.kind() == io::ErrorKind::StorageFull => ffi::SQLITE_FULL,
            (Err(_), _) | (_, None) => $failed,
            // SAFETY: the arguments are SQLite's own, of a file that this layer has opened.
            (Ok(()), Some(function)) => unsafe { function($file, $($argument),*) },
        }
    }};
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let watched = locked(files()).remove(&(file as usize));
    let original = watched.and_then(|watched| watched.original?.xClose);
    // SAFETY: the argument is SQLite's own.
    original.map_or(ffi::SQLITE_IOERR_CLOSE, |close| unsafe { close(file) })
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, len: c_int, at: i64) -> c_int {
    pass!(file, FileOp::Read, ffi::SQLITE_IOERR_READ, xRead(to, len, at))
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, len: c_int, at: i64) -> c_int {
    let count = usize::try_from(len).unwrap_or(0);
    // SAFETY: SQLite hands in as many bytes as it says.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), count) };
    pass!(
        file,
        FileOp::Write { at: at.unsigned_abs(), bytes },
        ffi::SQLITE_IOERR_WRITE,
        xWrite(from, len, at)
    )
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: i64) -> c_int {
    pass!(file, FileOp::Length(len.unsigned_abs()), ffi::SQLITE_IOERR_TRUNCATE, xTruncate(len))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    pass!(file, FileOp::Sync, ffi::SQLITE_IOERR_FSYNC, xSync(flags))
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, path: *const c_char, sync_dir: c_int) -> c_int {
    let Some(layer) = layer() else { return ffi::SQLITE_IOERR_DELETE };
    if let Some((watched, true)) = watched(path)
        && watched.watch.may(&watched.name, FileOp::Delete { is_synced: sync_dir != 0 }).is_err()
    {
        return ffi::SQLITE_IOERR_DELETE;
    }
    // SAFETY: the arguments are SQLite's own.
    unsafe {
        match (*layer.real).xDelete {
            Some(delete) => delete(layer.real, path, sync_dir),
            None => ffi::SQLITE_IOERR_DELETE,
        }
    }
}
