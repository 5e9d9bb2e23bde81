//! What can go wrong with an RTSP camera, in words for its owner. Nothing of an address but host and port is shown.

use std::time::Duration;

use crate::Problem;
use crate::ffmpeg::Failure;

const ON: &str =
    "Check that the camera is on and that host and port of the url in the configuration are right.";

/// What `ffmpeg` says when a stream cannot be opened: a piece of it, our code for it, what it means, what to do.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    (
        "401 Unauthorized",
        "unauthorized",
        "refuses the user and password",
        "Correct user and password in the configuration.",
    ),
    (
        "403 Forbidden",
        "forbidden",
        "does not let this user see the stream",
        "Give the user the right to view, in the camera's own settings.",
    ),
    (
        "404",
        "not_found",
        "has no stream of that name",
        "Look up the stream's path in the camera's manual and correct the url in the configuration.",
    ),
    ("454", "broken", "forgot the session", "Restart the camera if this goes on."),
    (
        "461 Unsupported Transport",
        "transport",
        "does not speak this transport",
        "Set transport to the other one, tcp or udp, in the configuration.",
    ),
    ("Connection refused", "refused", "refuses the connection", ON),
    ("No route to host", "unreachable", "cannot be reached", ON),
    ("Network is unreachable", "unreachable", "cannot be reached", ON),
    ("Failed to resolve hostname", "no_such_host", "is no name that the network knows", ON),
    ("Name or service not known", "no_such_host", "is no name that the network knows", ON),
    ("timed out", "timeout", "does not answer", ON),
    ("Connection reset", "broken", "broke the connection", "Restart the camera if this goes on."),
];

/// There are no (more) frames.
pub(super) fn failed(host: &str, failure: Failure) -> Problem {
    match failure {
        Failure::NoProgram(program) => Problem::new(
            "no_ffmpeg",
            format!("The program {program} is not installed."),
            "Install ffmpeg; on Debian: apt install ffmpeg.",
        ),
        Failure::NoVideo => Problem::new(
            "no_video",
            format!("{host} sends sound or data, but no video."),
            "Set the url in the configuration to a stream with video.",
        ),
        Failure::NotAVideo(said) | Failure::NoFrames(said) => not_opened(host, &said),
        Failure::Died(how) => Problem::new(
            "died",
            format!("The decoder of {host} died: {how}."),
            "Look for a shortage of memory on this machine.",
        ),
        Failure::BadFrames(what) => Problem::new(
            "bad_pictures",
            format!("The pictures of {host} cannot be used: {what}."),
            "Choose a smaller picture in the camera's own settings.",
        ),
        Failure::System(error) => Problem::new(
            "system",
            format!("The decoder could not be run: {error}."),
            "Restart Nightjar; if it stays, look for a shortage of memory or processes.",
        ),
    }
}

fn not_opened(host: &str, said: &str) -> Problem {
    match KNOWN.iter().find(|(piece, ..)| said.contains(piece)) {
        Some((_, code, means, mend)) => Problem::new(code, format!("{host} {means}."), *mend),
        None => Problem::new(
            "not_a_stream",
            format!("{host} gives no stream{said}."),
            "Check the url in the configuration with another player.",
        ),
    }
}

/// It was open, and no picture came.
pub(super) fn no_picture(host: &str, waited: Duration) -> Problem {
    Problem::new(
        "timeout",
        format!("{host} gave no picture within {:.0} s.", waited.as_secs_f32()),
        "Restart the camera; where only udp is lost on the way, set transport = \"tcp\" in the configuration.",
    )
}

/// It ended after some frames.
pub(super) fn ended(host: &str, complaint: &str) -> Problem {
    let said = if complaint.is_empty() { String::new() } else { format!(" ({complaint})") };
    Problem::new("ended", format!("{host} ended the stream{said}."), "Restart the camera if this goes on.")
}
