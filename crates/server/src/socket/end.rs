//! How a conversation ends: codes for programs, sentences for people.

use axum::extract::ws::{CloseFrame, Message};

/// Why a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client closed it, or the connection broke.
    Gone,
    /// The server stops.
    Shutdown,
    /// Its key was revoked, or may no longer see this.
    Revoked,
    /// It was not heard of.
    Silent,
    /// It takes too long over what it is sent, or does not take its answers.
    Slow,
    /// It sent what makes no sense, again and again.
    Nonsense,
    /// What it sent was too long, or no WebSocket.
    Unreadable,
    /// It sends more than anybody needs to.
    Flood,
    /// There are so many already.
    Crowded,
    /// It speaks another version.
    OtherVersion,
}

impl End {
    /// For metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Shutdown => "shutdown",
            Self::Revoked => "revoked",
            Self::Silent => "silent",
            Self::Slow => "slow",
            Self::Nonsense => "nonsense",
            Self::Unreadable => "unreadable",
            Self::Flood => "flood",
            Self::Crowded => "crowded",
            Self::OtherVersion => "other_version",
        }
    }

    /// Its last words; none for who is gone.
    pub(super) fn close(self) -> Option<Message> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Shutdown => (4000, "Nightjar stops or restarts. Come again in a moment."),
            Self::Revoked => (4001, "The key was revoked, or may no longer see this."),
            Self::Silent => (4002, "Nothing was heard from this client for too long."),
            Self::Slow => (4002, "This client takes too long over what it is sent."),
            Self::Nonsense => (4003, "Too many messages came that are not understood."),
            Self::Unreadable => (4003, "A message was too long or damaged; 4096 bytes are taken."),
            Self::Flood => (4008, "Too many messages came; 20 a second are taken."),
            Self::Crowded => (4008, "Too many pages are connected. Close one, or come again later."),
            Self::OtherVersion => (4010, "This server speaks version 1 of the live messages."),
        };
        Some(Message::Close(Some(CloseFrame { code, reason: reason.into() })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_fits_into_a_close_and_is_a_sentence() {
        for end in [
            End::Shutdown,
            End::Revoked,
            End::Silent,
            End::Slow,
            End::Nonsense,
            End::Unreadable,
            End::Flood,
            End::Crowded,
            End::OtherVersion,
        ] {
            let Some(Message::Close(Some(close))) = end.close() else { panic!("{end:?}") };
            assert!((4000..=4010).contains(&close.code) && close.reason.len() <= 123, "{end:?}");
            assert!(close.reason.ends_with('.') && close.reason.starts_with(char::is_uppercase), "{end:?}");
            let told = super::super::SPOKEN.contains(&format!("| {} |", close.code));
            assert!(told, "{} is described", close.code);
        }
        assert_eq!(End::Gone.close(), None);
        let version = format!("version {}", super::super::VERSION);
        let Some(Message::Close(Some(close))) = End::OtherVersion.close() else { panic!() };
        assert!(close.reason.contains(&version), "{}", close.reason);
    }
}
