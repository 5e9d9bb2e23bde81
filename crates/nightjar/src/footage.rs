//! Recorded footage on its way into the store: detector → recorder, and what must hold when it is stopped in the middle.
//! What `analyze` and `import` have in common.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use frame::{Picture, SystemClock};
use motion::{EventEdge, EventEnd};
use recorder::{Footage, Reason, Rest, Sight, Source, Trouble};
use server::Why;
use sha2::{Digest as _, Sha256};
use store::event::{Event, EventId};
use store::{Store, StoreError};

use crate::config::{self, Config};
use crate::detect::Looked;
use crate::run::{self, Reasons};
use crate::say;

pub(crate) mod clip;
pub(crate) mod stop;
pub(crate) mod when;

/// Where in the data directory that is noted which is imported.
const FOLDER: &str = "imported";
/// Events of the file that is being read; they are whole only once it is through.
const UNFINISHED: &str = "unfinished";

/// The store, held for this process alone.
#[derive(Debug)]
pub(crate) struct Vault {
    store: Store,
    folder: PathBuf,
    _held: run::DataDir,
}

impl Vault {
    /// Takes the data directory. What an earlier run that was killed has left half of is taken away.
    ///
    /// # Errors
    /// When a server has it, or it cannot be used; with what to do.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let data = &config.data;
        let held = run::open_data_dir(data)?;
        let store = run::open_store(data, config.retention, Arc::new(SystemClock::new()))?;
        let vault = Self { store, folder: data.join(FOLDER), _held: held };
        vault.take_back()?;
        Ok(vault)
    }

    /// What is kept.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The folder for what belongs to no event, made.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn folder(&self) -> io::Result<&Path> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        Ok(&self.folder)
    }

    /// The event that came of a file with this content.
    ///
    /// # Errors
    /// The index's.
    pub(crate) fn known(&self, sha256: &[u8; 32]) -> Result<Option<EventId>, StoreError> {
        self.store.find_source(sha256)
    }

    /// Notes each event that it is told of, until [`Self::is_through`].
    ///
    /// # Errors
    /// When nothing can be noted.
    pub(crate) fn notes(&self) -> io::Result<Box<dyn FnMut(EventId) + Send>> {
        let path = self.folder()?.join(UNFINISHED);
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Box::new(move |id| {
            let noted = file.write_all(format!("{id}\n").as_bytes()).and_then(|()| file.sync_data());
            if let Err(error) = noted {
                say::fault(&format!("failed to note that event {id} is begun: {error}"));
            }
        }))
    }

    /// The file is read to its end: its events are whole.
    ///
    /// # Errors
    /// When that cannot be noted.
    pub(crate) fn is_through(&self) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join(UNFINISHED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Unless something else is kept there.
        std::fs::remove_dir(&self.folder).unwrap_or_default();
        Ok(())
    }

    /// Whether a file is being read, or was not read to its end.
    pub(crate) fn is_unfinished(config: &Config) -> bool {
        config.data.join(FOLDER).join(UNFINISHED).exists()
    }

    /// Takes away the events of a file that was not read to its end; it is read again as a whole.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn take_back(&self) -> anyhow::Result<()> {
        let text = match std::fs::read_to_string(self.folder.join(UNFINISHED)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).context("failed to read what an earlier import left"),
        };
        for id in text.lines().filter_map(|line| line.parse::<EventId>().ok()) {
            // What somebody has said something about by now is nobody's to take away.
            let is_touched =
                |event: &Event| event.favourite || event.verdict.by_person || !event.note.is_empty();
            if self.store.get(id)?.is_some_and(|event| !is_touched(&event)) {
                self.store.delete(&[id])?;
            }
        }
        self.is_through().context("failed to tidy up after an earlier import")
    }
}

/// Keeps the events of one clip while it is judged.
pub(crate) struct Reel {
    footage: Footage,
    reasons: Reasons,
    open: bool,
    last: Duration,
    told: Option<(Arc<Why>, Arc<Reason>)>,
}

impl Reel {
    /// Before the first frame.
    ///
    /// # Errors
    /// When the JPEG library has no memory.
    pub(crate) fn new(source: Source) -> Result<Self, Trouble> {
        Ok(Self {
            footage: Footage::new(source)?,
            reasons: Reasons::default(),
            open: false,
            last: Duration::ZERO,
            told: None,
        })
    }

    /// The next picture, with what it came to.
    ///
    /// # Errors
    /// When what belongs to an event cannot be written.
    pub(crate) fn take(&mut self, at: Duration, picture: Picture, looked: Looked) -> Result<(), Trouble> {
        if let Some(EventEdge::Ended(end)) = &looked.cut {
            self.ended(end)?;
        }
        let frame = self.footage.frame(at, picture)?;
        if let Some(EventEdge::Ended(end)) = &looked.decision.edge {
            self.ended(end)?;
        }
        let why = self.reasons.decided(frame.stamp(), frame.size(), &looked.decision);
        if !looked.decision.motion {
            return self.footage.still();
        }
        (self.open, self.last) = (true, at);
        let reason = why.filter(|why| why.fired).map(|why| self.reason(why));
        self.footage.moves(Sight { frame, field: looked.field, decision: looked.decision, reason })
    }

    /// Nothing more comes; → the events.
    ///
    /// # Errors
    /// When what belongs to an event cannot be written.
    pub(crate) fn finish(mut self, last: Option<&EventEdge>) -> Result<Vec<Arc<Event>>, Trouble> {
        if let Some(EventEdge::Ended(end)) = last {
            self.ended(end)?;
        }
        self.footage.finish()
    }

    fn ended(&mut self, end: &EventEnd) -> Result<(), Trouble> {
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        let sentence = self.reasons.sentence_as(end.label);
        self.footage.rests(Rest { last: self.last, end: end.clone(), sentence })
    }

    fn reason(&mut self, why: Arc<Why>) -> Arc<Reason> {
        if let Some((_, reason)) = self.told.as_ref().filter(|(told, _)| Arc::ptr_eq(told, &why)) {
            return reason.clone();
        }
        let reason = Arc::new(run::reason_of(&why));
        self.told = Some((why, reason.clone()));
        reason
    }
}

/// SHA-256 of a file; `progress` is told how many bytes came.
///
/// # Errors
/// What the system says.
pub(crate) fn digest(path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(len) => {
                digest.update(&buffer[..len]);
                progress(u64::try_from(len).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Which camera footage belongs to, and how it is judged and recorded.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The camera, unless each file's folder names it.
    pub(crate) camera: Option<String>,
    /// How it is judged.
    pub(crate) motion: motion::Settings,
    /// How it is recorded.
    pub(crate) recording: recorder::Settings,
}

impl Terms {
    /// The built-in ones.
    pub(crate) fn built_in(camera: Option<String>) -> Self {
        Self { camera, motion: motion::Settings::default(), recording: recorder::Settings::default() }
    }

    /// The configured camera of that id, or, if none is named, the first that is configured.
    ///
    /// # Errors
    /// [`crate::Usage`] for an id that cannot be one.
    pub(crate) fn of(loaded: &config::Loaded, asked: Option<&str>) -> anyhow::Result<Self> {
        if let Some(id) = asked.filter(|id| !is_id(id)) {
            let what = format!("--camera {id} is no camera's id; allowed: a-z, 0-9 and -, at most 64");
            return Err(crate::Usage(what).into());
        }
        let is_configured = loaded.values.cameras.iter().any(|it| it.origin != config::Origin::Default);
        let mut cameras = loaded.config.cameras.iter().filter(|_| is_configured);
        let found = match asked {
            Some(id) => cameras.find(|camera| camera.id == id),
            None => cameras.next(),
        };
        Ok(match found {
            Some(camera) => Self {
                camera: Some(camera.id.clone()),
                motion: camera.motion.clone(),
                recording: camera.recording.clone(),
            },
            None => Self::built_in(asked.map(str::to_owned)),
        })
    }

    /// The camera that a file in this folder belongs to.
    pub(crate) fn camera_of(&self, folder: &Path) -> String {
        self.camera.clone().unwrap_or_else(|| id_of(folder))
    }
}

/// As the configuration allows it.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A folder's name as a camera's id; folders that every card has stand for the one above.
fn id_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    for name in folder.ancestors().filter_map(Path::file_name) {
        let name = name.to_string_lossy();
        let is_dcf = name.len() == 8 && name.bytes().take(3).all(|byte| byte.is_ascii_digit());
        if name.eq_ignore_ascii_case("DCIM") || is_dcf {
            continue;
        }
        let id = slug(&name);
        if !id.is_empty() {
            return id;
        }
    }
    "imported".to_owned()
}

fn slug(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
        if id.len() == 64 {
            break;
        }
    }
    id.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_names_the_camera_in_the_letters_that_ids_have() {
        let id = |path: &str| id_of(Path::new(path));
        assert_eq!(id("/media/Vogelhaus Süd/DCIM/100MEDIA"), "vogelhaus-s-d");
        assert_eq!(id("/media/SD_CARD 1"), "sd-card-1");
        assert_eq!(id("/"), "imported");
        assert!(is_id("fox-1") && !is_id("Fox") && !is_id("") && !is_id("a/b"));
    }

    #[test]
    fn a_digest_is_of_the_whole_file_and_tells_how_far_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        let mut bytes = 0;
        let digest = digest(&path, &mut |n| bytes += n).unwrap();
        assert_eq!((digest[0], digest[31], bytes), (0xba, 0xad, 3));
    }
}
