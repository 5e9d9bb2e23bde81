//! Keeps one source going: opens it, takes its pictures into the ring, finds it lost or silent, tries it again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use codec::Shaped;
use frame::{Clock, NewFrame, Picture, RingWriter};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::halt::{Halt, Waited};
use crate::pulse::Pulse;
use crate::shape::Orders;
use crate::source::{Next, Opener, Payload, Source};
use crate::status::{Board, View};
use crate::{CameraSource, Problem, Shaping, SourceStatus, State, Want};

mod opener;
mod record;
mod session;
mod timeline;
mod tuning;

use opener::opener;
use record::{Kind, Record};
use session::Session;
use timeline::Timeline;
pub(crate) use tuning::Tuning;

#[cfg(test)]
mod flapping;
#[cfg(test)]
mod replaced;
#[cfg(test)]
mod tests;

/// A camera's thread. Dropping it stops the thread too.
#[derive(Debug)]
pub struct Supervisor {
    halt: Arc<Halt>,
    orders: Arc<Orders>,
    tuning: Tuning,
    view: View,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Starts the camera's thread; it opens the source at once and goes on until it is stopped.
    ///
    /// # Errors
    /// When the system gives no thread or no descriptor.
    pub fn start(source: CameraSource, writer: RingWriter, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        Self::start_tuned(source, writer, clock, Tuning::default())
    }

    pub(crate) fn start_tuned(
        source: CameraSource,
        writer: RingWriter,
        clock: Arc<dyn Clock>,
        tuning: Tuning,
    ) -> std::io::Result<Self> {
        let halt = Arc::new(Halt::new()?);
        let id = source.id.clone();
        let orders = Orders::new(source.want, source.shaping.clone(), writer.ring())?;
        let opener = opener(source, &halt, tuning);
        Self::start_with(id, opener, orders, writer, clock, tuning, halt)
    }

    pub(crate) fn start_with(
        id: String,
        opener: Box<dyn Opener>,
        orders: Orders,
        writer: RingWriter,
        clock: Arc<dyn Clock>,
        tuning: Tuning,
        halt: Arc<Halt>,
    ) -> std::io::Result<Self> {
        let (board, view) = Board::new(clock.stamp());
        let rng = SmallRng::from_os_rng();
        let orders = Arc::new(orders);
        let worker = Worker {
            backoff: Backoff::new(tuning.first_backoff, tuning.most_backoff, rng),
            id: id.clone(),
            opener,
            orders: orders.clone(),
            writer,
            clock,
            tuning,
            halt: halt.clone(),
            board,
            timeline: Timeline::default(),
            record: Record::new(tuning.log_again),
        };
        let thread = std::thread::Builder::new().name(format!("capture:{id}")).spawn(move || worker.run())?;
        Ok(Self { halt, orders, tuning, view, thread: Some(thread) })
    }

    /// How the source is doing; never waits.
    #[must_use]
    pub fn status(&self) -> Arc<SourceStatus> {
        self.view.status.load_full()
    }

    /// Changes with every change of state, and once a second while pictures come.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.view.tick.clone()
    }

    /// Tries a lost source now instead of when its back-off ends.
    pub fn retry_now(&self) {
        self.halt.nudge();
    }

    /// From the next picture on it is shaped like this. What is hidden now and was not before is taken back at once:
    /// the ring is empty then, and whoever made something of its pictures finds them below [`frame::Ring::floor`].
    ///
    /// Where `want` has changed the source is closed and opened again, unless it runs a child process (rtsp, file,
    /// command): those keep what they were started with. Waits for the picture that is being shaped, some
    /// milliseconds.
    pub fn set(&self, want: Want, shaping: Shaping) {
        self.orders.set(want, shaping);
    }

    /// Closes the source, whatever its kind, and opens this one in its place; the ring and whoever reads it stay. A child
    /// process of the old one is ended, one of the new one started. Takes effect when the old source next gives a
    /// picture, an error or nothing for as long as it may; a back-off is cut short. `false` if the thread has ended, as
    /// that of a file played once: then nothing happens.
    #[must_use]
    pub fn replace(&self, source: CameraSource) -> bool {
        if matches!(self.status().state, State::Ended | State::Stopped) {
            return false;
        }
        let (want, shaping) = (source.want, source.shaping.clone());
        self.orders.replace(opener(source, &self.halt, self.tuning), want, shaping);
        self.halt.nudge();
        true
    }

    /// Stops the thread and waits until it is gone, about a second at the most; the ring is closed then.
    pub fn stop(mut self) {
        self.halt_and_join();
    }

    fn halt_and_join(&mut self) {
        self.halt.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a capture thread panicked");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.halt_and_join();
    }
}

/// How an open source came to its end.
enum Outcome {
    Lost(Problem),
    /// Something else is asked of it.
    Again,
    Ended,
    Stopped,
}

struct Worker {
    id: String,
    opener: Box<dyn Opener>,
    orders: Arc<Orders>,
    writer: RingWriter,
    clock: Arc<dyn Clock>,
    tuning: Tuning,
    halt: Arc<Halt>,
    board: Board,
    backoff: Backoff,
    timeline: Timeline,
    record: Record,
}

impl Worker {
    fn run(mut self) {
        loop {
            match self.caught() {
                Outcome::Stopped => break,
                Outcome::Again => {}
                Outcome::Ended => {
                    tracing::info!(camera = self.id, "the source ended");
                    self.board.enter(State::Ended, self.clock.stamp(), None);
                    // Nothing more will come: what waits for the end of the ring gets it now, the state stays.
                    return;
                }
                Outcome::Lost(problem) => {
                    if self.back_off(problem) == Waited::Stopped {
                        break;
                    }
                }
            }
        }
        self.board.enter(State::Stopped, self.clock.stamp(), None);
    }

    /// One opening. A defect that some source's bytes bring to light costs that opening and not the process.
    fn caught(&mut self) -> Outcome {
        match catch_unwind(AssertUnwindSafe(|| self.once())) {
            Ok(outcome) => outcome,
            Err(_) if self.halt.is_stopped() => Outcome::Stopped,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text =
                    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
                let text: String = text.lines().next().unwrap_or("").chars().take(160).collect();
                Outcome::Lost(Problem::new(
                    "internal",
                    format!("Nightjar failed over what this source sent ({text})."),
                    "Report this with the lines of the log around it; it is tried again meanwhile.",
                ))
            }
        }
    }

    /// Opens the source and takes its pictures until there are no more.
    fn once(&mut self) -> Outcome {
        if self.halt.is_stopped() {
            return Outcome::Stopped;
        }
        self.take_replacement();
        // What is opened again only for other settings is not lost, and viewers see no gap that they need to be told of.
        if self.board.state() != &State::Live {
            self.board.enter(State::Opening, self.clock.stamp(), None);
        }
        if let Some(want) = self.orders.news() {
            self.opener.ask(want);
        }
        self.board.change(false, |status| status.counters.opened += 1);
        let outcome = match self.opener.open() {
            Ok(mut source) => self.take_pictures(source.as_mut()),
            Err(problem) => Outcome::Lost(problem),
        };
        if self.halt.is_stopped() { Outcome::Stopped } else { outcome }
    }

    /// From now on another source is opened, if one was asked for; whether it was.
    fn take_replacement(&mut self) -> bool {
        let Some(opener) = self.orders.replacement() else { return false };
        tracing::info!(camera = self.id, "another source takes its place");
        self.opener = opener;
        self.backoff.reset();
        self.board.enter(State::Opening, self.clock.stamp(), None);
        true
    }

    fn take_pictures(&mut self, source: &mut dyn Source) -> Outcome {
        let negotiated = source.negotiated();
        let mut pulse = Pulse::new(negotiated.frame_rate, self.tuning.floor, self.tuning.unmeasured);
        let mut session = Session::new(Instant::now());
        self.timeline.session_begins();
        loop {
            if self.take_replacement() {
                return Outcome::Again;
            }
            if let Some(want) = self.orders.news()
                && self.opener.ask(want)
            {
                return Outcome::Again;
            }
            // Many a webcam takes more than the two seconds of a stall until its first picture.
            let patience =
                if session.live { pulse.patience() } else { pulse.patience().max(self.tuning.unmeasured) };
            let left = (session.last_good + patience).saturating_duration_since(Instant::now());
            let next = if left.is_zero() { Ok(Next::Silent) } else { source.next(left) };
            if let Some(warning) = source.warning() {
                self.warn(&warning);
            }
            match next {
                Ok(Next::Picture { payload, media_time, skipped }) => {
                    self.board.change(false, |status| status.counters.skipped += skipped);
                    match self.scanned(payload) {
                        Ok(picture) => {
                            self.shape(picture, media_time, source, &mut session, &mut pulse);
                        }
                        Err(error) => session.refused = Some(error.to_string()),
                    }
                }
                Ok(Next::Silent) => return Outcome::Lost(session.stalled()),
                Ok(Next::Ended) => return Outcome::Ended,
                Ok(Next::Stopped) => return Outcome::Stopped,
                Err(problem) => return Outcome::Lost(problem),
            }
        }
    }

    /// A JPEG goes into the ring only if it is whole and of a kind that browsers show.
    fn scanned(&mut self, payload: Payload) -> Result<Picture, codec::ScanError> {
        let picture = match payload {
            Payload::Raw(planes) => Ok(Picture::Raw(planes)),
            Payload::Jpeg(bytes) => codec::scan(bytes).map(Picture::Jpeg),
            Payload::Refused(error) => Err(error),
        };
        picture.inspect_err(|error| {
            self.board.change(false, |status| match error.is_truncated() {
                true => status.counters.dropped_truncated += 1,
                false => status.counters.refused += 1,
            });
        })
    }

    /// A picture goes into the ring turned and masked as asked, or not at all.
    fn shape(
        &mut self,
        picture: Picture,
        media_time: Option<Duration>,
        source: &dyn Source,
        session: &mut Session,
        pulse: &mut Pulse,
    ) {
        let orders = self.orders.clone();
        let shaped = orders.shaped(picture, |Shaped { picture, recoded }| {
            if recoded && !std::mem::replace(&mut session.told_of_recoding, true) {
                let size = picture.size();
                tracing::info!(camera = self.id, %size, "no whole blocks to turn: each picture is encoded anew");
            }
            self.board.change(false, |status| status.counters.recoded += u64::from(recoded));
            self.push(picture, media_time, source, session, pulse);
        });
        if let Err(error) = shaped {
            self.board.change(false, |status| status.counters.unshaped += 1);
            session.refused = Some(error.to_string());
        }
    }

    fn push(
        &mut self,
        picture: Picture,
        media_time: Option<Duration>,
        source: &dyn Source,
        session: &mut Session,
        pulse: &mut Pulse,
    ) {
        let (now, stamp) = (Instant::now(), self.clock.stamp());
        pulse.beat(now);
        session.last_good = now;
        session.refused = None;
        let size = picture.size();
        let bytes = picture.byte_len() as u64;
        let media_time = self.timeline.place(media_time, stamp);
        let first = !session.live;
        let wake = first || now.duration_since(session.told) >= Duration::from_secs(1);
        if wake {
            session.told = now;
        }
        self.board.change(wake, |status| {
            if first {
                status.state = State::Live;
                status.since = stamp;
                status.problem = None;
            }
            status.negotiated = Some(crate::Negotiated { size, ..source.negotiated() });
            status.measured_fps = pulse.rate();
            status.counters.frames += 1;
            status.counters.bytes += bytes;
            status.first_frame = status.first_frame.or(Some(stamp));
            status.last_frame = Some(stamp);
        });
        // Only now: whoever sees the frame must find the source live.
        self.writer.push(NewFrame { stamp, media_time, picture });
        if first {
            session.live = true;
            session.began = now;
            if self.record.told_of_loss() {
                tracing::info!(camera = self.id, %size, "the source is live");
            }
        }
        if now.duration_since(session.began) >= self.tuning.steady {
            self.backoff.reset();
        }
    }

    fn back_off(&mut self, problem: Problem) -> Waited {
        let wait = self.backoff.next(self.opener.most_backoff(problem.code));
        let wait = match problem.code {
            "unauthorized" | "forbidden" => wait.max(self.tuning.guarded),
            _ => wait,
        };
        self.tell_of_loss(&problem, wait);
        let code = problem.code;
        self.halt.forget_nudge();
        let now = self.clock.stamp();
        self.board.change(false, |status| {
            status.counters.lost += 1;
            status.counters.stalls += u64::from(problem.code == "stalled");
        });
        self.board.enter(State::Lost { problem }, now, Some(now.mono + wait));
        // Asked for before the nudge of it was forgotten.
        if self.orders.is_replaced() { Waited::Nudged } else { self.opener.rest(&self.halt, wait, code) }
    }

    fn tell_of_loss(&mut self, problem: &Problem, wait: Duration) {
        if let Some(unlogged) = self.record.tells(Kind::Loss, problem.code, Instant::now()) {
            tracing::warn!(
                camera = self.id,
                code = problem.code,
                what = problem.what,
                mend = problem.mend,
                again_in_ms = wait.as_millis(),
                unlogged_before = unlogged,
                "the source is lost"
            );
        }
    }

    fn warn(&mut self, warning: &str) {
        if let Some(unlogged) = self.record.tells(Kind::Warning, warning, Instant::now()) {
            tracing::warn!(
                camera = self.id,
                warning,
                unlogged_before = unlogged,
                "the source is not quite as it should be"
            );
        }
    }
}
