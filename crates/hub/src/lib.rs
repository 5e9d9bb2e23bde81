//! The storage server: events of many cameras, received, kept and shown.
//!
//! - **Reads** what cameras send, as hostile as anything from the network.
//! - **Writes** through `store` alone, beneath one root.
//! - **Never** knows a frame, a detector or a live picture; what shows events is `archive`'s.
