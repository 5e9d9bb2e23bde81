//! What every handler shares.

use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use web::{Life, Problem};

use crate::problem::told;
use crate::stream::Bell;

/// Questions to the store at the same time. More wait: an SD card answers none of them sooner.
const AT_ONCE: usize = 16;

/// What is being uploaded, as far as the older paths tell it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transfers {
    /// Errands that are owed or under way, over all remotes.
    pub pending: u64,
    /// Events under way.
    pub active: u64,
    /// Kilobit a second that are allowed; 0: as fast as it goes.
    pub throttle_kbps: u64,
    /// Whether hours of the day count.
    pub is_scheduled: bool,
    /// `22:00-06:00`.
    pub window: Option<String>,
    /// dBm, and kilobit a second that are allowed for that; `None` where the signal is not looked at.
    pub wifi: Option<(i32, u64)>,
    /// Ids of events that are owed, the newest first, as many as are worth telling.
    pub events: Vec<String>,
}

/// Says what is being uploaded. It may ask the index, so it is asked off the tokio workers.
pub type AskTransfers = Arc<dyn Fn() -> Transfers + Send + Sync>;

/// Says what the wall clock does.
pub type Wall = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What shows events is made of.
pub struct Setup {
    /// What is kept; `None` if the data directory cannot be used.
    pub store: Option<Store>,
    /// The same that is given to [`web::serve`].
    pub life: Life,
    /// The wall clock, for what is asked for without a time.
    pub wall: Wall,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("is_kept", &self.store.is_some()).finish_non_exhaustive()
    }
}

/// The state behind the handlers; a handle. A server that mounts [`crate::routes`] has it in its own state.
#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    store: Option<Store>,
    wall: Wall,
    transfers: Option<AskTransfers>,
    places: Arc<Semaphore>,
    life: Life,
    bell: Bell,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("is_kept", &self.0.store.is_some()).finish_non_exhaustive()
    }
}

impl Archive {
    /// Listens to the store from now on.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self::with(setup, None)
    }

    /// The same where something is uploaded from.
    #[must_use]
    pub fn with_transfers(setup: Setup, ask: AskTransfers) -> Self {
        Self::with(setup, Some(ask))
    }

    fn with(setup: Setup, transfers: Option<AskTransfers>) -> Self {
        let bell = Bell::default();
        if let Some(store) = &setup.store {
            store.on_change(bell.listener());
        }
        let Setup { store, life, wall } = setup;
        Self(Arc::new(Inner {
            store,
            wall,
            transfers,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            life,
            bell,
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::try_from((self.0.wall)()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whether events are sent from here.
    pub(crate) fn sends(&self) -> bool {
        self.0.transfers.is_some()
    }

    /// What is being uploaded, as a question for [`Archive::ask`].
    pub(crate) fn transfers(&self) -> impl FnOnce() -> Transfers + Send + 'static {
        let ask = self.0.transfers.clone();
        move || ask.map(|ask| ask()).unwrap_or_default()
    }

    pub(crate) fn life(&self) -> &Life {
        &self.0.life
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.0.bell
    }

    /// What the store says, off the tokio workers.
    ///
    /// # Errors
    /// 503 if nothing is kept here, else what [`told`] makes of the store's.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let Some(store) = self.0.store.clone() else { return Err(nothing_kept()) };
        let Ok(place) = self.0.places.clone().acquire_owned().await else { return Err(Problem::internal()) };
        // The place is given back when the answer is there, even if nobody waits for it any more.
        let answer = tokio::task::spawn_blocking(move || {
            let _place = place;
            question(&store)
        });
        match answer.await {
            Ok(answer) => answer.map_err(told),
            Err(_) => {
                tracing::error!("a question to the store panicked");
                Err(Problem::internal())
            }
        }
    }
}

fn nothing_kept() -> Problem {
    let detail =
        "Nothing is kept here: the data directory cannot be used. The log says why; the live view goes on.";
    Problem::unavailable("nothing_kept", detail, 30)
}
