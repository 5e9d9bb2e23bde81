//! What holds for all rows together.

mod figures;
mod hostile;
mod large;
mod statements;
