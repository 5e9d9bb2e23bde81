//! Where it listens: the port is taken before anything else is started, and nobody is let in from a network
//! without a key.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::config::{Origin, Section, Slot, Values};

/// A bind that must not be: an answer for [`crate::EXIT_CONFIG`].
#[derive(Debug, thiserror::Error)]
#[error(
    "{origin}: server.bind: {bind} can be reached from the network, and there is no key yet; make one first:\n  \
     nightjar key add --name me --scope view --scope control --data {data}\nor keep to this machine: \
     --bind 127.0.0.1:{port}"
)]
pub(crate) struct Unguarded {
    origin: Origin,
    bind: SocketAddr,
    data: String,
    port: u16,
}

/// Refuses a network address while there is no key.
///
/// # Errors
/// With the line that mends it.
pub(crate) fn guard(bind: SocketAddr, has_keys: bool, data: &Path, values: &Values) -> Result<(), Unguarded> {
    if bind.ip().to_canonical().is_loopback() || has_keys {
        return Ok(());
    }
    let set = Slot::of(Section::Server, "bind", None, None).and_then(|slot| values.get(slot));
    let origin = set.map_or(Origin::Default, |set| set.origin);
    let port = if bind.port() == 0 { 8000 } else { bind.port() };
    Err(Unguarded { origin, bind, data: data.display().to_string(), port })
}

/// Takes the port.
///
/// # Errors
/// Says which port and how to choose another.
pub(crate) fn listen(bind: SocketAddr) -> anyhow::Result<TcpListener> {
    web::bind(bind).map_err(|error| {
        let change = "choose another with --bind ADDRESS:PORT, NIGHTJAR_SERVER__BIND or [server] bind";
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
