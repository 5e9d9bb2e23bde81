//! A planted link leads nowhere, whatever is a link, and nothing outside is touched.

use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::sync::Arc;

use super::*;
use crate::event::PictureName;
use crate::intake::{Arrived, Finish};
use crate::retain::Retention;
use crate::store::tests::Place;
use crate::store::{Opening, Store};

/// A folder to keep things in, and one outside with something in it.
struct Two {
    _dir: tempfile::TempDir,
    inside: PathBuf,
    outside: PathBuf,
    fs: BeneathFs,
}

impl Two {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("inside"), dir.path().join("outside"));
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), "not yours").unwrap();
        let fs = BeneathFs::open(&inside).unwrap();
        Self { _dir: dir, inside, outside, fs }
    }

    fn fs(&self) -> &dyn Fs {
        &self.fs
    }

    fn is_untouched(&self) {
        let names: Vec<_> =
            std::fs::read_dir(&self.outside).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(std::fs::read(self.outside.join("secret")).unwrap(), b"not yours");
    }

    /// Nothing at all can be done by that name.
    fn is_refused(&self, path: &Path) {
        let fs = self.fs();
        let to = self.inside.join("elsewhere");
        assert!(fs.read(path, 100).is_err(), "{}", path.display());
        assert!(fs.open_read(path).is_err() && fs.open_write(path).is_err() && fs.create_new(path).is_err());
        assert!(fs.list(path).is_err() && fs.sync_dir(path).is_err() && fs.space(path).is_err());
        assert!(fs.try_lock(path).is_err() && fs.lock(path).is_err());
        assert!(fs.create_dir(path).is_err() && fs.remove_dir(path).is_err());
        let below = path.join("secret");
        assert!(fs.read(&below, 100).is_err() && fs.metadata(&below).is_err() && fs.unlink(&below).is_err());
        assert!(
            fs.create_new(&path.join("new")).is_err() && fs.create_dir_all(&path.join("new/er")).is_err()
        );
        assert!(fs.rename_replace(&below, &to).is_err() && fs.rename_noreplace(&below, &to).is_err());
        std::fs::write(self.inside.join("own"), "own").unwrap();
        assert!(fs.rename_replace(&self.inside.join("own"), &path.join("own")).is_err());
        self.is_untouched();
    }
}

#[test]
fn what_lies_beneath_is_written_read_moved_and_taken_away() {
    let two = Two::new();
    let (fs, root) = (two.fs(), &two.inside);
    let dir = root.join("a/b");
    fs.create_dir_all(&dir).unwrap();
    fs.create_new(&dir.join("x.part")).unwrap().write_all(b"words").unwrap();
    fs.rename_noreplace(&dir.join("x.part"), &root.join("x")).unwrap();
    fs.sync_dir(&dir).unwrap();
    fs.sync_dir(root).unwrap();
    assert_eq!(fs.read(&root.join("x"), 5).unwrap(), b"words");
    assert!(fs.rename_noreplace(&root.join("x"), &dir).is_err());
    assert_eq!((fs.list(&dir).unwrap().len(), fs.metadata(&root.join("x")).unwrap().len), (0, 5));
    let mut read = String::new();
    fs.open_read(&root.join("x")).unwrap().read_to_string(&mut read).unwrap();
    assert_eq!(fs.canonical(root).unwrap(), root.canonicalize().unwrap());
    assert!(fs.space(root).unwrap().total > 0);
    let held = fs.try_lock(&root.join("lock")).unwrap();
    assert!(held.is_some() && fs.try_lock(&root.join("lock")).unwrap().is_none());
    fs.unlink(&root.join("x")).unwrap();
    fs.remove_dir(&dir).unwrap();
    two.is_untouched();
}

#[test]
fn no_name_leads_out() {
    let two = Two::new();
    let (inside, outside) = (&two.inside, &two.outside);
    std::fs::create_dir(inside.join("dir")).unwrap();
    for name in ["..", "../outside", "dir/../../outside", "./../outside", "dir/../../outside/../outside"] {
        two.is_refused(&inside.join(name));
    }
    two.is_refused(outside);
    two.is_refused(Path::new("/etc"));
    two.is_refused(Path::new("/proc/self/cwd"));
    let fd = std::os::fd::AsRawFd::as_raw_fd(&*two.fs.root);
    two.is_refused(Path::new(&format!("/proc/self/fd/{fd}")));
}

#[test]
fn a_planted_link_is_refused_wherever_it_is() {
    let two = Two::new();
    let (inside, outside) = (&two.inside, &two.outside);
    std::fs::create_dir(inside.join("dir")).unwrap();
    for (link, to) in [
        ("link", outside.clone()),
        ("dir/link", outside.clone()),
        ("dir/up", PathBuf::from("../../outside")),
        ("magic", PathBuf::from("/proc/self/cwd")),
        // Also one that stays inside: nobody here makes any.
        ("inner", PathBuf::from("dir")),
    ] {
        symlink(to, inside.join(link)).unwrap();
        two.is_refused(&inside.join(link));
    }
    let file = inside.join("file");
    symlink(outside.join("secret"), &file).unwrap();
    assert!(two.fs().read(&file, 100).is_err() && two.fs().open_write(&file).is_err());
    assert!(two.fs().try_lock(&file).is_err());
    // The link itself can be taken away or moved over, and what it leads to is left alone.
    std::fs::write(inside.join("own"), "own").unwrap();
    two.fs().rename_replace(&inside.join("own"), &file).unwrap();
    assert_eq!(two.fs().read(&file, 100).unwrap(), b"own");
    two.fs().unlink(&inside.join("link")).unwrap();
    two.is_untouched();
}

fn opening(place: &Place, fs: BeneathFs) -> Opening {
    Opening { fs: Arc::new(fs), ..place.opening() }
}

#[test]
fn a_store_beneath_one_folder_records_recovers_retains_and_builds_its_index_anew() {
    let place = Place::new();
    let root = place.dir.path().join("data");
    let open = || Store::open(opening(&place, BeneathFs::open(&root).unwrap())).unwrap();
    let store = open();
    let ids: Vec<_> = (0..4).map(|_| place.record(&store).id).collect();
    assert!(store.picture(ids[0], PictureName::Poster).unwrap().is_some());
    assert!(store.open_clip(ids[0]).unwrap().is_some());
    let draft = store.begin(&crate::model::scene::birth("gate", &*place.clock)).unwrap();
    drop(draft);
    drop(store);
    let store = open();
    assert_eq!(store.check(), Vec::<String>::new());
    store.delete(&ids[..1]).unwrap();
    store.set_retention(Retention { max_size: Some(1), max_age: None, min_free: None });
    store.retain().unwrap();
    assert!(store.list(&Default::default()).unwrap().events.is_empty());
    store.set_retention(Retention { max_size: None, max_age: None, min_free: None });
    place.record(&store);
    assert_eq!(store.reindex(&mut |_, _| {}).unwrap().events, 1);
    assert_eq!(store.check(), Vec::<String>::new());
    assert!(matches!(
        Store::open(opening(&place, BeneathFs::open(&root).unwrap())),
        Err(crate::StoreError::Busy)
    ));
}

#[test]
fn links_that_are_planted_in_a_hubs_folders_take_nothing_out_and_let_nothing_in() {
    let (camera_place, place) = (Place::new(), Place::new());
    let camera = camera_place.open();
    let root = place.dir.path().join("data");
    let outside = place.dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "not yours").unwrap();
    let store = Store::open(opening(&place, BeneathFs::open(&root).unwrap())).unwrap();
    let id = camera_place.record(&camera).id;
    let arrival = || crate::intake::tests::arrival(&camera, id);
    // In the place of the day's folder, of the draft's, of what comes in, and of the part itself.
    std::fs::create_dir_all(root.join("events/2026/11")).unwrap();
    symlink(&outside, root.join("events/2026/11/20")).unwrap();
    store.receive(arrival()).unwrap_err();
    std::fs::remove_file(root.join("events/2026/11/20")).unwrap();
    symlink(&outside, root.join("incoming")).unwrap();
    let received = store.receive(arrival()).unwrap();
    assert!(matches!(received, Arrived::New(_) | Arrived::Known(_)));
    assert!(store.incoming(id).is_err());
    std::fs::remove_file(root.join("incoming")).unwrap();
    std::fs::create_dir(root.join("incoming")).unwrap();
    let part = root.join(format!("incoming/{id}.part"));
    symlink(outside.join("secret"), &part).unwrap();
    assert!(store.incoming(id).is_err());
    std::fs::remove_file(&part).unwrap();
    // In the place of the clip: what is moved there takes the link's place.
    let clip = root.join(format!("events/2026/11/20/{id}/clip.mp4"));
    symlink(outside.join("secret"), &clip).unwrap();
    assert!(store.open_file(id, "clip.mp4").unwrap().is_none());
    std::fs::remove_file(&clip).unwrap();
    let mut incoming = store.incoming(id).unwrap();
    incoming.write(&crate::intake::tests::clip(&camera, id)).unwrap();
    let entry = camera.manifest(id).unwrap().unwrap().clip.unwrap();
    assert!(matches!(incoming.finish(&entry).unwrap(), Finish::Stored(..)));
    let poster = root.join(format!("events/2026/11/20/{id}/poster.jpg"));
    std::fs::remove_file(&poster).unwrap();
    symlink(outside.join("secret"), &poster).unwrap();
    assert!(store.picture(id, PictureName::Poster).is_err());
    store.delete(&[id]).unwrap();
    let names: Vec<_> = std::fs::read_dir(&outside).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"not yours");
}
