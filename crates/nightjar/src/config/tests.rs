use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::load::{Inputs, Loaded, load};
use super::problems::Problems;
use super::*;

mod bad;
mod layers;
mod local;
mod mutations;

/// A directory with a configuration file in it; the data directory is an empty one beside it.
pub(super) struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub(super) fn with(text: &str) -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(desk.file(), text).unwrap();
        std::fs::create_dir(desk.data()).unwrap();
        desk
    }

    pub(super) fn file(&self) -> PathBuf {
        self.dir.path().join("n.toml")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(super) fn inputs(&self) -> Inputs {
        let data = self.data().display().to_string();
        Inputs {
            config: Some(self.file()),
            flags: vec![(Section::Data, "path", "--data", data)],
            ..Inputs::default()
        }
    }

    pub(super) fn load(&self, environment: &[(&str, &str)]) -> Result<Loaded, Problems> {
        let environment = environment.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))).collect();
        load(Inputs { environment, ..self.inputs() })
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_shipped_file_shows_every_key_with_its_default() {
    let path = repository().join("config/nightjar.toml");
    let shipped = std::fs::read_to_string(&path).unwrap();
    assert_eq!(shipped, example(), "renew it with: nightjar config example > config/nightjar.toml");
    for key in super::keys::KEYS {
        assert!(shipped.contains(&format!("{} = ", key.name)), "{} is not in it", key.name);
    }
}

#[test]
fn the_shipped_file_equals_the_built_in_defaults() {
    let shipped =
        load(Inputs { config: Some(repository().join("config/nightjar.toml")), ..Inputs::default() });
    let built_in = load(Inputs::default());
    assert_eq!(shipped.unwrap().config, built_in.unwrap().config);
}

/// The lines that stand behind `#` are right too once the `#` is taken away.
#[test]
fn the_samples_of_the_shipped_file_are_valid() {
    let keys = |header: &str| -> Vec<String> {
        let part = example().split(&format!("# {header}\n")).nth(1).unwrap().to_owned();
        let part = part.split("\n\n").next().unwrap().replace("\n# ", "\n#");
        let is_key = |line: &&str| {
            let name = line.trim_start_matches('#').split(" = ").next().unwrap_or_default();
            line.contains(" = ") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        part.lines().filter(is_key).map(|line| line.replace('#', "") + "\n").collect()
    };
    Desk::with(&format!("[[camera]]\n[[camera.zone]]\n{}", keys("[[camera.zone]]").concat()))
        .load(&[])
        .unwrap();
    let remote = keys("[[remote]]");
    let (secret, certificates) =
        (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    std::fs::write(secret.path(), "nj_secret\n").unwrap();
    for kind in ["nightjar", "legacy", "s3"] {
        let mine = |line: &&String| {
            let name = line.split(" = ").next().unwrap().trim();
            let key = super::keys::Section::Remote.keys().find(|(_, key)| key.name == name).unwrap().1;
            key.serves(kind) && !["kind", "api_key", "secret_key"].contains(&name)
        };
        let lines: String = remote.iter().filter(mine).map(String::as_str).collect();
        let lines = lines
            .replace("/run/secrets/hub-key", &secret.path().display().to_string())
            .replace("/run/secrets/store-key", &secret.path().display().to_string())
            .replace("/etc/nightjar/ca.pem", &certificates.path().display().to_string());
        let loaded = Desk::with(&format!("[[remote]]\nkind = \"{kind}\"\n{lines}")).load(&[]).unwrap();
        assert_eq!(loaded.config.remotes[0].name, "attic");
    }
}

#[test]
fn remotes_come_from_the_file_or_the_environment_with_secrets_that_are_never_shown() {
    let text = "[upload]\nrate = \"1MB\"\nwindow = \"22:00-06:00\"\ntime_zone = \"Europe/Amsterdam\"\n\
                [[remote]]\nurl = \"https://hub.example:8080/\"\napi_key = \"hunter2\"\n\
                [[remote]]\nname = \"old\"\nkind = \"legacy\"\nurl = \"http://10.0.0.7/\"\napi_key = \"hunter2\"\n";
    let more = [
        ("NIGHTJAR_REMOTE__2__KIND", "s3"),
        ("NIGHTJAR_REMOTE__2__URL", "http://127.0.0.1:9000"),
        ("NIGHTJAR_REMOTE__2__BUCKET", "garden"),
        ("NIGHTJAR_REMOTE__2__ACCESS_KEY", "me"),
        ("NIGHTJAR_REMOTE__2__SECRET_KEY", "hunter2"),
    ];
    let loaded = Desk::with(text).load(&more).unwrap();
    let names: Vec<_> = loaded.config.remotes.iter().map(|remote| remote.name.as_str()).collect();
    assert_eq!(names, ["remote1", "old", "remote3"]);
    let upload::Kind::Nightjar { url, key, .. } = &loaded.config.remotes[0].kind else { panic!() };
    assert_eq!((url.as_str(), key.reveal()), ("https://hub.example:8080", "hunter2"));
    let upload::Kind::S3 { secret, .. } = &loaded.config.remotes[2].kind else { panic!() };
    assert_eq!(secret.reveal(), "hunter2");
    let settings = &loaded.config.upload;
    assert_eq!((settings.rate, settings.paused, settings.keep_clips), (Some(1_000_000), false, true));
    assert_eq!(settings.window.as_ref().unwrap().zone.iana_name(), Some("Europe/Amsterdam"));
    let shown = format!("{}{}{:?}", show_toml(&loaded.values), show_json(&loaded.values), loaded.config);
    assert!(!shown.contains("hunter2") && shown.contains("remote[1].api_key"), "{shown}");
    assert!(shown.contains("name = \"remote3\""), "{shown}");
}

#[test]
fn the_schema_knows_every_key_and_nothing_else() {
    fn names(schema: &serde_json::Value, into: &mut Vec<String>) {
        for (name, inner) in schema["properties"].as_object().unwrap() {
            match (
                inner.get("items").filter(|items| items.get("properties").is_some()),
                inner.get("properties"),
            ) {
                (Some(items), _) => names(items, into),
                (None, Some(_)) => names(inner, into),
                (None, None) => into.push(name.clone()),
            }
        }
    }
    let mut found = Vec::new();
    names(&schema(), &mut found);
    let mut known: Vec<String> = super::keys::KEYS.iter().map(|key| key.name.to_owned()).collect();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn no_secret_is_shown_or_debugged() {
    let desk = Desk::with(
        "[[camera]]\nsource = \"http\"\nurl = \"http://cam/\"\nuser = \"me\"\npassword = \"hunter2\"\n",
    );
    let loaded = desk.load(&[]).unwrap();
    let shown = format!("{}{}{:?}", show_toml(&loaded.values), show_json(&loaded.values), loaded.config);
    assert!(!shown.contains("hunter2"), "{shown}");
    let Source::Http { login: Some((_, secret)), .. } = &loaded.config.cameras[0].source else { panic!() };
    assert_eq!(secret.expose(), "hunter2");
}

#[test]
fn a_token_in_a_url_is_not_shown() {
    let desk = Desk::with("[[camera]]\nsource = \"http\"\nurl = \"http://cam/v?tok=hunter2\"\n");
    let loaded = desk.load(&[]).unwrap();
    let shown = format!("{}{}", show_toml(&loaded.values), show_json(&loaded.values));
    assert!(!shown.contains("hunter2") && shown.contains("http://cam/v?"), "{shown}");
    let Source::Http { url, .. } = &loaded.config.cameras[0].source else { panic!() };
    assert_eq!(url, "http://cam/v?tok=hunter2");
}

#[test]
fn of_a_command_the_program_and_the_names_of_its_options_are_shown_and_nothing_else() {
    let head = "[[camera]]\nsource = \"command\"\n";
    let run = "run = [\"curl\", \"--user\", \"me:hunter2\", \"-n\", \"-hunter2\", \"--key=hunter2\"]\n";
    let loaded = Desk::with(&format!("{head}{run}")).load(&[]).unwrap();
    let mask = "\"********\"";
    let shown = format!("run = [\"curl\", \"--user\", {mask}, \"-n\", {mask}, {mask}]");
    assert!(show_toml(&loaded.values).contains(&shown), "{}", show_toml(&loaded.values));
    assert!(!show_json(&loaded.values).to_string().contains("hunter2"));
    for wrong in
        ["run = \"curl -u me:hunter2\"", "run = [\"curl -u me:hunter2\"]", "run = [\"curl\", [\"hunter2\"]]"]
    {
        let told = Desk::with(&format!("{head}{wrong}\n")).load(&[]).unwrap_err().to_string();
        assert!(told.contains("camera[0].run: found") && !told.contains("hunter2"), "{told}");
    }
    let told = Desk::with(&format!("{head}preset = \"raspivid\"\n")).load(&[]).unwrap_err().to_string();
    assert!(told.contains("rpicam-vid") && !told.contains("camera[0].run"), "told once: {told}");
}

#[test]
fn a_relative_path_counts_from_the_folder_of_the_file_and_in_the_environment_from_here() {
    let desk = Desk::with("[[camera]]\nsource = \"file\"\npath = \"x.mp4\"\n");
    let path = |environment: &[(&str, &str)]| match &desk.load(environment).unwrap().config.cameras[0].source
    {
        Source::File { path, .. } => path.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(path(&[]), desk.file().with_file_name("x.mp4"));
    assert_eq!(path(&[("NIGHTJAR_CAMERA__0__PATH", "y.mp4")]), Path::new("y.mp4"));
}

#[test]
fn zones_without_a_name_are_numbered() {
    let zone = "[[camera.zone]]\npoints = [[0, 0], [1, 0], [1, 1]]\n";
    let loaded = Desk::with(&format!("[[camera]]\n{zone}{zone}")).load(&[]).unwrap();
    let names: Vec<&str> = loaded.config.cameras[0].motion.zones.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["zone1", "zone2"]);
    assert!(show_toml(&loaded.values).contains("name = \"zone2\""));
}

#[test]
fn what_is_shown_can_be_read_again() {
    let text = "[server]\nmax_clients = 7\n[[camera]]\nid = \"a\"\nsource = \"file\"\npath = \"/x.mp4\"\n\
                [[camera.zone]]\nname = \"z\"\npoints = [[0, 0], [1, 0], [1, 1]]\n";
    let first = Desk::with(text).load(&[]).unwrap();
    let shown = show_toml(&first.values);
    let data = first.config.data.display().to_string();
    let flags = vec![(Section::Data, "path", "--data", data)];
    let desk = Desk::with(&shown);
    let again = load(Inputs { flags, ..desk.inputs() }).unwrap();
    assert_eq!(first.config, again.config);
}
