//! Whatever way attempts end, nothing of them is left: neither descriptors nor memory. A program of its own, since
//! other tests would open files meanwhile.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it found, and stops where something is wrong"
)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use frame::{Clock, Size, SystemClock};
use store::StoreError;
use store::event::{Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Verdict};
use upload::{
    Backlog, Beat, ClipEntry, Errand, ErrandCursor, ErrandQuery, ErrandView, EventBundle, Failure, FileEntry,
    Finding, Http, Ledger, Manifest, Outcome, Outgoing, Patience, Receipt, Remote, RemoteRule,
    RemoteSettings, Secret, Settings, Setup, Stage, Uploader, Way,
};

const ATTEMPTS: u64 = 10_000;
const CLIP: u64 = 200_000;

/// Events that all have the same files, of which there are as many as there are numbers; nothing is kept of any.
#[derive(Debug)]
struct Endless {
    folder: tempfile::TempDir,
    claimed: AtomicU64,
    settled: AtomicU64,
    given_back: AtomicU64,
    most: u64,
}

impl Endless {
    fn new(most: u64) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clip.mp4"), vec![7; usize::try_from(CLIP).unwrap()]).unwrap();
        std::fs::write(folder.path().join("poster.jpg"), "poster").unwrap();
        Arc::new(Self {
            folder,
            claimed: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            given_back: AtomicU64::new(0),
            most,
        })
    }

    fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }
}

impl Ledger for Endless {
    fn set_remotes(&self, _: &[RemoteRule]) -> Result<(), StoreError> {
        Ok(())
    }

    fn claim(&self, remote: &str, _: Option<Stage>, _: Duration) -> Result<Option<Errand>, StoreError> {
        let number = self.claimed.load(Ordering::Relaxed);
        if number >= self.most {
            return Ok(None);
        }
        self.claimed.store(number + 1, Ordering::Relaxed);
        Ok(Some(Errand {
            remote: remote.to_owned(),
            event: EventId::from_parts(1_790_000_000_000 + number, u128::from(number)),
            stage: Stage::Clip,
            attempts: 0,
            resume: None,
            lease: number,
        }))
    }

    fn next_due(&self, _: &str) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }

    fn renew(&self, _: &Errand, _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn note_resume(&self, _: &Errand, _: Option<&str>) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn settle(&self, _: &Errand, outcome: Outcome) -> Result<bool, StoreError> {
        self.settled.fetch_add(1, Ordering::Relaxed);
        if matches!(outcome, Outcome::GivenBack { .. }) {
            self.given_back.fetch_add(1, Ordering::Relaxed);
        }
        Ok(true)
    }

    fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        Ok(Vec::new())
    }

    fn errands(&self, _: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        Ok((Vec::new(), None))
    }

    fn retry(&self, _: Option<EventId>, _: Option<&str>) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn hasten(&self, _: &str) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn free_sent(&self, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn event(&self, id: EventId) -> Result<Option<Arc<Event>>, StoreError> {
        Ok(Some(Arc::new(event(id))))
    }

    fn manifest(&self, id: EventId) -> Result<Option<Manifest>, StoreError> {
        let poster = FileEntry { name: "poster.jpg".to_owned(), bytes: 6, sha256: String::new() };
        let metadata = serde_json::json!({ "id": id.to_string(), "more": vec![0; 500] });
        let clip = Some(ClipEntry { bytes: CLIP, sha256: String::new() });
        Ok(Some(Manifest { metadata, files: vec![poster], clip }))
    }

    fn open_file(&self, _: EventId, name: &str) -> Result<Option<(File, u64)>, StoreError> {
        let Ok(file) = File::open(self.folder.path().join(name)) else { return Ok(None) };
        let bytes = file.metadata().unwrap().len();
        Ok(Some((file, bytes)))
    }

    fn on_owed(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

/// Sends everything to a server that fails in one way after the other.
#[derive(Debug)]
struct Failing {
    there: Http,
    nowhere: Http,
    number: AtomicU64,
    hanging: AtomicU64,
    ways: Mutex<[u64; 7]>,
}

impl Failing {
    async fn fail(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let way = usize::try_from(self.number.fetch_add(1, Ordering::Relaxed) % 7).unwrap();
        self.ways.lock().unwrap()[way] += 1;
        bundle.progress();
        bundle.file("poster.jpg").await?;
        let clip = bundle.clip(0).await?;
        let ask = |http: &Http, path: &str| http.request(reqwest::Method::POST, &[path]);
        match way {
            0 => self.nowhere.send(ask(&self.nowhere, "refused"), clip.into_body()).await?.success()?.len(),
            1 => self.there.send(ask(&self.there, "reset"), clip.into_body()).await?.success()?.len(),
            2 => self.there.send(ask(&self.there, "error"), clip.into_body()).await?.success()?.len(),
            3 => self.there.send(ask(&self.there, "silence"), Outgoing::empty()).await?.success()?.len(),
            4 => panic!("as it was told to"),
            5 => {
                let _hanging = Hanging::on(&self.hanging);
                std::future::pending().await
            }
            _ => return Ok(Receipt { sha256: None, place: String::new() }),
        };
        Err(Failure::again("it did not fail"))
    }
}

/// Counts attempts that do not come back.
struct Hanging<'a>(&'a AtomicU64);

impl<'a> Hanging<'a> {
    fn on(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait::async_trait]
impl Remote for Failing {
    fn kind(&self) -> &'static str {
        "failing"
    }

    fn pictures_first(&self) -> bool {
        false
    }

    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        self.fail(bundle).await
    }

    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        // Whatever it was, it is the errand's own: else the remote would be left alone for a while.
        match self.fail(bundle).await {
            Err(failure) if failure != Failure::Cancelled => Err(Failure::again(failure.why())),
            other => other,
        }
    }

    async fn tidy(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    async fn probe(&self) -> Vec<Finding> {
        Vec::new()
    }
}

/// Takes everything there is to take.
#[derive(Debug)]
struct Taking;

#[async_trait::async_trait]
impl Remote for Taking {
    fn kind(&self) -> &'static str {
        "taking"
    }

    fn pictures_first(&self) -> bool {
        false
    }

    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        self.clip(bundle).await
    }

    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        bundle.file("poster.jpg").await?;
        let mut clip = bundle.clip(0).await?;
        while !clip.part(64 * 1024).await?.is_empty() {}
        Ok(Receipt { sha256: None, place: String::new() })
    }

    async fn tidy(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    async fn probe(&self) -> Vec<Finding> {
        Vec::new()
    }
}

fn event(id: EventId) -> Event {
    Event {
        id,
        camera: "garden".to_owned(),
        origin: Origin::Motion,
        state: State::Whole,
        started: jiff::Timestamp::UNIX_EPOCH,
        utc_offset: 0,
        duration: Duration::from_secs(4),
        lead: Duration::ZERO,
        boot: None,
        mono: Duration::ZERO,
        clock_was_set: true,
        part: 1,
        part_of: None,
        verdict: Verdict {
            label: "animal".to_owned(),
            confidence: 1.0,
            alternatives: Vec::new(),
            direction: "left".to_owned(),
            by_person: false,
        },
        sentence: None,
        size: Size { width: 640, height: 360 },
        frames: 60,
        missing: 0,
        regions: Vec::new(),
        trail: Vec::new(),
        clip: Some(Clip { bytes: CLIP, sha256: [7; 32], codec: ClipCodec::H264, degraded: false }),
        pictures: Pictures::default(),
        analysis: None,
        novelty: 0.0,
        favourite: false,
        note: String::new(),
        seen: false,
        source_sha256: None,
        source_id: None,
    }
}

fn http(url: &str) -> Http {
    let patience = Patience { connect: Duration::from_secs(1), silence: Duration::from_millis(5) };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let way =
        Way { url: url.to_owned(), allow_http: false, ca_file: None, patience, secrets: Vec::new(), clock };
    Http::new(way).unwrap()
}

/// Answers by the path: in the middle of the body it resets, or says 500; or it says nothing.
fn serve(listener: &TcpListener, stop: &AtomicBool) {
    let mut silent = std::collections::VecDeque::new();
    for connection in listener.incoming() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut connection) = connection else { continue };
        // Some connections are made for nothing: the request went over another one meanwhile.
        connection.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let mut head = [0; 1024];
        let read = connection.read(&mut head).unwrap_or(0);
        let head = &head[..read];
        if head.starts_with(b"POST /error") {
            let _lost = connection.write_all(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno");
        } else if head.starts_with(b"POST /silence") {
            silent.push_back(connection);
            // The one who asked is long gone.
            if silent.len() > 3 {
                silent.pop_front();
            }
            continue;
        }
        let zero = socket2::SockRef::from(&connection).set_linger(Some(Duration::ZERO));
        assert!(zero.is_ok());
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

fn uploader(ledger: Arc<dyn Ledger>, remote: Arc<dyn Remote>) -> Uploader {
    let settings = RemoteSettings {
        name: "hub".to_owned(),
        kind: upload::Kind::Nightjar { url: String::new(), key: Secret::new(""), live_url: None },
        at_once: 2,
        allow_http: false,
        ca_file: None,
    };
    let vitals = || Beat {
        version: String::new(),
        now: String::new(),
        backlog: Default::default(),
        cameras: Vec::new(),
        live_url: None,
        health: Default::default(),
    };
    Uploader::start(Setup {
        ledger,
        clock: Arc::new(SystemClock::new()),
        settings: Settings { keep_clips: true, ..Settings::default() },
        remotes: vec![(settings, remote)],
        vitals: Arc::new(vitals),
    })
    .unwrap()
}

/// Waits for a condition, looking often.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let (began, pause) = (Instant::now(), Mutex::new(()));
    let bell = std::sync::Condvar::new();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(100), "{what} took too long");
        let guard = pause.lock().unwrap();
        drop(bell.wait_timeout(guard, Duration::from_millis(2)).unwrap());
    }
}

fn ten_thousand_attempts_fail_in_every_way_and_the_descriptors_are_unchanged() {
    let before = descriptors();
    // Those on the thread that uploads are as they should be.
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some("upload") {
            loud(panic);
        }
    }));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let server = std::thread::Builder::new().spawn(move || serve(&listener, &stopped)).unwrap();
    let ledger = Endless::new(ATTEMPTS);
    let remote = Arc::new(Failing {
        there: http(&format!("http://{address}")),
        nowhere: http("http://127.0.0.1:1"),
        number: AtomicU64::new(0),
        hanging: AtomicU64::new(0),
        ways: Mutex::default(),
    });
    let uploader = uploader(ledger.clone(), remote.clone());
    wait_for("10,000 attempts", || {
        // What never comes back is broken off.
        if remote.hanging.load(Ordering::Relaxed) > 0 {
            uploader.pause();
            wait_for("the end of what is under way", || remote.hanging.load(Ordering::Relaxed) == 0);
            uploader.resume();
        }
        ledger.settled() >= ATTEMPTS
    });
    let during = descriptors();
    let view = uploader.view().remotes.remove(0);
    uploader.stop();
    let ways = *remote.ways.lock().unwrap();
    assert_eq!(ledger.settled(), ATTEMPTS);
    drop(remote);
    stop.store(true, Ordering::Relaxed);
    drop(std::net::TcpStream::connect(address));
    server.join().unwrap();
    wait_for("the last connection", || descriptors() <= before);
    println!(
        "{ATTEMPTS} attempts, in each way {ways:?}, {:?}; {before} descriptors before, {during} during, {} after",
        view.counts,
        descriptors()
    );
    assert_eq!(descriptors(), before);
    assert!(during < before + 40, "{during}");
    assert!(view.counts.panics > 1000 && view.counts.given_back > 500 && view.counts.again > 4000);
}

fn ten_thousand_errands_take_no_memory() {
    let first = Endless::new(500);
    let warm = uploader(first.clone(), Arc::new(Taking));
    wait_for("500 errands", || first.settled() >= 500);
    warm.stop();
    let (before, ledger) = (resident_kib(), Endless::new(10_000));
    let uploader = uploader(ledger.clone(), Arc::new(Taking));
    let (mut most, began) = (0, Instant::now());
    wait_for("10,000 errands", || {
        most = most.max(resident_kib());
        ledger.settled() >= 10_000
    });
    let took = began.elapsed();
    let began = Instant::now();
    uploader.stop();
    assert!(began.elapsed() < Duration::from_secs(1));
    println!("10,000 errands in {took:.1?}: {before} KiB before, {most} KiB at most");
    assert!(most < before + 16 * 1024, "{before} KiB before, {most} KiB at most");
}

#[test]
fn nothing_is_left_of_attempts() {
    ten_thousand_errands_take_no_memory();
    ten_thousand_attempts_fail_in_every_way_and_the_descriptors_are_unchanged();
}
