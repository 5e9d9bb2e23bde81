//! A clip in one request, as a form of several parts.

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Clip, Legacy, digest_of, words};
use crate::bundle::EventBundle;
use crate::remote::Failure;

/// Sends everything; → what the server answered.
pub(super) async fn send(server: &Legacy, bundle: &mut EventBundle, clip: Clip) -> Result<Value, Failure> {
    let metadata = words::metadata(bundle.event()).to_string();
    let pictures = server.thumbnails(bundle).await?;
    let mut reader = bundle.clip(0).await?;
    // Read once for its hash: what is sent must be what was recorded, and the form's own digest needs it too.
    let boundary = format!("nightjar-{}", bundle.event().id);
    let (head, tail) = frame(&boundary, &metadata, &pictures);
    let mut form = Sha256::new();
    let mut whole = Sha256::new();
    form.update(&head);
    while reader.left() > 0 {
        let piece = reader.part(256 << 10).await?;
        form.update(&piece);
        whole.update(&piece);
    }
    form.update(&tail);
    if <[u8; 32]>::from(whole.finalize()) != clip.sha256 {
        return Err(Failure::refused("the clip on this disk is no longer what was recorded"));
    }
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let video = bundle.clip(0).await?.into_body();
    let body = bundle.body(head).chain(video).chain(bundle.body(tail));
    server
        .post(&["storage"], &content_type, digest_of(form.finalize().into()), body)
        .await
        .map_err(Failure::from)
}

/// What stands before and behind the clip. The boundary cannot occur in what it parts but by the event's id standing
/// behind a line of its own, which neither JSON nor a JPEG of ours has.
fn frame(boundary: &str, metadata: &str, pictures: &[Bytes]) -> (Bytes, Bytes) {
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{metadata}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"video\"; filename=\"motion.mp4\"\r\n\
         Content-Type: video/mp4\r\n\r\n"
    );
    let mut tail = b"\r\n".to_vec();
    for (number, picture) in pictures.iter().enumerate() {
        let name = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"thumbnail_{number}\"; \
             filename=\"thumb_{number}.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        tail.extend_from_slice(name.as_bytes());
        tail.extend_from_slice(picture);
        tail.extend_from_slice(b"\r\n");
    }
    tail.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (head.into(), tail.into())
}
