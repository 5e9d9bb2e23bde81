//! What went wrong with what is kept, as it is told: the one place that gives it a status.

use http::StatusCode;
use store::StoreError;
use web::Problem;

use crate::asked::no_event;

/// The most ids that are named.
const NAMED: usize = 20;

/// The problem behind an error; logged here, once, where it is this machine's.
pub(crate) fn told(error: StoreError) -> Problem {
    match error {
        StoreError::NoSuchEvents(ids) => no_events(&ids),
        StoreError::Invalid(words) => Problem::new(StatusCode::BAD_REQUEST, "invalid_value", words),
        StoreError::Busy => Problem::unavailable("busy", "The index is busy. Come again in a moment.", 1),
        StoreError::Full => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk_full",
            "The disk is full and nothing that may go is left to delete. Free some space, or take the star from events.",
        ),
        StoreError::ReadOnly => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "read_only",
            "The data directory is read-only, so nothing can be changed. A file system that is mounted read-only after \
             an error wants a check.",
        ),
        StoreError::Missing(why) => {
            let detail = format!("The disk that holds the events is missing: {why}. The live view goes on.");
            Problem::unavailable("disk_missing", detail, 5)
        }
        error if error.is_tampered() => {
            tracing::error!(%error, "the data directory holds what nobody of ours has put there");
            let detail = "Something in the data directory is not what was put there; the log says what.";
            Problem::unavailable("disk_tampered", detail, 60)
        }
        error => {
            tracing::error!(%error, "what is kept could not be read or changed");
            Problem::internal()
        }
    }
}

fn no_events(ids: &[store::event::EventId]) -> Problem {
    let names = ids.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>();
    match &names[..] {
        [id] => no_event(id),
        _ => {
            let detail = format!("{} of these events are not there; nothing was changed.", ids.len());
            Problem::not_found(detail).with("ids", names)
        }
    }
}

#[cfg(test)]
mod tests {
    use store::event::EventId;

    use super::*;

    #[test]
    fn every_error_has_its_status_and_nothing_of_the_inside() {
        let ids = (1..50).map(|n| EventId::from_parts(n, 0)).collect::<Vec<_>>();
        let inside = || std::io::Error::other("/var/lib/nightjar: errno 5");
        for (error, status, code) in [
            (StoreError::NoSuchEvents(ids[..1].to_vec()), 404, "not_found"),
            (StoreError::NoSuchEvents(ids), 404, "not_found"),
            (StoreError::Invalid("too long".to_owned()), 400, "invalid_value"),
            (StoreError::Busy, 503, "busy"),
            (StoreError::Full, 507, "disk_full"),
            (StoreError::ReadOnly, 507, "read_only"),
            (StoreError::Missing("plug it in".to_owned()), 503, "disk_missing"),
            (StoreError::Corrupt("/var/lib/nightjar/x".to_owned()), 500, "internal"),
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
