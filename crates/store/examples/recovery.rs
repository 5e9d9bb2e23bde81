//! `cargo run --release -p store --features model --example recovery [EVENTS] [FOLDER]`: how long a start takes with so
//! many events, in order, and with the index gone.
#![expect(clippy::print_stdout, reason = "its lines are what it is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use store::model::time_recovery;

fn main() -> ExitCode {
    let events = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(10_000);
    let folder = std::env::args().nth(2).map_or_else(std::env::temp_dir, PathBuf::from);
    match time_recovery(&folder, events) {
        Ok(times) => {
            println!(
                "recovery of {events} events: {:.2} s to open in order, {:.2} s with {} drafts to repair, {:.2} s \
                 without an index",
                times.in_order.as_secs_f64(),
                times.with_drafts.as_secs_f64(),
                times.drafts,
                times.without_index.as_secs_f64()
            );
            if times.with_drafts.as_secs() < 3 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("recovery: {error}");
            ExitCode::FAILURE
        }
    }
}
