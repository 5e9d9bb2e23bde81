//! Proof that what was acknowledged survives: a model disk whose power is cut at every operation, and a disk that
//! fails at every operation. For tests and for `cargo run -p store --features model --example power_cut`, never in
//! the program.

mod disk;
mod faults;
mod faulty;
mod index_cuts;
mod intake;
mod ledger;
mod play;
mod power;
mod receiving;
mod sabotage;
pub(crate) mod scene;
mod starts;
mod vfs;

pub use faults::{FaultReport, index_faults, io_faults};
pub use index_cuts::{IndexBug, index_cuts};
pub use power::{CutReport, power_cuts};
pub use receiving::{IntakeBug, intake_faults};
pub use sabotage::Sabotage;
pub use starts::{StartTimes, time_recovery};

#[cfg(test)]
mod tests;
