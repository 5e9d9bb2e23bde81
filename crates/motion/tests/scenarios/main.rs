//! The rendered scenarios, the properties of both steps, and the invariants of every decision.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/invariants.rs"]
#[expect(unreachable_pub, reason = "the fuzz target includes it too")]
mod invariants;
mod judging;
mod measuring;
mod scenes;
