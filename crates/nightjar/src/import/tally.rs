//! What came of an import, honestly.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::analyze::plural;
use crate::footage::when::By;
use crate::say;

/// Failures that are told one by one again at the end.
const SHOWN: usize = 10;

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Clips that were looked through.
    pub(super) clips: usize,
    /// Their frames.
    pub(super) frames: u64,
    /// Of the clips, those in which nothing moved.
    pub(super) empty: usize,
    /// Pictures that are kept.
    pub(super) pictures: usize,
    /// Events that are kept.
    pub(super) stored: usize,
    /// What was kept before.
    pub(super) known_clips: usize,
    pub(super) known_pictures: usize,
    /// Events of the older system, and those of them that were kept before.
    pub(super) events: usize,
    pub(super) known_events: usize,
    /// Clips of the older system that had to be encoded anew.
    pub(super) encoded: usize,
    /// Patterns of the older system: found, those that label an event, and those that are kept as they are.
    pub(super) patterns: usize,
    pub(super) applied: usize,
    pub(super) put_by: usize,
    /// Where what belongs to no event is kept.
    pub(super) notes: Vec<String>,
    /// Files that are neither pictures nor clips.
    pub(super) others: usize,
    /// Links and other odd things.
    pub(super) odd: u64,
    /// What could not be read, and why.
    pub(super) failures: Vec<String>,
    by: BTreeMap<By, usize>,
    cameras: BTreeMap<String, usize>,
}

impl Tally {
    /// One more whose time is known so.
    pub(super) fn by(&mut self, by: By) {
        *self.by.entry(by).or_default() += 1;
    }

    /// One more of that camera.
    pub(super) fn camera(&mut self, camera: &str) {
        *self.cameras.entry(camera.to_owned()).or_default() += 1;
    }

    fn nothing_new(&self) -> bool {
        self.stored == 0 && self.clips == 0 && self.pictures == 0 && self.applied == 0
    }

    /// For people.
    pub(super) fn summary(&self, is_dry: bool) -> String {
        let mut text =
            if is_dry { "nothing was written; this would be done:\n".to_owned() } else { String::new() };
        let stored = match (is_dry, self.clips) {
            (true, 1..) => "stored, and what is found in the clips",
            _ => "stored",
        };
        text += &format!("{} {stored}", plural(self.stored, "event"));
        let mut of = Vec::new();
        if self.clips > 0 {
            of.push(format!(
                "{} of {} frames, {} of them without an event",
                plural(self.clips, "clip"),
                self.frames,
                self.empty
            ));
        }
        if self.pictures > 0 {
            of.push(plural(self.pictures, "picture"));
        }
        if self.events > 0 {
            of.push(format!(
                "{} of the older system, {} with clips encoded anew",
                plural(self.events, "event"),
                self.encoded
            ));
        }
        if !of.is_empty() {
            text += &format!(": {}", of.join("; "));
        }
        text.push('\n');
        self.skipped(&mut text);
        if self.patterns > 0 {
            text += &format!(
                "{}: {} label an event, {} belong to none that is here\n",
                plural(self.patterns, "pattern"),
                self.applied,
                self.put_by
            );
        }
        for note in &self.notes {
            text += &format!("{}\n", say::plain(note));
        }
        if !self.cameras.is_empty() {
            let cameras: Vec<&str> = self.cameras.keys().map(String::as_str).collect();
            let by: Vec<String> = self.by.iter().map(|(by, n)| format!("{} {n}", by.words())).collect();
            text += &format!("of camera {}; times {}\n", cameras.join(", "), by.join(", "));
        }
        if !self.failures.is_empty() {
            text += &format!("{} could not be read:\n", plural(self.failures.len(), "file"));
            for failure in self.failures.iter().take(SHOWN) {
                text += &format!("  {}\n", say::plain(failure));
            }
            if self.failures.len() > SHOWN {
                text += &format!("  and {} more, told above\n", self.failures.len() - SHOWN);
            }
        }
        text
    }

    fn skipped(&self, text: &mut String) {
        let known: Vec<String> =
            [(self.known_clips, "clip"), (self.known_pictures, "picture"), (self.known_events, "event")]
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, word)| plural(*count, word))
                .collect();
        if !known.is_empty() {
            let nothing = if self.nothing_new() { "; there is nothing new" } else { "" };
            *text += &format!("skipped, since kept before: {}{nothing}\n", known.join(", "));
        }
        if self.others > 0 || self.odd > 0 {
            *text += &format!(
                "left alone: {} that are neither pictures nor clips, {}\n",
                plural(self.others, "file"),
                plural(usize::try_from(self.odd).unwrap_or(usize::MAX), "link")
            );
        }
    }

    /// For programs.
    pub(super) fn as_json(&self, is_dry: bool) -> Value {
        let by: BTreeMap<&str, usize> = self.by.iter().map(|(by, n)| (by.name(), *n)).collect();
        json!({
            "dry_run": is_dry,
            "events_stored": self.stored,
            "clips": self.clips,
            "frames": self.frames,
            "clips_without_events": self.empty,
            "pictures": self.pictures,
            "legacy_events": self.events,
            "clips_encoded_anew": self.encoded,
            "kept_before": {
                "clips": self.known_clips, "pictures": self.known_pictures, "legacy_events": self.known_events,
            },
            "patterns": { "found": self.patterns, "applied": self.applied, "put_by": self.put_by },
            "cameras": self.cameras,
            "times_by": by,
            "notes": self.notes,
            "others": self.others,
            "links": self.odd,
            "failures": self.failures,
        })
    }
}
