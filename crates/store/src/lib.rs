//! Everything on disk.
//!
//! - **Reads** and **writes** the data directory: the key file, the secret that signs links; others publish
//!   whole files through it.
//! - **Never** speaks HTTP, looks at pixels, or publishes a file in any other way than [`publish`] does.

mod error;
pub mod event;
pub mod fs;
// Public for the bench alone, which fills it with a million rows; everybody else asks the store.
#[doc(hidden)]
pub mod index;
pub mod keys;
pub mod links;
pub mod mp4;
pub mod publish;
pub mod query;

pub use error::StoreError;
