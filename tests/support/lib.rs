//! The black-box tests' tools.
