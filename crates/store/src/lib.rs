//! Everything on disk.
//!
//! - **Reads** and **writes** the data directory: events with their clips and pictures, the index that finds them,
//!   the key file, the secret that signs links; others publish whole files through it.
//! - **Never** speaks HTTP, looks at pixels, or lets a file be seen under its name before it is whole.
//!
//! An event is written in a folder of its own below `drafts/` and moved among the events whole, then gets its row;
//! it loses its row first and its files after. So a row always has its files, whatever is cut off when.

pub mod arrivals;
mod boot;
mod check;
pub mod devices;
mod draft;
mod error;
pub mod event;
mod forecast;
pub mod fs;
mod health;
mod identity;
// Public for the bench alone, which fills it with a million rows; everybody else asks the store.
#[doc(hidden)]
pub mod index;
pub mod intake;
pub mod keys;
mod layout;
pub mod links;
mod look;
mod metadata;
#[cfg(any(test, feature = "model"))]
#[doc(hidden)]
pub mod model;
pub mod mp4;
mod notice;
mod older;
pub mod outbox;
pub mod parcel;
pub mod publish;
mod quarantine;
pub mod query;
mod recover;
mod reindex;
mod remove;
mod retain;
mod spool;
mod stamp;
mod store;
mod track;

pub use boot::clock_is_set;
pub use draft::{Birth, Draft, Finished};
pub use error::StoreError;
pub use forecast::{Forecast, Limit};
pub use health::{Problem, StoreState};
pub use look::Look;
pub use notice::{Listener, Notice, NoticeKind};
pub use recover::Recovered;
pub use reindex::Reindexed;
pub use remove::Deleted;
pub use retain::{Disk, Retention, RetentionReport, StorageView};
pub use spool::Spool;
pub use store::{Opening, Store};
pub use track::{GateRecord, Track};
