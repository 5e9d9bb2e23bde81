//! What can go wrong with a program, in words for its owner. Of its arguments nothing is ever shown: they may hold
//! passwords.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::Problem;
use crate::child::hushed;

/// Lines of complaint that are kept, and letters of each.
const LINES: usize = 3;
const LETTERS: usize = 160;
/// A longer line is cut.
const MAX_LINE: usize = 4 << 10;

/// A program's name, and what it said last on stderr.
#[derive(Debug, Default)]
pub(super) struct Words {
    name: String,
    line: Vec<u8>,
    lines: VecDeque<String>,
}

impl Words {
    pub(super) fn of(program: &str) -> Self {
        let name = Path::new(program).file_name().map_or(program.into(), |name| name.to_string_lossy());
        Self { name: name.into_owned(), ..Self::default() }
    }

    /// Takes in what it wrote to stderr.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.keep(),
                byte if self.line.len() < MAX_LINE => self.line.push(*byte),
                _ => {}
            }
        }
    }

    fn keep(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        let line: String =
            hushed(&line).chars().filter(|letter| !letter.is_control()).take(LETTERS).collect();
        let line = line.trim().trim_end_matches('.');
        if !line.is_empty() {
            if self.lines.len() == LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(line.to_owned());
        }
    }

    /// What it said last, ready to stand behind a sentence.
    fn said(&self) -> String {
        let said: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        if said.is_empty() { String::new() } else { format!(" It said: {}.", said.join("; ")) }
    }

    pub(super) fn not_started(&self, error: &io::Error) -> Problem {
        let name = &self.name;
        match error.kind() {
            io::ErrorKind::NotFound => Problem::new(
                "no_program",
                format!("There is no program {name} here."),
                match name.as_str() {
                    "rpicam-vid" => "Install it; on Raspberry Pi OS: apt install rpicam-apps.",
                    "libcamera-vid" => "Install it; on Raspberry Pi OS: apt install libcamera-apps.",
                    _ => "Install it, or write its whole path into run in the configuration.",
                },
            ),
            io::ErrorKind::PermissionDenied => Problem::new(
                "no_program",
                format!("Nightjar may not run {name}."),
                "Make the program executable for the user that Nightjar runs as.",
            ),
            _ => system(error),
        }
    }

    pub(super) fn wrote_nothing(&self, patience: Duration) -> Problem {
        let (name, said) = (&self.name, self.said());
        Problem::new(
            "stalled",
            format!("{name} runs, but wrote nothing within {:.0} s.{said}", patience.as_secs_f32()),
            "Run the command by hand: it must write JPEG after JPEG to its standard output.",
        )
    }

    pub(super) fn wrote_no_pictures(&self, bytes: u64) -> Problem {
        let (name, said) = (&self.name, self.said());
        Problem::new(
            "not_pictures",
            format!("{name} wrote {bytes} bytes, but no JPEG among them.{said}"),
            "Let it write JPEG after JPEG; for rpicam-vid that is --codec mjpeg.",
        )
    }

    /// `how` it ended, as a verb.
    pub(super) fn ended(&mut self, how: String, pictures: u64, bytes: u64) -> Problem {
        self.keep();
        let (name, said) = (&self.name, self.said());
        let after = match (pictures, bytes) {
            (0, 0) => " before it wrote anything".to_owned(),
            (0, bytes) => format!(" after {bytes} bytes without a JPEG among them"),
            (1, _) => " after one picture".to_owned(),
            (pictures, _) => format!(" after {pictures} pictures"),
        };
        let mend = if pictures == 0 {
            "Run the command by hand: it must write JPEG after JPEG to its standard output and go on."
        } else {
            "It is started again; if it keeps ending, run the command by hand and see why."
        };
        Problem::new("ended", format!("{name} {how}{after}.{said}"), mend)
    }
}

pub(super) fn nothing_to_run() -> Problem {
    Problem::new("no_program", "The command is empty.", "Set run in the configuration to a program.")
}

pub(super) fn system(error: &io::Error) -> Problem {
    Problem::new(
        "system",
        format!("The program could not be run: {error}."),
        "Restart Nightjar; if it stays, look for a shortage of memory or processes.",
    )
}
