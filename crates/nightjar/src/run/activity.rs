//! The last hour of one camera: bins of movement and the visits, bounded, in memory.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use frame::Stamp;
use motion::{EventEnd, Label, Region};
use server::{Activity, Bin, Visit};

/// Length of a bin.
const BIN: Duration = Duration::from_secs(15);
/// Bins of an hour.
const BINS: u64 = 240;
/// What ended before is not told any more.
const HOUR: Duration = Duration::from_secs(3600);
/// Visits that are kept.
const VISITS: usize = 50;
/// Ends of visits that are kept for counting: more than fit into an hour, since none is shorter than a fifth of a second
/// under any setting that a person would choose.
const ENDS: usize = 18_000;
/// A decision stands for at most so long, so that a gap in the frames does not count as movement.
const LONGEST: Duration = Duration::from_millis(500);
/// What a visit is told by gives way to another mover, though that one is less sure, once it was not seen for so long.
const GONE: Duration = Duration::from_secs(3);

#[derive(Debug)]
struct Tally {
    number: u64,
    motion: Duration,
    near_misses: u32,
}

#[derive(Debug)]
struct Entry {
    visit: Visit,
    began: Duration,
    picture: Option<Bytes>,
    /// The track that the visit is told by while it goes on, and when it was seen last.
    told_by: Option<(u32, Duration)>,
}

impl Entry {
    /// When it was over, or how far it has come, by the monotonic clock.
    fn over(&self) -> Duration {
        self.began + self.visit.duration
    }
}

/// What moved lately.
#[derive(Debug, Default)]
pub(crate) struct Log {
    tallies: VecDeque<Tally>,
    visits: VecDeque<Entry>,
    /// When each visit of the last hour was over, those that are not kept included.
    ends: VecDeque<Duration>,
    next_id: u64,
    last: Option<Duration>,
}

impl Log {
    /// A decision at `now`: whether something moved, and how much was held back.
    pub(crate) fn decided(&mut self, now: Stamp, motion: bool, near_misses: usize) {
        let passed = now.mono.saturating_sub(self.last.unwrap_or(now.mono)).min(LONGEST);
        self.last = Some(now.mono);
        let number = bin_of(now.mono);
        if self.tallies.back().is_none_or(|tally| tally.number < number) {
            self.tallies.push_back(Tally { number, motion: Duration::ZERO, near_misses: 0 });
        }
        while self.tallies.front().is_some_and(|tally| tally.number + BINS <= number) {
            self.tallies.pop_front();
        }
        if let Some(tally) = self.tallies.back_mut() {
            if motion {
                tally.motion = (tally.motion + passed).min(BIN);
            }
            tally.near_misses += u32::try_from(near_misses).unwrap_or(u32::MAX);
        }
        if let Some(open) = self.visits.back_mut().filter(|entry| motion && entry.visit.end.is_none()) {
            open.visit.duration = now.mono.saturating_sub(open.began);
        }
    }

    /// A visit begins; its number.
    pub(crate) fn began(&mut self, at: Stamp, picture: Option<Bytes>) -> u64 {
        self.next_id += 1;
        let visit = Visit {
            id: self.next_id,
            start: at.wall,
            end: None,
            duration: Duration::ZERO,
            label: Label::Unknown.name(),
            confidence: 0.0,
            direction: motion::Direction::Still.name(),
            has_picture: picture.is_some(),
            why: None,
        };
        if self.visits.len() == VISITS {
            self.visits.pop_front();
        }
        self.visits.push_back(Entry { visit, began: at.mono, picture, told_by: None });
        self.next_id
    }

    /// What moves at `now`, mainly: the open visit is told by the surest look at it, since what leaves the picture is only seen
    /// in parts and looks like something else. Another mover takes its place once it is surer, or the first has gone.
    pub(crate) fn looks_like(&mut self, now: Stamp, main: &Region) {
        let Some(open) = self.visits.back_mut().filter(|entry| entry.visit.end.is_none()) else { return };
        let is_other = open
            .told_by
            .is_some_and(|(track, seen)| track != main.track && now.mono.saturating_sub(seen) >= GONE);
        let is_same = open.told_by.is_none_or(|(track, _)| track == main.track);
        let known = surety(main.label.name(), main.confidence);
        let is_surer = known >= surety(open.visit.label, open.visit.confidence) || is_other;
        if is_surer {
            open.visit.label = main.label.name();
            open.visit.confidence = main.confidence;
        }
        if is_surer || is_same {
            open.visit.direction = main.direction.name();
            open.told_by = Some((main.track, now.mono));
        }
    }

    /// Why the open visit fired, as far as can be said before the end.
    pub(crate) fn explain(&mut self, sentence: &str) {
        if let Some(open) = self.visits.back_mut().filter(|entry| entry.visit.end.is_none())
            && open.visit.why.as_deref() != Some(sentence)
        {
            open.visit.why = Some(sentence.to_owned());
        }
    }

    /// The open visit has ended; a brief one was none and counts as held back.
    pub(crate) fn ended(
        &mut self,
        end: &EventEnd,
        at: SystemTime,
        picture: Option<Bytes>,
        why: Option<String>,
    ) {
        if self.visits.back().is_none_or(|entry| entry.visit.end.is_some()) {
            return;
        }
        if end.brief {
            self.visits.pop_back();
            if let Some(tally) = self.tallies.back_mut() {
                tally.near_misses += 1;
            }
            return;
        }
        let Some(entry) = self.visits.back_mut() else { return };
        entry.visit.end = Some(at);
        entry.visit.duration = end.at.saturating_sub(end.began);
        entry.visit.label = end.label.name();
        entry.visit.confidence = end.confidence;
        entry.visit.direction = end.direction.name();
        if picture.is_some() {
            entry.picture = picture;
        }
        entry.visit.has_picture = entry.picture.is_some();
        if why.is_some() {
            entry.visit.why = why;
        }
        let over = entry.over();
        self.ends.push_back(over);
        while self.ends.len() > ENDS || self.ends.front().is_some_and(|end| *end + HOUR <= over) {
            self.ends.pop_front();
        }
    }

    /// A visit's picture.
    pub(crate) fn picture(&self, id: u64) -> Option<Bytes> {
        self.visits.iter().find(|entry| entry.visit.id == id)?.picture.clone()
    }

    /// The hour before `now`, bins without gaps, oldest first; visits newest first.
    pub(crate) fn hour(&self, now: Stamp) -> Activity {
        let last = bin_of(now.mono);
        let first = last.saturating_sub(BINS - 1);
        let bins: Vec<Bin> = (first..=last).map(|number| self.bin(number, now)).collect();
        let over = self.ends.iter().filter(|end| **end + HOUR > now.mono).count();
        let open = usize::from(self.visits.back().is_some_and(|entry| entry.visit.end.is_none()));
        Activity {
            bin: BIN,
            near_misses: bins.iter().map(|bin| bin.near_misses).sum(),
            bins,
            visits: self
                .visits
                .iter()
                .rev()
                .filter(|entry| entry.visit.end.is_none() || entry.over() + HOUR > now.mono)
                .map(|entry| entry.visit.clone())
                .collect(),
            visits_total: u32::try_from(over + open).unwrap_or(u32::MAX),
        }
    }

    fn bin(&self, number: u64, now: Stamp) -> Bin {
        let begins = Duration::from_secs(number * BIN.as_secs());
        let start = now.wall.checked_sub(now.mono.saturating_sub(begins)).unwrap_or(SystemTime::UNIX_EPOCH);
        let tally = self.tallies.iter().find(|tally| tally.number == number);
        Bin {
            start,
            motion: tally.map_or(Duration::ZERO, |tally| tally.motion),
            near_misses: tally.map_or(0, |tally| tally.near_misses),
        }
    }
}

fn bin_of(mono: Duration) -> u64 {
    mono.as_secs() / BIN.as_secs()
}

/// How sure it is what something is: that it is unknown may be very sure, and says nothing.
fn surety(label: &str, confidence: f32) -> f32 {
    if label == Label::Unknown.name() { 0.0 } else { confidence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame::Rect;
    use motion::{Best, Direction};

    fn at(ms: u64) -> Stamp {
        let mono = Duration::from_millis(ms);
        Stamp { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + mono }
    }

    fn end(brief: bool) -> EventEnd {
        EventEnd {
            began: Duration::from_secs(1),
            at: Duration::from_secs(5),
            brief,
            label: Label::Animal,
            confidence: 0.8,
            alternatives: Vec::new(),
            direction: Direction::Left,
            best: Best { at: Duration::from_secs(2), rect: Rect::new(0, 0, 1, 1) },
        }
    }

    fn mover(track: u32, label: Label, confidence: f32, direction: Direction) -> Region {
        let rect = Rect::new(0, 0, 10, 10);
        Region { track, rect, label, confidence, alternatives: Vec::new(), direction, trail: Vec::new() }
    }

    #[test]
    fn movement_is_counted_in_the_bin_it_happened_in() {
        let mut log = Log::default();
        for ms in (0..30_000).step_by(100) {
            log.decided(at(ms), (14_000..16_000).contains(&ms), 0);
        }
        let hour = log.hour(at(30_000));
        let motion: Vec<u128> = hour.bins.iter().map(|bin| bin.motion.as_millis()).collect();
        assert_eq!(motion, [1_000, 1_000, 0]);
    }

    #[test]
    fn a_gap_in_the_frames_is_no_movement() {
        let mut log = Log::default();
        log.decided(at(0), true, 0);
        log.decided(at(10_000), true, 0);
        assert_eq!(log.hour(at(10_000)).bins[0].motion, LONGEST);
    }

    #[test]
    fn the_hour_has_no_gaps_and_no_more_than_its_bins() {
        let mut log = Log::default();
        for s in (0..10_000).step_by(60) {
            log.decided(at(s * 1000), true, 1);
        }
        let hour = log.hour(at(10_000_000));
        assert_eq!(hour.bins.len(), usize::try_from(BINS).unwrap());
        assert!(hour.bins.windows(2).all(|pair| pair[0].start + BIN == pair[1].start));
        assert_eq!(hour.near_misses, 60);
        assert!(log.tallies.len() <= usize::try_from(BINS).unwrap());
    }

    #[test]
    fn a_visit_is_told_while_it_lasts_and_when_it_is_over() {
        let mut log = Log::default();
        let id = log.began(at(1_000), Some(Bytes::from_static(b"first")));
        log.decided(at(3_000), true, 0);
        log.looks_like(at(3_000), &mover(1, Label::Person, 0.5, Direction::Up));
        let open = &log.hour(at(3_000)).visits[0];
        assert_eq!((open.end, open.duration.as_secs(), open.label), (None, 2, "person"));
        log.ended(&end(false), at(5_000).wall, Some(Bytes::from_static(b"best")), None);
        let over = &log.hour(at(9_000)).visits[0];
        assert_eq!((over.end, over.label, over.has_picture), (Some(at(5_000).wall), "animal", true));
        assert_eq!(log.picture(id).as_deref(), Some(&b"best"[..]));
    }

    #[test]
    fn an_open_visit_is_told_by_the_surest_look_at_what_moves() {
        use Direction::{Left, Right, Up};
        let mut log = Log::default();
        log.began(at(1_000), None);
        let mut told = |ms, track, label, confidence, direction| {
            log.looks_like(at(ms), &mover(track, label, confidence, direction));
            let visit = &log.hour(at(ms)).visits[0];
            (visit.label, visit.confidence, visit.direction)
        };
        assert_eq!(told(1_100, 1, Label::Unknown, 0.0, Left), ("unknown", 0.0, "left"));
        assert_eq!(told(1_200, 1, Label::Animal, 0.8, Left), ("animal", 0.8, "left"));
        assert_eq!(
            told(4_000, 1, Label::Person, 0.4, Up),
            ("animal", 0.8, "up"),
            "it leaves, and is seen in parts"
        );
        assert_eq!(
            told(6_900, 2, Label::Person, 0.4, Right),
            ("animal", 0.8, "up"),
            "a part of it, or another"
        );
        assert_eq!(told(7_000, 2, Label::Person, 0.4, Right), ("person", 0.4, "right"), "the first has gone");
        assert_eq!(told(7_100, 3, Label::Vehicle, 0.6, Left), ("vehicle", 0.6, "left"), "surer");
        assert_eq!(told(7_200, 3, Label::Unknown, 0.95, Up), ("vehicle", 0.6, "up"), "sure of nothing");
        log.ended(&end(false), at(8_000).wall, None, None);
        log.began(at(9_000), None);
        log.looks_like(at(9_100), &mover(4, Label::Person, 0.3, Up));
        assert_eq!(log.hour(at(9_100)).visits[0].label, "person", "each visit is told anew");
    }

    #[test]
    fn a_brief_event_is_a_near_miss_and_no_visit() {
        let mut log = Log::default();
        log.decided(at(1_000), true, 0);
        log.began(at(1_000), None);
        log.ended(&end(true), at(2_000).wall, None, None);
        let hour = log.hour(at(2_000));
        assert_eq!((hour.visits.len(), hour.near_misses), (0, 1));
    }

    #[test]
    fn a_visit_is_told_for_an_hour_after_its_end_and_while_it_lasts() {
        let mut log = Log::default();
        log.began(at(1_000), None);
        log.ended(&end(false), at(5_000).wall, None, None);
        log.began(at(10_000), None);
        let told = |ms| log.hour(at(ms)).visits.iter().map(|visit| visit.id).collect::<Vec<_>>();
        assert_eq!(told(3_604_000), [2, 1]);
        assert_eq!(told(3_606_000), [2]);
        assert_eq!(told(9_000_000), [2], "it goes on");
    }

    #[test]
    fn only_the_newest_visits_are_kept_but_all_of_the_hour_are_counted() {
        let mut log = Log::default();
        for ms in 0..200 {
            log.began(at(ms), None);
            log.ended(&end(false), at(ms).wall, None, None);
        }
        let hour = log.hour(at(10_000));
        assert_eq!((hour.visits.len(), hour.visits[0].id, hour.visits_total), (VISITS, 200, 200));
        log.began(at(3_600_000), None);
        let hour = log.hour(at(3_604_100));
        assert_eq!(hour.visits_total, 100, "99 that were over less than an hour ago, and one goes on");
        log.ended(&end(true), at(3_605_000).wall, None, None);
        assert_eq!(log.hour(at(3_610_000)).visits_total, 0, "a brief one was none");
        assert!(log.picture(1).is_none());
    }
}
