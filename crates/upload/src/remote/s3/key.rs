//! Where in a bucket an event's files lie.
//!
//! `<prefix>/YYYY/MM/DD/<event id>/motion.mp4`, with `metadata.json` and the pictures beside it: the folders of the hub,
//! and the day that was local where the camera stands.

use jiff::tz::Offset;
use store::event::{Event, EventId};

/// The clip's name within an event's folder.
pub(super) const CLIP: &str = "motion.mp4";

/// The folder of one event; ends in `/`.
pub(super) fn folder(prefix: &str, event: &Event) -> String {
    let offset = Offset::from_seconds(event.utc_offset).unwrap_or(Offset::UTC);
    let day = offset.to_datetime(event.started).date();
    // A year below 0 is a clock gone wild; it still needs a folder.
    let (year, month, day) = (day.year().max(0), day.month(), day.day());
    format!("{}{year:04}/{month:02}/{day:02}/{}/", stem(prefix), event.id)
}

/// The prefix of everything that is ours: empty, or without a slash at its head and with one at its end.
pub(super) fn stem(prefix: &str) -> String {
    let parts: Vec<_> = prefix.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) }
}

/// Which event a clip's key belongs to, if it is one of ours below the prefix: nothing else in a bucket is touched.
pub(super) fn event_of_clip(prefix: &str, key: &str) -> Option<EventId> {
    let rest = key.strip_prefix(stem(prefix).as_str())?;
    let parts: Vec<_> = rest.split('/').collect();
    let [year, month, day, id, CLIP] = parts[..] else { return None };
    let is_number = |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(year, 4) && is_number(month, 2) && is_number(day, 2)).then(|| id.parse().ok())?
}

/// What a browser is told that the file is.
pub(super) fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("mp4") => "video/mp4",
        Some("jpg") => "image/jpeg",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_folder_however_it_is_written() {
        for written in ["garden/cam", "/garden/cam/", "garden//cam", "./garden/../cam"] {
            assert_eq!(stem(written), "garden/cam/");
        }
        assert_eq!(stem("/"), "");
    }

    #[test]
    fn only_clips_of_ours_below_the_prefix_are_known() {
        let id = "01JD2Z3ABCDEFGHJKMNPQRSTVW";
        let key = format!("p/2026/11/20/{id}/motion.mp4");
        assert_eq!(event_of_clip("p", &key).unwrap().to_string(), id);
        assert_eq!(event_of_clip("q", &key), None);
        for other in
            ["p/2026/11/20/x/motion.mp4", "p/motion.mp4", "p/2026/11/2/01JD2Z3ABCDEFGHJKMNPQRSTVW/motion.mp4"]
        {
            assert_eq!(event_of_clip("p", other), None);
        }
        assert_eq!(event_of_clip("p", &format!("p/2026/11/20/{id}/other.mp4")), None);
    }
}
