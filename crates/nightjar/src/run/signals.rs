//! SIGINT and SIGTERM: the first asks, the second insists. SIGHUP asks for the configuration to be read again.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, from the moment they are made.
#[derive(Debug)]
pub(crate) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

/// Which one came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Somebody wants the configuration read again.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    /// What service managers send.
    Terminate,
}

impl Which {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// 128 and the signal's number, as a shell says it.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

impl Signals {
    /// From now on the signals are ours.
    ///
    /// # Errors
    /// When the system does not hand them over.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one, whichever it is.
    pub(crate) async fn any(&mut self) -> Which {
        tokio::select! {
            _ = self.hangup.recv() => Which::Hangup,
            _ = self.interrupt.recv() => Which::Interrupt,
            _ = self.terminate.recv() => Which::Terminate,
        }
    }

    /// Leaves at once when another one comes.
    pub(crate) async fn insist(mut self) {
        let which = loop {
            match self.any().await {
                Which::Hangup => {}
                which => break which,
            }
        };
        tracing::warn!(signal = which.name(), "a second signal: leaving at once");
        // A child is in a group of its own, so no terminal's signal reaches it.
        capture::kill_children();
        std::process::exit(which.code());
    }
}
