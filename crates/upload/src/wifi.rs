//! How good the Wi-Fi signal is, as the system lists it in `/proc/net/wireless`.
//!
//! What does not belong here: what follows from it (`gate`). No such file, interface or line: there is no Wi-Fi, and
//! nothing is limited.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Above this, in dBm, the signal is good.
const GOOD: i32 = -65;
/// Below this it is poor.
const POOR: i32 = -75;
/// A signal has to go so far past a bound that was crossed before it counts as back, or the rate would flutter.
const MARGIN: i32 = 2;

/// How good a signal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Above −65 dBm.
    Good,
    /// Between.
    Fair,
    /// Below −75 dBm.
    Poor,
}

impl Signal {
    /// That level, after the signal was `before`.
    pub(crate) fn after(before: Option<Self>, dbm: i32) -> Self {
        // Whatever it was, it has to go past the bound by the margin to become better or worse than that.
        let (good, poor) = match before {
            None => (GOOD, POOR),
            Some(Self::Good) => (GOOD - MARGIN, POOR),
            Some(Self::Fair) => (GOOD, POOR),
            Some(Self::Poor) => (GOOD, POOR + MARGIN),
        };
        if dbm > good {
            Self::Good
        } else if dbm < poor {
            Self::Poor
        } else {
            Self::Fair
        }
    }
}

/// The level in dBm of that interface, or of the first one; `None` if there is none.
pub(crate) fn level(file: &Path, interface: Option<&str>) -> Option<i32> {
    let mut text = String::new();
    File::open(file).ok()?.take(64 * 1024).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| parse(line, interface))
}

/// ` wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0`
fn parse(line: &str, interface: Option<&str>) -> Option<i32> {
    let (name, rest) = line.split_once(':')?;
    if interface.is_some_and(|wanted| wanted != name.trim()) {
        return None;
    }
    let level = rest.split_ascii_whitespace().nth(2)?.trim_end_matches('.').parse::<i32>().ok()?;
    // Some drivers give a level in 1/256 of what can be, or the byte that -56 is, 200.
    match level {
        -150..0 => Some(level),
        100..256 => Some(level - 256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0
 wlan1: 0000   20.  -81.  -256        0      0      0      0     45        0
";

    fn level_in(text: &str, interface: Option<&str>) -> Option<i32> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        level(file.path(), interface)
    }

    #[test]
    fn the_level_of_an_interface_is_read() {
        assert_eq!(level_in(LISTED, None), Some(-56));
        assert_eq!(level_in(LISTED, Some("wlan1")), Some(-81));
        assert_eq!(level_in(&LISTED.replace("-56.", "200."), None), Some(-56));
    }

    #[test]
    fn without_wifi_there_is_no_level() {
        assert_eq!(level_in(LISTED, Some("wlan7")), None);
        assert_eq!(level_in("", None), None);
        assert_eq!(level_in(" wlan0: 0000   54.", None), None);
        assert_eq!(level_in(" wlan0: 0000   0.  0.  0.", None), None);
        assert_eq!(level(Path::new("/nowhere/wireless"), None), None);
    }

    #[test]
    fn a_signal_at_a_bound_does_not_flutter() {
        let mut before = None;
        let mut seen = Vec::new();
        for dbm in [-60, -65, -66, -67, -66, -65, -64, -70, -75, -76, -75, -74, -73, -72] {
            let signal = Signal::after(before, dbm);
            before = Some(signal);
            seen.push(signal);
        }
        use Signal::{Fair, Good, Poor};
        let expected = [Good, Good, Good, Fair, Fair, Fair, Good, Fair, Fair, Poor, Poor, Poor, Fair, Fair];
        assert_eq!(seen, expected);
    }
}
