//! What of a source's ups and downs is worth a line in the log: the first of a kind at once, the same one again only
//! now and then, and that it is live only if its loss was told.

use std::time::{Duration, Instant};

/// What the line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Loss,
    Warning,
}

/// Lines that are remembered at the most; the oldest goes first.
const MOST: usize = 64;

/// What was logged about one camera.
#[derive(Debug)]
pub(super) struct Record {
    again: Duration,
    told: Vec<Told>,
    /// Whether the newest loss was told; the first opening counts as one.
    loss_told: bool,
}

#[derive(Debug)]
struct Told {
    kind: Kind,
    code: String,
    at: Instant,
    repeats: u64,
}

impl Record {
    /// The same line comes again after `again`.
    pub(super) fn new(again: Duration) -> Self {
        Self { again, told: Vec::new(), loss_told: true }
    }

    /// Whether to log it: how often it came unlogged before, or `None` to be silent. `code` is that of a problem, or a
    /// warning's own words.
    pub(super) fn tells(&mut self, kind: Kind, code: &str, now: Instant) -> Option<u64> {
        let known = self.told.iter_mut().find(|told| (told.kind, told.code.as_str()) == (kind, code));
        let unlogged = match known {
            Some(told) if now.saturating_duration_since(told.at) < self.again => {
                told.repeats += 1;
                None
            }
            Some(told) => {
                told.at = now;
                Some(std::mem::take(&mut told.repeats))
            }
            None => {
                if self.told.len() == MOST {
                    self.told.remove(0);
                }
                self.told.push(Told { kind, code: code.to_owned(), at: now, repeats: 0 });
                Some(0)
            }
        };
        if kind == Kind::Loss {
            self.loss_told |= unlogged.is_some();
        }
        unlogged
    }

    /// Whether a loss was told since this was asked last, so that its end is news, too.
    pub(super) fn told_of_loss(&mut self) -> bool {
        std::mem::take(&mut self.loss_told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_flaps_between_two_problems_is_told_of_twice_in_ten_minutes() {
        let (start, again) = (Instant::now(), Duration::from_secs(600));
        let mut record = Record::new(again);
        let (mut losses, mut lives) = (Vec::new(), 0);
        for second in 0..1200u64 {
            let code = if second % 2 == 0 { "ended" } else { "refused" };
            losses.extend(record.tells(Kind::Loss, code, start + Duration::from_secs(second)));
            lives += u32::from(record.told_of_loss());
        }
        assert_eq!(losses, [0, 0, 299, 299]);
        assert_eq!(lives, 4, "each loss that was told has its end");
    }

    #[test]
    fn a_warning_leaves_the_record_of_losses_alone() {
        let (now, mut record) = (Instant::now(), Record::new(Duration::from_secs(600)));
        assert!(record.told_of_loss(), "that it is live the first time is news");
        assert_eq!(record.tells(Kind::Loss, "ended", now), Some(0));
        assert_eq!(record.tells(Kind::Loss, "ended", now), None);
        assert_eq!(record.tells(Kind::Warning, "not_whole", now), Some(0));
        assert_eq!(record.tells(Kind::Warning, "not_whole", now), None);
        assert!(
            record.told_of_loss(),
            "whoever was told of the loss is told of its end, however often it was tried"
        );
        assert_eq!(record.tells(Kind::Loss, "ended", now), None);
        assert!(!record.told_of_loss());
    }
}
