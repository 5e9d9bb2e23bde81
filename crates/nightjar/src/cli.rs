//! The command line: what can be asked for, and its help. What each command does lives elsewhere.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Inputs, SEARCH, Section};

const AFTER: &str = "\
Without a command, `nightjar` serves. Without a configuration it shows a rendered demo scene on
http://127.0.0.1:8000/. Exit codes: 0 fine, 1 failed, 2 bad usage, 78 bad configuration.";

/// Watches cameras, and tells what moves.
#[derive(Debug, Parser)]
#[command(name = "nightjar", version, about, after_help = AFTER, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do; `serve` if left out.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// The flags of `serve`, so that they work without naming it.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// Flags that every command takes.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct Global {
    /// Configuration file [default: ./nightjar.toml, else /etc/nightjar/nightjar.toml, else built-in values]
    #[arg(long, short, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory, over [data] path, or over [hub] path for a hub
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// How much to tell: error, warn, info, debug, trace; over [log] level
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
    /// How to tell it: text or json; over [log] format
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

/// Flags of `serve` and `hub`.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on, over [server] bind, or over [hub] bind for a hub
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch the cameras and serve the page, streams and API (the default)
    Serve,
    /// Receive events from cameras, keep and show them: the storage server
    Hub,
    /// Check, show and describe the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make, list and revoke API keys, kept in the data directory
    #[command(subcommand)]
    Key(KeyCommand),
    /// Run the detector over recorded footage, every frame of it, and keep the events it finds
    Analyze(AnalyzeArgs),
    /// Take over what lies on a camera's card, pictures and clips, or the events of the older system
    Import(ImportArgs),
    /// List, show and delete events; build their index anew; check that all is well
    #[command(subcommand)]
    Events(EventsCommand),
    /// Score the detector on the rendered scenes, whose truth is known
    Bench(BenchArgs),
    /// Try what this machine depends on, and say what is wrong and how to mend it: exit 1 if anything is
    Doctor(DoctorArgs),
    /// Ask a running server whether it is alive: exit 0 if so, 1 if not
    Health(HealthArgs),
}

/// `nightjar config …`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read everything and say what is wrong with it
    Check,
    /// Print the effective configuration with the origin of each value, secrets masked
    Show {
        /// As JSON instead of TOML
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Print a configuration file with every key, its default and what it does
    Example,
}

/// `nightjar key …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, once
    Add {
        #[command(flatten)]
        of: KeyOf,
        /// What it is for, to recognise it by
        #[arg(long)]
        name: String,
        /// What it may do; give it several times for several
        #[arg(long = "scope", required = true, value_enum)]
        scopes: Vec<ScopeArg>,
        /// With --hub: bytes that whoever has it may keep there, such as 10GiB [default: no bound]
        #[arg(long, value_name = "SIZE", requires = "hub", value_parser = size)]
        quota: Option<u64>,
        /// Write the key to this file, which only its owner can read, instead of printing it; if the file holds a key that is
        /// known already, nothing is done
        #[arg(long, value_name = "FILE", conflicts_with = "json")]
        out: Option<PathBuf>,
        /// As JSON: id, key, scopes
        #[arg(long)]
        json: bool,
    },
    /// List the keys; the keys themselves are not kept
    List {
        #[command(flatten)]
        of: KeyOf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a key's rights away at once
    Revoke {
        #[command(flatten)]
        of: KeyOf,
        /// Its id, as `key list` prints it
        id: String,
    },
}

/// Whose keys.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct KeyOf {
    /// The keys of the hub, in [hub] path, instead of those of the camera server
    #[arg(long)]
    pub(crate) hub: bool,
}

impl KeyCommand {
    /// Whether the hub's keys are meant.
    pub(crate) fn is_of_hub(&self) -> bool {
        let (Self::Add { of, .. } | Self::List { of, .. } | Self::Revoke { of, .. }) = self;
        of.hub
    }
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// Look: pictures, streams, state
    View,
    /// Change settings
    Control,
    /// Hand in events
    Upload,
    /// Read /metrics
    Metrics,
    /// Everything
    Admin,
}

impl ScopeArg {
    /// As it is kept.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Control => "control",
            Self::Upload => "upload",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }
}

/// `nightjar analyze …`
#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    /// Video files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write a JSON line per frame to this file; - is standard output, then without a summary
    #[arg(long, value_name = "OUT.jsonl")]
    pub(crate) frames: Option<PathBuf>,
    /// Keep no events
    #[arg(long)]
    pub(crate) no_store: bool,
    /// The camera they are of; if it is configured, its motion settings and zones are used [default: the first configured
    /// camera, else the name of the file's folder]
    #[arg(long, value_name = "ID")]
    pub(crate) camera: Option<String>,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `nightjar import …`
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Folders of pictures and clips, such as a card's DCIM; nothing is ever written there
    #[arg(required = true, value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// They hold events of the older system, with metadata.json, and its patterns
    #[arg(long)]
    pub(crate) legacy: bool,
    /// The camera they are of [default: the first configured camera, else the folder's name]
    #[arg(long, value_name = "ID")]
    pub(crate) camera: Option<String>,
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `nightjar events …`
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List events, the newest first
    List(EventsListArgs),
    /// Show everything that is known of one
    Show {
        /// Its id, as `events list` prints it
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete events with their clips and pictures, for good
    Delete {
        /// Their ids, as `events list` prints them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Throw the index away and build it anew from what lies beside the clips
    Reindex {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at every row and every file, and tell what is not as it should be: exit 1 if there is anything
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// `nightjar events list …`
#[derive(Debug, Args)]
pub(crate) struct EventsListArgs {
    /// Only of this camera
    #[arg(long, value_name = "ID")]
    pub(crate) camera: Option<String>,
    /// Only of this kind: person, vehicle, animal, environment, unknown
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Option<String>,
    /// Only from then on: 2026-11-20, 2026-11-20T06:00 in local time, or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only from before then; a date alone counts as a whole day
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u64,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `nightjar bench …`
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Only these scenes [default: all]
    #[arg(long = "scene", value_name = "NAME")]
    pub(crate) scenes: Vec<String>,
    /// Seeds to draw each scene with
    #[arg(long = "seed", value_name = "N", default_values_t = [1_u64, 2])]
    pub(crate) seeds: Vec<u64>,
    /// Width and height of the pictures
    #[arg(long, value_name = "WxH", default_value = "640x480", value_parser = picture_size)]
    pub(crate) size: frame::Size,
    /// As JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// `nightjar doctor …`
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// What to try; everything if left out
    #[command(subcommand)]
    pub(crate) what: Option<DoctorCommand>,
    /// As JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// `nightjar doctor …`
#[derive(Debug, Subcommand)]
pub(crate) enum DoctorCommand {
    /// Each remote: its address, its key, what it says of itself; nothing is left there
    Remote {
        /// Only the one of that name
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

/// `nightjar health …`
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Where the server is [default: [server] bind of the configuration]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

fn size(text: &str) -> Result<u64, String> {
    crate::config::parse_size(text)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "allowed: a size like 10GiB or 500MB".into())
}

fn picture_size(text: &str) -> Result<frame::Size, String> {
    let parse = || {
        let (width, height) = text.split_once('x')?;
        let size = frame::Size::new(width.parse().ok()?, height.parse().ok()?);
        ((64..=3840).contains(&size.width) && (48..=2160).contains(&size.height)).then_some(size)
    };
    parse().ok_or_else(|| "allowed: WIDTHxHEIGHT from 64x48 to 3840x2160, like 640x480".into())
}

impl Cli {
    /// What the configuration is read from.
    pub(crate) fn inputs(&self) -> Inputs {
        let is_hub = match &self.command {
            Some(Command::Hub) => true,
            Some(Command::Key(command)) => command.is_of_hub(),
            _ => false,
        };
        let (server, data) =
            if is_hub { (Section::Hub, Section::Hub) } else { (Section::Server, Section::Data) };
        let flags = [
            (server, "bind", "--bind", &self.serve.bind),
            (data, "path", "--data", &self.global.data),
            (Section::Log, "level", "--log", &self.global.log),
            (Section::Log, "format", "--log-format", &self.global.log_format),
        ];
        Inputs {
            config: self.global.config.clone(),
            search: SEARCH.map(PathBuf::from).to_vec(),
            environment: std::env::vars_os().collect(),
            flags: flags
                .into_iter()
                .filter_map(|(section, key, flag, value)| Some((section, key, flag, value.clone()?)))
                .collect(),
            local: None,
            sends_nothing: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_needs_no_word() {
        let cli = Cli::try_parse_from(["nightjar", "--bind", "127.0.0.1:0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.bind.as_deref(), Some("127.0.0.1:0"));
        let cli = Cli::try_parse_from(["nightjar", "serve", "--data", "/tmp/x"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Serve)));
    }

    #[test]
    fn a_key_without_a_scope_is_bad_usage() {
        let error = Cli::try_parse_from(["nightjar", "key", "add", "--name", "me"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }
}
