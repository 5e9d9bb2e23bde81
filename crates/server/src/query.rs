//! What the query of a stream or snapshot asks for. Unknown names are let pass: viewers add their own against caches.

use web::Problem;

/// `fps`, `width`, `quality`, each within its range.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PictureQuery {
    /// Above 0, to 120.
    pub(crate) fps: Option<f32>,
    /// 1 to 8192.
    pub(crate) width: Option<u32>,
    /// 1 to 100.
    pub(crate) quality: Option<u8>,
}

impl PictureQuery {
    /// # Errors
    /// 422 that names the parameter.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut parsed = Self::default();
        for (name, value) in pairs(query) {
            match name {
                "fps" => parsed.fps = Some(fps(value)?),
                "width" | "w" => parsed.width = Some(whole("width", value, 8192)?),
                "quality" => parsed.quality = u8::try_from(whole("quality", value, 100)?).ok(),
                _ => {}
            }
        }
        Ok(parsed)
    }
}

/// The value of `action`, as older MJPEG viewers send it.
pub(crate) fn action(query: Option<&str>) -> Option<&str> {
    pairs(query).find(|(name, _)| *name == "action").map(|(_, value)| value)
}

fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='))
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
        assert_eq!(query, PictureQuery { fps: Some(7.5), width: Some(640), quality: Some(50) });
        assert_eq!(PictureQuery::parse(None).unwrap(), PictureQuery::default());
        assert_eq!(action(Some("action=stream")), Some("stream"));
        assert_eq!(action(Some("x=1&action=snapshot&y")), Some("snapshot"));
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
