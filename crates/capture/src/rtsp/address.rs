//! The configured URL, parted into what the child is told and what may be shown.

use std::net::SocketAddr;

use reqwest::Url;

use crate::Problem;

/// Where the stream is.
#[derive(Clone)]
pub(super) struct Address {
    /// With credentials.
    url: Url,
    /// As it was configured: it may hold a password in its query.
    written: String,
    /// Host and port: all of the address that is ever shown.
    pub(super) host: String,
}

impl Address {
    /// Credentials given beside the URL go before those in it.
    pub(super) fn parse(url: &str, user: Option<&str>, password: Option<&str>) -> Result<Self, Problem> {
        let bad = |what: String| {
            let mend =
                "Set the url in the configuration to something like \"rtsp://192.168.1.20:554/stream1\".";
            Problem::new("bad_url", what, mend)
        };
        let written = url.trim().to_owned();
        let mut url = Url::parse(&written)
            .map_err(|error| bad(format!("The url in the configuration is none: {error}.")))?;
        if !matches!(url.scheme(), "rtsp" | "rtsps") {
            let scheme: String = url.scheme().chars().take(20).collect();
            return Err(bad(format!(
                "The address begins with {scheme}://; rtsp:// and rtsps:// can be read."
            )));
        }
        let Some(name) = url.host_str().filter(|name| !name.is_empty()) else {
            return Err(bad("The address names no host.".to_owned()));
        };
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        if let Some(user) = user {
            let told = url.set_username(user).and_then(|()| url.set_password(password));
            told.map_err(|()| bad("The address takes no user and password.".to_owned()))?;
        }
        Ok(Self { url, written, host })
    }

    /// With user and password, for the child alone.
    pub(super) fn full(&self) -> &str {
        self.url.as_str()
    }

    /// Where the camera listens, if its address is a number: to look up a name may take many seconds.
    pub(super) fn door(&self) -> Option<SocketAddr> {
        let usual = if self.url.scheme() == "rtsps" { 322 } else { 554 };
        let host = self.url.host_str()?.trim_start_matches('[').trim_end_matches(']');
        Some(SocketAddr::new(host.parse().ok()?, self.url.port().unwrap_or(usual)))
    }

    /// What must not stand in a complaint, longest first.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let mut bare = self.url.clone();
        // Neither can fail for an address with a host.
        let _bare = bare.set_username("").and_then(|()| bare.set_password(None));
        let all = [self.full().to_owned(), self.written.clone(), bare.as_str().to_owned()];
        all.into_iter().map(|secret| (secret, format!("the stream of {}", self.host))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_beside_the_url_go_before_those_in_it_and_only_the_host_is_shown() {
        let address =
            Address::parse("rtsp://eve:a@cam.local:8554/s?pwd=x", Some("adam"), Some("b@:/")).unwrap();
        assert_eq!(address.full(), "rtsp://adam:b%40%3A%2F@cam.local:8554/s?pwd=x");
        assert_eq!(address.host, "cam.local:8554");
        let line = format!("cannot open '{}' or '{}'", address.full(), "rtsp://cam.local:8554/s?pwd=x");
        let hide = |line: String, (secret, shown): &(String, String)| line.replace(secret, shown);
        let shown = address.hidden().iter().fold(line, hide);
        assert_eq!(shown, "cannot open 'the stream of cam.local:8554' or 'the stream of cam.local:8554'");
        let alone = Address::parse("rtsp://eve:a%20b@cam/", None, None).unwrap();
        assert_eq!(alone.full(), "rtsp://eve:a%20b@cam/");
    }

    #[test]
    fn a_numbered_address_has_a_door_to_knock_at() {
        for (url, door) in [
            ("rtsp://10.0.0.7/s", Some("10.0.0.7:554")),
            ("rtsp://10.0.0.7:8554/s", Some("10.0.0.7:8554")),
            ("rtsps://[fe80::1]/s", Some("[fe80::1]:322")),
            ("rtsp://cam.local/s", None),
        ] {
            let found = Address::parse(url, None, None).unwrap().door();
            assert_eq!(found, door.map(|door| door.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn what_is_no_such_address_is_refused_without_showing_it() {
        for url in ["", "cam.local", "http://eve:secret@cam/", "rtsp://", "rtsp:///x", "file:///etc/passwd"] {
            let problem = Address::parse(url, None, None).err().unwrap();
            assert_eq!(problem.code, "bad_url", "{url}");
            assert!(!problem.to_string().contains("secret"));
        }
    }
}
