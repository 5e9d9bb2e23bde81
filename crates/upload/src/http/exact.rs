//! Requests whose address was made elsewhere to the letter, and answers that are too long to be kept.

use bytes::Bytes;
use reqwest::{Method, RequestBuilder, Response, Url};

use super::{Answer, Http};
use crate::remote::Failure;

impl Http {
    /// A request for exactly that address: it is signed as it is written.
    pub(crate) fn exactly(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// The next piece of an answer's body; `None` at its end.
    ///
    /// # Errors
    /// If the connection broke, or nothing came for too long.
    pub(crate) async fn piece(&self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        match tokio::time::timeout(self.patience.silence, response.chunk()).await {
            Ok(piece) => piece.map_err(|error| self.broken(error)),
            Err(_) => Err(self.silent("sent all of its answer")),
        }
    }

    /// Reads the rest of an answer, as far as one may be long.
    ///
    /// # Errors
    /// If no whole answer came.
    pub(crate) async fn rest(&self, response: Response) -> Result<Answer, Failure> {
        self.answered(response).await
    }
}
