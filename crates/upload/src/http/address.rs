//! Which addresses a remote may have: those that only a mistake or an attack leads to are never called, whatever a name
//! resolves to, and without TLS only those near by.
//!
//! The check is made on the very address that is connected to, so that a name cannot say one thing first and another later.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::trouble::of_name;

/// What is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Any address but those that are never called.
    Anywhere,
    /// Loopback and private networks.
    NearBy,
}

impl Reach {
    /// Whether that address may be called.
    ///
    /// # Errors
    /// Why not, for people.
    pub(super) fn check(self, address: IpAddr) -> Result<(), String> {
        let address = plain(address);
        if is_never_called(address) {
            return Err(format!("{address} is no address of a remote"));
        }
        if self == Self::NearBy && !is_near_by(address) {
            return Err(format!(
                "{address} is not on this network, and without https everybody on the way could read the key: \
                 use https, or allow_http = true"
            ));
        }
        Ok(())
    }
}

/// An IPv4 address in the clothes of IPv6 is judged as what it is.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    match v6.octets() {
        // 64:ff9b::/96, which a NAT64 takes to the IPv4 address in its last bytes.
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        _ => address,
    }
}

fn is_never_called(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.octets().first() == Some(&0) || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast()
        }
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local(),
    }
}

fn is_near_by(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || is_shared(v4),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local(),
    }
}

/// 100.64.0.0/10: behind a provider's NAT, and what private overlay networks use.
fn is_shared(v4: Ipv4Addr) -> bool {
    matches!(v4.octets(), [100, second, ..] if (64..128).contains(&second))
}

/// The system's resolver, whose answers are checked.
#[derive(Debug)]
pub(super) struct Checked(pub(super) Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let asked = name.as_str().to_owned();
            let look_up = move || {
                let found = (asked.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
                found.map_err(|error| of_name(&asked, &error))
            };
            let found = tokio::task::spawn_blocking(look_up).await.map_err(io::Error::other)?;
            found.and_then(|found| allowed(reach, found)).map_err(|why| NotAllowed::new(why).into())
        })
    }
}

fn allowed(reach: Reach, found: Vec<SocketAddr>) -> Result<Addrs, String> {
    let mut why = "the name has no address".to_owned();
    let mut allowed = Vec::new();
    for address in found {
        match reach.check(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(reason) => why = reason,
        }
    }
    if allowed.is_empty() { Err(why) } else { Ok(Box::new(allowed.into_iter())) }
}

/// A name that leads nowhere that may be called.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotAllowed(Arc<str>);

impl NotAllowed {
    pub(super) fn new(why: String) -> Self {
        Self(why.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(reach: Reach, address: &str) -> bool {
        reach.check(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn what_only_a_mistake_or_an_attack_leads_to_is_never_called() {
        for address in [
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.250",
            "255.255.255.255",
            "::",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(!is_allowed(Reach::Anywhere, address), "{address}");
            assert!(!is_allowed(Reach::NearBy, address), "{address}");
        }
    }

    #[test]
    fn without_tls_only_what_is_near_by_is_called() {
        for address in ["127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.7", "100.64.0.1", "::1", "fd00::7"]
        {
            assert!(is_allowed(Reach::NearBy, address), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(!is_allowed(Reach::NearBy, address), "{address}");
            assert!(is_allowed(Reach::Anywhere, address), "{address}");
        }
    }

    #[test]
    fn of_many_addresses_the_allowed_ones_are_left() {
        let found = ["169.254.1.1:0", "192.168.1.7:0"].map(|text| text.parse().unwrap());
        let left: Vec<_> = allowed(Reach::NearBy, found.to_vec()).ok().unwrap().collect();
        assert_eq!(left, found[1..]);
        assert!(allowed(Reach::NearBy, found[..1].to_vec()).is_err());
    }
}
