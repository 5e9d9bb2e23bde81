//! What can go wrong with a local camera, in words for its owner.

use std::io;
use std::path::Path;

use frame::Size;

use super::ask::Capabilities;
use super::format;
use crate::Problem;

mod people;

use people::{Permission, holders, permission};

#[cfg(test)]
mod tests;

/// The path as messages show it.
fn shown(path: &Path) -> String {
    path.display().to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The device could not be opened.
pub(super) fn not_opened(path: &Path, error: &io::Error) -> Problem {
    let name = shown(path);
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR | libc::ELOOP) => Problem::new(
            "no_device",
            format!("There is no {name}."),
            "Plug the camera in; if it is, look for its name in /dev/v4l/by-id and set device to that.",
        ),
        Some(libc::ENODEV | libc::ENXIO) => gone(path),
        Some(libc::EACCES | libc::EPERM) => denied(path, &permission(path)),
        Some(libc::EBUSY) => busy(path),
        Some(libc::EMFILE | libc::ENFILE) => Problem::new(
            "no_descriptors",
            format!("{name} could not be opened: too many files are open."),
            "Raise LimitNOFILE of the service, or restart it and report this.",
        ),
        Some(libc::EISDIR) => not_v4l2(path),
        _ => failed(path, "being opened", error),
    }
}

/// It was there and no longer is.
pub(super) fn gone(path: &Path) -> Problem {
    Problem::new(
        "unplugged",
        format!("{} is gone: the camera was unplugged, or its driver gave it up.", shown(path)),
        "Plug it in again; if it goes by itself, try another cable, another port or a powered hub.",
    )
}

fn denied(path: &Path, permission: &Permission) -> Problem {
    let name = shown(path);
    let Permission { user, group, is_member } = permission;
    let (what, mend) = match group.as_deref() {
        None | Some("root") => (
            format!("The user {user} may not open {name}."),
            format!(
                "Let its group be video and give the group read and write: sudo chgrp video {name} && sudo chmod g+rw {name}"
            ),
        ),
        Some(group) if *is_member => (
            format!("This process may not open {name}, though the user {user} is in its group {group}."),
            "Groups count from the next login on: log out and in again, or restart the service.".to_owned(),
        ),
        Some(group) => (
            format!("The user {user} may not open {name}; its group {group} may."),
            format!(
                "Run: sudo usermod -aG {group} {user} and log in again; for a service set SupplementaryGroups={group}, \
                 for a container group_add."
            ),
        ),
    };
    Problem::new("denied", what, mend)
}

/// Another program streams from it.
pub(super) fn busy(path: &Path) -> Problem {
    let name = shown(path);
    let (what, mend) = match holders(path).as_slice() {
        [] => (
            format!("Another program uses {name}; which one cannot be seen from here."),
            format!("Find it with: sudo fuser -v {name} and end it, or let it feed Nightjar over HTTP."),
        ),
        [holder] if holder.is_us => (
            format!("{name} is used by another camera of this configuration."),
            "Keep one camera for each device.".to_owned(),
        ),
        [first, ..] => (
            format!("{name} is used by {} (process {}).", first.name, first.process),
            format!("End {}, or let it feed Nightjar over HTTP.", first.name),
        ),
    };
    Problem::new("busy", what, mend)
}

fn not_v4l2(path: &Path) -> Problem {
    Problem::new(
        "not_v4l2",
        format!("{} is no camera that Linux knows (not a V4L2 device).", shown(path)),
        "Set device to one of those in /dev/v4l/by-id, or leave it to: v4l2-ctl --list-devices",
    )
}

/// It did not say what it is.
pub(super) fn no_answer(path: &Path, error: &io::Error) -> Problem {
    match error.raw_os_error() {
        Some(libc::ENOTTY | libc::EINVAL) => not_v4l2(path),
        _ => failed(path, "being asked what it is", error),
    }
}

/// It is a V4L2 device, but gives no pictures.
pub(super) fn no_capture(path: &Path, is: &Capabilities) -> Problem {
    let (name, card) = (shown(path), &is.identity.card);
    let (what, mend) = if is.is_metadata() {
        (
            format!(
                "{name} ({card}) gives only what belongs to the pictures of another node of the same camera."
            ),
            "Set device to the node whose name in /dev/v4l/by-id ends in video-index0.",
        )
    } else if is.is_multiplanar() {
        (
            format!(
                "{name} ({card}) gives pictures only in several planes of memory, which is not supported."
            ),
            "Use source = \"command\" with preset = \"rpicam-vid\", or with another program that writes JPEG.",
        )
    } else {
        (
            format!("{name} ({card}) gives no pictures now."),
            "If it is a loopback, start the program that feeds it; else choose another device.",
        )
    };
    Problem::new("no_capture", what, mend)
}

/// None of its formats can be used, or not the one that is configured.
pub(super) fn no_format(path: &Path, wanted: Option<&str>, offered: &[u32]) -> Problem {
    let listed: Vec<String> = offered.iter().map(|code| format::letters(*code)).collect();
    let offers = if listed.is_empty() { "nothing".to_owned() } else { listed.join(", ") };
    let name = shown(path);
    let is_bayer = offered.iter().any(|code| {
        let letters = format::letters(*code);
        ["BA", "RG", "GR", "GB", "pR", "pB", "pG"].iter().any(|begin| letters.starts_with(begin))
    });
    let (what, mend) = match wanted {
        Some(wanted) => (
            format!("{name} does not offer the format {wanted}; it offers {offers}."),
            "Take the key format out of the configuration, or choose one of those.",
        ),
        None if is_bayer => (
            format!("{name} offers only unprocessed sensor data ({offers})."),
            "It is a camera for libcamera: use source = \"command\" with preset = \"rpicam-vid\".",
        ),
        None => (
            format!("{name} offers no format that is understood ({offers})."),
            "Use source = \"command\" with a program that turns it into JPEG.",
        ),
    };
    Problem::new("no_format", what, mend)
}

/// It agreed on a size that no picture may have.
pub(super) fn too_large(path: &Path, size: Size) -> Problem {
    Problem::new(
        "no_format",
        format!(
            "{} gives pictures of {size} pixels; 1 to {} a side can be used.",
            shown(path),
            codec::MAX_SIDE
        ),
        "Set width and height to what v4l2-ctl --list-formats-ext shows.",
    )
}

/// Its driver says that something is wrong, and not what.
pub(super) fn trouble(path: &Path) -> Problem {
    Problem::new(
        "device_error",
        format!("The driver of {} reports an error and gives no pictures.", shown(path)),
        "Plug the camera out and in again; the kernel's log (dmesg) may say more.",
    )
}

/// A step of setting it up or of streaming failed.
pub(super) fn refused(path: &Path, step: &str, error: &io::Error) -> Problem {
    let name = shown(path);
    match error.raw_os_error() {
        Some(libc::ENODEV | libc::ENXIO | libc::ESHUTDOWN) => gone(path),
        Some(libc::EBUSY) => busy(path),
        Some(libc::EACCES | libc::EPERM) => denied(path, &permission(path)),
        Some(libc::ENOSPC) => Problem::new(
            "usb_bandwidth",
            format!("The USB bus has no room for the pictures of {name} beside what else it carries."),
            "Choose a smaller size, a lower frame_rate or format = mjpg, or plug it into a port of another USB controller.",
        ),
        Some(libc::ENOMEM) => Problem::new(
            "no_memory",
            format!("The system has no memory for the buffers of {name}."),
            "Choose a smaller size, or give the machine more memory for its devices (on a Pi: CMA).",
        ),
        Some(libc::EIO | libc::EPROTO | libc::EPIPE | libc::ETIMEDOUT) => Problem::new(
            "device_error",
            format!("{name} failed at {step}: {}.", reason(error)),
            "Plug it out and in again; if it comes back, try another cable, another port or a powered hub.",
        ),
        Some(libc::ENOTTY) => not_v4l2(path),
        Some(libc::EINVAL) => Problem::new(
            "refused_setting",
            format!("The driver of {name} refuses what was set ({step})."),
            "Set width, height and format to what v4l2-ctl --list-formats-ext shows.",
        ),
        _ => failed(path, step, error),
    }
}

fn failed(path: &Path, step: &str, error: &io::Error) -> Problem {
    Problem::new(
        "device_error",
        format!("{} failed at {step}: {}.", shown(path), reason(error)),
        "Plug the camera out and in again; the kernel's log (dmesg) may say more.",
    )
}

/// What the system says, without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}
