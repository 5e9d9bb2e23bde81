//! What the query of a stream or snapshot asks for. Unknown names are let pass: viewers add their own against caches.

use std::borrow::Cow;

use web::Problem;

/// `fps`, `width`, `quality`, each within its range, and `raw`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PictureQuery {
    /// Above 0, to 120.
    pub(crate) fps: Option<f32>,
    /// 1 to 8192.
    pub(crate) width: Option<u32>,
    /// 1 to 100.
    pub(crate) quality: Option<u8>,
    /// Without the time and boxes.
    pub(crate) raw: bool,
}

impl PictureQuery {
    /// # Errors
    /// 422 that names the parameter.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut parsed = Self::default();
        for (name, value) in pairs(query) {
            match &*name {
                "fps" => parsed.fps = Some(fps(&value)?),
                "width" | "w" => parsed.width = Some(whole("width", &value, 8192)?),
                "quality" => parsed.quality = u8::try_from(whole("quality", &value, 100)?).ok(),
                "raw" => parsed.raw = !matches!(&*value, "0" | "false" | ""),
                _ => {}
            }
        }
        Ok(parsed)
    }
}

/// The value of `action`, as older MJPEG viewers send it, and the camera's place in `stream_0`. An empty one is none.
pub(crate) fn action(query: Option<&str>) -> Option<(String, usize)> {
    let (_, value) = pairs(query).find(|(name, value)| name == "action" && !value.is_empty())?;
    let numbered = value.rsplit_once('_').and_then(|(what, n)| Some((what.to_owned(), n.parse().ok()?)));
    Some(numbered.unwrap_or_else(|| (value.into_owned(), 0)))
}

type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What has a value, decoded.
fn pairs(query: Option<&str>) -> impl Iterator<Item = Pair<'_>> {
    let pairs = query.unwrap_or_default().split('&').filter(|pair| pair.contains('='));
    pairs.flat_map(|pair| form_urlencoded::parse(pair.as_bytes()))
}

fn fps(value: &str) -> Result<f32, Problem> {
    let fps = value.parse::<f32>().ok().filter(|fps| *fps >= 0.1 && *fps <= 120.0);
    fps.ok_or_else(|| refuse("fps", value, "0.1 to 120"))
}

fn whole(name: &'static str, value: &str, most: u32) -> Result<u32, Problem> {
    let number = value.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| refuse(name, value, &format!("1 to {most}")))
}

fn refuse(name: &'static str, value: &str, allowed: &str) -> Problem {
    let found = value.chars().take(40).collect::<String>();
    Problem::invalid(name, format!("{name} is {found}; allowed is {allowed}."))
        .with("found", found)
        .with("allowed", allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_values_are_read_and_strangers_let_pass() {
        let query = PictureQuery::parse(Some("fps=7.5&width=640&quality=50&t=12345&raw=1")).unwrap();
        assert_eq!(query, PictureQuery { fps: Some(7.5), width: Some(640), quality: Some(50), raw: true });
        assert!(!PictureQuery::parse(Some("raw=0")).unwrap().raw);
        assert_eq!(PictureQuery::parse(None).unwrap(), PictureQuery::default());
        assert_eq!(PictureQuery::parse(Some("fp%73=7%2E5&width")).unwrap().fps, Some(7.5));
    }

    #[test]
    fn actions_are_taken_as_older_viewers_write_them() {
        for (query, expected) in [
            ("action=stream", Some(("stream", 0))),
            ("x=1&action=snapshot&y", Some(("snapshot", 0))),
            ("action=stream_0", Some(("stream", 0))),
            ("action=snapshot_1", Some(("snapshot", 1))),
            ("action=%73tream%5F0", Some(("stream", 0))),
            ("action=stream_", Some(("stream_", 0))),
            ("action=", None),
            ("action", None),
            ("", None),
        ] {
            let expected = expected.map(|(what, n)| (what.to_owned(), n));
            assert_eq!(action(Some(query)), expected, "{query}");
        }
    }

    #[test]
    fn every_value_out_of_range_is_refused_by_name() {
        for (query, field) in [
            ("fps=0", "fps"),
            ("fps=-1", "fps"),
            ("fps=NaN", "fps"),
            ("fps=inf", "fps"),
            ("fps=121", "fps"),
            ("fps=", "fps"),
            ("width=0", "width"),
            ("width=8193", "width"),
            ("width=x", "width"),
            ("w=99999999999", "width"),
            ("quality=0", "quality"),
            ("quality=101", "quality"),
            ("quality=-5", "quality"),
        ] {
            let problem = PictureQuery::parse(Some(query)).unwrap_err();
            assert_eq!(problem.status(), 422, "{query}");
            assert_eq!(problem, problem.clone().with("field", field), "{query}");
        }
    }
}
