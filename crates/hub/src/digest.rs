//! `Content-Digest` (RFC 9530): what the bytes of a body hash to, as the sender has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use web::Problem;

/// Most bytes of the header that are looked at.
const MOST: usize = 1024;

/// The SHA-256 that a request's headers say, if they do; other hashes are let pass.
///
/// # Errors
/// 400 if there is one and it is none.
pub(crate) fn said(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    let mut found = None;
    for line in headers.get_all("content-digest") {
        let line = line.to_str().ok().filter(|line| line.len() <= MOST).ok_or_else(bad)?;
        for member in line.split(',') {
            let (name, value) = member.trim().split_once('=').ok_or_else(bad)?;
            if name.trim() == "sha-256" {
                found = Some(bytes(value.trim()).ok_or_else(bad)?);
            }
        }
    }
    Ok(found)
}

/// A byte sequence of a structured field, `:BASE64:`; parameters behind it are let pass.
fn bytes(value: &str) -> Option<[u8; 32]> {
    let (text, rest) = value.strip_prefix(':')?.split_once(':')?;
    let is_alone = rest.is_empty() || rest.starts_with(';');
    STANDARD.decode(text).ok().filter(|_| is_alone)?.try_into().ok()
}

fn bad() -> Problem {
    let detail =
        "The header Content-Digest is none that can be read: sha-256=:BASE64: of 32 bytes is taken here.";
    Problem::bad_request("bad_digest", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<[u8; 32]>, u16> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("content-digest", line.parse().unwrap());
        }
        said(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn the_sha256_is_found_among_others() {
        let hash = STANDARD.encode([7; 32]);
        let plain = format!("sha-256=:{hash}:");
        for lines in [
            vec![plain.as_str()],
            vec![&format!("sha-512=:AAAA:, {plain}")],
            vec![&format!("{plain};q=1 , md5=:AAAA:")],
            vec!["sha-512=:AAAA:", &plain],
        ] {
            assert_eq!(read(&lines), Ok(Some([7; 32])), "{lines:?}");
        }
        assert_eq!((read(&[]), read(&["sha-512=:AAAA:"])), (Ok(None), Ok(None)));
    }

    #[test]
    fn anything_else_is_told() {
        let hash = STANDARD.encode([7; 32]);
        let short = STANDARD.encode([7; 31]);
        for line in [
            "sha-256".to_owned(),
            "sha-256=".to_owned(),
            format!("sha-256={hash}"),
            format!("sha-256=:{short}:"),
            format!("sha-256=:{hash}"),
            format!("sha-256=:{hash}:x"),
            "sha-256=:%%%:".to_owned(),
            format!("sha-256=:{hash}:, sha-256=::"),
            "x".repeat(2000),
        ] {
            assert_eq!(read(&[&line]), Err(400), "{line}");
        }
    }
}
