//! How a store checks what it received: the headers that go with a body, and whether the answer proves that it looked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::remote::Failure;
use crate::settings::Checksum;

/// What a body hashes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) sha256: [u8; 32],
    /// Name and value of the header that the store checks by.
    header: (&'static str, String),
}

impl Sums {
    /// Of bytes in memory; the work is done off the runtime's thread.
    pub(super) async fn of(bytes: Bytes, mode: Checksum) -> Result<Self, Failure> {
        tokio::task::spawn_blocking(move || Self::of_now(&bytes, mode)).await.map_err(|_| Failure::Cancelled)
    }

    pub(super) fn of_now(bytes: &[u8], mode: Checksum) -> Self {
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        let header = match mode {
            Checksum::Sha256 => ("x-amz-checksum-sha256", STANDARD.encode(sha256)),
            Checksum::Crc32c => {
                ("x-amz-checksum-crc32c", STANDARD.encode(crc32c::crc32c(bytes).to_be_bytes()))
            }
            // As old as S3 itself: stores that know no newer checksum know this one.
            Checksum::None => ("content-md5", STANDARD.encode(Md5::digest(bytes))),
        };
        Self { sha256, header }
    }

    /// What is sent with the body.
    pub(super) fn header(&self) -> (&'static str, String) {
        self.header.clone()
    }

    /// As it stands among the parts that are put together.
    pub(super) fn value(&self) -> &str {
        &self.header.1
    }

    /// Whether an answer says that the store looked at our SHA-256: it repeats it then.
    pub(super) fn is_repeated(&self, answered: Option<&str>) -> bool {
        answered.is_some_and(|answered| answered == STANDARD.encode(self.sha256))
    }
}

/// What a beginning of several parts says about their checksums, if anything.
pub(super) fn algorithm(mode: Checksum) -> Option<&'static str> {
    match mode {
        Checksum::Sha256 => Some("SHA256"),
        Checksum::Crc32c => Some("CRC32C"),
        Checksum::None => None,
    }
}

/// How a part's checksum is called where they are put together, if it is.
pub(super) fn element(mode: Checksum) -> Option<&'static str> {
    match mode {
        Checksum::Sha256 => Some("ChecksumSHA256"),
        Checksum::Crc32c => Some("ChecksumCRC32C"),
        Checksum::None => None,
    }
}

/// The SHA-256 that a store gives for an object of several parts: that of their hashes, and how many there are.
pub(super) fn composite(parts: &[[u8; 32]]) -> String {
    let whole = Sha256::digest(parts.concat());
    format!("{}-{}", STANDARD.encode(whole), parts.len())
}

/// Bytes as base64.
pub(super) fn base64(bytes: [u8; 32]) -> String {
    STANDARD.encode(bytes)
}
