//! A clip in several requests: begun, chunk after chunk, ended; taken up again where an attempt broke off.
//!
//! A chunk whose answer was lost is sent again under its number. A server that wants none of that is told that the upload
//! is given up, and the next attempt begins anew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Fault, Legacy, Note, digest_of, words};
use crate::bundle::EventBundle;
use crate::remote::Failure;

/// Sends everything; → what the server answered in the end.
pub(super) async fn send(server: &Legacy, bundle: &mut EventBundle, note: Note) -> Result<Value, Failure> {
    let is_taken_up = note.upload.is_some();
    let anew = Note { renamed: note.renamed, ..Note::default() };
    let mut note = if is_taken_up { note } else { begin(server, bundle, &anew).await? };
    let upload = note.upload.clone().unwrap_or_default();
    match go_on(server, bundle, &mut note, &upload).await {
        Ok(answer) => Ok(answer),
        Err(Fault { is_gone: true, failure }) => {
            // Unless we asked for another one.
            cancel(server, &upload).await;
            anew.keep(bundle).await?;
            Err(Failure::again(failure.why()))
        }
        Err(Fault { failure: Failure::Refused { why }, .. }) => {
            cancel(server, &upload).await;
            anew.keep(bundle).await?;
            // What it has against an upload that lay for a while, it may not have against a new one.
            Err(if is_taken_up { Failure::again(why) } else { Failure::refused(why) })
        }
        Err(fault) => Err(fault.failure),
    }
}

async fn go_on(
    server: &Legacy,
    bundle: &mut EventBundle,
    note: &mut Note,
    upload: &str,
) -> Result<Value, Fault> {
    // The last chunk is shorter than the others.
    let length = bundle.manifest().clip.as_ref().map_or(0, |clip| clip.bytes);
    let mut reader = bundle.clip(note.taken.saturating_mul(note.chunk).min(length)).await?;
    let most = usize::try_from(note.chunk).unwrap_or(usize::MAX);
    while reader.left() > 0 {
        let bytes = reader.part(most).await?;
        let data = tokio::task::spawn_blocking(move || STANDARD.encode(bytes))
            .await
            .map_err(|_| Failure::Cancelled)?;
        // The parts of it are all safe in JSON; built by hand, so that the data lies in memory once.
        let mut body =
            format!("{{\"upload_id\":{},\"chunk_index\":{},\"chunk_data\":\"", json!(upload), note.taken);
        body.push_str(&data);
        drop(data);
        body.push_str("\"}");
        let body = Bytes::from(body);
        let digest = digest_of(Sha256::digest(&body).into());
        let sent = || bundle.body(body.clone());
        server.post_again(&["storage", "chunked", "upload"], &digest, sent).await?;
        note.taken += 1;
        note.keep(bundle).await?;
        bundle.progress();
    }
    server.call(&["storage", "chunked", "finalize"], &json!({"upload_id": upload})).await
}

async fn begin(server: &Legacy, bundle: &mut EventBundle, anew: &Note) -> Result<Note, Failure> {
    let pictures = server.thumbnails(bundle).await?;
    let file_size = bundle.clip(0).await?.left();
    let answer = server
        .call(
            &["storage", "chunked", "init"],
            &json!({
                "metadata": words::metadata(bundle.event()).to_string(),
                "file_size": file_size,
                "chunk_size": server.chunk,
                "total_chunks": file_size.div_ceil(server.chunk),
                "thumbnails": pictures.iter().map(|picture| STANDARD.encode(picture)).collect::<Vec<_>>(),
            }),
        )
        .await?;
    let Some(upload) = answer.get("upload_id").and_then(Value::as_str).filter(|id| id.len() <= 1024) else {
        return Err(Failure::again("the server began an upload and did not say which"));
    };
    let note = Note { upload: Some(upload.to_owned()), chunk: server.chunk, ..anew.clone() };
    note.keep(bundle).await?;
    Ok(note)
}

/// Tells the server that nothing more comes; if that is lost it has to find out by itself.
pub(super) async fn cancel(server: &Legacy, upload: &str) {
    if let Err(fault) = server.call(&["storage", "chunked", "cancel"], &json!({"upload_id": upload})).await {
        tracing::debug!(why = fault.failure.why(), "an unfinished upload could not be cancelled");
    }
}
