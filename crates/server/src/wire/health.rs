//! Whether it lives, and whether it can do its work.

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::camera::ProblemWire;
use crate::wire::schema;

/// The process lives and answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthWire {
    /// `ok`.
    pub(crate) status: &'static str,
}

/// Everything is as it should be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct ReadyWire {
    /// `ready`.
    pub(crate) status: &'static str,
    pub(crate) checks: ChecksWire,
}

/// What was looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checks)]
pub(crate) struct ChecksWire {
    pub(crate) cameras: Vec<CameraCheck>,
    pub(crate) disk: DiskCheck,
    pub(crate) storage: StorageWire,
    /// Each remote; what is owed to one that cannot be reached waits, which is no reason not to be ready.
    pub(crate) remotes: Vec<RemoteCheck>,
    /// Keys of the configuration file whose new values wait for a restart.
    pub(crate) restart_pending: Vec<String>,
}

/// Whether a camera delivers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CameraCheck {
    /// The camera's id.
    pub(crate) id: String,
    pub(crate) ok: bool,
    #[schema(schema_with = schema::state)]
    pub(crate) state: &'static str,
    #[schema(required)]
    pub(crate) problem: Option<ProblemWire>,
    pub(crate) recording: RecordingCheck,
}

/// Whether events get to a remote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemoteCheck {
    /// Its name.
    pub(crate) name: String,
    pub(crate) ok: bool,
    /// `idle`, `sending`, `waiting`, or why it waits.
    pub(crate) state: &'static str,
    /// Events that are owed to it.
    pub(crate) owed: u64,
    /// Events that it refused.
    pub(crate) failed: u64,
    /// What went wrong last, if nothing went well since.
    #[schema(required)]
    pub(crate) problem: Option<String>,
}

/// Whether a camera's events can be kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingCheck {
    pub(crate) ok: bool,
    /// `off`, `ready`, `recording`, `failing`.
    pub(crate) state: &'static str,
    #[schema(required)]
    pub(crate) problem: Option<ProblemWire>,
}

/// Whether the place is there where events are kept, and takes them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageCheck)]
pub(crate) struct StorageWire {
    pub(crate) ok: bool,
    /// `ok`, `degraded`, `missing`, `unused`.
    pub(crate) state: &'static str,
    #[schema(required)]
    pub(crate) problem: Option<ProblemWire>,
}

/// Whether the data directory can be written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiskCheck {
    pub(crate) ok: bool,
    /// `writable`, `not_writable`, `unused`, `unknown`.
    pub(crate) state: &'static str,
}
