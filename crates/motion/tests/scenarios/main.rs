//! The rendered scenarios, the properties of both steps, and the invariants of every decision.

#[path = "../support/invariants.rs"]
mod invariants;
mod judging;
mod measuring;
mod scenes;
