//! Where it listens: the port is taken before anything else is started, and nobody is let in from a network
//! without a key.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::config::{Origin, Section, Slot, Values};

/// A bind that must not be: an answer for [`crate::EXIT_CONFIG`].
#[derive(Debug, thiserror::Error)]
#[error(
    "{origin}: {section}.bind: {bind} can be reached from the network, and there is no key yet; make one first:\n  \
     nightjar key add {flag}--name me --scope view --scope control --data {data}\nor keep to this machine: \
     --bind 127.0.0.1:{port}"
)]
pub(crate) struct Unguarded {
    origin: Box<Origin>,
    section: &'static str,
    flag: &'static str,
    bind: SocketAddr,
    data: String,
    port: u16,
}

/// The sections that say where to listen.
pub(crate) const SERVER: &str = "server";
/// See [`SERVER`].
pub(crate) const HUB: &str = "hub";

/// Refuses a network address while there is no key.
///
/// # Errors
/// With the line that mends it.
pub(crate) fn guard(bind: SocketAddr, has_keys: bool, data: &Path, values: &Values) -> Result<(), Unguarded> {
    if bind.ip().to_canonical().is_loopback() || has_keys {
        return Ok(());
    }
    let origin = Box::new(origin(Section::Server, values));
    let port = if bind.port() == 0 { 8000 } else { bind.port() };
    Err(Unguarded { origin, section: SERVER, flag: "", bind, data: data.display().to_string(), port })
}

/// The same for a hub. On this machine it starts without a key, and asks for one all the same.
///
/// # Errors
/// With the line that mends it.
pub(crate) fn guard_hub(
    bind: SocketAddr,
    has_keys: bool,
    data: &Path,
    values: &Values,
) -> Result<(), Unguarded> {
    if bind.ip().to_canonical().is_loopback() || has_keys {
        return Ok(());
    }
    let origin = Box::new(origin(Section::Hub, values));
    let port = if bind.port() == 0 { 8080 } else { bind.port() };
    Err(Unguarded { origin, section: HUB, flag: "--hub ", bind, data: data.display().to_string(), port })
}

fn origin(section: Section, values: &Values) -> Origin {
    let set = Slot::of(section, "bind", None, None).and_then(|slot| values.get(slot));
    set.map_or(Origin::Default, |set| set.origin)
}

/// Takes the port.
///
/// # Errors
/// Says which port and how to choose another.
pub(crate) fn listen(bind: SocketAddr, section: &str) -> anyhow::Result<TcpListener> {
    web::bind(bind).map_err(|error| {
        let change = format!(
            "choose another with --bind ADDRESS:PORT, NIGHTJAR_{}__BIND or [{section}] bind",
            section.to_uppercase()
        );
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                anyhow::anyhow!("port {} on {} is taken by another program; {change}", bind.port(), bind.ip())
            }
            io::ErrorKind::PermissionDenied => {
                anyhow::anyhow!("port {} is for the system (below 1024); {change}", bind.port())
            }
            io::ErrorKind::AddrNotAvailable => {
                anyhow::anyhow!("{} is not an address of this machine; {change}", bind.ip())
            }
            _ => anyhow::Error::new(error).context(format!("failed to listen on {bind}; {change}")),
        }
    })
}

/// The names that this machine goes by, besides addresses and localhost.
pub(crate) fn names(configured: &[String]) -> Vec<String> {
    let uname = rustix::system::uname();
    let own = uname.nodename().to_string_lossy().into_owned();
    [own].into_iter().chain(configured.iter().cloned()).collect()
}

/// Where a person looks for it: nobody can open `0.0.0.0`.
pub(crate) fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}/", address.port())
    } else {
        format!("http://{address}/")
    }
}

/// What is told at the start: where to look, and, where others are let in, what to type on another machine.
pub(crate) fn lines(address: SocketAddr) -> Vec<String> {
    told(address, "Nightjar is watching at", "nightjar key add")
}

/// The same of a hub.
pub(crate) fn hub_lines(address: SocketAddr) -> Vec<String> {
    told(address, "Nightjar's hub is listening at", "nightjar key add --hub")
}

fn told(address: SocketAddr, what: &str, key: &str) -> Vec<String> {
    let mut lines = vec![format!("{what} {}", url(address))];
    if address.ip().is_unspecified() {
        let uname = rustix::system::uname();
        let host = uname.nodename().to_string_lossy();
        lines.push(format!("On other machines: http://{host}:{}/ (with a key, see `{key}`)", address.port()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(bind: &str, has_keys: bool) -> Result<(), Unguarded> {
        guard(bind.parse().unwrap(), has_keys, Path::new("/data"), &Values::default())
    }

    #[test]
    fn a_hub_without_a_key_keeps_to_this_machine_and_says_how_to_make_one() {
        let guarded = |bind: &str, has_keys| {
            guard_hub(bind.parse().unwrap(), has_keys, Path::new("/data"), &Values::default())
        };
        assert!(guarded("127.0.0.1:8080", false).is_ok() && guarded("0.0.0.0:8080", true).is_ok());
        let told = guarded("0.0.0.0:8080", false).unwrap_err().to_string();
        assert!(told.contains("hub.bind") && told.contains("nightjar key add --hub --name me"), "{told}");
        let lines = hub_lines("0.0.0.0:8080".parse().unwrap());
        assert_eq!(lines[0], "Nightjar's hub is listening at http://127.0.0.1:8080/");
        assert!(lines[1].contains("nightjar key add --hub"), "{lines:?}");
    }

    #[test]
    fn only_loopback_is_open_without_a_key() {
        for loopback in ["127.0.0.1:8000", "127.9.9.9:1", "[::1]:8000", "[::ffff:127.0.0.1]:1"] {
            assert!(guarded(loopback, false).is_ok(), "{loopback}");
        }
        for network in ["0.0.0.0:8000", "[::]:8000", "192.168.1.7:80", "[::ffff:10.0.0.1]:1"] {
            assert!(guarded(network, true).is_ok(), "{network}");
            let told = guarded(network, false).unwrap_err().to_string();
            assert!(
                told.contains("nightjar key add --name me --scope view --scope control --data /data"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_taken_port_is_named_with_the_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let told = listen(address, SERVER).unwrap_err().to_string();
        assert!(told.contains(&address.port().to_string()) && told.contains("--bind"), "{told}");
        let told = listen("192.0.2.1:0".parse().unwrap(), HUB).unwrap_err().to_string();
        assert!(told.contains("192.0.2.1 is not an address of this machine"), "{told}");
    }

    #[test]
    fn the_url_is_one_that_can_be_opened() {
        assert_eq!(url("0.0.0.0:80".parse().unwrap()), "http://127.0.0.1:80/");
        assert_eq!(url("[::1]:80".parse().unwrap()), "http://[::1]:80/");
        assert_eq!(lines("[::1]:80".parse().unwrap()).len(), 1);
        let host = names(&[]).remove(0);
        let told = lines("0.0.0.0:8000".parse().unwrap());
        assert!(told[1].contains(&format!("http://{host}:8000/")), "{told:?}");
    }
}
