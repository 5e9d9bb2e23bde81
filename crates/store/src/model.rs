//! Proof that what was acknowledged survives: a model disk whose power is cut at every operation, and a disk that
//! fails at every operation. For tests and for `cargo run -p store --features model --example power_cut`, never in
//! the program.

mod disk;
mod faults;
mod faulty;
mod intake;
mod ledger;
mod play;
mod power;
mod sabotage;
pub(crate) mod scene;
mod starts;

pub use faults::{FaultReport, io_faults};
pub use power::{CutReport, power_cuts};
pub use sabotage::Sabotage;
pub use starts::{StartTimes, time_recovery};

#[cfg(test)]
mod tests;
