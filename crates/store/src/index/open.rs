//! How the index is opened: made, brought up to date, or set aside if it cannot be read.

use std::cmp::Ordering;
use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{Index, Readers};
use crate::error::StoreError;

#[cfg(any(test, feature = "model"))]
mod model;
#[cfg(test)]
mod tests;

/// In order; each ends by saying its number in `user_version`.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../../migrations/0001_events.sql"),
    include_str!("../../../../migrations/0002_outbox.sql"),
    include_str!("../../../../migrations/0003_hub.sql"),
];

/// Several connections could damage the file with any version before.
const OLDEST_SQLITE: i32 = 3_051_003;

const READERS: u32 = 4;
const WRITER_PATIENCE: Duration = Duration::from_secs(5);

/// A damaged page of a file up to this size is found at start, and costs 50 ms; of a larger one when it is read.
const CHECKED_WHOLE: u64 = 32 * 1024 * 1024;

/// Statements a connection keeps ready; there are fewer.
const STATEMENTS: usize = 128;

impl Index {
    /// Opens the index at `file`, makes it, or brings it up to date. One that cannot be read is moved beside it
    /// and told by [`Index::set_aside`].
    ///
    /// # Errors
    /// - [`StoreError::Newer`] if a newer program has written it.
    /// - [`StoreError::Busy`], [`StoreError::Full`], [`StoreError::ReadOnly`] or what else the system says.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        Self::open_by(file, None)
    }

    /// As [`Index::open`], by that file system of SQLite's; only a test has one of its own.
    pub(crate) fn open_by(file: &Path, vfs: Option<&CStr>) -> Result<Self, StoreError> {
        match open(file, vfs) {
            Err(StoreError::Corrupt(why)) => {
                let aside = set_aside(file).map_err(|error| StoreError::io("set the index aside", error))?;
                tracing::error!(%why, to = %aside.display(), "the index cannot be read and was set aside");
                let mut index = open(file, vfs)?;
                index.set_aside = Some(aside);
                Ok(index)
            }
            opened => opened,
        }
    }

    /// Opens the index at `file` to read it, while another process may write it.
    ///
    /// # Errors
    /// - [`StoreError::Newer`] if a newer program has written it, [`StoreError::Invalid`] if an older one has.
    /// - What the system says.
    pub(crate) fn open_to_look(file: &Path) -> Result<Self, StoreError> {
        let reader = Connection::open_with_flags(file, flags())?;
        reader.busy_timeout(WRITER_PATIENCE)?;
        reader.set_prepared_statement_cache_capacity(STATEMENTS);
        reader.pragma_update(None, "query_only", true)?;
        let (found, known) = (version(&reader)?, u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX));
        match found.cmp(&known) {
            Ordering::Greater => Err(StoreError::Newer { found, known }),
            Ordering::Less => Err(StoreError::Invalid(format!(
                "the index is of version {found} and this program's is {known}; start the server once, which brings it up to date"
            ))),
            Ordering::Equal => Self::new(Readers::Writer, reader),
        }
    }

    /// An empty index that is gone with its process; for models and tests.
    ///
    /// # Errors
    /// Only a lack of memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::within(Connection::open_in_memory()?)
    }

    /// The whole of an index in memory, as bytes.
    ///
    /// # Errors
    /// Only a lack of memory.
    pub fn serialize(&self) -> Result<Vec<u8>, StoreError> {
        Ok(self.writer().serialize("main")?.to_vec())
    }

    /// What [`Index::serialize`] gave, in memory again.
    ///
    /// # Errors
    /// If the bytes are no index.
    pub fn deserialize(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_read_exact("main", bytes, bytes.len(), false)?;
        Self::within(connection)
    }

    fn within(mut connection: Connection) -> Result<Self, StoreError> {
        prepare(&connection)?;
        migrate(&mut connection, None, MIGRATIONS)?;
        Self::new(Readers::Writer, connection)
    }
}

fn open(file: &Path, vfs: Option<&CStr>) -> Result<Index, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::Database(format!("SQLite {} is too old", rusqlite::version())));
    }
    create(file).map_err(|error| StoreError::io("open the index", error))?;
    let (name, flags) = named(file, vfs);
    let mut writer = Connection::open_with_flags(&name, flags)?;
    writer.busy_timeout(WRITER_PATIENCE)?;
    check_whole(&writer, file)?;
    prepare(&writer)?;
    migrate(&mut writer, Some(file), MIGRATIONS)?;
    let manager = SqliteConnectionManager::file(name).with_flags(flags).with_init(|connection| {
        connection.busy_timeout(super::PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection
            .execute_batch("PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096;")?;
        connection.pragma_update(None, "query_only", true)
    });
    // All of them now and for good: no reader can fail later for want of a file descriptor.
    let pool = r2d2::Pool::builder()
        .max_size(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(false)
        .connection_timeout(WRITER_PATIENCE)
        .build(manager)
        .map_err(|error| StoreError::Database(error.to_string()))?;
    Index::new(Readers::Pool(pool), writer)
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// As SQLite is told of it.
fn named(file: &Path, vfs: Option<&CStr>) -> (PathBuf, OpenFlags) {
    match vfs.and_then(|vfs| vfs.to_str().ok()) {
        Some(vfs) => {
            let name = format!("file:{}?vfs={vfs}", file.display());
            (name.into(), flags() | OpenFlags::SQLITE_OPEN_URI)
        }
        None => (file.to_owned(), flags()),
    }
}

/// SQLite would let others read it.
fn create(file: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(made) => made.sync_all().and_then(|()| sync_folder_of(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder_of(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

fn check_whole(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let len = std::fs::metadata(file).map_err(|error| StoreError::io("open the index", error))?.len();
    // A first question of any kind, so that a file of something else is noticed whatever its size.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if len > CHECKED_WHOLE {
        return Ok(());
    }
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Corrupt(format!("the index: {found}"))) }
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A log that had to grow is cut back to 4 MiB; 1,000 pages of it are brought into the file at once.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 4194304; \
         PRAGMA wal_autocheckpoint = 1000;",
    )?;
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Each in a transaction of its own; whatever ends it in the middle, the version before or behind it is there.
fn migrate(connection: &mut Connection, file: Option<&Path>, migrations: &[&str]) -> Result<(), StoreError> {
    let found = version(connection)?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if let Some(file) = file.filter(|_| found > 0 && found < known) {
        back_up(connection, file, found)?;
    }
    for (migration, version_before) in migrations.iter().zip(0..).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        if version(&transaction)? == version_before {
            transaction.execute_batch(migration)?;
            transaction.commit()?;
        }
    }
    Ok(())
}

/// A whole copy beside it, `index.before-<n>.sqlite`, for whoever wants to go back to the older program.
fn back_up(connection: &Connection, file: &Path, found: u32) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("back up the index", error);
    let backup = file.with_extension(format!("before-{}.sqlite", found + 1));
    let part = backup.with_extension("sqlite.part");
    remove(&part).map_err(failed)?;
    let name = part.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    connection.execute("VACUUM INTO ?1", [name])?;
    File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, &backup).and_then(|()| sync_folder_of(file)).map_err(failed)
}

fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Moves it with its log to the first free `index.corrupt-<n>.sqlite`; nothing is deleted that holds data.
fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let free = |n: &u32| !file.with_extension(format!("corrupt-{n}.sqlite")).exists();
    let n = (1..u32::MAX).find(free).ok_or(io::ErrorKind::AlreadyExists)?;
    let aside = file.with_extension(format!("corrupt-{n}.sqlite"));
    let beside = |file: &Path, end: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let log = beside(file, "-wal");
    // The log first: cut short in between, the file without its log is found damaged again and follows.
    if log.exists() {
        std::fs::rename(log, beside(&aside, "-wal"))?;
    }
    remove(&beside(file, "-shm"))?;
    std::fs::rename(file, &aside)?;
    sync_folder_of(file)?;
    Ok(aside)
}
