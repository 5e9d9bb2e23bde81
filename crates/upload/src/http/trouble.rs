//! What keeps a remote from being spoken to, for people: names that nobody knows, ports where nothing listens, networks
//! without a way there, certificates that nobody vouches for.
//!
//! What does not belong here: what a remote said (`words`), and what follows from a failure (`reconcile`).

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;
use rustls::CertificateError;

use super::address::NotAllowed;

/// Where somebody was to be spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    host: String,
    /// With its port.
    at: String,
    /// How long a connection may take; `None`: there was one.
    patience: Option<Duration>,
}

impl Place {
    /// What that address names, before there is a connection.
    pub(crate) fn of(url: &Url, patience: Duration) -> Self {
        let host = url.host_str().unwrap_or("the remote").to_owned();
        let at = url.port_or_known_default().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Self { host, at, patience: Some(patience) }
    }

    /// One address of it.
    pub(crate) fn address(address: SocketAddr, patience: Duration) -> Self {
        Self { host: address.ip().to_string(), at: address.to_string(), patience: Some(patience) }
    }

    /// The same once there was a connection.
    pub(crate) fn connected(self) -> Self {
        Self { patience: None, ..self }
    }

    /// Why it could not be spoken to.
    pub(crate) fn why(&self, error: &(dyn Error + 'static)) -> String {
        if let Some(known) = causes(error).find_map(|cause| self.known(cause)) {
            return known;
        }
        let is_late = causes(error)
            .any(|cause| cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout));
        match (is_late, self.patience) {
            (true, _) => self.late(),
            (false, Some(_)) => format!("there is no connection to {}: {}", self.at, deepest(error)),
            (false, None) => format!("the connection to {} broke: {}", self.at, deepest(error)),
        }
    }

    fn known(&self, cause: &(dyn Error + 'static)) -> Option<String> {
        if let Some(error) = cause.downcast_ref::<NotAllowed>() {
            return Some(error.to_string());
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return Some(self.tls(error));
        }
        self.network(cause.downcast_ref::<io::Error>()?.kind())
    }

    fn network(&self, kind: ErrorKind) -> Option<String> {
        let at = &self.at;
        Some(match kind {
            ErrorKind::ConnectionRefused => format!("nothing answers at {at} (connection refused)"),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                format!("no network leads from here to {at}")
            }
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::NotConnected => format!("{at} closed the connection"),
            ErrorKind::PermissionDenied => format!("this machine lets nothing out to {at}: see its firewall"),
            ErrorKind::TimedOut => self.late(),
            _ => return None,
        })
    }

    fn late(&self) -> String {
        match self.patience {
            Some(patience) => format!("no answer from {} within {} s", self.at, patience.as_secs().max(1)),
            None => format!("{} no longer answers", self.at),
        }
    }

    fn tls(&self, error: &rustls::Error) -> String {
        match error {
            rustls::Error::InvalidCertificate(why) => {
                format!("the certificate of {} is not trusted: {}", self.host, self.certificate(why))
            }
            rustls::Error::InvalidMessage(_) => {
                format!("{} answers, but not encrypted: is https right?", self.at)
            }
            other => format!("no encrypted connection to {} came about: {other}", self.at),
        }
    }

    fn certificate(&self, why: &CertificateError) -> String {
        match why {
            CertificateError::UnknownIssuer => "nobody who is trusted here has signed it".to_owned(),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "it has expired, or the clock of this machine is wrong".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet, or the clock of this machine is wrong".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("it is not for the name {}", self.host)
            }
            CertificateError::Revoked => "it was revoked".to_owned(),
            other => format!("it is not as it should be ({other})"),
        }
    }
}

/// Why a name could not be looked up.
pub(crate) fn of_name(host: &str, error: &io::Error) -> String {
    let words = error.to_string();
    if words.contains("Temporary failure") || words.contains("Try again") || error.raw_os_error().is_some() {
        format!("no name server says where {host} is")
    } else {
        format!("the name {host} is not known")
    }
}

/// Words of the system's without its number for them: " (os error 111)" tells people nothing.
pub(crate) fn without_code(words: &str) -> String {
    const CODE: &str = " (os error ";
    let mut rest = words;
    let mut clean = String::with_capacity(words.len());
    while let Some((before, behind)) = rest.split_once(CODE) {
        clean.push_str(before);
        let number = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        rest = number.strip_prefix(')').unwrap_or(number);
    }
    clean + rest
}

/// The deepest cause says what happened; what is above it only says where.
pub(crate) fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(|cause| without_code(&cause.to_string())).unwrap_or_default()
}

/// The error and all that is behind it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| behind(*error))
}

/// What an error was made of; an `io::Error` does not say so itself.
fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::InvalidMessage;

    fn place() -> Place {
        Place::of(&"https://hub.example:8443/x".parse().unwrap(), Duration::from_secs(10))
    }

    fn system(code: i32) -> io::Error {
        io::Error::from_raw_os_error(code)
    }

    #[test]
    fn what_the_network_says_is_said_for_people() {
        for (code, connecting, connected) in [
            (111, "nothing answers at hub.example:8443 (connection refused)", None),
            (113, "no network leads from here to hub.example:8443", None),
            (101, "no network leads from here to hub.example:8443", None),
            (100, "no network leads from here to hub.example:8443", None),
            (104, "hub.example:8443 closed the connection", None),
            (32, "hub.example:8443 closed the connection", None),
            (13, "this machine lets nothing out to hub.example:8443: see its firewall", None),
            (110, "no answer from hub.example:8443 within 10 s", Some("hub.example:8443 no longer answers")),
        ] {
            assert_eq!(place().why(&system(code)), connecting, "{code}");
            let connected = connected.unwrap_or(connecting);
            assert_eq!(place().connected().why(&io::Error::other(system(code))), connected, "{code}");
        }
        for code in 1..134 {
            let why = [place().why(&system(code)), place().connected().why(&system(code))].concat();
            assert!(!why.contains("os error") && why.contains("hub.example"), "{code}: {why}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_told_with_its_reason() {
        for (error, why) in [
            (CertificateError::UnknownIssuer, "nobody who is trusted here has signed it"),
            (CertificateError::Expired, "it has expired, or the clock of this machine is wrong"),
            (CertificateError::NotValidYet, "it is not valid yet, or the clock of this machine is wrong"),
            (CertificateError::NotValidForName, "it is not for the name hub.example"),
            (CertificateError::Revoked, "it was revoked"),
            (CertificateError::BadSignature, "it is not as it should be (BadSignature)"),
        ] {
            // As it comes: in an error of the system's that was made of it.
            let error = io::Error::new(ErrorKind::InvalidData, rustls::Error::from(error));
            let said = place().why(&error);
            let expected = format!("the certificate of hub.example is not trusted: {why}");
            assert_eq!(said, expected);
        }
        let plain = rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(place().why(&plain), "hub.example:8443 answers, but not encrypted: is https right?");
        let other = place().why(&rustls::Error::DecryptError);
        assert!(other.starts_with("no encrypted connection to hub.example:8443 came about: "), "{other}");
    }

    #[test]
    fn a_name_is_unknown_or_nobody_can_be_asked() {
        let of = |words: &str| of_name("hub.example", &io::Error::other(words.to_owned()));
        let lookup = "failed to lookup address information: ";
        assert_eq!(of(&format!("{lookup}Name or service not known")), "the name hub.example is not known");
        let asked = of(&format!("{lookup}Temporary failure in name resolution"));
        assert_eq!(asked, "no name server says where hub.example is");
        let error = io::Error::other(NotAllowed::new(asked.clone()));
        assert_eq!(place().why(&error), asked);
    }

    #[test]
    fn numbers_of_the_system_are_left_out() {
        for (words, clean) in [
            ("Connection refused (os error 111)", "Connection refused"),
            ("a: Is a directory (os error 21); b: No (os error -5).", "a: Is a directory; b: No."),
            ("(os error", "(os error"),
            ("", ""),
        ] {
            assert_eq!(without_code(words), clean);
        }
    }
}
