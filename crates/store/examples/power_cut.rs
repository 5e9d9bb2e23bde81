//! `cargo run --release -p store --features model --example power_cut [STATES]`: cuts the power of a model disk in so
//! many ways, lets every operation fail, and prints a line of figures each; ends with 1 if a rule was broken or a bug
//! that was put in was not found.
#![expect(clippy::print_stdout, reason = "its lines are what it is for")]

use std::fmt::{Debug, Display};
use std::process::ExitCode;
use std::time::Instant;

use store::model::{
    IndexBug, IntakeBug, Sabotage, index_cuts, index_faults, intake_faults, io_faults, power_cuts,
};

/// Half of them or so are second cuts.
const STATES: u64 = 24_000;
/// Within so many every bug must show.
const STATES_A_BUG: u64 = 8_000;
/// Every so manyth operation of SQLite fails, another one for each error.
const FAULT_STEP: u64 = 7;

fn main() -> ExitCode {
    let states = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(STATES);
    let verdicts = [
        cuts(states),
        bugs(),
        faults(),
        faults_of_intake(),
        bugs_of_intake(),
        cuts_of_index(states / 4),
        bugs_of_index(),
        faults_of_index(),
    ];
    if verdicts.iter().all(|held| *held) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verdict(held: bool) -> &'static str {
    if held { "held" } else { "MISSED" }
}

fn cuts(states: u64) -> bool {
    let started = Instant::now();
    let report = match power_cuts(1, states, Sabotage::None) {
        Ok(report) => report,
        Err(error) => return failed("power cut", &error.to_string()),
    };
    let held = report.broken == 0 && report.states + report.second >= states;
    println!(
        "power cut: {} states before {} operations of {} plays, {} after a second cut while recovering, {} broken \
         rules, {:.0} s: {}",
        report.states + report.second,
        report.operations,
        report.plays,
        report.second,
        report.broken,
        started.elapsed().as_secs_f64(),
        verdict(held)
    );
    report.examples.iter().for_each(|example| println!("  {example}"));
    held
}

fn bugs() -> bool {
    let broken = |bug| power_cuts(1, STATES_A_BUG, bug).map(|report| report.broken > 0);
    are_found("power cut", &Sabotage::BUGS, broken)
}

/// Whether each of the bugs, put in, breaks something.
fn are_found<B: Copy + Debug, E: Display>(
    what: &str,
    bugs: &[B],
    broken: impl Fn(B) -> Result<bool, E>,
) -> bool {
    let mut found = 0;
    for &bug in bugs {
        match broken(bug) {
            Ok(true) => found += 1,
            Ok(false) => println!("  {bug:?} was not found"),
            Err(error) => println!("  {bug:?}: {error}"),
        }
    }
    let held = found == bugs.len();
    println!("{what}, bugs put in: {found} of {} found: {}", bugs.len(), verdict(held));
    held
}

fn faults() -> bool {
    let started = Instant::now();
    let report = match io_faults(1) {
        Ok(report) => report,
        Err(error) => return failed("I/O faults", &error.to_string()),
    };
    let held = report.broken == 0;
    println!(
        "I/O faults: {} runs over {} operations, 4 errors, once and for ever, {} broken rules, {:.0} s: {}",
        report.runs,
        report.operations,
        report.broken,
        started.elapsed().as_secs_f64(),
        verdict(held)
    );
    report.examples.iter().for_each(|example| println!("  {example}"));
    held
}

fn faults_of_intake() -> bool {
    let started = Instant::now();
    let report = match intake_faults(1, IntakeBug::None) {
        Ok(report) => report,
        Err(error) => return failed("I/O faults of receiving", &error.to_string()),
    };
    let held = report.broken == 0;
    println!(
        "I/O faults of receiving: {} runs over {} operations, 4 errors, once and for ever, each with a power cut during \
         the fault and after it, {} broken rules, {:.0} s: {}",
        report.runs,
        report.operations,
        report.broken,
        started.elapsed().as_secs_f64(),
        verdict(held)
    );
    report.examples.iter().for_each(|example| println!("  {example}"));
    held
}

fn bugs_of_intake() -> bool {
    let broken = |bug| intake_faults(1, bug).map(|report| report.broken > 0);
    are_found("I/O faults of receiving", &IntakeBug::BUGS, broken)
}

fn cuts_of_index(states: u64) -> bool {
    let started = Instant::now();
    let report = match index_cuts(1, states, IndexBug::None) {
        Ok(report) => report,
        Err(error) => return failed("power cut within the index", &error.to_string()),
    };
    let held = report.broken == 0 && report.states + report.second >= states;
    println!(
        "power cut within the index: {} states before {} operations of SQLite in {} plays, {} after a second cut while \
         opening, {} that are neither as acknowledged nor as under way, {:.0} s: {}",
        report.states + report.second,
        report.operations,
        report.plays,
        report.second,
        report.broken,
        started.elapsed().as_secs_f64(),
        verdict(held)
    );
    report.examples.iter().for_each(|example| println!("  {example}"));
    held
}

fn bugs_of_index() -> bool {
    let broken = |bug| index_cuts(1, STATES_A_BUG, bug).map(|report| report.broken > 0);
    are_found("power cut within the index", &IndexBug::BUGS, broken)
}

fn faults_of_index() -> bool {
    let started = Instant::now();
    let report = match index_faults(FAULT_STEP) {
        Ok(report) => report,
        Err(error) => return failed("I/O faults of the index", &error.to_string()),
    };
    let held = report.broken == 0;
    println!(
        "I/O faults of the index: {} runs over {} operations of SQLite, 4 errors, once and for ever, {} broken rules, \
         {:.0} s: {}",
        report.runs,
        report.operations,
        report.broken,
        started.elapsed().as_secs_f64(),
        verdict(held)
    );
    report.examples.iter().for_each(|example| println!("  {example}"));
    held
}

fn failed(what: &str, why: &str) -> bool {
    println!("{what}: {why}: MISSED");
    false
}
