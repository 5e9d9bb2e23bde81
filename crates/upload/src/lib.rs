//! Finished events on their way to safety.
//!
//! - **Reads** from `store` what is owed to which remote, and the files of those events.
//! - **Writes** to the remotes, and to `store` what became of it.
//! - **Never** touches a ring or a camera, and frees nothing before a remote has proved that it holds it.
//!
//! A reconciler: what is owed stands in the index, so that a crash, a weak link or weeks offline lose nothing.
