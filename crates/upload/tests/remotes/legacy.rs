//! The protocol of the older system.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use upload::{Failure, FindingState, Kind, Remote, Secret, Stage};

use crate::desk::Desk;
use crate::faults::{Fault, Served};
use crate::older::{KEY, Older};
use crate::{TRIES, wrong};

const CHUNK: u64 = 64 * 1024;

async fn set_up() -> (Older, Served, Arc<dyn Remote>) {
    let older = Older::default();
    let served = older.serve().await;
    let remote = with_key(&served, KEY);
    (older, served, remote)
}

fn with_key(served: &Served, key: &str) -> Arc<dyn Remote> {
    crate::remote(Kind::Legacy { url: served.url(), key: Secret::new(key), chunk: CHUNK })
}

/// What the server keeps is the event, once.
fn is_kept(older: &Older, desk: &Desk) {
    let inner = older.look();
    assert_eq!(inner.complaints, Vec::<String>::new());
    let kept = &inner.events[&desk.event().id.to_string()];
    assert!(kept.video == desk.clip, "the clip is another one");
    assert_eq!(kept.stored, 1);
    assert_eq!(kept.thumbnails.len(), 2);
    assert_eq!(kept.metadata["start_time"], "2026-11-19T23:45:00.250000+00:00");
    assert_eq!(kept.metadata["end_time"], "2026-11-19T23:45:04.750000+00:00");
    assert_eq!(kept.metadata["camera"], "garden");
    assert_eq!(kept.metadata["motion_analysis"]["classification"]["label"], "animal");
}

#[tokio::test]
async fn a_short_clip_goes_in_one_request_and_is_proved_by_reading_it_back() {
    let (older, served, remote) = set_up().await;
    for bytes in [1, 1000, CHUNK as usize] {
        let desk = Desk::with_clip(bytes as u128, bytes);
        let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
        assert_eq!(receipt.sha256, Some(desk.sha256()));
        assert_eq!(receipt.place, format!("{}/storage/events/{}", served.url(), desk.event().id));
        is_kept(&older, &desk);
    }
    assert_eq!(served.network.count(&Method::POST, "/storage/chunked"), 0);
}

#[tokio::test]
async fn a_long_clip_goes_in_chunks() {
    let (older, served, remote) = set_up().await;
    let desk = Desk::with_clip(2, CHUNK as usize * 3 + 1);
    let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    is_kept(&older, &desk);
    assert_eq!(served.network.count(&Method::POST, "/storage/chunked/upload"), 4);
    assert_eq!(older.unfinished(), 0);
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_no_second_event() {
    for bytes in [1000, CHUNK as usize * 2] {
        let (older, served, remote) = set_up().await;
        let path = if bytes < CHUNK as usize { "/storage" } else { "/storage/chunked/finalize" };
        served.network.fault(&Method::POST, path, 1, Fault::LoseAnswer);
        let desk = Desk::with_clip(3, bytes);
        assert!(matches!(desk.attempt(&*remote, Stage::Clip).await, Err(Failure::Again { .. })));
        // Whoever built the index anew remembers nothing of it either.
        desk.forget();
        let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
        assert_eq!(receipt.sha256, Some(desk.sha256()));
        is_kept(&older, &desk);
    }
}

#[tokio::test]
async fn a_chunk_whose_answer_was_lost_is_sent_again_and_the_others_are_not() {
    let (older, served, remote) = set_up().await;
    served.network.fault_after(&Method::POST, "/storage/chunked/upload", 2, TRIES, Fault::LoseAnswer);
    let desk = Desk::with_clip(4, CHUNK as usize * 5);
    let (_, attempts) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(attempts, 2);
    is_kept(&older, &desk);
    assert_eq!(served.network.count(&Method::POST, "/storage/chunked/upload"), 5 + TRIES);
    assert_eq!(served.network.count(&Method::POST, "/storage/chunked/init"), 1);
}

#[tokio::test]
async fn an_end_that_got_lost_before_it_was_seen_is_asked_for_again_without_a_chunk() {
    let (older, served, remote) = set_up().await;
    served.network.fault(&Method::POST, "/storage/chunked/finalize", 1, Fault::Cut);
    let desk = Desk::with_clip(14, CHUNK as usize * 2 + 1);
    let (_, attempts) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(attempts, 2);
    is_kept(&older, &desk);
    assert_eq!(served.network.count(&Method::POST, "/storage/chunked/upload"), 3);
}

#[tokio::test]
async fn a_server_that_takes_no_chunk_twice_is_told_that_the_upload_is_given_up() {
    let (older, served, remote) = set_up().await;
    older.look().refuses_replays = true;
    served.network.fault_after(&Method::POST, "/storage/chunked/upload", 1, 1, Fault::LoseAnswer);
    let desk = Desk::with_clip(5, CHUNK as usize * 3);
    let (receipt, attempts) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
    assert_eq!((receipt.sha256, attempts), (Some(desk.sha256()), 2));
    assert_eq!(older.unfinished(), 0);
    let inner = older.look();
    assert_eq!((inner.cancelled, inner.events.len()), (1, 1));
}

#[tokio::test]
async fn a_server_that_forgot_the_upload_gets_it_anew() {
    let (older, served, remote) = set_up().await;
    served.network.fault_after(&Method::POST, "/storage/chunked/upload", 1, TRIES, Fault::Cut);
    let desk = Desk::with_clip(6, CHUNK as usize * 3);
    assert!(matches!(desk.attempt(&*remote, Stage::Clip).await, Err(Failure::Again { .. })));
    assert!(desk.resume().is_some() && desk.progressed());
    older.restart();
    // What was there is lost, however much of it was: it goes behind the others.
    assert!(matches!(desk.attempt(&*remote, Stage::Clip).await, Err(Failure::Again { .. })));
    assert!(desk.resume().is_none() && !desk.progressed());
    let (receipt, _) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    is_kept(&older, &desk);
}

#[tokio::test]
async fn a_bit_that_flipped_on_its_way_there_is_found_and_the_event_sent_again() {
    for bytes in [50_000, CHUNK as usize * 3] {
        let (older, served, remote) = set_up().await;
        let path = if bytes < CHUNK as usize { "/storage" } else { "/storage/chunked/upload" };
        // Past the metadata and before the pictures: within the clip.
        served.network.fault(&Method::POST, path, 1, Fault::Flip(600));
        let desk = Desk::with_clip(7, bytes);
        let first = desk.attempt(&*remote, Stage::Clip).await;
        assert!(matches!(first, Err(Failure::Again { .. })), "{first:?}");
        let (receipt, _) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
        assert_eq!(receipt.sha256, Some(desk.sha256()));
        older.look().complaints.clear();
        is_kept(&older, &desk);
        assert_eq!(older.unfinished(), 0);
    }
}

#[tokio::test]
async fn a_bit_that_flipped_on_its_way_back_deletes_nothing() {
    let (older, served, remote) = set_up().await;
    served.network.fault(&Method::GET, "/video", 1, Fault::FlipAnswer(500));
    let desk = Desk::with_clip(8, 50_000);
    let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    is_kept(&older, &desk);
    assert_eq!(served.network.count(&Method::DELETE, ""), 0);
}

#[tokio::test]
async fn a_busy_server_is_obeyed() {
    let (older, served, remote) = set_up().await;
    served.network.fault(&Method::POST, "/storage", 1, Fault::Status(429, Some(7)));
    let desk = Desk::with_clip(9, 1000);
    let Err(Failure::Again { why, after }) = desk.attempt(&*remote, Stage::Clip).await else { panic!() };
    assert_eq!(after.unwrap().as_secs(), 7);
    assert!(why.contains("429") && !why.contains('\x1b'), "{why:?}");
    desk.until_there(&*remote, Stage::Clip).await.unwrap();
    is_kept(&older, &desk);
}

#[tokio::test]
async fn a_refusal_is_believed_when_it_came_again_and_again() {
    let (older, served, remote) = set_up().await;
    served.network.fault(&Method::POST, "/storage/chunked/init", 3, Fault::Status(400, None));
    let desk = Desk::with_clip(10, CHUNK as usize * 2);
    for _ in 0..2 {
        assert!(matches!(desk.attempt(&*remote, Stage::Clip).await, Err(Failure::Again { .. })));
    }
    assert!(matches!(desk.attempt(&*remote, Stage::Clip).await, Err(Failure::Refused { .. })));
    assert_eq!(older.look().events.len(), 0);

    let remote = with_key(&served, "another");
    let desk = Desk::with_clip(11, 10);
    let ended = desk.until_there(&*remote, Stage::Clip).await.unwrap_err();
    assert!(matches!(&ended, Failure::Denied { why } if why.contains("403")), "{ended:?}");
    assert!(!format!("{ended:?}{remote:?}").contains("another"));
}

#[tokio::test]
async fn a_server_that_shows_nothing_gives_no_proof() {
    let (older, _served, remote) = set_up().await;
    older.look().is_blind = true;
    let desk = Desk::with_clip(12, 1000);
    let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, None);
    is_kept(&older, &desk);
}

#[tokio::test]
async fn a_clip_that_rotted_on_this_disk_is_not_passed_off_as_what_was_recorded() {
    let (older, _served, remote) = set_up().await;
    let desk = Desk::with_clip(13, 1000);
    let mut rotten = desk.clip.clone();
    rotten[500] ^= 1;
    std::fs::write(desk.file("clip.mp4"), rotten).unwrap();
    let ended = desk.until_there(&*remote, Stage::Clip).await.unwrap_err();
    assert!(matches!(ended, Failure::Refused { .. }), "{ended:?}");
    assert_eq!(older.look().events.len(), 0);
}

#[tokio::test]
async fn a_hundred_events_through_a_storm_are_there_once_each() {
    let (older, served, remote) = set_up().await;
    served.network.storm(20_261_120, 4);
    for number in 0..100 {
        // Every third one is long enough for chunks.
        let bytes = if number % 3 == 0 { CHUNK as usize * 4 + 7 } else { 20_000 };
        let desk = Desk::with_clip(1000 + number, bytes);
        // A refusal that was believed is what somebody retries by hand; on this line it is only noise.
        let receipt = loop {
            match desk.until_there(&*remote, Stage::Clip).await {
                Ok((receipt, _)) => break receipt,
                Err(_) => desk.forget_attempts(),
            }
        };
        assert_eq!(receipt.sha256, Some(desk.sha256()));
        let inner = older.look();
        let kept = &inner.events[&desk.event().id.to_string()];
        assert!(
            kept.video == desk.clip && kept.stored == 1,
            "event {number} was stored {} times",
            kept.stored
        );
    }
    assert_eq!(older.look().events.len(), 100);
}

#[tokio::test]
async fn the_probe_finds_a_good_server_good_and_leaves_nothing_there() {
    let (older, served, remote) = set_up().await;
    let findings = remote.probe().await;
    // The fake does not tell the time.
    assert!(wrong(&findings).iter().all(|finding| finding.what.contains("time")), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.what.contains("total_events 0")), "{findings:?}");
    assert_eq!(older.unfinished(), 0);
    let events = older.look().events.len();
    assert_eq!((events, older.look().cancelled), (0, 1));

    let findings = with_key(&served, "wrong").probe().await;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state == FindingState::Bad).collect();
    assert_eq!(bad.len(), 1, "{findings:?}");
    assert!(bad[0].what.contains("key") && bad[0].mend.is_some());
    assert!(!json!(format!("{findings:?}")).to_string().contains("\"wrong\""));

    let gone =
        crate::remote(Kind::Legacy { url: "http://127.0.0.1:1".to_owned(), key: Secret::new("k"), chunk: 1 });
    let findings = gone.probe().await;
    assert_eq!(findings.last().unwrap().state, FindingState::Bad);
    let nameless =
        Kind::Legacy { url: "http://no-such-host.invalid".to_owned(), key: Secret::new("k"), chunk: 1 };
    let findings = crate::remote(nameless).probe().await;
    assert!(findings[0].what.contains("no-such-host.invalid") && findings.len() == 1, "{findings:?}");
}
