//! HTTP over what is kept: events, clips, pictures, the timeline; for every server that holds events.
//!
//! - **Reads** the store, off the tokio workers.
//! - **Writes** what a person says of an event, and deletes; through `store` alone.
//! - **Never** knows a camera, a ring or a detector.
