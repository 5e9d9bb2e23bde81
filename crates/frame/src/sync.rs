//! The ring's lock and condition variable: std's, or loom's when the model test walks the interleavings.

#[cfg(not(feature = "model"))]
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard};

#[cfg(feature = "model")]
pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
