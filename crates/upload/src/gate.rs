//! Whether anything may be sent now, and how fast: what was set, the hours of the day, and the Wi-Fi signal, in one place.
//!
//! What does not belong here: what a single remote waits for (`courier`).

use std::sync::Arc;
use std::time::Duration;

use frame::Clock;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::settings::{Settings, WifiSettings};
use crate::throttle::Throttle;
use crate::wifi::{self, Signal};

/// The signal is looked at so often.
const LOOK: Duration = Duration::from_secs(5);
/// The wall clock may be set at any time: the hours are looked at again after this at the latest.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Why nothing may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shut {
    Paused,
    Hours,
    Wifi,
}

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Gate {
    /// Nothing may be sent.
    pub(crate) shut: Option<Shut>,
    /// When the hours begin.
    pub(crate) opens: Option<Instant>,
    /// Bytes a second.
    pub(crate) rate: Option<u64>,
    /// Level in dBm, and what that means.
    pub(crate) signal: Option<(i32, Signal)>,
}

/// How things stand under those settings; → until when that is so.
pub(crate) fn look(settings: &Settings, now: Timestamp, before: Option<Signal>) -> (Gate, Duration) {
    let mut gate = Gate { rate: settings.rate, ..Gate::default() };
    let mut holds_for = LONGEST_SLEEP;
    if let Some(wifi) = &settings.wifi {
        holds_for = LOOK;
        if let Some(dbm) = wifi::level(&wifi.file, wifi.interface.as_deref()) {
            let signal = Signal::after(before, dbm);
            gate.signal = Some((dbm, signal));
            match allowed(wifi, signal) {
                Some(0) => gate.shut = Some(Shut::Wifi),
                Some(rate) => gate.rate = Some(gate.rate.map_or(rate, |set| set.min(rate))),
                None => {}
            }
        }
    }
    if let Some(opening) = settings.window.as_ref().map(|window| window.at(now)) {
        holds_for = opening.changes_in.map_or(holds_for, |change| holds_for.min(change));
        if !opening.is_open {
            gate.shut = Some(Shut::Hours);
            gate.opens = opening.changes_in.map(|change| Instant::now() + change);
        }
    }
    if settings.paused {
        gate.shut = Some(Shut::Paused);
        gate.opens = None;
    }
    // A moment later, so that it is past the change and not just before.
    (gate, holds_for + Duration::from_millis(20))
}

fn allowed(wifi: &WifiSettings, signal: Signal) -> Option<u64> {
    match signal {
        Signal::Good => None,
        Signal::Fair => wifi.fair_rate,
        Signal::Poor => wifi.poor_rate,
    }
}

/// Keeps the gate as it should be until told to stop.
pub(crate) async fn keep(
    mut settings: watch::Receiver<Settings>,
    gate: watch::Sender<Gate>,
    throttle: Arc<Throttle>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    loop {
        let current = settings.borrow_and_update().clone();
        let now = Timestamp::try_from(clock.wall()).unwrap_or(Timestamp::UNIX_EPOCH);
        let before = gate.borrow().signal.map(|(_, signal)| signal);
        let (next, holds_for) = look(&current, now, before);
        throttle.set(next.rate);
        gate.send_if_modified(|gate| {
            // The moment at which it opens is reckoned anew each time, and differs by a hair.
            let is_other = (gate.shut, gate.rate, gate.signal) != (next.shut, next.rate, next.signal);
            *gate = next;
            is_other
        });
        tokio::select! {
            () = stop.cancelled() => return,
            changed = settings.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(holds_for) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;
    use jiff::tz::TimeZone;

    use crate::settings::Window;

    fn noon() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_weak_signal_slows_and_a_poor_one_may_shut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let wifi = WifiSettings {
            fair_rate: Some(50_000),
            poor_rate: Some(0),
            file: file.path().to_owned(),
            ..WifiSettings::default()
        };
        let settings = Settings { rate: Some(200_000), wifi: Some(wifi), ..Settings::default() };
        let look_at = |dbm: &str| {
            std::fs::write(file.path(), format!(" wlan0: 0000   54.  {dbm}.  -256   0 0 0 0 0 0\n")).unwrap();
            look(&settings, noon(), None).0
        };
        let good = look_at("-50");
        assert_eq!((good.rate, good.shut, good.signal), (Some(200_000), None, Some((-50, Signal::Good))));
        let fair = look_at("-70");
        assert_eq!((fair.rate, fair.shut), (Some(50_000), None));
        assert_eq!(look_at("-80").shut, Some(Shut::Wifi));
        std::fs::remove_file(file.path()).unwrap();
        assert_eq!(look(&settings, noon(), None).0.shut, None, "no Wi-Fi, no limit");
    }

    #[test]
    fn whatever_shuts_it_a_pause_is_what_is_told() {
        let window = Window { from: time(22, 0, 0, 0), to: time(6, 0, 0, 0), zone: TimeZone::UTC };
        let settings = Settings { window: Some(window), ..Settings::default() };
        let (gate, holds_for) = look(&settings, noon(), None);
        assert_eq!((gate.shut, gate.opens.is_some()), (Some(Shut::Hours), true));
        assert!(holds_for <= LONGEST_SLEEP + Duration::from_secs(1), "the clock may be set at any time");
        let (gate, _) = look(&Settings { paused: true, ..settings }, noon(), None);
        assert_eq!((gate.shut, gate.opens), (Some(Shut::Paused), None));
    }
}
