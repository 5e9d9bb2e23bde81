//! `nightjar health`: asks a running server whether it is alive. For containers, whose images hold no curl.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::Context as _;

/// Both to connect and to answer; a health check that hangs is a bad one.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks `url` (`http://host:port/…`) or the address that the configuration binds.
///
/// # Errors
/// When it does not answer that it is well.
pub(crate) fn run(url: Option<&str>, bind: SocketAddr) -> anyhow::Result<()> {
    let authority = match url {
        Some(url) => authority(url)?.to_owned(),
        None => crate::run::url(bind).trim_start_matches("http://").trim_end_matches('/').to_owned(),
    };
    let asked = ask(&authority).with_context(|| format!("{authority} does not answer"))?;
    let status = asked.split(' ').nth(1).unwrap_or_default();
    anyhow::ensure!(status == "200", "{authority} answers {}", asked.lines().next().unwrap_or_default());
    Ok(())
}

/// Host and port of a URL.
fn authority(url: &str) -> anyhow::Result<&str> {
    let rest = url.strip_prefix("http://").context("allowed: a URL that begins with http://")?;
    let authority = rest.split('/').next().unwrap_or_default();
    anyhow::ensure!(
        authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok()),
        "allowed: a URL with a port, like http://127.0.0.1:8000/"
    );
    Ok(authority)
}

fn ask(authority: &str) -> std::io::Result<String> {
    let mut last = std::io::Error::other("the name has no address");
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(mut wire) => {
                wire.set_read_timeout(Some(PATIENCE))?;
                wire.set_write_timeout(Some(PATIENCE))?;
                let request =
                    format!("GET /healthz HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
                wire.write_all(request.as_bytes())?;
                let mut head = [0; 64];
                let mut got = 0;
                // The first line is all that is wanted.
                while got < head.len() && !head[..got].contains(&b'\n') {
                    match wire.read(&mut head[got..])? {
                        0 => break,
                        n => got += n,
                    }
                }
                return Ok(String::from_utf8_lossy(&head[..got]).into_owned());
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let body = move || {
            let (mut wire, _) = listener.accept().unwrap();
            let mut asked = [0; 256];
            let n = wire.read(&mut asked).unwrap();
            assert!(asked[..n].starts_with(b"GET /healthz HTTP/1.1\r\n"));
            wire.write_all(answer.as_bytes()).unwrap();
        };
        std::thread::Builder::new().name("fake".into()).spawn(body).unwrap();
        address
    }

    #[test]
    fn two_hundred_is_well_and_nothing_else_is() {
        run(None, server("HTTP/1.1 200 OK\r\n\r\n")).unwrap();
        let told = run(None, server("HTTP/1.1 503 Service Unavailable\r\n\r\n")).unwrap_err();
        assert!(told.to_string().contains("503"), "{told}");
        let url = format!("http://{}/healthz", server("HTTP/1.1 200 OK\r\n\r\n"));
        run(Some(&url), ([127, 0, 0, 1], 1).into()).unwrap();
    }

    #[test]
    fn nobody_there_is_told() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let told = format!("{:#}", run(None, free).unwrap_err());
        assert!(told.contains("does not answer"), "{told}");
        assert!(run(Some("https://x:1/"), free).is_err() && run(Some("http://x/"), free).is_err());
    }
}
