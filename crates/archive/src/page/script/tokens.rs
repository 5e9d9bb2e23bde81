//! A script as tokens. What stands in a text, a template or a regular expression is told apart from code; nothing more.

/// Words after which a slash begins a regular expression.
const BEFORE_A_VALUE: [&str; 6] = ["return", "typeof", "case", "in", "of", "await"];

/// White space and comments before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    None,
    Space,
    Line,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A name that begins with `#`.
    Private,
    /// A text in quotes, or a regular expression.
    Text,
    /// A template's text from what opens it to what closes it or to a value.
    Template,
    /// A single sign.
    Sign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) gap: Gap,
}

impl Token<'_> {
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Private)
    }
}

/// What a closing brace ends.
#[derive(PartialEq, Eq)]
enum Brace {
    Block,
    /// A value within a template; the template goes on after it.
    Value,
}

/// All tokens of a script; `None` if it is not understood.
pub(super) fn tokens(script: &str) -> Option<Vec<Token<'_>>> {
    let mut reader = Reader { rest: script, gap: Gap::None, found: Vec::new(), open: Vec::new() };
    while !reader.rest.is_empty() {
        reader.step()?;
    }
    reader.open.is_empty().then_some(reader.found)
}

struct Reader<'a> {
    rest: &'a str,
    gap: Gap,
    found: Vec<Token<'a>>,
    open: Vec<Brace>,
}

impl Reader<'_> {
    /// Takes the next token, or what stands between two.
    fn step(&mut self) -> Option<()> {
        let until = |end: &str| self.rest.find(end);
        match self.rest.chars().next()? {
            '\n' => self.skip(1, Gap::Line),
            c if c.is_whitespace() => self.skip(c.len_utf8(), Gap::Space),
            '/' if self.rest.starts_with("//") => {
                self.skip(until("\n").unwrap_or(self.rest.len()), Gap::Space)
            }
            '/' if self.rest.starts_with("/*") => self.skip(until("*/")? + 2, Gap::Space),
            '/' if self.wants_a_value() => self.take(Kind::Text, regex(self.rest)?),
            quote @ ('"' | '\'') => self.take(Kind::Text, quoted(self.rest, quote)?),
            '`' => self.template()?,
            '}' => match self.open.pop()? {
                Brace::Block => self.take(Kind::Sign, 1),
                Brace::Value => self.template()?,
            },
            '{' => {
                self.open.push(Brace::Block);
                self.take(Kind::Sign, 1);
            }
            '#' => self.take(Kind::Private, 1 + word(&self.rest[1..])),
            c if is_word(c) => self.take(Kind::Word, word(self.rest)),
            c => self.take(Kind::Sign, c.len_utf8()),
        }
        Some(())
    }

    fn skip(&mut self, length: usize, gap: Gap) {
        self.rest = &self.rest[length..];
        self.gap = self.gap.max(gap);
    }

    fn take(&mut self, kind: Kind, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.found.push(Token { kind, text, gap: std::mem::replace(&mut self.gap, Gap::None) });
    }

    /// A template's text, from the sign that opens it or ends a value.
    fn template(&mut self) -> Option<()> {
        let mut chars = self.rest.char_indices().skip(1).peekable();
        let length = loop {
            match chars.next()? {
                (_, '\\') => drop(chars.next()?),
                (at, '`') => break at + 1,
                (at, '$') if chars.peek().is_some_and(|(_, next)| *next == '{') => {
                    self.open.push(Brace::Value);
                    break at + 2;
                }
                _ => {}
            }
        };
        let kind = if self.rest.starts_with('`') { Kind::Text } else { Kind::Template };
        self.take(kind, length);
        Some(())
    }

    /// Whether a slash here begins a regular expression: nothing stands before it that could be divided.
    fn wants_a_value(&self) -> bool {
        self.found.last().is_none_or(|before| match before.kind {
            Kind::Word => BEFORE_A_VALUE.contains(&before.text),
            Kind::Sign => "(,=:[!&|?{};>".contains(before.text),
            Kind::Private | Kind::Text => false,
            Kind::Template => before.text.ends_with('{'),
        })
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn word(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
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
