//! The configured URL, parted into what goes over the wire, what may be shown, and the credentials.

use reqwest::Url;

use crate::Problem;

/// Where to ask.
#[derive(Clone)]
pub(crate) struct Address {
    /// Without credentials.
    pub(crate) url: Url,
    /// Host and port: all of the address that is ever shown, since cameras take passwords in the query, too.
    pub(crate) host: String,
    pub(crate) credentials: Option<Credentials>,
}

/// A user and a password; never printed.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Address {
    /// Credentials given beside the URL go before those in it.
    pub(crate) fn parse(url: &str, user: Option<&str>, password: Option<&str>) -> Result<Self, Problem> {
        let bad = |what: &str| {
            Problem::new(
                "bad_url",
                what,
                "Set the url in the configuration to something like \"http://192.168.1.20/video.mjpg\".",
            )
        };
        let mut url = Url::parse(url.trim())
            .map_err(|error| bad(&format!("The url in the configuration is none: {error}.")))?;
        if !matches!(url.scheme(), "http" | "https") {
            let scheme: String = url.scheme().chars().take(20).collect();
            return Err(bad(&format!(
                "The address begins with {scheme}://; http:// and https:// can be read."
            )));
        }
        let Some(name) = url.host_str() else { return Err(bad("The address names no host.")) };
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        let in_url = (!url.username().is_empty()).then(|| Credentials {
            user: decoded(url.username()),
            password: decoded(url.password().unwrap_or("")),
        });
        let beside = user
            .map(|user| Credentials { user: user.to_owned(), password: password.unwrap_or("").to_owned() });
        // Neither can fail for http and https.
        let stripped = url.set_username("").and_then(|()| url.set_password(None));
        stripped.map_err(|()| bad("The address cannot be read."))?;
        Ok(Self { url, host, credentials: beside.or(in_url) })
    }

    /// What stands in the request line: digest credentials are made over it.
    pub(crate) fn path_and_query(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }
}

/// Undoes %XX; what is no such thing stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_url_and_are_never_shown() {
        let address = Address::parse("http://eve:p%40ss@cam.local:8080/v?pwd=x", None, None).unwrap();
        assert_eq!(address.url.as_str(), "http://cam.local:8080/v?pwd=x");
        assert_eq!(address.host, "cam.local:8080");
        assert_eq!(address.path_and_query(), "/v?pwd=x");
        let credentials = address.credentials.unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("eve", "p@ss"));
        let beside = Address::parse("http://eve:a@cam.local/", Some("adam"), Some("b")).unwrap();
        assert_eq!(beside.credentials.unwrap().user, "adam");
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_showing_it() {
        for url in ["", "cam.local", "ftp://cam/", "http://", "rtsp://user:secret@cam/"] {
            let problem = Address::parse(url, None, None).err().unwrap();
            assert_eq!(problem.code, "bad_url");
            assert!(!problem.to_string().contains("secret"));
        }
    }
}
