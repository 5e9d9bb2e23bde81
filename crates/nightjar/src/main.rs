//! Nightjar: watches cameras, and tells what moves.
//!
//! - **Reads** the command line, the environment and the configuration, whole, before anything is started.
//! - **Writes** the one line that says where it listens to standard output, everything it tells to standard error.
//! - **Never** holds logic of its own beyond wiring: capture → ring → detection → server, signals, shutdown.

use std::process::ExitCode;

use clap::Parser as _;

mod analyze;
mod bench;
mod cli;
mod config;
mod detect;
mod doctor;
mod events;
mod footage;
mod health;
mod import;
mod keys;
mod run;
mod say;

use cli::{Cli, Command, ConfigCommand};
use config::{Loaded, Problems};

/// Bad configuration; systemd must not restart on it (`EX_CONFIG`).
const EXIT_CONFIG: u8 = 78;
/// Bad usage, as the command line's own errors say it.
const EXIT_USAGE: u8 = 2;

/// What was asked for cannot be meant; nothing was touched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            say::fault(&format!("{error:#}"));
            let is_config = error.is::<Problems>() || error.is::<run::Unguarded>();
            if error.is::<Usage>() {
                ExitCode::from(EXIT_USAGE)
            } else if is_config {
                ExitCode::from(EXIT_CONFIG)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Some(Command::Config(command)) => config_command(cli, command)?,
        Some(Command::Key(command)) => {
            // The key that it makes may be the very one whose file a remote names.
            let inputs = config::Inputs { sends_nothing: true, ..cli.inputs() };
            let config = config::load(inputs)?.config;
            keys::run(command, if command.is_of_hub() { &config.hub.path } else { &config.data })?;
        }
        Some(Command::Analyze(args)) => {
            let loaded = config::load(cli.inputs())?;
            let terms = footage::Terms::of(&loaded, args.camera.as_deref())?;
            return analyze::run(args, &terms, || footage::Vault::of(&loaded.config));
        }
        Some(Command::Import(args)) => return import::run(args, &config::load(cli.inputs())?),
        Some(Command::Events(command)) => return events::run(command, &config::load(cli.inputs())?.config),
        Some(Command::Bench(args)) => bench::run(args)?,
        Some(Command::Doctor(args)) => return doctor::run(args, &config::load(cli.inputs())?.config),
        Some(Command::Health(args)) => {
            health::run(args.url.as_deref(), config::load(cli.inputs())?.config.server.bind)?;
        }
        Some(Command::Hub) => return run::hub(config::load(cli.inputs())?, cli.inputs()),
        Some(Command::Serve) | None => return run::serve(config::load(cli.inputs())?, cli.inputs()),
    }
    Ok(ExitCode::SUCCESS)
}

fn config_command(cli: &Cli, command: &ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Schema => say::line(&format!("{:#}", config::schema()))?,
        ConfigCommand::Example => say::text(&config::example())?,
        ConfigCommand::Check => {
            let loaded = config::load(cli.inputs())?;
            warn(&loaded);
            say::line(&format!("the configuration is good ({})", origin(&loaded)))?;
        }
        ConfigCommand::Show { json } => {
            let loaded = config::load(cli.inputs())?;
            warn(&loaded);
            if *json {
                say::line(&format!("{:#}", config::show_json(&loaded.values)))?;
            } else {
                say::text(&config::show_toml(&loaded.values))?;
            }
        }
    }
    Ok(())
}

fn origin(loaded: &Loaded) -> String {
    loaded.file.as_ref().map_or_else(|| "no file, built-in values".into(), |file| file.display().to_string())
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        say::fault(&format!("warning: {warning}"));
    }
}
