//! Whether every stage moves: what feeds the watchdog.
//!
//! A lost camera is no reason to end a process that tries it again: that would be a restart for ever, of the other
//! cameras too. A thread that hangs is one: nobody else can mend it. So a capture thread has to move in the way its
//! state asks for (frames while live, a try when it is due while lost), and a detect thread has to come round.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use capture::{SourceStatus, State};
use frame::Clock;

/// A thread that does not come round for so long hangs. Detection comes round once a second; supervision notices a
/// silent source after five seconds at the most.
const PATIENCE: Duration = Duration::from_secs(20);
/// A thread that waits for a disk.
const DISK: Duration = Duration::from_secs(120);
/// Opening may take the time of a connection, an answer and a first picture.
const OPENING: Duration = Duration::from_secs(60);

/// What a thread strikes each time it comes round.
#[derive(Debug)]
pub(crate) struct Beat {
    clock: Arc<dyn Clock>,
    /// Milliseconds of the clock; [`OVER`] once the thread has ended.
    last: AtomicU64,
    patience: Duration,
}

const OVER: u64 = u64::MAX;

impl Beat {
    /// Struck just now.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, PATIENCE)
    }

    /// Of a thread that waits for a disk: a worn card takes its time, and a new process would not find it quicker.
    pub(crate) fn of_disk(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, DISK)
    }

    fn with(clock: Arc<dyn Clock>, patience: Duration) -> Self {
        let beat = Self { clock, last: AtomicU64::new(0), patience };
        beat.strike();
        beat
    }

    /// The thread came round.
    pub(crate) fn strike(&self) {
        self.last.store(super::whole_ms(self.clock.monotonic()), Ordering::Relaxed);
    }

    /// The thread has ended in order, and nothing more is to be expected of it.
    pub(crate) fn over(&self) {
        self.last.store(OVER, Ordering::Relaxed);
    }

    fn hangs(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last != OVER && self.clock.monotonic().saturating_sub(Duration::from_millis(last)) > self.patience
    }
}

/// What has been seen of the threads so far.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    captures: HashMap<String, (Progress, Duration)>,
}

/// What changes whenever a capture thread moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    frames: u64,
    damaged: u64,
    opened: u64,
    lost: u64,
    state: &'static str,
}

impl Progress {
    fn of(status: &SourceStatus) -> Self {
        let counters = &status.counters;
        Self {
            frames: counters.frames,
            damaged: counters.dropped_truncated + counters.refused,
            opened: counters.opened,
            lost: counters.lost,
            state: status.state.name(),
        }
    }
}

impl Vitals {
    /// The threads of a camera that hang, by their names. `status` is gone once capture was told to stop.
    pub(crate) fn hanging(
        &mut self,
        camera: &str,
        status: Option<&SourceStatus>,
        detect: &Beat,
        record: Option<&Beat>,
        now: Duration,
    ) -> Vec<String> {
        let mut hanging = Vec::new();
        if status.is_some_and(|status| self.capture_hangs(camera, status, now)) {
            hanging.push(format!("capture:{camera}"));
        }
        if detect.hangs() {
            hanging.push(format!("detect:{camera}"));
        }
        if record.is_some_and(Beat::hangs) {
            hanging.push(format!("record:{camera}"));
        }
        hanging
    }

    fn capture_hangs(&mut self, camera: &str, status: &SourceStatus, now: Duration) -> bool {
        let progress = Progress::of(status);
        let seen = self.captures.entry(camera.to_owned()).or_insert((progress, now));
        if seen.0 != progress {
            *seen = (progress, now);
        }
        let still = now.saturating_sub(seen.1);
        match &status.state {
            State::Live => still > PATIENCE + slowness(status),
            State::Opening => still > OPENING,
            State::Lost { .. } => {
                let due = status.next_try.unwrap_or(seen.1).max(seen.1);
                now.saturating_sub(due) > PATIENCE
            }
            State::Ended | State::Stopped => false,
        }
    }
}

/// Four intervals of a source that is slow by its nature: supervision waits three for it.
fn slowness(status: &SourceStatus) -> Duration {
    if status.measured_fps > 0.001 {
        Duration::from_secs_f32(4.0 / status.measured_fps)
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame::{SimClock, Stamp};
    use std::time::SystemTime;

    /// A camera looked at once a second, by a clock that the test turns.
    struct Rig {
        clock: Arc<SimClock>,
        beat: Beat,
        record: Beat,
        vitals: Vitals,
        status: SourceStatus,
    }

    impl Rig {
        fn new() -> Self {
            let clock = Arc::new(SimClock::at(SystemTime::UNIX_EPOCH));
            let status = SourceStatus {
                state: State::Opening,
                since: Stamp { mono: Duration::ZERO, wall: SystemTime::UNIX_EPOCH },
                problem: None,
                negotiated: None,
                measured_fps: 0.0,
                counters: capture::Counters::default(),
                next_try: None,
                first_frame: None,
                last_frame: None,
            };
            let record = Beat::of_disk(clock.clone());
            record.over();
            Self { beat: Beat::new(clock.clone()), record, clock, vitals: Vitals::default(), status }
        }

        fn lost(&mut self, next_try: Duration) {
            let (what, mend) = ("It does not answer.".into(), "Look at its plug.".into());
            let problem = capture::Problem { code: "refused", what, mend };
            self.status.state = State::Lost { problem };
            self.status.next_try = Some(next_try);
            self.status.counters.lost += 1;
        }

        fn live(&mut self, fps: f32) {
            self.status.state = State::Live;
            self.status.next_try = None;
            self.status.measured_fps = fps;
        }

        /// The first second within so many in which something hangs, and what.
        fn hangs_within(
            &mut self,
            seconds: u32,
            mut each: impl FnMut(&mut SourceStatus, &Beat, u32),
        ) -> Option<(u32, String)> {
            for second in 1..=seconds {
                self.clock.advance(Duration::from_secs(1));
                each(&mut self.status, &self.beat, second);
                let now = self.clock.monotonic();
                let hanging =
                    self.vitals.hanging("garden", Some(&self.status), &self.beat, Some(&self.record), now);
                if !hanging.is_empty() {
                    return Some((second, hanging.join(",")));
                }
            }
            None
        }
    }

    fn both(status: &mut SourceStatus, beat: &Beat, _: u32) {
        status.counters.frames += 15;
        beat.strike();
    }

    #[test]
    fn while_frames_move_nothing_hangs() {
        let mut rig = Rig::new();
        rig.live(15.0);
        assert_eq!(rig.hangs_within(3600, both), None);
    }

    #[test]
    fn a_live_source_without_frames_hangs_since_supervision_would_have_called_it_lost() {
        let mut rig = Rig::new();
        rig.live(15.0);
        assert_eq!(rig.hangs_within(60, both), None);
        let (second, who) = rig.hangs_within(60, |_, beat, _| beat.strike()).unwrap();
        assert_eq!(who, "capture:garden");
        assert!((20..=22).contains(&second), "{second}");
    }

    #[test]
    fn a_camera_that_is_lost_and_tried_again_for_days_is_no_reason() {
        let mut rig = Rig::new();
        let mut due = Duration::from_secs(30);
        let clock = rig.clock.clone();
        rig.lost(due);
        let hung = rig.hangs_within(7200, |status, beat, second| {
            beat.strike();
            // Tried every 30 s, without luck.
            if second % 30 == 0 {
                status.counters.opened += 1;
                status.counters.lost += 1;
                due = clock.monotonic() + Duration::from_secs(30);
                status.next_try = Some(due);
            }
        });
        assert_eq!(hung, None);
    }

    #[test]
    fn a_lost_camera_that_is_not_tried_when_it_is_due_hangs() {
        let mut rig = Rig::new();
        rig.lost(Duration::from_secs(60));
        let (second, who) = rig.hangs_within(600, |_, beat, _| beat.strike()).unwrap();
        assert_eq!(who, "capture:garden");
        assert!((80..=82).contains(&second), "{second}");
    }

    #[test]
    fn an_opening_that_never_comes_back_hangs() {
        let mut rig = Rig::new();
        let (second, _) = rig.hangs_within(600, |_, beat, _| beat.strike()).unwrap();
        assert!((60..=62).contains(&second), "{second}");
    }

    #[test]
    fn a_camera_of_a_frame_a_minute_does_not_hang() {
        let mut rig = Rig::new();
        rig.live(1.0 / 60.0);
        let hung = rig.hangs_within(3600, |status, beat, second| {
            beat.strike();
            status.counters.frames += u64::from(second % 60 == 0);
        });
        assert_eq!(hung, None);
    }

    #[test]
    fn pictures_that_are_all_damaged_are_movement_too() {
        let mut rig = Rig::new();
        rig.live(15.0);
        let hung = rig.hangs_within(60, |status, beat, _| {
            beat.strike();
            status.counters.refused += 15;
        });
        assert_eq!(hung, None);
    }

    #[test]
    fn detection_that_does_not_come_round_hangs_unless_it_is_over() {
        let mut rig = Rig::new();
        rig.live(15.0);
        let (second, who) = rig.hangs_within(60, |status, _, _| status.counters.frames += 15).unwrap();
        assert_eq!(who, "detect:garden");
        assert!((20..=22).contains(&second), "{second}");
        let mut rig = Rig::new();
        rig.status.state = State::Ended;
        rig.beat.over();
        assert_eq!(rig.hangs_within(3600, |_, _, _| ()), None);
    }

    #[test]
    fn a_recorder_may_wait_for_a_slow_disk_but_not_for_ever() {
        let mut rig = Rig::new();
        rig.live(15.0);
        rig.record = Beat::of_disk(rig.clock.clone());
        let (second, who) = rig.hangs_within(600, both).unwrap();
        assert_eq!(who, "record:garden");
        assert!((120..=122).contains(&second), "{second}");
    }
}
