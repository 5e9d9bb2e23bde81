//! The rendered scenarios, the properties of both steps, and the invariants of every decision.

#[path = "../support/invariants.rs"]
#[expect(unreachable_pub, reason = "the fuzz target includes it too")]
mod invariants;
mod judging;
mod measuring;
mod scenes;
