//! Nightjar: watches cameras, and tells what moves.
//!
//! - **Reads** the command line, the environment and the configuration, whole, before anything is started.
//! - **Writes** the one line that says where it listens to standard output, everything it tells to standard error.
//! - **Never** holds logic of its own beyond wiring: capture → ring → detection → server, signals, shutdown.

use std::process::ExitCode;

use clap::Parser as _;

mod cli;
mod config;
mod say;

use cli::{Cli, Command, ConfigCommand};
use config::{Loaded, Problems};

/// Bad configuration; systemd must not restart on it (`EX_CONFIG`).
const EXIT_CONFIG: u8 = 78;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error) if error.is::<Problems>() => {
            say::fault(&error.to_string());
            ExitCode::from(EXIT_CONFIG)
        }
        Err(error) => {
            say::fault(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Some(Command::Config(command)) => config_command(cli, command),
        _ => anyhow::bail!("not wired yet"),
    }
}

fn config_command(cli: &Cli, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
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
    Ok(ExitCode::SUCCESS)
}

fn origin(loaded: &Loaded) -> String {
    loaded.file.as_ref().map_or_else(|| "no file, built-in values".into(), |file| file.display().to_string())
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        say::fault(&format!("warning: {warning}"));
    }
}
