//! `nightjar import`: what lies on a camera's card becomes events. Clips go through the detector as `analyze` has it;
//! pictures that were taken in one go become one event, whatever moves in them. Read twice, a card adds nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use capture::open_file;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Usage;
use crate::cli::ImportArgs;
use crate::config::{Config, Loaded};
use crate::footage::clip::{self, Stop};
use crate::footage::stop::{self, Leavings};
use crate::footage::when::When;
use crate::footage::{Reel, Terms, Vault, digest};
use crate::say;

mod legacy;
mod stills;
mod tally;
mod walk;

use stills::Still;
use tally::Tally;
use walk::{Entry, Folder};

/// Imports what lies in these folders; a bad file does not hold up the others.
///
/// # Errors
/// [`Usage`] for folders that cannot be meant; else when nothing can be stored. Bad files are told, and exit with 1.
pub(crate) fn run(args: &ImportArgs, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let terms = Terms::of(loaded, args.camera.as_deref())?;
    let config = &loaded.config;
    for dir in &args.dirs {
        check(dir, &config.data)?;
    }
    let vault = vault(config, args.dry_run)?;
    let stop = Stop::default();
    stop::on_signals(Leavings::default(), Some(stop.clone()))?;
    let bar = bar()?;
    let data = config.data.canonicalize().ok();
    let mut import = Import { vault, terms, stop, bar, is_dry: args.dry_run, data, tally: Tally::default() };
    for dir in &args.dirs {
        if args.legacy {
            legacy::import(&mut import, dir)?;
        } else {
            import.measure(dir)?;
            import.dir(dir)?;
        }
        if let Some(code) = import.stop.asked() {
            return Ok(ExitCode::from(code));
        }
    }
    import.bar.finish_and_clear();
    let tally = import.tally;
    if args.json {
        say::line(&format!("{:#}", tally.as_json(args.dry_run)))?;
    } else {
        say::text(&tally.summary(args.dry_run))?;
    }
    if let Some(vault) = import.vault.filter(|_| !args.dry_run) {
        warn_of_room(&vault);
    }
    Ok(if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// # Errors
/// [`Usage`] for what is no folder, and for what is kept already.
fn check(dir: &Path, data: &Path) -> Result<(), Usage> {
    let metadata = std::fs::metadata(dir).map_err(|error| Usage(format!("{}: {error}", dir.display())))?;
    if !metadata.is_dir() {
        let mend = "allowed: folders; single clips are read by `nightjar analyze`";
        return Err(Usage(format!("{} is no folder; {mend}", dir.display())));
    }
    let is_ours =
        data.canonicalize().is_ok_and(|data| dir.canonicalize().is_ok_and(|dir| dir.starts_with(data)));
    if is_ours {
        return Err(Usage(format!(
            "{} lies in the data directory: its events are kept already",
            dir.display()
        )));
    }
    Ok(())
}

/// Where it goes. Only telling makes nothing where nothing is yet.
fn vault(config: &Config, is_dry: bool) -> anyhow::Result<Option<Vault>> {
    if is_dry && !config.data.join("index.sqlite").exists() {
        return Ok(None);
    }
    Vault::of(config).map(Some)
}

/// Draws itself only where standard error is a terminal.
fn bar() -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(0);
    let style = "{msg} {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).context("a bad progress bar")?);
    Ok(bar)
}

/// Says so if more is kept now than will stay.
fn warn_of_room(vault: &Vault) {
    let view = vault.store().storage();
    let used = view.clip_bytes + view.picture_bytes;
    if let Some(most) = view.retention.max_size.filter(|most| used > *most) {
        say::note(&format!(
            "nightjar: warning: the events take {} MB, and [retention] max_size allows {} MB: what is worth least goes when \
             `nightjar serve` starts; raise it before, or mark what must stay as a favourite",
            used / 1_000_000,
            most / 1_000_000
        ));
    }
}

/// An import under way.
pub(crate) struct Import {
    /// `None` if only is told what would be done, and nothing was kept ever.
    vault: Option<Vault>,
    terms: Terms,
    stop: Stop,
    bar: ProgressBar,
    is_dry: bool,
    /// The data directory, which is never imported.
    data: Option<PathBuf>,
    tally: Tally,
}

impl Import {
    /// How many bytes there will be to look at.
    fn measure(&self, dir: &Path) -> anyhow::Result<()> {
        let mut total = 0;
        // What cannot be read is told when its turn comes.
        walk::folders(dir, self.data.as_deref(), &mut |_| (), &mut |folder| {
            // A clip is read twice: to know it again, and to look through it.
            let clips: u64 = folder.clips.iter().map(|file| 2 * file.len).sum();
            let stills: u64 = folder.stills.iter().map(|file| 2 * file.len).sum();
            total += clips + stills;
            Ok(())
        })?;
        self.bar.inc_length(total);
        Ok(())
    }

    fn dir(&mut self, dir: &Path) -> anyhow::Result<()> {
        let data = self.data.clone();
        let mut unread = Vec::new();
        walk::folders(dir, data.as_deref(), &mut |text| unread.push(text), &mut |folder| {
            self.folder(folder)
        })?;
        for text in unread {
            self.failed(text);
        }
        Ok(())
    }

    fn folder(&mut self, folder: Folder) -> anyhow::Result<()> {
        if self.stop.asked().is_some() {
            return Ok(());
        }
        let camera = self.terms.camera_of(&folder.path);
        self.bar.set_message(folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        self.tally.others += folder.others.len();
        self.tally.odd += folder.odd;
        let stills = folder.stills.into_iter().map(Still::of).collect();
        for burst in stills::bursts(stills) {
            if self.stop.asked().is_some() {
                return Ok(());
            }
            self.burst(&camera, &burst)?;
        }
        for file in folder.clips {
            if self.stop.asked().is_some() {
                return Ok(());
            }
            let end = self.bar.position() + 2 * file.len;
            self.clip(&camera, &file)?;
            self.bar.set_position(end);
        }
        Ok(())
    }

    fn burst(&mut self, camera: &str, burst: &[Still]) -> anyhow::Result<()> {
        let end = self.bar.position() + burst.iter().map(|still| 2 * still.file.len).sum::<u64>();
        let bar = self.bar.clone();
        let mut progress = |bytes| bar.inc(bytes);
        let sha256 = match stills::digest(burst, &mut progress) {
            Ok(sha256) => sha256,
            Err((n, error)) => {
                let path =
                    burst.get(n).map(|still| still.file.path.display().to_string()).unwrap_or_default();
                self.failed(format!("{path}: {error}"));
                // The others of the burst are as good as before.
                let (before, after) = (&burst[..n], burst.get(n + 1..).unwrap_or_default());
                for rest in [before, after].into_iter().filter(|rest| !rest.is_empty()) {
                    self.burst(camera, rest)?;
                }
                return Ok(());
            }
        };
        if self.is_known(&sha256)? {
            self.tally.known_pictures += burst.len();
            self.bar.set_position(end);
            return Ok(());
        }
        self.tally.camera(camera);
        burst.iter().for_each(|still| self.tally.by(still.when.by));
        if let Some(vault) = self.vault.as_ref().filter(|_| !self.is_dry) {
            let mut source = |when| clip::source(vault, &self.terms, camera, when, None, sha256);
            let kept = stills::keep(burst, &self.terms, &mut source, &mut progress)?;
            vault.is_through()?;
            self.tally.pictures += kept.pictures;
            self.tally.stored += kept.events;
            for failure in kept.failures {
                self.failed(failure);
            }
        } else {
            self.tally.pictures += burst.len();
            self.tally.stored += 1;
        }
        self.bar.set_position(end);
        Ok(())
    }

    fn clip(&mut self, camera: &str, file: &Entry) -> anyhow::Result<()> {
        let bar = self.bar.clone();
        let sha256 = match digest(&file.path, &mut |bytes| bar.inc(bytes)) {
            Ok(sha256) => sha256,
            Err(error) => {
                self.failed(format!("{}: {error}", file.path.display()));
                return Ok(());
            }
        };
        if self.is_known(&sha256)? {
            self.tally.known_clips += 1;
            return Ok(());
        }
        let mut video = match open_file(&file.path) {
            Ok(video) => video,
            Err(error) => {
                self.failed(clip::told(error));
                return Ok(());
            }
        };
        let when = clip::when(&file.path, &video)?;
        let Some(vault) = self.vault.as_ref().filter(|_| !self.is_dry) else {
            self.taken(camera, when);
            return Ok(());
        };
        let info = video.info();
        let source = clip::source(vault, &self.terms, camera, when, info.frame_rate, sha256)?;
        let reel = Some(Reel::new(source)?);
        let begun = self.bar.position();
        let mut each = |frame: u64, _: &motion::Decision| {
            let share =
                info.frames.map_or(0, |frames| file.len.saturating_mul(frame.min(frames)) / frames.max(1));
            bar.set_position(begun + share);
            Ok(())
        };
        let found = clip::look(&file.path, &mut video, &self.terms.motion, reel, &self.stop, &mut each)?;
        if found.error.is_some() || self.stop.asked().is_some() {
            vault.take_back()?;
        } else {
            vault.is_through()?;
        }
        if let Some(error) = found.error {
            self.failed(error);
            return Ok(());
        }
        if let Some(warning) = video.warning() {
            self.note(&format!("nightjar: warning: {warning}"));
        }
        self.taken(camera, when);
        self.tally.frames += found.frames;
        self.tally.stored += found.events.len();
        self.tally.empty += usize::from(found.events.is_empty());
        Ok(())
    }

    fn taken(&mut self, camera: &str, when: When) {
        self.tally.clips += 1;
        self.tally.camera(camera);
        self.tally.by(when.by);
    }

    /// Whether it was imported before.
    fn is_known(&self, sha256: &[u8; 32]) -> anyhow::Result<bool> {
        Ok(match &self.vault {
            Some(vault) => vault.known(sha256)?.is_some(),
            None => false,
        })
    }

    /// Something is wrong with a file; the rest goes on.
    fn failed(&mut self, what: String) {
        self.bar.suspend(|| say::fault(&what));
        self.tally.failures.push(what);
    }

    fn note(&self, what: &str) {
        self.bar.suspend(|| say::note(what));
    }
}
