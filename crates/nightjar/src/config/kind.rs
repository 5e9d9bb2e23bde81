//! What a key may hold: one [`Kind`] per key reads the value, says what is allowed and writes it back.

use std::net::SocketAddr;
use std::time::Duration;

use toml_edit::Value as Toml;

use super::problems::short;
use super::units::{format_duration, format_size};

mod text;

pub(crate) use text::{hours, masked_url};

/// What stands for a secret.
pub(crate) const MASK: &str = "********";

/// The type and the range of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within both ends.
    Int { min: i64, max: i64 },
    /// One of a few whole numbers; `later` are known but do not work in this version.
    IntOf { works: &'static [i64], later: &'static [i64] },
    /// A number within both ends.
    Float { min: f64, max: f64 },
    /// Any text of 1 to `max` characters without control characters.
    Text { max: usize },
    /// One of a few words; `later` are known but do not work in this version.
    Choice { works: fn() -> Vec<&'static str>, later: &'static [&'static str] },
    /// A time span within both ends, in seconds.
    Duration { min: Duration, max: Duration },
    /// A number of bytes within both ends.
    Size { min: u64, max: u64 },
    /// An address to listen on, with its port.
    Address,
    /// A path; a relative one counts from where the program was started.
    Path,
    /// Hours of a day, `22:00-06:00`.
    Window,
    /// The IANA name of a time zone.
    TimeZone,
    /// An `http` or `https` URL without credentials.
    Url,
    /// A word of `[a-z0-9-]`.
    Id,
    /// Text that is never shown.
    Secret,
    /// Names of hosts.
    Hosts,
    /// A program and its arguments.
    Words,
    /// Names of a camera's controls and their values.
    Controls,
    /// Corners of an area, as shares of the picture.
    Points,
}

/// What was read for a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// For [`Kind::Bool`].
    Bool(bool),
    /// For the whole numbers.
    Int(i64),
    /// For [`Kind::Float`].
    Float(f64),
    /// For everything that is text.
    Text(String),
    /// For [`Kind::Duration`].
    Duration(Duration),
    /// For [`Kind::Size`], bytes.
    Size(u64),
    /// For [`Kind::Address`].
    Address(SocketAddr),
    /// For [`Kind::Hosts`].
    Hosts(Vec<String>),
    /// For [`Kind::Words`].
    Words(Vec<String>),
    /// For [`Kind::Controls`], in their order.
    Controls(Vec<(String, i64)>),
    /// For [`Kind::Points`].
    Points(Vec<(f64, f64)>),
}

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What stands there, as written; secrets are not repeated.
    pub(crate) found: String,
    /// What may stand there.
    pub(crate) allowed: String,
    /// A word that may have been meant.
    pub(crate) nearest: Option<String>,
}

impl Kind {
    /// Reads a value of a file.
    ///
    /// # Errors
    /// [`Refused`] with what was found and what is allowed.
    pub(crate) fn read(self, raw: &Toml) -> Result<Value, Refused> {
        let refused = |found: String| Refused { found, allowed: self.allowed(), nearest: None };
        let read = match (self, raw) {
            (Self::Bool, Toml::Boolean(it)) => Some(Value::Bool(*it.value())),
            (Self::Int { min, max }, Toml::Integer(it)) => {
                (min..=max).contains(it.value()).then(|| Value::Int(*it.value()))
            }
            (Self::IntOf { works, later }, Toml::Integer(it)) => {
                if later.contains(it.value()) {
                    return Err(refused(format!("`{}`, which this version cannot do yet", it.value())));
                }
                works.contains(it.value()).then(|| Value::Int(*it.value()))
            }
            (Self::Float { min, max }, _) => {
                number(raw).filter(|it| (min..=max).contains(it)).map(Value::Float)
            }
            (Self::Hosts, Toml::Array(items)) => return hosts(items).map_err(refused),
            (Self::Words, Toml::Array(items)) => return words(items).map_err(refused),
            (Self::Controls, Toml::InlineTable(table)) => return controls(table).map_err(refused),
            (Self::Points, Toml::Array(items)) => return points(items).map_err(refused),
            (_, Toml::String(it)) => return self.read_text(it.value()),
            _ => None,
        };
        read.ok_or_else(|| refused(self.found(raw)))
    }

    /// Reads a value of the environment or the command line, where everything is text.
    ///
    /// # Errors
    /// [`Refused`] with what was found and what is allowed.
    pub(crate) fn read_word(self, word: &str) -> Result<Value, Refused> {
        match self {
            Self::Bool
            | Self::Int { .. }
            | Self::IntOf { .. }
            | Self::Float { .. }
            | Self::Points
            | Self::Words
            | Self::Controls => match word.trim().parse::<Toml>() {
                Ok(raw) => self.read(&raw),
                Err(_) => self.refuse(word),
            },
            Self::Hosts => {
                let mut hosts = toml_edit::Array::new();
                hosts.extend(word.split(',').map(str::trim).filter(|host| !host.is_empty()));
                self.read(&Toml::Array(hosts))
            }
            _ => self.read_text(word),
        }
    }

    fn refuse(self, found: &str) -> Result<Value, Refused> {
        let found = if matches!(self, Self::Secret | Self::Words) { "a text".into() } else { quoted(found) };
        Err(Refused { found, allowed: self.allowed(), nearest: None })
    }

    fn found(self, raw: &Toml) -> String {
        match (self, raw) {
            (Self::Secret | Self::Words, _) => format!("a value of type {}", raw.type_name()),
            (_, Toml::Array(_) | Toml::InlineTable(_)) => format!("a {}", raw.type_name()),
            _ => quoted(raw.to_string().trim()),
        }
    }

    /// What may stand there, in words.
    pub(crate) fn allowed(self) -> String {
        match self {
            Self::Bool => "true or false".into(),
            Self::Int { min, max } => format!("a whole number from {min} to {max}"),
            Self::IntOf { works, .. } => {
                works.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Self::Float { min, max } => format!("a number from {min} to {max}"),
            Self::Text { max } => format!("a text of 1 to {max} characters"),
            Self::Choice { works, .. } => {
                works().iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
            }
            Self::Duration { min, max } => {
                format!("a duration from \"{}\" to \"{}\"", format_duration(min), format_duration(max))
            }
            Self::Size { min, max } => {
                format!("a size from \"{}\" to \"{}\"", format_size(min), format_size(max))
            }
            Self::Address => "an address with a port, like \"127.0.0.1:8000\" or \"[::]:8000\"".into(),
            Self::Path => "a path".into(),
            Self::Url => "a URL that begins with http:// or https:// (rtsp:// or rtsps:// for source = \"rtsp\"), names \
                          a host and holds no user or password (they have keys of their own)"
                .into(),
            Self::Window => "two times of a day, like \"22:00-06:00\"".into(),
            Self::TimeZone => "the IANA name of a time zone, like \"Europe/Amsterdam\" or \"UTC\"".into(),
            Self::Id => "1 to 64 characters of a-z, 0-9 and -".into(),
            Self::Secret => "a text of 1 to 1024 characters".into(),
            Self::Hosts => "a list of host names, like [\"camera.example\"]".into(),
            Self::Controls => "a table of names and whole numbers, true or false, like { brightness = 128, \
                               focus_auto = false }"
                .into(),
            Self::Words => "a list of a program and its arguments, like [\"rpicam-vid\", \"-t\", \"0\"]".into(),
            Self::Points => "a list of 3 to 64 corners [x, y] that go around an area without crossing over, each \
                             from 0.0 to 1.0 (shares of width and height)"
                .into(),
        }
    }
}

impl Value {
    /// As it stands in a TOML file.
    pub(crate) fn to_toml(&self) -> Toml {
        match self {
            Self::Bool(it) => (*it).into(),
            Self::Int(it) => (*it).into(),
            Self::Float(it) => (*it).into(),
            Self::Text(it) => it.as_str().into(),
            Self::Duration(it) => format_duration(*it).into(),
            Self::Size(it) => format_size(*it).into(),
            Self::Address(it) => it.to_string().into(),
            Self::Controls(controls) => Toml::InlineTable(
                controls.iter().map(|(name, value)| (name.as_str(), Toml::from(*value))).collect(),
            ),
            Self::Hosts(words) | Self::Words(words) => {
                Toml::Array(words.iter().map(String::as_str).collect())
            }
            Self::Points(corners) => Toml::Array(
                corners.iter().map(|(x, y)| Toml::Array([*x, *y].into_iter().collect())).collect(),
            ),
        }
    }

    /// As it stands in JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(it) => (*it).into(),
            Self::Int(it) => (*it).into(),
            Self::Float(it) => (*it).into(),
            Self::Text(it) => it.as_str().into(),
            Self::Duration(it) => format_duration(*it).into(),
            Self::Size(it) => format_size(*it).into(),
            Self::Address(it) => it.to_string().into(),
            Self::Controls(controls) => {
                let pairs =
                    controls.iter().map(|(name, value)| (name.clone(), serde_json::Value::from(*value)));
                serde_json::Value::Object(pairs.collect())
            }
            Self::Hosts(words) | Self::Words(words) => words.clone().into(),
            Self::Points(corners) => corners.iter().map(|(x, y)| serde_json::json!([x, y])).collect(),
        }
    }
}

/// A value as a message repeats it.
pub(crate) fn quoted(found: &str) -> String {
    format!("`{}`", short(found))
}

fn hosts(items: &toml_edit::Array) -> Result<Value, String> {
    let mut hosts = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let Some(host) = item.as_str().filter(|it| text::is_host(it)) else {
            return Err(format!("{} as name {}", quoted(item.to_string().trim()), n + 1));
        };
        hosts.push(host.to_ascii_lowercase());
    }
    Ok(Value::Hosts(hosts))
}

/// A command: no shell reads it, so a whole line in one text is a mistake worth telling.
fn words(items: &toml_edit::Array) -> Result<Value, String> {
    let mut words = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let Some(word) = item.as_str().filter(|word| !word.contains('\0')) else {
            // Not repeated, here and below: a password may be in it.
            return Err(format!("no plain text as word {}", n + 1));
        };
        words.push(word.to_owned());
    }
    match words.as_slice() {
        [] => Err("an empty list".into()),
        [program, ..] if program.trim().is_empty() => Err("a list without a program at its beginning".into()),
        [line] if line.contains(' ') && !line.contains('/') => Err("a whole line as one word".into()),
        _ => Ok(Value::Words(words)),
    }
}

/// A camera has some fifty controls.
const MAX_CONTROLS: usize = 64;

fn controls(table: &toml_edit::InlineTable) -> Result<Value, String> {
    if table.len() > MAX_CONTROLS {
        return Err(format!("{} controls, {MAX_CONTROLS} at the most", table.len()));
    }
    let one = |(name, value): (&str, &Toml)| {
        let is_name = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name {
            return Err(format!("the name {}, which is not of a-z, 0-9 and _", quoted(name)));
        }
        let number = value.as_integer().or_else(|| value.as_bool().map(i64::from));
        let number = number.ok_or_else(|| format!("{} for {name}", quoted(value.to_string().trim())))?;
        Ok((name.to_owned(), number))
    };
    table.iter().map(one).collect::<Result<_, _>>().map(Value::Controls)
}

/// A whole number counts as a number too.
#[expect(clippy::cast_precision_loss, reason = "ranges of the keys are far below 2^52")]
fn number(raw: &Toml) -> Option<f64> {
    raw.as_float().or_else(|| raw.as_integer().map(|it| it as f64))
}

fn points(items: &toml_edit::Array) -> Result<Value, String> {
    let mut corners = Vec::new();
    for item in items {
        let pair: Option<Vec<f64>> = item.as_array().and_then(|pair| pair.iter().map(number).collect());
        let Some([x, y]) = pair.as_deref() else { return Err(quoted(item.to_string().trim())) };
        if !(0.0..=1.0).contains(x) || !(0.0..=1.0).contains(y) {
            return Err(format!("the corner [{x}, {y}]"));
        }
        corners.push((*x, *y));
    }
    #[expect(clippy::cast_possible_truncation, reason = "shares of a picture need no more than f32")]
    let outline: Vec<frame::Point> =
        corners.iter().map(|(x, y)| frame::Point { x: *x as f32, y: *y as f32 }).collect();
    frame::outline(&outline).map_err(|fault| fault.to_string())?;
    Ok(Value::Points(corners))
}
