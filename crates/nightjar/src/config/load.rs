//! The layers in their order: defaults < file < `<data>/settings.toml` < environment < flags.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::checks;
use super::document;
use super::environment;
use super::files;
use super::keys::{Section, Slot};
use super::kind::Value;
use super::model::Config;
use super::problems::{Origin, Problem, Problems};
use super::values::{CameraTable, Values};

/// Where a configuration is looked for when no flag names one.
pub(crate) const SEARCH: [&str; 2] = ["nightjar.toml", "/etc/nightjar/nightjar.toml"];

/// What the outside says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inputs {
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// Where else a file may be; the first that is there is read.
    pub(crate) search: Vec<PathBuf>,
    /// Name and value of each variable.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Table, key, flag and value of each flag that speaks of a key.
    pub(crate) flags: Vec<(Section, &'static str, &'static str, String)>,
    /// A local camera, its node and its name, in place of the demo where no camera is configured.
    pub(crate) local: Option<(PathBuf, String)>,
    /// Nothing is sent by whoever asks: what remotes need is not read, and need not be there yet.
    pub(crate) sends_nothing: bool,
}

/// A whole, valid configuration.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Typed.
    pub(crate) config: Config,
    /// With origins.
    pub(crate) values: Values,
    /// The file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    /// What is odd but no reason not to start.
    pub(crate) warnings: Vec<String>,
}

/// Reads all layers and checks them together.
///
/// # Errors
/// Every problem there is, in the order of the layers.
pub(crate) fn load(inputs: Inputs) -> Result<Loaded, Problems> {
    let mut values = Values::default();
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let file = file(&inputs, &mut values, &mut problems);
    environment::read(inputs.environment.into_iter(), &mut values, &mut problems);
    flags(inputs.flags, &mut values, &mut problems);
    if values.cameras.is_empty() {
        unconfigured(inputs.local, &mut values);
    }
    changed(&mut values, &mut problems, &mut warnings);
    let told: HashSet<String> = problems.iter().flat_map(speaks_of).collect();
    checks::check(&values, &|slot| !told.is_empty() && told.contains(&slot.to_string()), &mut problems);
    if inputs.sends_nothing {
        values.remotes.clear();
    }
    let config = Config::build(&values, &mut problems);
    if problems.is_empty() {
        secret_files(&values, &mut warnings);
        Ok(Loaded { config, values, file, warnings })
    } else {
        Err(Problems::ordered(problems))
    }
}

/// The camera that is there when none is configured.
fn unconfigured(local: Option<(PathBuf, String)>, values: &mut Values) {
    values.cameras.push(CameraTable::at(Origin::Default));
    let mut put = |name: &str, text: &str| {
        if let Some(slot) = Slot::of(Section::Camera, name, Some(0), None) {
            values.put(slot, Value::Text(text.into()), Origin::Default);
        }
    };
    let Some((device, card)) = local else { return put("name", "Demo") };
    put("source", "v4l2");
    put("device", &device.to_string_lossy());
    // What a driver calls itself is no name that anybody wrote.
    let name: String = card.chars().filter(|c| !c.is_control()).take(80).collect();
    put("name", if name.trim().is_empty() { "Camera" } else { name.trim() });
}

/// The places that a problem speaks of: its key, and the key that was most likely meant.
fn speaks_of(problem: &Problem) -> Vec<String> {
    let meant = problem.nearest.as_ref().and_then(|nearest| {
        let (table, _) = problem.key.rsplit_once('.')?;
        Some(format!("{table}.{nearest}"))
    });
    [problem.key.clone()].into_iter().chain(meant).collect()
}

fn file(inputs: &Inputs, values: &mut Values, problems: &mut Vec<Problem>) -> Option<PathBuf> {
    let path = match &inputs.config {
        Some(path) => path.clone(),
        None => inputs.search.iter().find(|path| path.is_file())?.clone(),
    };
    match read(&path) {
        Ok(text) => document::read(&path, &text, values, problems),
        Err(what) => {
            let origin = Origin::File { path: path.clone(), line: 0, column: 0 };
            problems.push(Problem::new(origin, "", what, "name a file with --config, or leave it out"));
        }
    }
    Some(path)
}

/// 1 MiB is a hundred times the largest sensible configuration.
fn read(path: &Path) -> Result<String, String> {
    let bytes = files::read(path, 1 << 20)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("is not UTF-8 in line {line}")
    })
}

fn flags(
    flags: Vec<(Section, &'static str, &'static str, String)>,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) {
    for (section, name, flag, word) in flags {
        let Some(slot) = Slot::of(section, name, None, None) else { continue };
        match slot.row().kind.read_word(&word) {
            Ok(value) => values.put(slot, value, Origin::Flag(flag)),
            Err(refused) => {
                problems.push(Problem::refused(Origin::Flag(flag), slot.to_string(), refused));
            }
        }
    }
}

fn changed(values: &mut Values, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let Some(slot) = Slot::of(Section::Data, "path", None, None) else { return };
    let Some(Value::Text(data)) = values.get(slot).map(|set| set.value) else { return };
    let path = Path::new(&data).join("settings.toml");
    if !path.is_file() {
        return;
    }
    match read(&path) {
        Ok(text) => {
            let odd = document::read_changed(&path, &text, values, problems);
            warnings.extend(odd.into_iter().map(|odd| format!("{} {odd}", path.display())));
        }
        Err(what) => {
            let origin = Origin::Changed { path, line: 0, column: 0 };
            problems.push(Problem::new(origin, "", what, "mend or remove this file"));
        }
    }
}

/// A password that others on this machine can read deserves a word, not a refusal.
fn secret_files(values: &Values, warnings: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt as _;
    for (slot, set) in values.all() {
        let is_secret = ["password_file", "api_key_file", "secret_key_file"].contains(&slot.row().name);
        if !is_secret {
            continue;
        }
        let Some(path) = set.path() else { continue };
        let mode = std::fs::metadata(&path).map_or(0, |meta| meta.permissions().mode());
        if mode & 0o077 != 0 {
            let path = path.display();
            warnings.push(format!("{slot}: others on this machine can read {path}; run: chmod 600 {path}"));
        }
    }
}
