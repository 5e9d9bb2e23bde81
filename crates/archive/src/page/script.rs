//! A script as it goes out: without comments, without white space and signs that mean nothing, with short names for what
//! nobody outside of the file can use. It tells tokens apart and knows nothing else of the language: where a sign could mean
//! more than one thing, it stays as it is.

use std::collections::{HashMap, HashSet};

mod tokens;

use tokens::{Gap, Kind, Token, tokens};

/// What may end a line without the next one going on with another statement, or begin one.
const OPENS: &str = "{([,;=>&|?:+-*<!";
const GOES_ON: &str = "})].,;?:=&|";

/// The same script, shorter; as it is if it is not understood.
pub(super) fn short(script: &str) -> String {
    tokens(script).map_or_else(|| script.to_owned(), |tokens| joined(&tokens))
}

fn joined(tokens: &[Token<'_>]) -> String {
    let names = names(tokens);
    let mut out = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        if next.is_some_and(|next| is_idle(token, before, next)) {
            continue;
        }
        let text = names.get(token.text).filter(|_| token.is_name()).map_or(token.text, String::as_str);
        out.push_str(between(&out, token, text));
        out.push_str(text);
    }
    out
}

/// A comma or semicolon before what ends the list or block; behind `)` a semicolon may be all that a loop does.
fn is_idle(token: &Token<'_>, before: Option<&Token<'_>>, next: &Token<'_>) -> bool {
    match token.text {
        "," => matches!(next.text, ")" | "]" | "}") && before.is_some_and(|before| before.text != ","),
        ";" => {
            next.text == "}"
                && before.is_some_and(|before| !matches!(before.text, ")" | ";" | "{" | "else" | "do"))
        }
        _ => false,
    }
}

fn between(out: &str, token: &Token<'_>, text: &str) -> &'static str {
    let (Some(before), Some(after)) = (out.chars().next_back(), text.chars().next()) else { return "" };
    if token.kind == Kind::Template {
        ""
    } else if token.gap == Gap::Line && !OPENS.contains(before) && !GOES_ON.contains(after) {
        "\n"
    } else if token.gap > Gap::None && needs_space(before, after) {
        " "
    } else {
        ""
    }
}

/// Two words, or two signs that would become another one.
fn needs_space(before: char, after: char) -> bool {
    let in_word = |c| tokens::is_word(c) || c == '#';
    (in_word(before) && in_word(after)) || (before == after && "+-/".contains(before))
}

/// Short names for the private names of classes and for the constants of the file, such as `RETRY_MS`. A constant that stands
/// where it could be the name of a property keeps its own.
fn names<'a>(tokens: &[Token<'a>]) -> HashMap<&'a str, String> {
    let has_sign = tokens.iter().any(|token| token.kind == Kind::Word && token.text.starts_with('$'));
    let text = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| token.text);
    let mut constants = HashSet::new();
    let mut others = HashSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let (before, after) = (text(at.checked_sub(1)), text(Some(at + 1)));
        if token.kind != Kind::Word || !is_constant(token.text) {
            continue;
        }
        if before == "const" && text(at.checked_sub(2)) != "export" {
            constants.insert(token.text);
        } else if before == "."
            || before == "?."
            || (matches!(before, "{" | ",") && matches!(after, ":" | "," | "}" | "=" | "as" | "("))
        {
            others.insert(token.text);
        }
    }
    let mut names = HashMap::new();
    let mut count = [0; 2];
    for token in tokens {
        let (sign, which) = match token.kind {
            Kind::Private => ('#', 0),
            Kind::Word if !has_sign && constants.contains(token.text) && !others.contains(token.text) => {
                ('$', 1)
            }
            _ => continue,
        };
        names.entry(token.text).or_insert_with(|| {
            count[which] += 1;
            format!("{sign}{}", letters(count[which] - 1))
        });
    }
    names
}

fn is_constant(word: &str) -> bool {
    word.len() > 2
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
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
