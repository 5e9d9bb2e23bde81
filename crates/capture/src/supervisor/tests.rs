use super::*;
use crate::testing::eventually;
use crate::{SourceKind, Want};
use frame::{Ring, RingLimits, Size, SystemClock};

pub(super) fn ring() -> (RingWriter, Ring) {
    Ring::new(RingLimits { bytes: 64 << 20, span: Duration::from_secs(60) })
}

pub(super) fn demo(scene: &str, width: u32, height: u32, frame_rate: f32) -> CameraSource {
    CameraSource {
        id: "garden".into(),
        kind: SourceKind::Demo { scene: scene.into(), seed: 1 },
        want: Want { size: Size::new(width, height), frame_rate },
        shaping: Shaping::default(),
    }
}

#[test]
fn the_demo_gives_numbered_frames_on_schedule() {
    let (writer, ring) = ring();
    let mut reader = ring.reader();
    let supervisor =
        Supervisor::start(demo("calm", 64, 48, 50.0), writer, Arc::new(SystemClock::new())).unwrap();
    for i in 0..25u32 {
        let frame = reader.next(Duration::from_secs(5)).unwrap();
        assert_eq!(frame.seq(), u64::from(i) + 1);
        assert_eq!(frame.size(), Size::new(64, 48));
        let interval = Duration::from_millis(20);
        assert!(frame.media_time().abs_diff(interval * i) <= interval * 20, "{i}: {:?}", frame.media_time());
    }
    eventually("the status", || {
        let status = supervisor.status();
        (status.state == State::Live && status.counters.frames >= 25).then_some(())
    });
    supervisor.stop();
    assert!(matches!(
        std::iter::repeat_with(|| reader.next(Duration::ZERO)).find(|r| r.is_err()),
        Some(Err(frame::ReadError::Closed | frame::ReadError::Lagged(_)))
    ));
}

#[test]
fn an_unknown_scene_is_a_problem_that_names_the_nearest() {
    let (writer, _ring) = ring();
    let supervisor =
        Supervisor::start(demo("foxy", 64, 48, 50.0), writer, Arc::new(SystemClock::new())).unwrap();
    let problem = eventually("a problem", || match &supervisor.status().state {
        State::Lost { problem } => Some(problem.clone()),
        _ => None,
    });
    assert_eq!(problem.code, "no_scene");
    assert!(problem.what.contains("\"fox\""), "{problem}");
}

/// A source that does at each opening what the script says, and then what its last entry says for ever.
struct Scripted {
    script: Vec<Act>,
    opened: usize,
    halt: Arc<Halt>,
}

#[derive(Clone, Copy)]
enum Act {
    /// Fails to open, with that code.
    Fail(&'static str),
    /// Gives a picture every few milliseconds for so long, then is lost.
    Live(Duration),
    /// Panics over its bytes.
    Panic,
}

impl Scripted {
    fn new(script: &[Act], halt: Arc<Halt>) -> Self {
        Self { script: script.to_vec(), opened: 0, halt }
    }
}

impl Opener for Scripted {
    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        let act = self.script[self.opened.min(self.script.len() - 1)];
        self.opened += 1;
        match act {
            Act::Fail(code) => Err(Problem::new(code, "It fails.", "Mend it.")),
            Act::Live(time) => {
                Ok(Box::new(Playing { until: Instant::now() + time, halt: self.halt.clone() }))
            }
            Act::Panic => panic!("byte index 6 is not a char boundary"),
        }
    }
}

struct Playing {
    until: Instant,
    halt: Arc<Halt>,
}

impl Source for Playing {
    fn negotiated(&self) -> crate::Negotiated {
        crate::Negotiated { size: Size::new(0, 0), frame_rate: None, format: "JPEG" }
    }

    fn next(&mut self, _patience: Duration) -> Result<Next, Problem> {
        if self.halt.wait_until(Instant::now() + Duration::from_millis(5)) {
            return Ok(Next::Stopped);
        }
        if Instant::now() >= self.until {
            return Err(Problem::new("ended", "It ended.", "Wait."));
        }
        let payload = Payload::Jpeg(crate::testing::jpeg().into());
        Ok(Next::Picture { payload, media_time: None, skipped: 0 })
    }
}

fn scripted(script: &[Act], tuning: Tuning) -> (Supervisor, Ring) {
    started(tuning, |halt| Box::new(Scripted::new(script, halt)))
}

fn started(tuning: Tuning, opener: impl FnOnce(Arc<Halt>) -> Box<dyn Opener>) -> (Supervisor, Ring) {
    let (writer, ring) = ring();
    let halt = Arc::new(Halt::new().unwrap());
    let opener = opener(halt.clone());
    let clock = Arc::new(SystemClock::new());
    let want = Want { size: Size::new(64, 48), frame_rate: 50.0 };
    let orders = Orders::new(want, Shaping::default(), ring.clone()).unwrap();
    (Supervisor::start_with("test".into(), opener, orders, writer, clock, tuning, halt).unwrap(), ring)
}

fn reach(supervisor: &Supervisor, what: &str, found: impl Fn(&SourceStatus) -> bool) -> Arc<SourceStatus> {
    eventually(what, || Some(supervisor.status()).filter(|status| found(status)))
}

#[test]
fn a_panic_over_what_a_source_sent_is_a_problem_and_the_source_is_tried_again() {
    let (supervisor, ring) =
        scripted(&[Act::Panic, Act::Panic, Act::Live(Duration::from_secs(60))], crate::testing::quick());
    let status = reach(&supervisor, "pictures", |status| status.counters.frames >= 3);
    assert_eq!((status.counters.lost, &status.state), (2, &State::Live));
    assert!(ring.stats().newest >= 3, "the ring lives on");
    supervisor.stop();

    let (supervisor, _ring) = scripted(&[Act::Panic], slow_after(Duration::from_secs(60)));
    let status =
        reach(&supervisor, "the loss", |status| status.counters.lost == 1 && status.problem.is_some());
    let problem = status.problem.as_ref().unwrap();
    assert!(problem.code == "internal" && problem.what.contains("char boundary"), "{problem}");
}

/// Holds still after a loss.
fn slow_after(wait: Duration) -> Tuning {
    Tuning { first_backoff: wait, most_backoff: wait, ..crate::testing::quick() }
}

#[test]
fn the_problem_stays_to_be_seen_until_a_picture_comes() {
    let script = [Act::Fail("refused"), Act::Fail("refused"), Act::Live(Duration::from_secs(60))];
    let (supervisor, _ring) = scripted(&script, slow_after(Duration::from_secs(30)));
    for lost in 1..=2 {
        let status =
            reach(&supervisor, "a loss", |status| status.counters.lost == lost && status.next_try.is_some());
        assert_eq!(status.problem.as_ref().unwrap().code, "refused");
        supervisor.retry_now();
        eventually("another try", || (supervisor.status().counters.opened > lost).then_some(()));
    }
    assert_eq!(reach(&supervisor, "life", |status| status.state == State::Live).problem, None);
}

#[test]
fn opening_again_shows_why_the_source_was_lost() {
    let clock = SystemClock::new();
    let (mut board, view) = Board::new(clock.stamp());
    let problem = Problem::new("timeout", "It does not answer.", "Look.");
    board.enter(State::Lost { problem: problem.clone() }, clock.stamp(), None);
    board.enter(State::Opening, clock.stamp(), None);
    assert_eq!(view.status.load().problem, Some(problem));
    board.enter(State::Stopped, clock.stamp(), None);
    assert_eq!(view.status.load().problem, None);
}

#[test]
fn a_camera_that_refuses_the_user_is_left_alone_for_a_minute() {
    for code in ["unauthorized", "forbidden"] {
        let (supervisor, _ring) = scripted(&[Act::Fail(code)], crate::testing::quick());
        let status = reach(&supervisor, "a loss", |status| status.next_try.is_some());
        let wait = status.next_try.unwrap().saturating_sub(status.since.mono);
        assert!(wait >= Duration::from_secs(60), "{code}: {wait:?}");
        supervisor.retry_now();
        reach(&supervisor, "a try on demand", |status| status.counters.opened == 2);
    }
}

/// The same, but it notes how long it should rest and does not.
struct Restless {
    scripted: Scripted,
    waits: std::sync::mpsc::SyncSender<Duration>,
}

impl Opener for Restless {
    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        self.scripted.open()
    }

    fn rest(&mut self, halt: &Halt, time: Duration, _code: &str) -> Waited {
        // Full once all that the test asks for is told: from then on it holds still.
        match self.waits.try_send(time) {
            Ok(()) => Waited::Elapsed,
            Err(_) => halt.wait(Duration::from_secs(3600)),
        }
    }
}

#[test]
fn after_a_good_spell_the_back_off_starts_from_its_beginning() {
    let ms = Duration::from_millis;
    let tuning =
        Tuning { first_backoff: ms(4), most_backoff: ms(60_000), steady: ms(60), ..crate::testing::quick() };
    // Twelve failures bring the cap from 4 ms to 16 s; the thirteenth wait is that after the good spell.
    let script: Vec<Act> =
        [&[Act::Fail("refused"); 12][..], &[Act::Live(ms(200)), Act::Fail("refused")]].concat();
    let (waits, told) = std::sync::mpsc::sync_channel(13);
    let (_supervisor, _ring) =
        started(tuning, |halt| Box::new(Restless { scripted: Scripted::new(&script, halt), waits }));
    let waits: Vec<Duration> =
        (0..13).map(|_| told.recv_timeout(Duration::from_secs(20)).expect("a wait")).collect();
    assert!(waits[..12].iter().any(|wait| *wait > ms(100)), "they grow: {waits:?}");
    assert!(waits[12] <= ms(4), "{waits:?}");
}
