//! The uploader as the program holds it: a thread of its own, at a low priority, so that nothing of it ever takes from a
//! camera.

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use frame::Clock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chores::{Chores, Vitals};
use crate::courier::Courier;
use crate::desk::Desk;
use crate::gate::{self, Gate};
use crate::http::SetupError;
use crate::ledger::{Ledger, RemoteRule};
use crate::remote::Remote;
use crate::settings::{RemoteSettings, Secret, Settings};
use crate::throttle::Throttle;
use crate::view::UploadsView;

/// Everything is given back within this time, or left to lapse.
const GRACE: Duration = Duration::from_secs(1);
/// How much nicer than capture.
const NICER: i32 = 10;

/// What an uploader is made of.
pub struct Setup {
    /// What is owed, and the files of it.
    pub ledger: Arc<dyn Ledger>,
    /// The wall clock, for hours and labels.
    pub clock: Arc<dyn Clock>,
    /// When and how fast.
    pub settings: Settings,
    /// Where to.
    pub remotes: Vec<(RemoteSettings, Arc<dyn Remote>)>,
    /// How this camera is.
    pub vitals: Vitals,
}

/// Brings what is owed to its remotes, as long as it lives.
pub struct Uploader {
    settings: watch::Sender<Settings>,
    gate: watch::Receiver<Gate>,
    desks: Vec<Arc<Desk>>,
    ledger: Arc<dyn Ledger>,
    stop: CancellationToken,
    thread: Option<(JoinHandle<()>, std::sync::mpsc::Receiver<()>)>,
}

impl fmt::Debug for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploader").field("remotes", &self.desks.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("settings", &self.settings)
            .field("remotes", &self.remotes)
            .finish_non_exhaustive()
    }
}

impl Uploader {
    /// Begins. What was owed to remotes that are no longer there is owed to nobody from now on.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(setup: Setup) -> Result<Self, SetupError> {
        let Setup { ledger, clock, settings, remotes, vitals } = setup;
        let failed = |error: &dyn fmt::Display| SetupError(format!("failed to start uploading: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            .thread_name("upload")
            .build()
            .map_err(|error| failed(&error))?;
        let rules = remotes.iter().map(|(settings, remote)| RemoteRule {
            name: settings.name.clone(),
            pictures_first: remote.pictures_first(),
        });
        let rules: Vec<_> = rules.collect();
        let stop = CancellationToken::new();
        let (gate_tx, gate_rx) = watch::channel(Gate::default());
        let (settings_tx, settings_rx) = watch::channel(settings);
        let make = |(settings, _): &(RemoteSettings, Arc<dyn Remote>)| settings.name.clone();
        let desks: Vec<_> =
            remotes.iter().map(|pair| Arc::new(Desk::new(make(pair), pair.1.kind()))).collect();
        let crew = Crew {
            ledger: Arc::clone(&ledger),
            clock,
            vitals,
            remotes: remotes
                .into_iter()
                .zip(desks.clone())
                .map(|((settings, remote), desk)| (settings, remote, desk))
                .collect(),
            rules,
            settings: settings_rx,
            stop: stop.clone(),
        };
        let (done_tx, done_rx) = sync_channel(1);
        let thread = Builder::new().name("upload".to_owned()).spawn(move || {
            be_nice();
            runtime.block_on(crew.work(gate_tx));
            // A name that is being looked up may hang in the system's resolver; it is left to end by itself.
            runtime.shutdown_timeout(Duration::from_millis(200));
            let _told = done_tx.send(());
        });
        let thread = thread.map_err(|error| failed(&error))?;
        // The ledger outlives an uploader that is replaced.
        let nudged: Vec<_> = desks.iter().map(Arc::downgrade).collect();
        let nudge = move || nudged.iter().filter_map(Weak::upgrade).for_each(|desk| desk.nudge.notify_one());
        ledger.on_owed(Box::new(nudge));
        Ok(Self {
            settings: settings_tx,
            gate: gate_rx,
            desks,
            ledger,
            stop,
            thread: Some((thread, done_rx)),
        })
    }

    /// When and how fast from now on. What is under way goes on unless nothing may be sent any more.
    pub fn set(&self, settings: Settings) {
        self.settings.send_if_modified(|current| {
            let is_other = *current != settings;
            *current = settings;
            is_other
        });
    }

    /// Nothing more is sent; what is under way is given back.
    pub fn pause(&self) {
        self.settings.send_modify(|settings| settings.paused = true);
    }

    /// Goes on.
    pub fn resume(&self) {
        self.settings.send_modify(|settings| settings.paused = false);
    }

    /// Something may be owed now.
    pub fn nudge(&self) {
        for desk in &self.desks {
            desk.nudge.notify_one();
        }
    }

    /// How uploading stands. Asks the index: blocks for as long as that takes.
    #[must_use]
    pub fn view(&self) -> UploadsView {
        let gate = *self.gate.borrow();
        let settings = self.settings.borrow().clone();
        let mut backlog = self.ledger.backlog().unwrap_or_default();
        let mut of = |name: &str| {
            let place = backlog.iter().position(|of| of.remote == name);
            place.map(|place| backlog.swap_remove(place)).unwrap_or_default()
        };
        UploadsView {
            paused: settings.paused,
            rate_limit: gate.rate,
            in_window: settings.window.as_ref().map(|_| gate.opens.is_none()),
            signal: gate.signal,
            remotes: self.desks.iter().map(|desk| desk.view(&gate, of(&desk.name))).collect(),
        }
    }

    /// Ends; what is under way is given back, within a second.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.cancel();
        let Some((thread, done)) = self.thread.take() else { return };
        match done.recv_timeout(GRACE) {
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("uploading did not end in time; what it was at is done again");
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                if thread.join().is_err() {
                    tracing::error!("the thread that uploads has panicked");
                }
            }
        }
    }
}

impl Drop for Uploader {
    fn drop(&mut self) {
        self.end();
    }
}

/// What works on the thread.
struct Crew {
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    vitals: Vitals,
    remotes: Vec<(RemoteSettings, Arc<dyn Remote>, Arc<Desk>)>,
    rules: Vec<RemoteRule>,
    settings: watch::Receiver<Settings>,
    stop: CancellationToken,
}

impl Crew {
    async fn work(self, gate: watch::Sender<Gate>) {
        self.tell_remotes().await;
        let tasks = TaskTracker::new();
        let seen = gate.subscribe();
        let throttle = Arc::new(Throttle::new(None));
        // The gate stands before anything is sent.
        let now = jiff::Timestamp::try_from(self.clock.wall()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let (first, _) = gate::look(&self.settings.borrow(), now, None);
        throttle.set(first.rate);
        gate.send_replace(first);
        let keeper = gate::keep(
            self.settings.clone(),
            gate,
            Arc::clone(&throttle),
            Arc::clone(&self.clock),
            self.stop.clone(),
        );
        tasks.spawn(keeper);
        for (settings, remote, desk) in self.remotes {
            let courier = Courier {
                ledger: Arc::clone(&self.ledger),
                remote: Arc::clone(&remote),
                desk: Arc::clone(&desk),
                at_once: settings.at_once,
                throttle: Arc::clone(&throttle),
                gate: seen.clone(),
                settings: self.settings.clone(),
                secrets: secrets(&settings),
                stop: self.stop.clone(),
            };
            let chores = Chores {
                ledger: Arc::clone(&self.ledger),
                remote,
                desk,
                clock: Arc::clone(&self.clock),
                vitals: Arc::clone(&self.vitals),
                live_url: settings.live_url().map(ToOwned::to_owned),
                stop: self.stop.clone(),
            };
            tasks.spawn(courier.run());
            tasks.spawn(chores.run());
        }
        tasks.close();
        tasks.wait().await;
    }

    /// The index may be busy or missing at first; without it nothing can be owed.
    async fn tell_remotes(&self) {
        loop {
            let (ledger, rules) = (Arc::clone(&self.ledger), self.rules.clone());
            let told = crate::bundle::off_thread(move || ledger.set_remotes(&rules));
            let failure = tokio::select! {
                () = self.stop.cancelled() => return,
                told = told => match told {
                    Ok(()) => return,
                    Err(failure) => failure,
                },
            };
            tracing::warn!(why = failure.why(), "failed to note which remotes there are");
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
    }
}

fn secrets(settings: &RemoteSettings) -> Vec<Secret> {
    settings.secret().into_iter().cloned().collect()
}

/// On Linux this is for the thread alone, and what it starts.
fn be_nice() {
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "uploading has the same priority as everything else");
    }
}
