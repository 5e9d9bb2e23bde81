//! Object stores.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use upload::{Checksum, Failure, FindingState, Kind, Remote, Secret, Stage};

use crate::desk::Desk;
use crate::faults::{Fault, Served};
use crate::objects::{ACCESS, BUCKET, Manners, Objects, SECRET};
use crate::{TRIES, wrong};

const MIB: usize = 1 << 20;

async fn set_up(checksum: Checksum) -> (Objects, Served, Arc<dyn Remote>) {
    let objects = Objects::new();
    let served = objects.serve().await;
    let remote = with_secret(&served, BUCKET, SECRET, checksum);
    (objects, served, remote)
}

fn with_secret(served: &Served, bucket: &str, secret: &str, checksum: Checksum) -> Arc<dyn Remote> {
    crate::remote(Kind::S3 {
        endpoint: served.url(),
        bucket: bucket.to_owned(),
        region: "us-east-1".to_owned(),
        prefix: "cams/one".to_owned(),
        access_key: ACCESS.to_owned(),
        secret: Secret::new(secret),
        checksum,
    })
}

fn folder(desk: &Desk) -> String {
    // 23:45 in UTC is the next day where the camera stands.
    format!("cams/one/2026/11/20/{}/", desk.event().id)
}

/// What the store keeps are the events' files, and nothing else is left of them.
fn are_kept(objects: &Objects, desks: &[&Arc<Desk>]) {
    let all = objects.all();
    for desk in desks {
        let folder = folder(desk);
        assert!(all[&format!("{folder}motion.mp4")] == desk.clip, "the clip is another one");
        for name in ["poster.jpg", "thumb_0.jpg", "thumb_1.jpg"] {
            assert_eq!(all[&format!("{folder}{name}")], std::fs::read(desk.file(name)).unwrap());
        }
        assert!(all[&format!("{folder}metadata.json")].starts_with(b"{"));
    }
    assert_eq!(all.len(), desks.len() * 5, "{:?}", all.keys());
    assert_eq!((objects.look().uploads.len(), objects.leftovers()), (0, 0));
}

#[tokio::test]
async fn pictures_and_a_short_clip_lie_under_the_local_day_and_the_store_vouches_for_the_clip() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    let desk = Desk::with_clip(1, 100_000);
    let first = desk.attempt(&*remote, Stage::Pictures).await.unwrap();
    assert_eq!(first.sha256, None);
    let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    assert_eq!(receipt.place, format!("s3://{BUCKET}/{}motion.mp4", folder(&desk)));
    are_kept(&objects, &[&desk]);
    assert_eq!(served.network.count(&Method::GET, "/motion.mp4"), 0, "nothing had to be read back");
    // Whoever asks for it again sends nothing again.
    desk.forget();
    let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    assert_eq!(served.network.count(&Method::PUT, "motion.mp4"), 1);
}

#[tokio::test]
async fn a_long_clip_goes_in_parts_that_the_store_vouches_for() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    let desk = Desk::with_clip(2, 20 * MIB);
    let receipt = desk.all(&*remote).await.unwrap();
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    are_kept(&objects, &[&desk]);
    assert_eq!(served.network.count(&Method::PUT, "partNumber"), 3);
    assert_eq!(served.network.count(&Method::GET, "/motion.mp4"), 0, "nothing had to be read back");
}

#[tokio::test]
async fn a_store_that_says_nothing_of_checksums_is_read_back() {
    for (checksum, bytes) in [
        (Checksum::Sha256, 9 * MIB),
        (Checksum::Sha256, 10),
        (Checksum::Crc32c, 9 * MIB),
        (Checksum::None, 9 * MIB),
        (Checksum::None, 10),
    ] {
        let (objects, served, remote) = set_up(checksum).await;
        objects.behave(Manners { ignores_sums: true, ..Manners::default() });
        let desk = Desk::with_clip(3, bytes);
        let receipt = desk.all(&*remote).await.unwrap();
        assert_eq!(receipt.sha256, Some(desk.sha256()), "{checksum:?}");
        are_kept(&objects, &[&desk]);
        assert_eq!(served.network.count(&Method::GET, "/motion.mp4"), 1);
    }
}

#[tokio::test]
async fn a_key_that_may_only_write_gets_no_hash_where_the_store_vouches_for_nothing() {
    let (objects, _served, remote) = set_up(Checksum::None).await;
    objects.behave(Manners { write_only: true, ..Manners::default() });
    let desk = Desk::with_clip(4, 9 * MIB);
    assert_eq!(desk.all(&*remote).await.unwrap().sha256, None);
    are_kept(&objects, &[&desk]);

    let (objects, _served, remote) = set_up(Checksum::Sha256).await;
    objects.behave(Manners { write_only: true, ..Manners::default() });
    assert_eq!(desk.all(&*remote).await.unwrap().sha256, Some(desk.sha256()));
    are_kept(&objects, &[&desk]);
}

#[tokio::test]
async fn parts_that_are_there_are_not_sent_again() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    // The third of five: its answers are lost; then the fifth does not come through.
    served.network.fault(&Method::PUT, "partNumber=3", TRIES, Fault::LoseAnswer);
    served.network.fault(&Method::PUT, "partNumber=5", TRIES, Fault::Cut);
    let desk = Desk::with_clip(5, 40 * MIB);
    let (receipt, attempts) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
    assert_eq!((receipt.sha256, attempts), (Some(desk.sha256()), 3));
    are_kept(&objects, &[&desk]);
    // The third was found in the store's own list.
    assert_eq!(served.network.count(&Method::PUT, "partNumber"), 4 + 2 * TRIES);
    assert_eq!(served.network.count(&Method::POST, "uploads"), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_nothing_but_a_question() {
    let ways = [(1000, Method::PUT, "motion.mp4", TRIES), (20 * MIB, Method::POST, "uploadId", 1)];
    for (bytes, method, within, times) in ways {
        let (objects, served, remote) = set_up(Checksum::Sha256).await;
        served.network.fault(&method, within, times, Fault::LoseAnswer);
        let desk = Desk::with_clip(6, bytes);
        desk.attempt(&*remote, Stage::Pictures).await.unwrap();
        assert!(matches!(desk.attempt(&*remote, Stage::Clip).await, Err(Failure::Again { .. })));
        let receipt = desk.attempt(&*remote, Stage::Clip).await.unwrap();
        assert_eq!(receipt.sha256, Some(desk.sha256()));
        assert_eq!(served.network.count(&method, within), times);
        are_kept(&objects, &[&desk]);
    }
}

#[tokio::test]
async fn an_upload_whose_beginning_got_lost_is_ended_by_the_next_attempt() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    served.network.fault(&Method::POST, "uploads", 1, Fault::LoseAnswer);
    let desk = Desk::with_clip(7, 20 * MIB);
    assert!(desk.attempt(&*remote, Stage::Clip).await.is_err());
    // As after a crash that came before anything was noted.
    desk.forget();
    let (_, attempts) = desk.until_there(&*remote, Stage::Clip).await.unwrap();
    assert_eq!((attempts, objects.look().uploads.len(), objects.leftovers()), (1, 0, 0));
    are_kept(&objects, &[&desk]);
}

#[tokio::test]
async fn a_flipped_bit_is_refused_by_the_store_or_found_by_reading_back() {
    for checksum in [Checksum::Sha256, Checksum::Crc32c, Checksum::None] {
        for (bytes, within) in [(100_000, "motion.mp4"), (20 * MIB, "partNumber=2")] {
            let (objects, served, remote) = set_up(checksum).await;
            served.network.fault(&Method::PUT, within, 1, Fault::Flip(300));
            let desk = Desk::with_clip(8, bytes);
            desk.attempt(&*remote, Stage::Pictures).await.unwrap();
            let first = desk.attempt(&*remote, Stage::Clip).await;
            assert!(matches!(first, Err(Failure::Again { .. })), "{first:?}");
            let receipt = desk.until_there(&*remote, Stage::Clip).await.unwrap().0;
            assert_eq!(receipt.sha256, Some(desk.sha256()));
            are_kept(&objects, &[&desk]);
        }
    }
}

#[tokio::test]
async fn an_upload_that_the_store_forgot_begins_anew() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    served.network.fault(&Method::PUT, "partNumber=2", TRIES, Fault::Cut);
    let desk = Desk::with_clip(9, 20 * MIB);
    assert!(desk.attempt(&*remote, Stage::Clip).await.is_err());
    assert!(desk.resume().is_some());
    objects.look().uploads.clear();
    objects.clear_leftovers();
    let receipt = desk.until_there(&*remote, Stage::Clip).await.unwrap().0;
    assert_eq!(receipt.sha256, Some(desk.sha256()));
    are_kept(&objects, &[&desk]);
}

#[tokio::test]
async fn what_nobody_goes_on_with_for_a_day_is_cleared_away_and_nothing_else() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    for number in 0..5 {
        served.network.fault(&Method::PUT, "partNumber=2", TRIES, Fault::Cut);
        assert!(Desk::with_clip(10 + number, 20 * MIB).attempt(&*remote, Stage::Clip).await.is_err());
    }
    assert_eq!(remote.tidy().await.unwrap(), 0, "they are young");
    objects.begin_older(Duration::from_secs(25 * 3600));
    served.network.fault(&Method::PUT, "partNumber=2", TRIES, Fault::Cut);
    let young = Desk::with_clip(20, 20 * MIB);
    assert!(young.attempt(&*remote, Stage::Clip).await.is_err());
    // Somebody else's, below another prefix and with another name.
    for key in ["elsewhere/2026/11/20/01JD2Z3ABCDEFGHJKMNPQRSTVW/motion.mp4", "cams/one/backup.tar"] {
        objects.plant_upload(key);
    }
    assert_eq!(remote.tidy().await.unwrap(), 5);
    assert_eq!(objects.look().uploads.len(), 3);
    let receipt = young.until_there(&*remote, Stage::Clip).await.unwrap().0;
    assert_eq!(receipt.sha256, Some(young.sha256()));
}

#[tokio::test]
async fn an_upload_that_still_grows_is_not_cleared_away_however_long_ago_it_began() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    served.network.fault(&Method::PUT, "partNumber=2", TRIES, Fault::Cut);
    let desk = Desk::with_clip(21, 20 * MIB);
    assert!(desk.attempt(&*remote, Stage::Clip).await.is_err());
    objects.begin_older(Duration::from_secs(72 * 3600));
    objects.look().parts_are_new = true;
    assert_eq!(remote.tidy().await.unwrap(), 0);
}

#[tokio::test]
async fn refusals_say_what_is_wrong_and_are_believed_in_the_end() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    let desk = Desk::with_clip(22, 1000);
    let wrong = with_secret(&served, BUCKET, "no", Checksum::Sha256);
    let ended = desk.until_there(&*wrong, Stage::Clip).await.unwrap_err();
    assert!(matches!(&ended, Failure::Denied { why } if why.contains("SignatureDoesNotMatch")), "{ended:?}");
    assert!(!format!("{wrong:?}").contains(SECRET) && !format!("{remote:?}").contains(SECRET));

    desk.forget();
    let nowhere = with_secret(&served, "nowhere", SECRET, Checksum::Sha256);
    let ended = desk.attempt(&*nowhere, Stage::Clip).await.unwrap_err();
    assert!(matches!(&ended, Failure::Unreachable { why } if why.contains("NoSuchBucket")), "{ended:?}");

    desk.forget();
    served.network.fault(&Method::PUT, "", 1, Fault::Status(429, Some(9)));
    let Err(Failure::Again { after, .. }) = desk.attempt(&*remote, Stage::Pictures).await else { panic!() };
    assert_eq!(after.unwrap().as_secs(), 9);
    served.network.fault(&Method::PUT, "", TRIES, Fault::Status(503, None));
    assert!(matches!(desk.attempt(&*remote, Stage::Pictures).await, Err(Failure::Again { .. })));
    served.network.fault(&Method::PUT, "", 1, Fault::Status(307, None));
    assert!(matches!(desk.attempt(&*remote, Stage::Pictures).await, Err(Failure::Unreachable { .. })));
    desk.forget();
    desk.all(&*remote).await.unwrap();
    are_kept(&objects, &[&desk]);
}

#[tokio::test]
async fn pictures_that_went_under_another_day_go_again_with_the_clip() {
    let (objects, _served, remote) = set_up(Checksum::Sha256).await;
    let desk = Desk::with_clip(23, 1000);
    desk.until_there(&*remote, Stage::Clip).await.unwrap();
    are_kept(&objects, &[&desk]);
}

#[tokio::test]
async fn thirty_events_through_a_storm_are_there_once_each_with_nothing_left_over() {
    for checksum in [Checksum::Sha256, Checksum::None] {
        let (objects, served, remote) = set_up(checksum).await;
        served.network.storm(7_202_611, 5);
        let mut desks = Vec::new();
        for number in 0..30 {
            let bytes = if number % 10 == 0 { 17 * MIB } else { 40_000 };
            let desk = Desk::with_clip(1000 + number, bytes);
            let receipt = loop {
                match desk.all(&*remote).await {
                    Ok(receipt) => break receipt,
                    Err(_) => desk.forget_attempts(),
                }
            };
            assert_eq!(receipt.sha256, Some(desk.sha256()));
            desks.push(desk);
        }
        served.network.storm(0, 0);
        objects.begin_older(Duration::from_secs(25 * 3600));
        remote.tidy().await.unwrap();
        are_kept(&objects, &desks.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_probe_finds_a_good_store_good_and_leaves_nothing_there() {
    let (objects, served, remote) = set_up(Checksum::Sha256).await;
    let findings = remote.probe().await;
    assert_eq!(wrong(&findings), Vec::<&upload::Finding>::new());
    assert!(findings.iter().any(|finding| finding.what.contains("checks SHA-256")));
    assert!(findings.iter().any(|finding| finding.what.contains("clocks agree")));
    assert_eq!(objects.all().len(), 0);

    let said = async |remote: Arc<dyn Remote>| {
        let findings = remote.probe().await;
        let last = wrong(&findings).pop().expect("something is wrong").clone();
        assert!(last.mend.is_some());
        (last.state, last.what)
    };
    let (state, what) = said(with_secret(&served, BUCKET, "no", Checksum::Sha256)).await;
    assert!(state == FindingState::Bad && what.contains("secret"), "{what}");
    let (state, what) = said(with_secret(&served, "nowhere", SECRET, Checksum::Sha256)).await;
    assert!(state == FindingState::Bad && what.contains("no bucket nowhere"), "{what}");

    objects.behave(Manners { refuses_sums: true, ..Manners::default() });
    let findings = remote.probe().await;
    let bad = wrong(&findings);
    assert!(bad[0].mend.as_ref().unwrap().contains("checksum = \"none\""), "{bad:?}");
    assert!(wrong(&with_secret(&served, BUCKET, SECRET, Checksum::None).probe().await).is_empty());

    objects.behave(Manners { write_only: true, no_lists: true, ..Manners::default() });
    let findings = remote.probe().await;
    let warned: Vec<_> = wrong(&findings).iter().map(|finding| finding.state).collect();
    assert_eq!(warned, [FindingState::Warning, FindingState::Warning], "{findings:?}");
    assert_eq!(objects.all().len(), 0);
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_more_than_a_quarter_of_an_hour_is_found() {
    let (_objects, served, _remote) = set_up(Checksum::Sha256).await;
    served.network.set_date("Mon, 01 Jan 2024 00:00:00 GMT");
    let findings = with_secret(&served, BUCKET, SECRET, Checksum::Sha256).probe().await;
    let bad = wrong(&findings);
    assert!(bad[0].state == FindingState::Bad && bad[0].what.contains("clocks differ"), "{findings:?}");
}
