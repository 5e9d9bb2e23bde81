//! What can go wrong with a camera on the network, in words for its owner. Nothing of an address but host and port
//! is ever shown: paths and queries may hold passwords.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::{StatusCode, Url};

use crate::Problem;

/// No answer's head came: why the connection failed.
pub(crate) fn no_connection(host: &str, error: &reqwest::Error) -> Problem {
    let chain = Chain::of(error);
    match chain.io {
        Some(io::ErrorKind::ConnectionRefused) => Problem::new(
            "refused",
            format!("{host} refuses the connection."),
            "Check that the camera is on and that the port of the url in the configuration is right.",
        ),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => Problem::new(
            "unreachable",
            format!("There is no way to {host}."),
            "Check that the camera and this machine are on the same network.",
        ),
        _ if chain.has("dns error") => Problem::new(
            "no_such_host",
            format!("The network knows no address for {host}."),
            "Check the name in the url in the configuration, or put the camera's IP address there.",
        ),
        _ if chain.tls => Problem::new(
            "tls",
            format!("{host} cannot be trusted: {}.", chain.last),
            "Use http:// inside your own network, or give the camera a certificate that this machine trusts.",
        ),
        _ if error.is_connect() && (error.is_timeout() || chain.io == Some(io::ErrorKind::TimedOut)) => {
            Problem::new(
                "timeout",
                format!("{host} does not answer."),
                "Check the camera's power and network, and the url in the configuration.",
            )
        }
        _ if chain.has("before message completed") || chain.is_cut() => empty(host),
        _ if chain.has("invalid http") || chain.has("parse") => Problem::new(
            "not_http",
            format!("{host} answers, but not in HTTP."),
            "Check the port of the url in the configuration; the camera's web page has the right one.",
        ),
        _ => broken(host, error),
    }
}

pub(crate) fn no_answer(host: &str, waited: Duration) -> Problem {
    Problem::new(
        "timeout",
        format!("{host} took the connection but did not answer within {} s.", waited.as_secs_f32()),
        "Restart the camera; if it stays, check the url in the configuration.",
    )
}

pub(crate) fn empty(host: &str) -> Problem {
    Problem::new(
        "empty",
        format!("{host} closed the connection without a picture."),
        "Check the path of the url in the configuration; some cameras allow only one viewer at a time.",
    )
}

pub(crate) fn ended(host: &str) -> Problem {
    Problem::new(
        "ended",
        format!("{host} ended the stream."),
        "Nothing to do if it comes back; else restart the camera.",
    )
}

pub(crate) fn broken(host: &str, error: &reqwest::Error) -> Problem {
    let chain = Chain::of(error);
    let why = if chain.is_cut() { "it closed half-way".to_owned() } else { chain.last };
    Problem::new(
        "broken",
        format!("The connection to {host} broke off: {why}."),
        "Check the network between the camera and this machine.",
    )
}

pub(crate) fn unauthorized(host: &str, tried: bool) -> Problem {
    if tried {
        Problem::new(
            "unauthorized",
            format!("{host} refuses the user and password."),
            "Correct the user and the password of this camera in the configuration.",
        )
    } else {
        Problem::new(
            "unauthorized",
            format!("{host} asks for a user and a password."),
            "Set the user and the password of this camera in the configuration.",
        )
    }
}

pub(crate) fn not_a_stream(host: &str, found: &str) -> Problem {
    let what = match found {
        "text/html" | "application/xhtml+xml" => format!("{host} sends a web page, not pictures."),
        "" => format!("{host} sends something that is no picture."),
        found => format!("{host} sends {found}, not pictures."),
    };
    Problem::new(
        "not_a_stream",
        what,
        "Put the address of the stream or of the still picture itself into the url in the configuration; the camera's manual names it.",
    )
}

/// An address for people: where it is, without what may be a secret of it.
fn shown(location: &str) -> Option<String> {
    // One without a host is on the same.
    let own = Url::parse("http://camera.invalid/").ok()?;
    let url = own.join(location).ok()?;
    let mut shown = url.path().to_owned();
    if url.host_str() != own.host_str() {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        shown = format!("{}://{}{port}{shown}", url.scheme(), url.host_str()?);
    }
    if url.query().is_some() {
        shown.push_str("?…");
    }
    Some(shown.chars().filter(|c| !c.is_control()).take(120).collect())
}

/// An answer other than success.
pub(crate) fn status(host: &str, status: StatusCode, location: Option<&str>) -> Problem {
    let code = status.as_u16();
    match code {
        300..=399 => {
            let target = location.and_then(shown).unwrap_or_else(|| "another address".to_owned());
            Problem::new(
                "redirect",
                format!("{host} sends its callers on to {target}."),
                "Put the final address into the url in the configuration; redirects are not followed.",
            )
        }
        403 => Problem::new(
            "forbidden",
            format!("{host} does not allow this (403)."),
            "Give this user the right to view, in the camera's own settings.",
        ),
        404 | 410 => Problem::new(
            "not_found",
            format!("{host} has nothing at this path ({code})."),
            "Check the path of the url in the configuration; the camera's manual names it.",
        ),
        503 | 429 => Problem::new(
            "busy",
            format!("{host} is busy ({code})."),
            "Close other viewers of this camera; many allow only one or two.",
        ),
        500..=599 => Problem::new(
            "server_error",
            format!("{host} is in trouble itself ({code})."),
            "Restart the camera.",
        ),
        _ => Problem::new(
            "unexpected_status",
            format!("{host} answers {code} instead of pictures."),
            "Check the url in the configuration.",
        ),
    }
}

/// What the causes beneath an error tell.
struct Chain {
    io: Option<io::ErrorKind>,
    tls: bool,
    texts: String,
    last: String,
}

impl Chain {
    fn of(error: &reqwest::Error) -> Self {
        let mut chain = Self { io: None, tls: false, texts: String::new(), last: String::new() };
        // The outermost text holds the URL and is left out.
        let mut cause = error.source();
        while let Some(error) = cause {
            // An I/O error's own source skips what it wraps, so that is looked at here.
            let mut io = error.downcast_ref::<io::Error>();
            while let Some(outer) = io {
                chain.io = Some(outer.kind());
                chain.tls |= outer.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
                io = outer.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
            }
            chain.tls |= error.is::<rustls::Error>();
            chain.last = error.to_string().trim_end_matches('.').chars().take(160).collect();
            chain.texts.push_str(&chain.last.to_ascii_lowercase());
            chain.texts.push('\n');
            cause = error.source();
        }
        if chain.last.is_empty() {
            chain.last.push_str("no reason given");
        }
        chain
    }

    fn has(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    fn is_cut(&self) -> bool {
        matches!(
            self.io,
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe)
        ) || self.has("unexpected eof")
            || self.has("end of file before message length")
    }
}
