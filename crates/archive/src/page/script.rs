//! A script as it goes out: without comments, without white space that means nothing, with short private names. It reads
//! tokens and nothing more: names that anybody else could use, and the order of what is there, stay.

use std::collections::HashMap;

/// What may end a line without the next one going on with another statement, or begin one.
const OPENS: &str = "{([,;=>&|?:+-*<!";
const GOES_ON: &str = "})].,;?:=&|";
/// Words after which a slash begins a regular expression.
const BEFORE_A_VALUE: [&str; 6] = ["return", "typeof", "case", "in", "of", "await"];

/// The same script, shorter; as it is if it is not understood.
pub(super) fn short(script: &str) -> String {
    Shortener::new(script).run().unwrap_or_else(|| script.to_owned())
}

/// White space since the last token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
}

/// What a closing brace ends.
#[derive(PartialEq, Eq)]
enum Brace {
    Block,
    /// A value within a template; the template goes on after it.
    Template,
}

struct Shortener<'a> {
    rest: &'a str,
    out: String,
    gap: Gap,
    /// The last token, if it was a word.
    word: &'a str,
    open: Vec<Brace>,
    private: HashMap<&'a str, String>,
}

impl<'a> Shortener<'a> {
    fn new(script: &'a str) -> Self {
        let out = String::with_capacity(script.len());
        Self { rest: script, out, gap: Gap::None, word: "", open: Vec::new(), private: HashMap::new() }
    }

    fn run(mut self) -> Option<String> {
        while !self.rest.is_empty() {
            self.step()?;
        }
        self.open.is_empty().then_some(self.out)
    }

    /// Takes the next token, or what stands between two; `None` if it is not understood.
    fn step(&mut self) -> Option<()> {
        match self.rest.chars().next()? {
            '\n' => self.skip(1, Gap::Line),
            first if first.is_whitespace() => self.skip(first.len_utf8(), Gap::Space),
            '/' if self.rest.starts_with("//") => {
                self.skip(self.until("\n").unwrap_or(self.rest.len()), Gap::Space)
            }
            '/' if self.rest.starts_with("/*") => self.skip(self.until("*/")? + 2, Gap::Space),
            '/' if self.wants_a_value() => self.token(regex(self.rest)?),
            quote @ ('"' | '\'') => self.token(quoted(self.rest, quote)?),
            '`' => {
                self.token(1);
                self.template()?;
            }
            '}' => {
                self.token(1);
                if self.open.pop()? == Brace::Template {
                    self.template()?;
                }
            }
            '{' => {
                self.open.push(Brace::Block);
                self.token(1);
            }
            '#' => self.private_name(),
            first if is_word(first) => self.word(),
            first => self.token(first.len_utf8()),
        }
        Some(())
    }

    fn until(&self, end: &str) -> Option<usize> {
        self.rest.find(end)
    }

    fn skip(&mut self, length: usize, gap: Gap) {
        self.rest = &self.rest[length..];
        self.gap = self.gap.max(gap);
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        token
    }

    fn token(&mut self, length: usize) {
        let token = self.take(length);
        self.put(token);
        self.word = "";
    }

    fn word(&mut self) {
        let length = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let word = self.take(length);
        self.put(word);
        self.word = word;
    }

    /// A name that nobody outside of its class can use gets a short one, the same everywhere in the file.
    fn private_name(&mut self) {
        let length = self.rest[1..].find(|c| !is_word(c)).map_or(self.rest.len(), |at| at + 1);
        let name = self.take(length);
        let next = self.private.len();
        let short = self.private.entry(name).or_insert_with(|| format!("#{}", letters(next))).clone();
        self.put(&short);
        self.word = "#";
    }

    /// The text of a template up to its end, or to a value in it.
    fn template(&mut self) -> Option<()> {
        let mut chars = self.rest.char_indices().peekable();
        let length = loop {
            match chars.next()? {
                (_, '\\') => drop(chars.next()?),
                (at, '`') => break at + 1,
                (at, '$') if chars.peek().is_some_and(|(_, next)| *next == '{') => {
                    self.open.push(Brace::Template);
                    break at + 2;
                }
                _ => {}
            }
        };
        let text = self.take(length);
        self.out.push_str(text);
        Some(())
    }

    fn put(&mut self, token: &str) {
        let (before, after) = (self.out.chars().next_back(), token.chars().next());
        if let (Some(before), Some(after)) = (before, after) {
            let holds = |set: &str, c: char| set.contains(c);
            if self.gap == Gap::Line && !holds(OPENS, before) && !holds(GOES_ON, after) {
                self.out.push('\n');
            } else if self.gap > Gap::None && needs_space(before, after) {
                self.out.push(' ');
            }
        }
        self.gap = Gap::None;
        self.out.push_str(token);
    }

    /// Whether a slash here begins a regular expression: nothing stands before it that could be divided.
    fn wants_a_value(&self) -> bool {
        let before = self.out.chars().next_back();
        BEFORE_A_VALUE.contains(&self.word) || before.is_none_or(|c| "(,=:[!&|?{};>".contains(c))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Two words, or two signs that would become another one.
fn needs_space(before: char, after: char) -> bool {
    let in_word = |c| is_word(c) || c == '#';
    (in_word(before) && in_word(after)) || (before == after && "+-/".contains(before))
}

fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()?),
            '\n' => return None,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn regex(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let mut in_class = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()?),
            '\n' => return None,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// a, b, … z, A, … Z, aa, ba, …
fn letters(n: usize) -> String {
    const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut name = String::from(char::from(LETTERS[n % 52]));
    if n >= 52 {
        name.push_str(&letters(n / 52 - 1));
    }
    name
}

#[cfg(test)]
mod tests;
