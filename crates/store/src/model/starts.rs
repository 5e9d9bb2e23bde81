//! How long a start takes, on a real disk.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::{Clock, SimClock};

use super::play::no_limits;
use super::scene;
use crate::draft::day_of_event;
use crate::error::StoreError;
use crate::fs::DataFs;
use crate::layout::METADATA;
use crate::metadata;
use crate::store::{Opening, Store};

/// How long it took.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartTimes {
    /// Everything was in order.
    pub in_order: Duration,
    /// Four cameras were recording when the process was killed.
    pub with_drafts: Duration,
    /// So many of them.
    pub drafts: usize,
    /// Every row had to be written anew.
    pub without_index: Duration,
}

/// Makes so many events below `folder`, 300 a day, and opens them.
///
/// # Errors
/// What the disk says.
pub fn time_recovery(folder: &Path, events: u32) -> Result<StartTimes, StoreError> {
    let root = folder.join(format!("nightjar-starts-{}", std::process::id()));
    let timed = time_in(&root, events);
    // What is left of it is only in the way.
    std::fs::remove_dir_all(&root).unwrap_or_default();
    timed
}

fn time_in(root: &Path, events: u32) -> Result<StartTimes, StoreError> {
    let clock = Arc::new(SimClock::at(scene::noon()));
    let open = || {
        Store::open(Opening {
            root: root.to_owned(),
            fs: Arc::new(DataFs),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            retention: no_limits(),
        })
    };
    let timed = || {
        let started = Instant::now();
        open().map(|store| (store, started.elapsed()))
    };
    let store = open()?;
    let (_, pattern) = scene::record(&store, &scene::birth("garden", &*clock), 3)?;
    let from = store.inner().layout.event(&day_of_event(&pattern), pattern.id);
    fill(&store, &from, &pattern, events)?;
    drop(store);
    let (store, in_order) = timed()?;
    let mut being_written = Vec::new();
    for camera in ["a", "b", "c", "d"] {
        let mut draft = store.begin(&scene::birth(camera, &*clock))?;
        let mut writer = scene::clip(&mut draft)?;
        for n in 0..150 {
            scene::push(&mut writer, n)?;
        }
        writer.sync().map_err(|error| StoreError::io("sync a clip", error))?;
        being_written.push((writer, draft));
    }
    drop((being_written, store));
    let (store, with_drafts) = timed()?;
    let drafts = store.recovered().repaired.len();
    let index = store.inner().layout.index();
    drop(store);
    std::fs::remove_file(index).map_err(|error| StoreError::io("remove the index", error))?;
    let (_, without_index) = timed()?;
    Ok(StartTimes { in_order, with_drafts, drafts, without_index })
}

/// Events made of another one, without syncing each.
fn fill(store: &Store, from: &Path, pattern: &crate::event::Event, events: u32) -> Result<(), StoreError> {
    let (index, layout) = (store.index()?, &store.inner().layout);
    let io = |error| StoreError::io("make an event", error);
    let mut id = pattern.id;
    let mut rows = Vec::new();
    for n in 0..events {
        id = id.next().unwrap_or(id);
        let before = jiff::SignedDuration::from_secs(i64::from(n) * 288);
        let started = pattern.started.checked_sub(before).unwrap_or(pattern.started);
        let event = crate::event::Event { id, started, ..pattern.clone() };
        let day = day_of_event(&event);
        let to = layout.event(&day, id);
        std::fs::create_dir_all(&to).map_err(io)?;
        for entry in std::fs::read_dir(from).map_err(io)? {
            let entry = entry.map_err(io)?;
            std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(io)?;
        }
        std::fs::write(to.join(METADATA), metadata::write_with(&event, None)).map_err(io)?;
        rows.push((event, day));
    }
    for (event, day) in &rows {
        index.insert(event, day)?;
    }
    Ok(())
}
