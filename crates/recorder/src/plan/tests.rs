use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const VGA: Size = Size { width: 640, height: 480 };
const S: u64 = 1000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn rules() -> Rules {
    Rules { pre_roll: ms(5 * S), post_roll: ms(2 * S), max_duration: ms(300 * S), event_gap: ms(3 * S) }
}

fn rests(last: u64) -> Told {
    Told::Rests { last: ms(last), brief: false }
}

/// A finished clip.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Clip {
    seqs: Vec<u64>,
    monos: Vec<Duration>,
    part: Part,
    origin: Origin,
}

/// What the recorder's thread does, without pixels and disk.
struct Bench {
    plan: Plan,
    frames: Vec<Seen>,
    /// The next frame to be looked at, while an event is open.
    next: usize,
    seqs: Vec<Seen>,
    clips: Vec<Clip>,
    discarded: usize,
    later: VecDeque<Told>,
}

impl Bench {
    fn new(rules: Rules) -> Self {
        Self {
            plan: Plan::new(rules),
            frames: Vec::new(),
            next: 0,
            seqs: Vec::new(),
            clips: Vec::new(),
            discarded: 0,
            later: VecDeque::new(),
        }
    }

    /// A frame each `step` from `from` to before `to`.
    fn frames(&mut self, from: u64, to: u64, step: u64) {
        for at in (from..to).step_by(usize::try_from(step).unwrap()) {
            let seq = self.frames.len() as u64 + 1;
            self.frames.push(Seen { seq, mono: ms(at), size: VGA });
        }
    }

    fn cue(&mut self, told: Told) {
        if !self.later.is_empty() {
            return self.later.push_back(told);
        }
        match self.plan.cue(told) {
            Heard::Begin(begin) => self.begin(Some(begin)),
            Heard::Taken => {}
            Heard::Later => self.later.push_back(told),
        }
    }

    fn begin(&mut self, begin: Option<Begin>) {
        if let Some(begin) = begin {
            let is_due = |frame: &Seen| frame.mono >= begin.since && frame.seq > begin.after;
            self.next = self.frames.iter().position(is_due).unwrap_or(self.frames.len());
        }
    }

    /// Looks at what came, up to `most` frames.
    fn run(&mut self, most: usize) {
        for _ in 0..most {
            if !self.plan.is_open() || !self.step() {
                return;
            }
        }
    }

    fn step(&mut self) -> bool {
        let Some(&seen) = self.frames.get(self.next) else { return false };
        match self.plan.look(seen) {
            Take::Hold => return false,
            Take::Append => {
                self.plan.appended(seen);
                self.seqs.push(seen);
                self.next += 1;
            }
            Take::Cut => {
                self.finish(End::Keep);
                self.plan.cut();
            }
            Take::Finish(end) => {
                self.finish(end);
                self.plan.finished();
                for told in std::mem::take(&mut self.later) {
                    self.cue(told);
                }
            }
        }
        true
    }

    fn finish(&mut self, end: End) {
        let frames = std::mem::take(&mut self.seqs);
        let part = self.plan.part().copied();
        if let (End::Keep, Some(part)) = (end, part) {
            self.clips.push(Clip {
                seqs: frames.iter().map(|frame| frame.seq).collect(),
                monos: frames.iter().map(|frame| frame.mono).collect(),
                part,
                origin: self.plan.origin().unwrap(),
            });
        } else {
            self.discarded += 1;
        }
    }

    fn close(&mut self) {
        self.run(usize::MAX);
        let part = self.plan.part().copied();
        let origin = self.plan.origin();
        if self.plan.close() == End::Keep {
            let frames = std::mem::take(&mut self.seqs);
            self.clips.push(Clip {
                seqs: frames.iter().map(|frame| frame.seq).collect(),
                monos: frames.iter().map(|frame| frame.mono).collect(),
                part: part.unwrap(),
                origin: origin.unwrap(),
            });
        }
    }

    fn spans(&self) -> Vec<(u128, u128)> {
        let of = |clip: &Clip| (clip.part.first.mono.as_millis(), clip.part.last.mono.as_millis());
        self.clips.iter().map(of).collect()
    }
}

#[test]
fn a_clip_has_its_pre_roll_what_moved_and_its_post_roll_and_nothing_more() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 40 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.run(1000);
    assert_eq!(bench.plan.part().unwrap().last.mono, ms(12 * S), "what comes behind is held back");
    bench.cue(Told::Moves(ms(12_500)));
    bench.run(1000);
    bench.cue(rests(12_500));
    bench.run(1000);
    assert_eq!(bench.spans(), [(5_000, 14_500)]);
    assert_eq!(bench.clips[0].part.lead, ms(5 * S));
    assert!(!bench.plan.is_open());
}

#[test]
fn a_frame_is_in_one_clip_only() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 40 * S, 100);
    for (moves, ends) in [(10, 12), (15, 16)] {
        bench.cue(Told::Moves(ms(moves * S)));
        bench.cue(Told::Moves(ms(ends * S)));
        bench.cue(rests(ends * S));
        bench.run(1000);
    }
    assert_eq!(bench.spans(), [(5_000, 14_000), (14_100, 18_000)]);
    assert_eq!(bench.clips[1].part.lead, ms(900));
}

#[test]
fn an_event_that_comes_while_the_one_before_is_still_written_is_one_of_its_own() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 60 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.cue(rests(11 * S));
    // The encoder is slow: nothing was written yet when the next one begins and ends.
    for at in 30..33 {
        bench.cue(Told::Moves(ms(at * S)));
    }
    bench.cue(rests(32 * S));
    bench.run(10_000);
    assert_eq!(bench.spans(), [(5_000, 13_000), (25_000, 34_000)]);
}

#[test]
fn what_is_longer_goes_on_in_a_next_part_without_loss_or_overlap() {
    let mut bench = Bench::new(Rules { max_duration: ms(10 * S), ..rules() });
    bench.frames(0, 60 * S, 100);
    for at in 20..45 {
        bench.cue(Told::Moves(ms(at * S)));
        bench.run(1000);
    }
    bench.cue(rests(44 * S));
    bench.run(1000);
    assert_eq!(bench.spans(), [(15_000, 24_900), (25_000, 34_900), (35_000, 44_900), (45_000, 46_000)]);
    let numbers: Vec<u32> = bench.clips.iter().map(|clip| clip.part.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(bench.clips[1].part.lead, Duration::ZERO);
}

#[test]
fn a_recording_by_hand_has_the_same_pre_roll_and_ends_when_it_is_stopped() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 40 * S, 100);
    bench.cue(Told::Start(ms(10 * S)));
    bench.run(1000);
    bench.cue(Told::Stop(ms(20 * S)));
    bench.close();
    assert_eq!(bench.clips.len(), 1, "a second end does not make a second clip");
    assert_eq!(bench.clips[0].origin, Origin::Manual);
    assert_eq!(bench.clips[0].part.first.mono, ms(5 * S));
    let mut bench = Bench::new(rules());
    bench.frames(0, 15 * S, 100);
    bench.cue(Told::Start(ms(10 * S)));
    bench.run(1000);
    bench.cue(Told::Stop(ms(15 * S)));
    bench.frames(15 * S, 40 * S, 100);
    bench.run(1000);
    assert_eq!(bench.spans(), [(5_000, 15_000)]);
}

#[test]
fn by_hand_and_by_movement_at_once_is_one_event_until_both_are_over() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 60 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.cue(Told::Start(ms(11 * S)));
    bench.cue(Told::Rests { last: ms(10 * S), brief: true });
    bench.cue(Told::Moves(ms(20 * S)));
    bench.cue(Told::Stop(ms(21 * S)));
    bench.cue(rests(24 * S));
    bench.run(1000);
    assert_eq!(bench.spans(), [(5_000, 26_000)]);
    assert_eq!(bench.clips[0].origin, Origin::Motion);
}

#[test]
fn what_was_too_short_is_discarded_and_its_frames_may_be_a_pre_roll_again() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 40 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.run(1000);
    bench.cue(Told::Rests { last: ms(10 * S + 200), brief: true });
    bench.run(1000);
    assert_eq!((bench.clips.len(), bench.discarded), (0, 1));
    bench.cue(Told::Moves(ms(14 * S)));
    bench.cue(rests(16 * S));
    bench.run(1000);
    assert_eq!(bench.spans(), [(9_000, 18_000)]);
}

#[test]
fn an_event_at_the_very_beginning_has_what_there_is_before_it() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 10 * S, 100);
    bench.cue(Told::Moves(ms(200)));
    bench.cue(rests(2 * S));
    bench.run(1000);
    assert_eq!(bench.spans(), [(0, 4_000)]);
    assert_eq!((bench.clips[0].part.lead, bench.clips[0].seqs[0]), (ms(200), 1));
}

#[test]
fn when_nothing_more_comes_what_was_there_is_kept() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 11 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.close();
    assert_eq!(bench.spans(), [(5_000, 10_900)]);
    assert_eq!(bench.plan.close(), End::Discard, "nothing is open");
}

#[test]
fn another_size_is_another_part() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 20 * S, 100);
    bench.frames.iter_mut().skip(100).for_each(|frame| frame.size = Size::new(480, 640));
    bench.cue(Told::Moves(ms(9 * S)));
    bench.cue(rests(12 * S));
    bench.run(1000);
    assert_eq!(bench.spans(), [(4_000, 9_900), (10_000, 14_000)]);
}

#[test]
fn frames_that_were_lost_are_counted_also_between_two_parts() {
    let mut bench = Bench::new(Rules { max_duration: ms(5 * S), ..rules() });
    bench.frames(0, 20 * S, 100);
    bench.frames.retain(|frame| !(71..=75).contains(&frame.seq) && !(95..=110).contains(&frame.seq));
    bench.cue(Told::Moves(ms(9 * S)));
    bench.cue(rests(9 * S));
    bench.run(1000);
    let missing: Vec<u64> = bench.clips.iter().map(|clip| clip.part.missing).collect();
    assert_eq!(missing, [5, 16]);
}

#[test]
fn with_a_gap_that_is_too_long_to_hold_frames_back_they_are_taken_as_they_come() {
    let mut bench = Bench::new(Rules { event_gap: ms(60 * S), ..rules() });
    bench.frames(0, 40 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.run(1000);
    bench.cue(Told::Moves(ms(39 * S)));
    bench.close();
    assert_eq!(bench.spans(), [(5_000, 39_900)]);
}

#[test]
fn what_could_not_be_written_is_tried_again_from_what_was_not_saved() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 40 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.run(31);
    bench.seqs.clear();
    bench.plan.fail(true);
    bench.cue(Told::Moves(ms(12 * S)));
    bench.cue(rests(12 * S));
    let begin = bench.plan.retry();
    bench.begin(begin);
    bench.run(1000);
    assert_eq!(bench.spans(), [(8_100, 14_000)]);
    assert_eq!((bench.clips[0].part.number, bench.clips[0].part.lead), (1, ms(1_900)));
    // A fault of an hour: of what was there then nothing is left, and the next event is as any.
    bench.cue(Told::Moves(ms(20 * S)));
    bench.plan.fail(false);
    bench.cue(rests(21 * S));
    bench.frames(3600 * S, 3620 * S, 100);
    bench.cue(Told::Moves(ms(3610 * S)));
    bench.cue(rests(3611 * S));
    bench.frames.retain(|frame| frame.mono >= ms(3600 * S));
    let begin = bench.plan.retry();
    bench.begin(begin);
    bench.run(1000);
    assert_eq!(bench.spans()[1..], [(3_605_000, 3_613_000)]);
}

#[test]
fn what_must_not_be_seen_any_more_is_no_part_of_the_event() {
    let mut bench = Bench::new(rules());
    bench.frames(0, 40 * S, 100);
    bench.cue(Told::Moves(ms(10 * S)));
    bench.run(1000);
    bench.plan.take_back();
    bench.seqs.clear();
    bench.cue(rests(12 * S));
    bench.run(1000);
    assert_eq!(bench.spans(), [(12_100, 14_000)]);
    assert_eq!((bench.clips[0].part.number, bench.clips[0].part.missing), (1, 0));
}

/// What happens next on the bench.
#[derive(Debug, Clone)]
enum Do {
    Frames(u8),
    Move,
    Rest(bool),
    Start,
    Stop,
    Run(u8),
    Lose(u8),
    Resize,
}

fn doing() -> impl Strategy<Value = Do> {
    prop_oneof![
        8 => (1..60u8).prop_map(Do::Frames),
        4 => Just(Do::Move),
        3 => any::<bool>().prop_map(Do::Rest),
        1 => Just(Do::Start),
        1 => Just(Do::Stop),
        8 => (1..200u8).prop_map(Do::Run),
        1 => (1..20u8).prop_map(Do::Lose),
        1 => Just(Do::Resize),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever happens at whatever time, however late the recorder is.
    #[test]
    fn every_clip_is_a_whole_row_of_frames(
        steps in prop::collection::vec(doing(), 1..80),
        max in 2..20u64,
        gap in 1..8u64,
        jitter in prop::collection::vec(1..200u64, 1..20),
    ) {
        let rules = Rules { max_duration: ms(max * S), event_gap: ms(gap * S), ..rules() };
        let mut bench = Bench::new(rules);
        let (mut now, mut seq, mut size, mut moving) = (0, 0, VGA, None);
        let mut jitter = jitter.into_iter().cycle();
        let mut lost = VecDeque::new();
        for step in steps {
            match step {
                Do::Frames(n) => for _ in 0..n {
                    now += jitter.next().unwrap();
                    seq += 1;
                    bench.frames.push(Seen { seq, mono: ms(now), size });
                },
                Do::Move => { moving = Some(now); bench.cue(Told::Moves(ms(now))); }
                Do::Rest(brief) => if let Some(last) = moving.take() {
                    bench.cue(Told::Rests { last: ms(last), brief });
                },
                Do::Start => bench.cue(Told::Start(ms(now))),
                Do::Stop => bench.cue(Told::Stop(ms(now))),
                Do::Run(n) => bench.run(n.into()),
                Do::Lose(n) => for _ in 0..n { seq += 1; lost.push_back(seq); },
                Do::Resize => size = Size::new(size.height, size.width),
            }
        }
        bench.close();
        let had = |from: u64, to: u64| bench.frames.iter().filter(|f| (from..=to).contains(&f.seq)).count();
        let mut before = 0;
        let mut previous: Option<&Clip> = None;
        for clip in &bench.clips {
            let (first, last) = (clip.seqs[0], *clip.seqs.last().unwrap());
            prop_assert!(first > before, "a frame twice");
            prop_assert!(clip.seqs.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(clip.seqs.len(), had(first, last), "none is missing that could be had");
            prop_assert_eq!(clip.part.frames, clip.seqs.len() as u64);
            let joined = previous.filter(|_| clip.part.number > 1);
            let from = joined.map_or(first, |previous| previous.part.last.seq + 1);
            prop_assert_eq!(clip.part.missing, last - from + 1 - clip.part.frames);
            if let Some(previous) = joined {
                prop_assert_eq!(clip.part.number, previous.part.number + 1);
                prop_assert_eq!(had(previous.part.last.seq + 1, first - 1), 0, "parts join without loss");
            }
            prop_assert!(clip.part.last.mono - clip.part.first.mono < rules.max_duration);
            prop_assert_eq!(clip.part.first.size, clip.part.last.size);
            before = last;
            previous = Some(clip);
        }
    }
}
