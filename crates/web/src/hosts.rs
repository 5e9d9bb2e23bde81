//! Which names this server answers to: a page of somebody else's that points its own name at this machine
//! (DNS rebinding) must not get an answer.
//!
//! A router gives this machine's name a suffix of the home's. Only suffixes that nobody can register are taken: with
//! any suffix, `raspberrypi.evil.example` would be one of a machine called raspberrypi.

use std::net::IpAddr;

use http::Request;
use http::header::HOST;

#[cfg(test)]
mod tests;

/// What routers and resolvers put behind a machine's name; none of them can be had from a registry.
const HOME: [&str; 12] = [
    "lan",
    "home",
    "local",
    "internal",
    "intranet",
    "localdomain",
    "private",
    "corp",
    "home.arpa",
    "fritz.box",
    "speedport.ip",
    "localnet",
];

/// The names beside IP addresses, `localhost` and `*.local`.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    names: Vec<String>,
    section: Option<&'static str>,
}

impl Hosts {
    /// `names` are this machine's own and those that the configuration adds.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            names: names
                .into_iter()
                .map(|name| without_root(&name).to_ascii_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
            section: None,
        }
    }

    /// The section of the configuration that names are added in, `server` if nothing else is said.
    #[must_use]
    pub fn of_section(self, section: &'static str) -> Self {
        Self { section: Some(section), ..self }
    }

    pub(crate) fn section(&self) -> &'static str {
        self.section.unwrap_or("server")
    }

    /// Whether a `Host` header's value, with or without a port, names this server.
    #[must_use]
    pub fn allows(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else { return false };
        let host = without_root(host).to_ascii_lowercase();
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host);
        bare.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || host.ends_with(".local")
            || self.names.contains(&host)
            || self.is_at_home(&host)
    }

    /// Whether it is this machine's name, bare or with a suffix of the home's.
    fn is_at_home(&self, host: &str) -> bool {
        let (first, suffix) = host.split_once('.').unwrap_or((host, "lan"));
        let is_own = |name: &String| name.split('.').next() == Some(first);
        HOME.contains(&suffix) && self.names.iter().any(is_own)
    }

    /// Whether it is one of the configured names under a scheme's own port, as behind a proxy.
    pub(crate) fn names_bare(&self, authority: &str) -> bool {
        let host = host_of(authority).filter(|host| host.len() == authority.len()).map(without_root);
        host.is_some_and(|host| self.names.iter().any(|name| name.eq_ignore_ascii_case(host)))
    }
}

/// The host, perhaps with a port, that a request is for: its first line's in absolute form, else its header's.
/// `None` if it names none that can be read, or two.
pub(crate) fn asked_of<B>(request: &Request<B>) -> Option<&str> {
    let mut named = request.headers().get_all(HOST).iter();
    let header = named.next();
    if named.next().is_some() {
        return None;
    }
    match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => header?.to_str().ok(),
    }
}

/// One dot at the end is the root of all names and changes nothing; more are no name.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// The host of `host`, `host:port`, `[v6]`, `[v6]:port`; `None` for anything else.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')? + 2;
            (&authority[..end], &authority[end..])
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port_is_fine = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    let text_is_fine = host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/@?#\\".contains(&byte));
    (port_is_fine && text_is_fine && !host.is_empty()).then_some(host)
}
