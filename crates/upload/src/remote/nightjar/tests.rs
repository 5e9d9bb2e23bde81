//! Against a hub in memory that speaks the wire, and fails as it is told.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Nightjar;
use crate::bundle::EventBundle;
use crate::http::Patience;
use crate::ledger::{Errand, Ledger as _, Outcome, Receipt, Stage};
use crate::remote::{Beat, Failure, FindingState, Remote};
use crate::settings::{Kind, RemoteSettings, Secret};
use crate::testing::{FakeHub, Fault, RuntimeClock, Shelf, event_id};

const PATIENCE: Patience = Patience { connect: Duration::from_secs(2), silence: Duration::from_millis(300) };

fn clip() -> Vec<u8> {
    // Three parts at the beginning, of bytes that are not alike.
    (0..(5 << 19)).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

struct Way {
    shelf: Arc<Shelf>,
    hub: FakeHub,
    remote: Nightjar,
}

impl Way {
    async fn to(fault: impl FnMut(u32, &str) -> Fault + Send + 'static) -> Self {
        let hub = FakeHub::start(fault).await;
        let remote = remote(&hub.url(), "nj_secret");
        Self { shelf: Shelf::of(&clip(), 1, Stage::Pictures), hub, remote }
    }

    async fn attempt(&self, stage: Stage) -> Result<Receipt, Failure> {
        let claimed = self.shelf.claim("hub", None, Duration::from_secs(600)).unwrap().unwrap();
        let errand = Errand { stage, ..claimed };
        let mut bundle = EventBundle::open(self.shelf.clone(), errand.clone()).await.unwrap().unwrap();
        let done = match stage {
            Stage::Pictures => self.remote.pictures(&mut bundle).await,
            Stage::Clip => self.remote.clip(&mut bundle).await,
        };
        self.shelf.settle(&errand, Outcome::GivenBack { resume: None }).unwrap();
        done
    }

    /// Again and again; → the receipt and how many attempts failed.
    async fn until_there(&self, stage: Stage) -> (Receipt, u32) {
        for failed in 0..200 {
            match self.attempt(stage).await {
                Ok(receipt) => return (receipt, failed),
                Err(Failure::Again { .. } | Failure::Unreachable { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("nothing came of it");
    }

    async fn all(&self) -> (Receipt, u32) {
        let (_, pictures) = self.until_there(Stage::Pictures).await;
        let (receipt, clip) = self.until_there(Stage::Clip).await;
        assert_eq!(receipt.sha256, Some(self.shelf.sha256()));
        assert_eq!(self.hub.clip(event_id(0)).unwrap(), clip_bytes());
        assert_eq!(self.hub.stored(), 1);
        (receipt, pictures + clip)
    }
}

fn clip_bytes() -> Bytes {
    clip().into()
}

fn remote(url: &str, key: &str) -> Nightjar {
    let key = Secret::new(key);
    let settings = RemoteSettings {
        name: "hub".to_owned(),
        kind: Kind::Nightjar { url: url.to_owned(), key: key.clone(), live_url: None },
        at_once: 1,
        allow_http: false,
        ca_file: None,
    };
    Nightjar::new(&settings, url, &key, PATIENCE, RuntimeClock::at("2026-11-20T12:00:00Z")).unwrap()
}

fn busy(status: u16, retry_after: Option<u64>) -> Fault {
    Fault::Status(status, retry_after, r#"{"code":"busy","detail":"not now"}"#)
}

#[tokio::test]
async fn pictures_are_there_before_the_clip_and_the_receipt_is_for_our_bytes() {
    let way = Way::to(|_, _| Fault::None).await;
    let receipt = way.attempt(Stage::Pictures).await.unwrap();
    assert_eq!(receipt.sha256, None);
    assert_eq!(way.hub.files(event_id(0)), ["poster.jpg", "track.json"]);
    let receipt = way.attempt(Stage::Clip).await.unwrap();
    assert_eq!(receipt.sha256, Some(way.shelf.sha256()));
    assert!(receipt.place.starts_with("events/2026/"), "{}", receipt.place);
    let asked = way.hub.asked();
    let parts: Vec<_> = asked.iter().filter(|asked| asked.starts_with("PATCH")).collect();
    assert_eq!(parts.len(), 2, "parts grow with the way: {asked:?}");
    // Asked for once more, nothing is sent twice.
    let before = way.hub.bytes();
    way.attempt(Stage::Clip).await.unwrap();
    assert_eq!(way.hub.bytes(), before);
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_no_second_copy() {
    // Every second answer, whatever to.
    let way = Way::to(|n, _| if n % 2 == 1 { Fault::LoseAnswer } else { Fault::None }).await;
    way.all().await;
    let clip = clip().len() as u64;
    assert!(way.hub.bytes() < clip + 20_000, "{} bytes for a clip of {clip}", way.hub.bytes());
}

#[tokio::test]
async fn what_fails_now_and_then_gets_there() {
    for fault in [busy(500, None), busy(503, None), busy(408, None), Fault::Reset, Fault::BlackHole] {
        let named = format!("{fault:?}");
        // As many in a row as one attempt does not put up with.
        let way = Way::to(move |n, _| if n % 7 < 4 { fault.clone() } else { Fault::None }).await;
        let (_, failed) = way.all().await;
        assert!(failed > 0 && failed < 20, "{named}: {failed} failed");
    }
}

#[tokio::test]
async fn a_hub_that_is_busy_says_for_how_long() {
    let way = Way::to(|_, _| busy(429, Some(17))).await;
    let failure = way.attempt(Stage::Pictures).await.unwrap_err();
    let after = Some(Duration::from_secs(17));
    assert_eq!(failure, Failure::Again { why: "429: not now".to_owned(), after });
}

#[tokio::test]
async fn what_was_damaged_on_its_way_is_sent_again() {
    let way = Way::to(|n, path| match path {
        path if path.ends_with("/clip") && n % 5 > 0 => Fault::Damage,
        path if path.contains("/files/") && n % 3 == 0 => Fault::Damage,
        _ => Fault::None,
    })
    .await;
    let (_, failed) = way.all().await;
    assert!(failed > 0);
}

#[tokio::test]
async fn the_clip_goes_on_from_where_the_hub_has_it() {
    let mut count = 0;
    let way = Way::to(move |_, path| {
        count += u32::from(path.ends_with("/clip"));
        // What it was given is gone, as after a power cut; it says from where it goes on.
        if path.ends_with("/clip") && count == 2 { Fault::Forget(1000) } else { Fault::None }
    })
    .await;
    let (_, failed) = way.all().await;
    assert_eq!(failed, 0, "that is no failure");
}

#[tokio::test]
async fn a_hub_that_lost_everything_is_sent_everything() {
    let way = Way::to(|_, _| Fault::None).await;
    way.attempt(Stage::Pictures).await.unwrap();
    way.hub.lose(event_id(0));
    way.attempt(Stage::Clip).await.unwrap();
    assert_eq!(way.hub.clip(event_id(0)).unwrap(), clip_bytes());
}

#[tokio::test]
async fn a_clip_that_is_another_at_the_end_starts_from_the_beginning() {
    let mut count = 0;
    let way = Way::to(move |_, path| {
        count += u32::from(path.ends_with("/finish"));
        if path.ends_with("/finish") && count == 1 { Fault::Spoil } else { Fault::None }
    })
    .await;
    way.all().await;
}

#[tokio::test]
async fn a_receipt_for_other_bytes_is_not_believed() {
    let way = Way::to(|_, _| Fault::WrongReceipt).await;
    way.attempt(Stage::Pictures).await.unwrap();
    let failure = way.attempt(Stage::Clip).await.unwrap_err();
    assert_eq!(failure, Failure::again("the hub's receipt is for another clip than ours"));
}

#[tokio::test]
async fn an_answer_for_another_event_is_not_believed() {
    let way = Way::to(|_, _| Fault::OtherEvent).await;
    let failure = way.attempt(Stage::Pictures).await.unwrap_err();
    assert_eq!(failure, Failure::again("the hub answered for another event"));
}

#[tokio::test]
async fn words_that_changed_meanwhile_are_announced_anew() {
    let way = Way::to(|n, path| {
        let is_first = n == 0 && !path.contains("/files/");
        if is_first { Fault::Status(409, None, r#"{"code":"other_event"}"#) } else { Fault::None }
    })
    .await;
    way.hub.begin_other(event_id(0));
    way.all().await;
    assert!(way.hub.asked().iter().any(|asked| asked.starts_with("DELETE")));
}

#[tokio::test]
async fn what_will_not_change_is_refused_and_a_key_is_denied() {
    for (status, is_denied) in [(400, false), (413, false), (422, false), (401, true), (403, true)] {
        let way = Way::to(move |_, _| Fault::Status(status, None, r#"{"code":"no","detail":"never"}"#)).await;
        let failure = way.attempt(Stage::Pictures).await.unwrap_err();
        assert_eq!(matches!(failure, Failure::Denied { .. }), is_denied, "{failure:?}");
        assert_eq!(matches!(failure, Failure::Refused { .. }), !is_denied, "{failure:?}");
        assert!(failure.why().contains(&status.to_string()), "{failure:?}");
    }
}

#[tokio::test]
async fn what_is_no_hub_or_points_elsewhere_is_no_fault_of_the_errand() {
    for (status, body) in [(404, "nothing here"), (302, ""), (421, r#"{"code":"host"}"#)] {
        let way = Way::to(move |_, _| Fault::Status(status, None, body)).await;
        let failure = way.attempt(Stage::Pictures).await.unwrap_err();
        assert!(matches!(failure, Failure::Unreachable { .. }), "{status}: {failure:?}");
    }
    let nobody = remote("http://127.0.0.1:1", "nj_secret");
    let way = Way { remote: nobody, ..Way::to(|_, _| Fault::None).await };
    let failure = way.attempt(Stage::Pictures).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let way = Way::to(|_, _| Fault::Endless).await;
    let failure = way.attempt(Stage::Pictures).await.unwrap_err();
    assert!(matches!(failure, Failure::Again { .. }), "{failure:?}");
    assert!(failure.why().chars().count() < 400, "{failure:?}");
}

#[tokio::test]
async fn a_beat_is_heard() {
    let way = Way::to(|_, _| Fault::None).await;
    let beat = Beat {
        version: "1".to_owned(),
        now: "2026-11-20T12:00:00Z".to_owned(),
        backlog: Default::default(),
        cameras: Vec::new(),
        live_url: None,
        health: Default::default(),
    };
    way.remote.beat(&beat).await.unwrap();
    assert_eq!(way.hub.asked(), ["PUT /api/v1/ingest/device"]);
}

#[tokio::test]
async fn a_probe_says_what_is_wrong() {
    let states = async |remote: &Nightjar| -> Vec<FindingState> {
        remote.probe().await.iter().map(|finding| finding.state).collect()
    };
    let way = Way::to(|_, _| Fault::None).await;
    let found = way.remote.probe().await;
    assert!(found.iter().all(|finding| finding.state != FindingState::Bad), "{found:?}");
    assert_eq!(found.last().unwrap().what, "the key is right and may upload");
    let stranger = remote(&way.hub.url(), "nj_other");
    let found = stranger.probe().await;
    assert_eq!(found.last().unwrap().what, "the hub does not know the key");
    assert_eq!(states(&remote("http://127.0.0.1:1", "k")).await.last(), Some(&FindingState::Bad));
    assert!(!format!("{:?}", way.remote).contains("nj_secret"));
}
