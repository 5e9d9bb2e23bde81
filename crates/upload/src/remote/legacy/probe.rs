//! What `doctor` finds of an older storage server, step by step. It is written to by an upload that is begun and cancelled.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Legacy;
use crate::http::Outgoing;
use crate::remote::reach::{clocks, reach, skew_s};
use crate::remote::{Failure, Finding};

/// Finds out.
pub(super) async fn run(server: &Legacy) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(reached) = reach(&server.wire, server.wire.root(), &mut findings).await else { return findings };
    let now = Timestamp::try_from(server.clock.wall()).unwrap_or(Timestamp::UNIX_EPOCH);
    findings.push(clocks(skew_s(&reached.headers, now), None));
    if knows_us(server, &mut findings).await {
        takes_uploads(server, &mut findings).await;
    }
    findings
}

async fn knows_us(server: &Legacy, findings: &mut Vec<Finding>) -> bool {
    let request = server.request(Method::GET, &["storage", "stats"]);
    let answer = server.wire.give(request, Outgoing::empty()).await;
    let (finding, is_well) = match answer.as_ref().map(|answer| (answer.status.as_u16(), answer)) {
        Ok((200, answer)) => {
            (Finding::ok(format!("the key is right{}", figures(server, &answer.text))), true)
        }
        Ok((401 | 403, _)) => {
            (Finding::bad("the server does not take the key", "correct api_key_file or api_key"), false)
        }
        Ok((404 | 405, _)) => (
            Finding::warning(
                "the server has no /storage/stats: it may be no storage server of the older system",
                "check url; if it is one of ours, set kind = \"nightjar\"",
            ),
            true,
        ),
        Ok((_, answer)) => {
            let what = format!("the server answered {}", answer.words());
            (Finding::bad(what, "look into the server's own log"), false)
        }
        Err(failure) => (Finding::bad(failure.why().to_owned(), "look into the server's own log"), false),
    };
    findings.push(finding);
    is_well
}

/// What the server tells of its room, whatever it calls it.
fn figures(server: &Legacy, text: &str) -> String {
    let Ok(Value::Object(stats)) = serde_json::from_str(text) else { return String::new() };
    let told: Vec<_> = stats
        .iter()
        .filter(|(name, value)| {
            value.is_number()
                && ["free", "size", "event", "quota", "usage"].iter().any(|word| name.contains(word))
        })
        .take(6)
        .map(|(name, value)| format!("{} {value}", server.wire.redact(name)))
        .collect();
    if told.is_empty() { String::new() } else { format!("; it tells {}", told.join(", ")) }
}

async fn takes_uploads(server: &Legacy, findings: &mut Vec<Finding>) {
    let body = json!({
        "metadata": super::words::probe().to_string(),
        "file_size": 1,
        "chunk_size": 1,
        "total_chunks": 1,
        "thumbnails": [],
    });
    let begun = server.call(&["storage", "chunked", "init"], &body).await.map_err(Failure::from);
    let upload = begun.map(|answer| answer.get("upload_id").and_then(Value::as_str).map(str::to_owned));
    findings.push(match upload {
        Ok(Some(upload)) => {
            match server.call(&["storage", "chunked", "cancel"], &json!({"upload_id": upload})).await {
                Ok(_) => Finding::ok("an upload can be begun and cancelled"),
                Err(fault) => Finding::warning(
                    format!("an upload was begun and could not be cancelled: {}", Failure::from(fault).why()),
                    "nothing: the server forgets it by itself",
                ),
            }
        }
        Ok(None) => Finding::bad("the server begins uploads and gives them no id", "check url"),
        Err(Failure::Denied { why }) => Finding::bad(why, "let the key upload"),
        Err(failure) => Finding::warning(
            format!("uploads in chunks cannot be begun: {}", failure.why()),
            "a chunk_size above the size of every clip keeps to single requests",
        ),
    });
}
