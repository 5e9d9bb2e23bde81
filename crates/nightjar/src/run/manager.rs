//! The service manager that started us, if one did: ready, stopping, a line of state, and that we are alive.
//!
//! A datagram to the socket that `NOTIFY_SOCKET` names, as `sd_notify(3)` says. Without one nothing is sent.

use std::ffi::{OsStr, OsString};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The kernel keeps some ten words for a manager that does not read.
const PATIENCE: Duration = Duration::from_millis(200);

/// Where the manager listens, and how often it wants to hear that we are alive.
#[derive(Debug, Default)]
pub(crate) struct Manager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// As the variables of the environment say.
    pub(crate) fn of(environment: &[(OsString, OsString)]) -> Self {
        let get =
            |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str());
        let socket = get("NOTIFY_SOCKET").filter(|name| !name.is_empty()).and_then(|name| {
            connect(name)
                .inspect_err(|error| tracing::warn!(%error, "failed to reach the service manager"))
                .ok()
        });
        let number = |name| get(name)?.to_str()?.parse::<u64>().ok();
        // Meant for another process, if that names one.
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| *usec > 0 && is_ours).map(Duration::from_micros);
        Self { socket, watchdog }
    }

    /// The manager ends us if it hears no [`Manager::alive`] for so long.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.socket.is_some())
    }

    /// Requests are answered from now on.
    pub(crate) fn ready(&self) {
        self.send("READY=1");
    }

    /// The configuration is being read again; [`Manager::ready`] says when that is over.
    pub(crate) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let usec = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={usec}"));
    }

    /// The end has begun.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// What `systemctl status` shows; one line.
    pub(crate) fn status(&self, line: &str) {
        self.send(&format!("STATUS={}", line.replace('\n', " ")));
    }

    /// Everything moves that should.
    pub(crate) fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    fn send(&self, text: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(text.as_bytes())
        {
            tracing::debug!(%error, text, "failed to tell the service manager");
        }
    }
}

/// A path, or behind an `@` a name without a file.
fn connect(name: &OsStr) -> std::io::Result<UnixDatagram> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not hold us up for long; one that is only busy must not miss a word.
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect_addr(&address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(key, value)| (OsString::from(key), OsString::from(value))).collect()
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 256];
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let len = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).into_owned()
    }

    #[test]
    fn a_manager_is_reached_by_a_path_and_by_a_name_without_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let name = format!("nightjar-test-{}", std::process::id());
        let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
        for (socket, told) in [
            (UnixDatagram::bind(&path).unwrap(), path.display().to_string()),
            (UnixDatagram::bind_addr(&abstract_name).unwrap(), format!("@{name}")),
        ] {
            let manager = Manager::of(&environment(&[("NOTIFY_SOCKET", &told)]));
            assert_eq!(manager.watchdog(), None);
            manager.ready();
            assert_eq!(heard(&socket), "READY=1");
            manager.status("all\nwell");
            assert_eq!(heard(&socket), "STATUS=all well");
            manager.reloading();
            let text = heard(&socket);
            let usec = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
            assert!(usec.parse::<u64>().unwrap() > 0);
        }
    }

    #[test]
    fn the_watchdog_counts_only_if_it_is_meant_for_us() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let _socket = UnixDatagram::bind(&path).unwrap();
        let path = path.display().to_string();
        let own = std::process::id().to_string();
        let of = |more: &[(&str, &str)]| {
            let all = [&[("NOTIFY_SOCKET", path.as_str())], more].concat();
            Manager::of(&environment(&all)).watchdog()
        };
        assert_eq!(of(&[("WATCHDOG_USEC", "2000000")]), Some(Duration::from_secs(2)));
        assert_eq!(of(&[("WATCHDOG_USEC", "2000000"), ("WATCHDOG_PID", &own)]), Some(Duration::from_secs(2)));
        assert_eq!(of(&[("WATCHDOG_USEC", "2000000"), ("WATCHDOG_PID", "1")]), None);
        assert_eq!(of(&[("WATCHDOG_USEC", "0")]), None);
        assert_eq!(Manager::of(&environment(&[("WATCHDOG_USEC", "2000000")])).watchdog(), None);
    }

    #[test]
    fn without_a_manager_and_with_one_that_is_gone_nothing_happens() {
        Manager::of(&[]).ready();
        Manager::of(&environment(&[("NOTIFY_SOCKET", "/none/such")])).alive();
        Manager::of(&environment(&[("NOTIFY_SOCKET", "")])).alive();
    }
}
