//! What a client may say. Any text leads to a request or to a mistake, never to anything else.

use serde_json::{Map, Number, Value};

use super::watches::NotWatched;

/// A message that is understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Hello { v: u64 },
    Watch { camera: String, width: Option<u32>, fps: Option<f32> },
    Unwatch { camera: String },
    Time { t0: Number },
}

/// A message that is not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mistake {
    pub(super) code: &'static str,
    pub(super) detail: String,
    /// The camera that was asked for.
    pub(super) camera: Option<String>,
    /// Counts against the client.
    pub(super) is_nonsense: bool,
}

impl Mistake {
    fn nonsense(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), camera: None, is_nonsense: true }
    }

    fn value(detail: impl Into<String>) -> Self {
        Self { code: "invalid_value", detail: detail.into(), camera: None, is_nonsense: false }
    }

    pub(super) fn binary() -> Self {
        Self::nonsense("binary", "Messages to this server are JSON texts.")
    }

    pub(super) fn no_camera() -> Self {
        Self {
            code: "not_found",
            detail: "There is no camera of that id.".to_owned(),
            camera: None,
            is_nonsense: false,
        }
    }

    pub(super) fn refused(refused: &NotWatched) -> Self {
        let code = match refused {
            NotWatched::Viewers(_) => "too_many_viewers",
            NotWatched::Cameras => "too_many_cameras",
        };
        Self { code, detail: refused.to_string(), camera: None, is_nonsense: false }
    }

    /// The same, said of one camera.
    pub(super) fn of(self, camera: String) -> Self {
        Self { camera: Some(camera), ..self }
    }
}

/// Reads one message.
pub(super) fn parse(text: &str) -> Result<Request, Mistake> {
    let message = serde_json::from_str::<Map<String, Value>>(text)
        .map_err(|_| Mistake::nonsense("bad_json", "The message is not a JSON object."))?;
    match message.get("type").and_then(Value::as_str) {
        Some("watch") => Ok(Request::Watch {
            camera: camera(&message)?,
            width: width(message.get("width"))?,
            fps: fps(message.get("fps"))?,
        }),
        Some("hello") => match message.get("v").and_then(Value::as_u64) {
            Some(v) => Ok(Request::Hello { v }),
            None => Err(Mistake::value("hello needs v, the version of the messages.")),
        },
        Some("unwatch") => Ok(Request::Unwatch { camera: camera(&message)? }),
        Some("time") => match message.get("t0") {
            Some(Value::Number(t0)) => Ok(Request::Time { t0: t0.clone() }),
            _ => Err(Mistake::value("time needs t0, a number.")),
        },
        _ => {
            let detail = "The type is not known here; hello, watch, unwatch and time are.";
            Err(Mistake::nonsense("unknown_type", detail))
        }
    }
}

fn camera(message: &Map<String, Value>) -> Result<String, Mistake> {
    let camera = message.get("camera").and_then(Value::as_str);
    camera.map(str::to_owned).ok_or_else(|| Mistake::value("camera must be a camera's id."))
}

fn width(value: Option<&Value>) -> Result<Option<u32>, Mistake> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let width = value.as_f64().filter(|width| (1.0..=8192.0).contains(width));
    let width = width.ok_or_else(|| Mistake::value("width must be a number from 1 to 8192."))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be 1 to 8192")]
    Ok(Some(width.ceil() as u32))
}

fn fps(value: Option<&Value>) -> Result<Option<f32>, Mistake> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let fps = value.as_f64().filter(|fps| (0.1..=120.0).contains(fps));
    let fps = fps.ok_or_else(|| Mistake::value("fps must be a number from 0.1 to 120."))?;
    #[expect(clippy::cast_possible_truncation, reason = "a rate needs no more digits")]
    Ok(Some(fps as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_messages_are_understood() {
        let watch = parse(r#"{"type":"watch","camera":"garden","width":639.5,"fps":15}"#).unwrap();
        assert_eq!(watch, Request::Watch { camera: "garden".into(), width: Some(640), fps: Some(15.0) });
        let watch = parse(r#"{"type":"watch","camera":"garden"}"#).unwrap();
        assert_eq!(watch, Request::Watch { camera: "garden".into(), width: None, fps: None });
        assert_eq!(
            parse(r#"{"type":"unwatch","camera":"a"}"#).unwrap(),
            Request::Unwatch { camera: "a".into() }
        );
        assert_eq!(parse(r#"{"type":"hello","v":1}"#).unwrap(), Request::Hello { v: 1 });
        let Request::Time { t0 } = parse(r#"{"type":"time","t0":1234.5}"#).unwrap() else { panic!() };
        assert_eq!(t0.as_f64(), Some(1234.5));
    }

    #[test]
    fn nonsense_counts_and_a_wrong_value_does_not() {
        for (text, is_nonsense) in [
            ("", true),
            ("[]", true),
            ("{}", true),
            (r#"{"type":"dance"}"#, true),
            (r#"{"type":7}"#, true),
            (r#"{"type":"watch"}"#, false),
            (r#"{"type":"watch","camera":7}"#, false),
            (r#"{"type":"watch","camera":"a","width":0}"#, false),
            (r#"{"type":"watch","camera":"a","fps":1e9}"#, false),
            (r#"{"type":"time","t0":"x"}"#, false),
            (r#"{"type":"unwatch"}"#, false),
            (r#"{"type":"hello"}"#, false),
            (r#"{"type":"hello","v":-1}"#, false),
        ] {
            assert_eq!(parse(text).unwrap_err().is_nonsense, is_nonsense, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", kind in "hello|watch|unwatch|time", width: f64, fps: f64) {
            let _unused = parse(&text);
            let json = serde_json::json!({ "type": kind, "camera": text, "width": width, "fps": fps, "t0": fps, "v": width });
            let _unused = parse(&json.to_string());
        }
    }
}
