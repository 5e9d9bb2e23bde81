//! What went wrong with what is received, as it is told: the one place that gives it a status.

use http::StatusCode;
use store::StoreError;
use web::Problem;

/// The problem behind an error of the store; logged here, once, where it is this machine's.
pub(crate) fn told(error: StoreError) -> Problem {
    match error {
        StoreError::NoSuchEvents(_) => Problem::not_found("There is no such event here that waits for this."),
        StoreError::Invalid(words) => unreadable(words),
        StoreError::Busy => {
            Problem::unavailable("busy", "Somebody else is at it. Come again in a moment.", 1)
        }
        StoreError::Full => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk_full",
            "The hub's disk is full and nothing that may go is left to delete. Nothing is lost: send it again later.",
        ),
        StoreError::ReadOnly => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "read_only",
            "The hub's disk is read-only, so nothing can be kept. Nothing is lost: send it again later.",
        ),
        StoreError::Missing(_) => {
            Problem::unavailable("disk_missing", "The disk that holds the hub's events is missing.", 30)
        }
        error if error.is_tampered() => {
            tracing::error!(%error, "the data directory holds what nobody of ours has put there");
            let detail = "Something in the hub's data directory is not what the hub has put there, so nothing is kept until \
                          it is looked after; its log says what. Nothing is lost: send it again later.";
            Problem::unavailable("disk_tampered", detail, 60)
        }
        error => {
            tracing::error!(%error, "what came in could not be kept");
            Problem::internal()
        }
    }
}

/// 422: what was sent was understood and cannot be.
pub(crate) fn unreadable(words: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", words)
}

/// 422: the bytes are not those that were announced.
pub(crate) fn wrong_digest(words: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "digest", words)
}

/// 413: more than is taken.
pub(crate) fn too_large(what: &str, found: u64, most: u64) -> Problem {
    let detail = format!("{what} has {found} bytes; at most {most} are taken here.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

/// 507: the device has all that it may have here.
pub(crate) fn over_quota(quota: u64) -> Problem {
    let detail = format!(
        "This device may keep {quota} bytes on the hub, and this event does not fit in. Nothing is lost: delete some of its \
         events, or give its key a larger quota."
    );
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "quota", detail)
}

/// 409: the id is another event's.
pub(crate) fn other_event() -> Problem {
    let detail = "Another event has this id here: one with other content, or of another device.";
    Problem::new(StatusCode::CONFLICT, "other_event", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status_and_nothing_of_the_inside() {
        let inside = || std::io::Error::other("/var/lib/nightjar-hub: errno 5");
        for (error, status, code) in [
            (StoreError::NoSuchEvents(Vec::new()), 404, "not_found"),
            (StoreError::Invalid("label is x".to_owned()), 422, "invalid_value"),
            (StoreError::Busy, 503, "busy"),
            (StoreError::Full, 507, "disk_full"),
            (StoreError::ReadOnly, 507, "read_only"),
            (StoreError::Missing("/var/lib/nightjar-hub".to_owned()), 503, "disk_missing"),
            (StoreError::Corrupt("/var/lib/nightjar-hub/x".to_owned()), 500, "internal"),
            (StoreError::Newer { found: 9, known: 1 }, 500, "internal"),
            (StoreError::Io { what: "read", source: inside() }, 500, "internal"),
            (StoreError::Database("SELECT nightjar".to_owned()), 500, "internal"),
        ] {
            let told = told(error);
            assert_eq!((told.status().as_u16(), told.code()), (status, code));
            let text = format!("{told:?}");
            assert!(!text.contains("/var") && !text.contains("SELECT") && !text.contains("errno"), "{text}");
            assert_eq!(status == 503, text.contains("retry-after"), "{text}");
        }
    }
}
