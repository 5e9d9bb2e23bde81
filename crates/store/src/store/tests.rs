use super::*;
use crate::fs::RealFs;
use crate::model::scene;
use crate::query::Change;
use crate::{Finished, GateRecord};
use frame::SimClock;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<SimClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: Arc::new(SimClock::at(scene::noon())) }
    }

    pub(crate) fn opening(&self) -> Opening {
        Opening {
            root: self.dir.path().join("data"),
            fs: Arc::new(DataFs),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            retention: Retention { max_age: None, max_size: None, min_free: None },
        }
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(self.opening()).unwrap()
    }

    pub(crate) fn record(&self, store: &Store) -> Arc<Event> {
        self.clock.advance(Duration::from_secs(60));
        scene::record(store, &scene::birth("garden", &*self.clock), 3).unwrap().1
    }

    fn folder(&self, store: &Store, id: EventId) -> PathBuf {
        let day = store.index().unwrap().folder(id).unwrap().unwrap();
        self.dir.path().join("data/events").join(day).join(id.to_string())
    }
}

fn kinds(store: &Store) -> Arc<Mutex<Vec<(NoticeKind, EventId)>>> {
    let heard: Arc<Mutex<Vec<_>>> = Arc::default();
    let into = Arc::clone(&heard);
    store.on_change(Box::new(move |notice| locked(&into).push((notice.kind, notice.id))));
    heard
}

#[test]
fn an_event_is_found_with_all_its_files_and_again_after_a_restart() {
    let place = Place::new();
    let store = place.open();
    let event = place.record(&store);
    let mut store = Some(store);
    for _ in 0..2 {
        let store = store.take().unwrap_or_else(|| place.open());
        assert_eq!(store.get(event.id).unwrap().as_deref(), Some(&*event));
        assert_eq!(store.list(&Query::default()).unwrap().events.len(), 1);
        let (file, _) = store.open_clip(event.id).unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().len(), event.clip.as_ref().unwrap().bytes);
        assert_eq!(store.picture(event.id, PictureName::Thumb).unwrap().unwrap(), scene::frame(101));
        assert_eq!(store.picture(event.id, PictureName::Trail).unwrap(), None);
        assert_eq!(store.mjpeg_frame(event.id, 2).unwrap().unwrap(), scene::frame(2));
        assert_eq!(store.mjpeg_frame(event.id, 3).unwrap(), None);
        let track = store.track(event.id).unwrap().unwrap();
        assert!(matches!(&track.gates[..], [GateRecord { passed: true, .. }]) && track.moments.len() == 1);
        assert_eq!(store.check(), Vec::<String>::new());
        drop(store);
    }
}

#[test]
fn two_processes_do_not_write_into_one_data_directory() {
    let place = Place::new();
    let first = place.open();
    assert!(matches!(Store::open(place.opening()), Err(StoreError::Busy)));
    drop(first);
    place.open();
}

#[test]
fn files_and_folders_are_the_owners_alone() {
    fn walk(dir: &Path, seen: &mut Vec<(PathBuf, u32)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            seen.push((entry.path(), metadata.permissions().mode() & 0o777));
            if metadata.is_dir() {
                walk(&entry.path(), seen);
            }
        }
    }
    let place = Place::new();
    let store = place.open();
    place.record(&store);
    let mut seen = Vec::new();
    walk(place.dir.path(), &mut seen);
    assert!(seen.len() > 12);
    for (path, mode) in seen {
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn listeners_hear_what_happens_in_order() {
    let place = Place::new();
    let store = place.open();
    let heard = kinds(&store);
    let mut draft = store.begin(&scene::birth("garden", &*place.clock)).unwrap();
    let id = draft.id();
    draft.tell(&scene::finished(None, 1));
    assert_eq!(store.recordings().len(), 1);
    assert!(store.get(id).unwrap().is_some() && store.list(&Query::default()).unwrap().events.is_empty());
    draft.tell(&scene::finished(None, 2));
    let mut writer = scene::clip(&mut draft).unwrap();
    scene::push(&mut writer, 0).unwrap();
    let clip = scene::close(writer).unwrap();
    draft.commit(Finished { frames: 1, ..scene::finished(Some(clip), 1) }).unwrap();
    assert!(store.recordings().is_empty());
    store.change(id, &Change { seen: Some(true), ..Change::default() }).unwrap();
    store.delete(&[id]).unwrap();
    use NoticeKind::{Deleted, Ended, Started, Updated};
    let expected = [Started, Updated, Ended, Updated, Deleted].map(|kind| (kind, id));
    assert_eq!(*locked(&heard), expected);
}

#[test]
fn deleting_many_deletes_all_or_none() {
    let place = Place::new();
    let store = place.open();
    let ids: Vec<EventId> = (0..3).map(|_| place.record(&store).id).collect();
    let unknown = EventId::from_parts(1, 1);
    let folder = place.folder(&store, ids[0]);
    assert!(matches!(
        store.delete(&[ids[0], unknown, ids[1]]),
        Err(StoreError::NoSuchEvents(missing)) if missing == [unknown]
    ));
    assert_eq!(store.list(&Query::default()).unwrap().events.len(), 3);
    assert!(folder.is_dir());
    store.delete(&ids).unwrap();
    assert!(store.list(&Query::default()).unwrap().events.is_empty());
    assert!(!folder.exists() && !folder.parent().unwrap().exists());
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn a_persons_words_are_in_the_file_too_and_outlive_the_index() {
    let place = Place::new();
    let store = place.open();
    let events: Vec<_> = (0..3).map(|_| place.record(&store).id).collect();
    let change = Change {
        label: Some("person".to_owned()),
        favourite: Some(true),
        note: Some("the postman".to_owned()),
        seen: Some(true),
    };
    store.change(events[1], &change).unwrap();
    let before: Vec<_> = events.iter().map(|id| store.get(*id).unwrap().unwrap()).collect();
    let mut told = Vec::new();
    let reindexed = store.reindex(&mut |done, total| told.push((done, total))).unwrap();
    assert_eq!((reindexed.events, told.last()), (3, Some(&(3, 3))));
    let after: Vec<_> = events.iter().map(|id| store.get(*id).unwrap().unwrap()).collect();
    assert_eq!(after, before);
    drop(store);
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        std::fs::remove_file(place.dir.path().join("data").join(name)).unwrap_or_default();
    }
    // A start without an index writes the rows from the files by itself.
    let store = place.open();
    let after: Vec<_> = events.iter().map(|id| store.get(*id).unwrap().unwrap()).collect();
    assert_eq!(after, before);
}

#[test]
fn a_link_planted_among_the_events_is_neither_read_nor_does_anything_beyond_it_go() {
    let place = Place::new();
    let store = place.open();
    let (first, second) = (place.record(&store), place.record(&store));
    let outside = place.dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    for name in ["clip.mp4", "thumb.jpg", "secret"] {
        std::fs::write(outside.join(name), b"secret").unwrap();
    }
    // A file of one event, the whole folder of another.
    let folder = place.folder(&store, first.id);
    for name in ["clip.mp4", "thumb.jpg"] {
        std::fs::remove_file(folder.join(name)).unwrap();
        symlink(outside.join(name), folder.join(name)).unwrap();
    }
    let whole = place.folder(&store, second.id);
    std::fs::rename(&whole, place.dir.path().join("moved")).unwrap();
    symlink(&outside, &whole).unwrap();
    for id in [first.id, second.id] {
        assert!(!matches!(store.picture(id, PictureName::Thumb), Ok(Some(_))), "{id}");
        assert!(!matches!(store.open_clip(id), Ok(Some(_))), "{id}");
    }
    store.delete(&[first.id, second.id]).unwrap();
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 3, "what the links point to is gone");
    assert!(!folder.exists() && !whole.exists());
}

#[test]
fn what_a_killed_process_was_writing_is_kept_as_partial() {
    let place = Place::new();
    let store = place.open();
    let mut draft = store.begin(&scene::birth("gate", &*place.clock)).unwrap();
    let mut writer = scene::clip(&mut draft).unwrap();
    for n in 0..5 {
        scene::push(&mut writer, n).unwrap();
    }
    writer.sync().unwrap();
    let id = draft.id();
    // Neither is dropped in a process that is killed.
    let _killed = (std::mem::ManuallyDrop::new(writer), std::mem::ManuallyDrop::new(draft));
    locked(&store.inner().lock).take();
    let store = place.open();
    assert_eq!(store.recovered().repaired, [id]);
    let event = store.get(id).unwrap().unwrap();
    assert_eq!((event.state, event.frames, &*event.camera), (crate::event::State::Partial, 4, "gate"));
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn a_draft_cut_off_before_its_first_sync_is_taken_away_and_a_damaged_one_is_put_aside() {
    // What a power cut leaves of a file that was never synced: less of it, none of its content, or some sectors.
    let spoils: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes.truncate(100),
        |bytes| bytes.fill(0),
        |bytes| bytes[..4096].fill(0),
        |bytes| bytes[512..].fill(0),
        |bytes| bytes[..600].fill(b'x'),
    ];
    for (n, spoil) in spoils.iter().enumerate() {
        let place = Place::new();
        let store = place.open();
        let mut draft = store.begin(&scene::birth("gate", &*place.clock)).unwrap();
        let mut writer = scene::clip(&mut draft).unwrap();
        for n in 0..5 {
            scene::push(&mut writer, n).unwrap();
        }
        let id = draft.id();
        writer.sync().unwrap();
        let _killed = (std::mem::ManuallyDrop::new(writer), std::mem::ManuallyDrop::new(draft));
        locked(&store.inner().lock).take();
        let clip = place.dir.path().join("data/drafts").join(id.to_string()).join(CLIP);
        let mut bytes = std::fs::read(&clip).unwrap();
        spoil(&mut bytes);
        std::fs::write(&clip, bytes).unwrap();
        let recovered = place.open().recovered();
        let expected = if n < 4 { (vec![id], vec![]) } else { (vec![], vec![id]) };
        assert_eq!((recovered.empty, recovered.quarantined), expected, "{n}");
        assert!(!clip.exists());
    }
}

#[test]
fn a_draft_that_is_dropped_is_thrown_away_unless_something_of_it_was_synced() {
    let place = Place::new();
    let store = place.open();
    let mut draft = store.begin(&scene::birth("gate", &*place.clock)).unwrap();
    let mut writer = scene::clip(&mut draft).unwrap();
    scene::push(&mut writer, 0).unwrap();
    drop((writer, draft));
    assert_eq!(std::fs::read_dir(place.dir.path().join("data/drafts")).unwrap().count(), 0);
    let mut draft = store.begin(&scene::birth("gate", &*place.clock)).unwrap();
    let id = draft.id();
    let mut writer = scene::clip(&mut draft).unwrap();
    for n in 0..2 {
        scene::push(&mut writer, n).unwrap();
    }
    writer.sync().unwrap();
    drop((writer, draft));
    store.retain().unwrap();
    assert_eq!(store.get(id).unwrap().unwrap().frames, 1);
}

#[test]
fn an_unmounted_disk_is_noticed_written_nothing_to_and_taken_up_again() {
    let place = Place::new();
    let store = place.open();
    let event = place.record(&store);
    let (events, away) = (place.dir.path().join("data/events"), place.dir.path().join("away"));
    std::fs::rename(&events, &away).unwrap();
    std::fs::create_dir(&events).unwrap();
    store.probe();
    assert!(matches!(store.state(), StoreState::Missing(_)));
    let begun = store.begin(&scene::birth("garden", &*place.clock));
    assert!(matches!(begun, Err(StoreError::Missing(_))));
    assert_eq!(std::fs::read_dir(&events).unwrap().count(), 0);
    std::fs::remove_dir(&events).unwrap();
    std::fs::rename(&away, &events).unwrap();
    store.probe();
    assert_eq!(store.state(), StoreState::Ok);
    assert!(store.get(event.id).unwrap().is_some());
    place.record(&store);
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn an_empty_folder_where_the_whole_root_was_is_no_first_start() {
    let place = Place::new();
    let store = place.open();
    let event = place.record(&store);
    let data = place.dir.path().join("data");
    let away = place.dir.path().join("away");
    std::fs::rename(&data, &away).unwrap();
    std::fs::create_dir(&data).unwrap();
    // The first look finds it gone, the later ones try to open it again.
    for _ in 0..3 {
        store.probe();
        assert!(matches!(store.state(), StoreState::Missing(_)));
        assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
    }
    std::fs::remove_dir(&data).unwrap();
    std::fs::rename(&away, &data).unwrap();
    store.probe();
    assert_eq!(store.state(), StoreState::Ok);
    assert!(store.get(event.id).unwrap().is_some());
}

#[test]
fn a_disk_that_is_mounted_late_takes_the_place_of_an_empty_start() {
    let place = Place::new();
    let event = place.record(&place.open());
    let (data, away) = (place.dir.path().join("data"), place.dir.path().join("away"));
    std::fs::rename(&data, &away).unwrap();
    let store = place.open();
    std::fs::rename(&data, place.dir.path().join("empty")).unwrap();
    std::fs::rename(&away, &data).unwrap();
    // The first look finds another disk, the second one opens it.
    store.probe();
    store.probe();
    assert_eq!(store.state(), StoreState::Ok);
    assert!(store.get(event.id).unwrap().is_some());
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn a_store_on_which_nothing_happens_writes_nothing() {
    fn stamps(dir: &Path) -> Vec<(PathBuf, std::time::SystemTime, u64)> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let metadata = RealFs.metadata(&entry.path()).unwrap();
            all.push((entry.path(), metadata.modified, metadata.len));
            if metadata.is_dir {
                all.extend(stamps(&entry.path()));
            }
        }
        all.sort();
        all
    }
    let place = Place::new();
    let store = place.open();
    place.record(&store);
    store.set_retention(Retention::default());
    store.retain().unwrap();
    let before = stamps(place.dir.path());
    for _ in 0..60 {
        place.clock.advance(Duration::from_secs(60));
        assert_eq!(store.retain().unwrap(), crate::RetentionReport::default());
        store.probe();
        assert_eq!(store.storage().events, 1);
        store.list(&Query::default()).unwrap();
    }
    assert_eq!(stamps(place.dir.path()), before);
}

#[test]
fn imported_footage_keeps_its_own_time_and_comes_behind_all_others() {
    let place = Place::new();
    let store = place.open();
    let newest = place.record(&store);
    let then = scene::noon() - Duration::from_secs(400 * 86_400);
    let stamp = frame::Stamp { mono: Duration::ZERO, wall: then };
    let birth = Birth { origin: Origin::Import, ..scene::born_at("card", stamp) };
    let (id, event) = scene::record(&store, &birth, 2).unwrap();
    assert!(id > newest.id);
    assert_eq!((event.started, &event.boot), (store.timestamp(then), &None));
    assert!(place.folder(&store, id).to_string_lossy().contains("/2025/10/16/"));
    // Old as it is, it is not gone for its age as soon as it is here.
    store.set_retention(Retention::default());
    assert_eq!(store.retain().unwrap().deleted, 0);
}
