//! What runs in the guest of `make test-v4l2`: the real program against real drivers of a real kernel. A line for each
//! claim, with its figures; the last line is the sum. An argument chooses the claims that have it in their names.
//!
//! - **Reads** what any user of the program can, `/dev/video*`, and what `v4l2-ctl` says.
//! - **Writes** to the controls of `vivid`, and pictures to `v4l2loopback` through ffmpeg.
//! - **Never** runs on a machine that is used for anything else: it pulls cameras out and kills what feeds them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it is a test: a wrong guess must end the claim, loudly, and the claims are printed"
)]

mod loopback;
mod tools;
mod vivid;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// What it proves, by its name; the figures that come back go into its line.
type Claim = (&'static str, fn() -> String);

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let all = [vivid::CLAIMS, loopback::CLAIMS].concat();
    let (mut passed, mut failed) = (0, 0);
    for (name, prove) in all.into_iter().filter(|(name, _)| name.contains(&only)) {
        let begun = Instant::now();
        match catch_unwind(AssertUnwindSafe(prove)) {
            Ok(figures) => {
                passed += 1;
                println!("ok      {name}: {figures} ({:.0} s)", begun.elapsed().as_secs_f32());
            }
            Err(panic) => {
                failed += 1;
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
                println!("FAILED  {name}: {said}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
