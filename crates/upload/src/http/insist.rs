//! Requests that may be made twice, and are: where one in two fails, an event of ten requests would never get through.
//!
//! What does not belong here: when an errand is tried again as a whole (`courier`), which is seconds to minutes later.

use std::time::Duration;

use rand::Rng as _;
use reqwest::{RequestBuilder, StatusCode};
use tokio::time::Instant;

use super::{Answer, Http, Outgoing};
use crate::remote::Failure;

/// So often more, if it fails in a moment.
const MORE: u32 = 3;
/// Before the first time more, at most; twice that before each further one.
const PAUSE: Duration = Duration::from_millis(100);
/// What failed for longer than this is not over in a moment.
pub(crate) const A_MOMENT: Duration = Duration::from_secs(5);

impl Http {
    /// As [`Http::send`], and again in a moment if the line broke or the remote stumbled; not if it asks for a pause, or
    /// there is no way to it. Only for what does the same when it is done twice.
    ///
    /// # Errors
    /// What the last one failed with.
    pub async fn insist(
        &self,
        mut make: impl FnMut() -> (RequestBuilder, Outgoing) + Send,
    ) -> Result<Answer, Failure> {
        let began = Instant::now();
        for more in 0..MORE {
            let (request, body) = make();
            let sent = self.send(request, body).await;
            if !is_passing(&sent) || began.elapsed() > A_MOMENT {
                return sent;
            }
            // Many cameras must not come back to one hub at the same moment.
            let pause = (PAUSE * 2u32.pow(more)).mul_f64(rand::rng().random());
            tokio::time::sleep(pause).await;
        }
        let (request, body) = make();
        self.send(request, body).await
    }
}

/// Whether it may be over in a moment.
fn is_passing(sent: &Result<Answer, Failure>) -> bool {
    match sent {
        Ok(Answer { status, after: None, .. }) => matches!(
            *status,
            StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
        Err(Failure::Again { after: None, .. }) => true,
        _ => false,
    }
}
