//! Finished events on their way to safety.
//!
//! - **Reads** from `store` what is owed to which remote, and the files of those events.
//! - **Writes** to the remotes, and to `store` what became of it.
//! - **Never** touches a ring or a camera, and frees nothing before a remote has proved that it holds it.
//!
//! A reconciler: what is owed stands in the index, so that a crash, a weak link or weeks offline lose nothing.
//! [`Uploader`] runs it on a thread of its own; a [`Remote`] is one place that events go to; an [`EventBundle`] is all
//! that one attempt has open.

mod attempt;
mod backoff;
mod bundle;
mod chores;
mod courier;
mod desk;
mod gate;
mod http;
mod ledger;
mod rates;
mod remote;
mod scope;
mod settings;
#[cfg(test)]
mod testing;
mod throttle;
mod uploader;
mod view;
mod wifi;
mod window;

pub use bundle::{ClipReader, EventBundle};
pub use chores::Vitals;
pub use http::{Answer, Http, Outgoing, Patience, SetupError, Way};
pub use ledger::{
    Backlog, ClipEntry, Errand, ErrandCursor, ErrandQuery, ErrandState, ErrandView, FileEntry, Ledger,
    Manifest, Outcome, Receipt, RemoteRule, Stage,
};
pub use remote::{Beat, Failure, Finding, FindingState, Remote, connect};
pub use settings::{Checksum, Kind, RemoteSettings, Secret, Settings, WifiSettings, Window};
pub use uploader::{Setup, Uploader};
pub use view::{Counts, RemoteState, RemoteView, UnderWay, UploadsView, Waiting};
pub use wifi::Signal;
