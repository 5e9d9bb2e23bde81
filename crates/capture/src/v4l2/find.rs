//! Where a camera's node is now: nodes are numbered anew when a camera is plugged in again.

use std::fs;
use std::path::{Path, PathBuf};

use super::ask::{self, Capabilities, Identity};
use super::format::Format;
use super::sys::Device;

#[cfg(test)]
mod tests;

/// Nodes that are looked at, at the most: Linux has 256 numbers for all of video.
const MOST: usize = 256;

/// Drivers whose nodes take and give pictures for programs, and are no cameras.
const NOT_CAMERAS: [&str; 6] =
    ["bcm2835-codec", "bcm2835-isp", "pispbe", "rpivid", "rpi-hevc-dec", "rkisp1-stats"];

/// The folder that the device nodes lie in: `/dev` for `/dev/video0` and for `/dev/v4l/by-id/…`.
pub(super) fn root_of(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    let is_links = folder.file_name().is_some_and(|name| name == "by-id" || name == "by-path");
    match folder.parent().filter(|above| is_links && above.file_name().is_some_and(|name| name == "v4l")) {
        Some(links) => links.parent(),
        None => Some(folder),
    }
}

/// Whether the path is a link that follows the camera by itself.
pub(super) fn is_link(path: &Path) -> bool {
    root_of(path) != path.parent()
}

/// The video nodes of a folder by their number.
pub(super) fn nodes(root: &Path) -> Vec<PathBuf> {
    let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix("video")?.parse::<u32>().ok();
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let mut nodes: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((number(&entry.path())?, entry.path()))).take(MOST).collect();
    nodes.sort();
    nodes.into_iter().map(|(_, path)| path).collect()
}

/// The node of the device that was known: the one in the same port, else the only one of the same make.
pub(super) fn again(
    root: &Path,
    known: &Identity,
    probe: impl Fn(&Path) -> Option<Identity>,
) -> Option<PathBuf> {
    let found: Vec<(PathBuf, Identity)> =
        nodes(root).into_iter().filter_map(|node| Some((node.clone(), probe(&node)?))).collect();
    if let Some((node, _)) = found.iter().find(|(_, identity)| identity == known) {
        return Some(node.clone());
    }
    let make = |it: &Identity| (it.driver.clone(), it.card.clone(), it.index);
    let mut alike = found.iter().filter(|(_, it)| make(it) == make(known));
    match (alike.next(), alike.next()) {
        (Some((node, _)), None) => Some(node.clone()),
        _ => None,
    }
}

/// What a node is, if it gives pictures.
pub(super) fn identity(node: &Path) -> Option<Identity> {
    let device = Device::open(node).ok()?;
    let is = Capabilities::of(&device).ok()?;
    is.is_capture().then(|| Identity { index: ask::index(node), ..is.identity })
}

/// A camera that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCamera {
    /// Its node, by a link that follows it if there is one.
    pub device: PathBuf,
    /// The product's name.
    pub card: String,
}

/// The first camera of this machine that gives pictures in a format that is understood and that nobody uses.
#[must_use]
pub fn first_camera() -> Option<FoundCamera> {
    first_camera_in(Path::new("/dev"))
}

pub(super) fn first_camera_in(root: &Path) -> Option<FoundCamera> {
    let (node, card) = nodes(root).into_iter().find_map(|node| Some((node.clone(), usable(&node)?)))?;
    Some(FoundCamera { device: stable(root, &node).unwrap_or(node), card })
}

/// The name of the camera behind the node, if it can be used right now.
fn usable(node: &Path) -> Option<String> {
    let device = Device::open(node).ok()?;
    let is = Capabilities::of(&device).ok()?;
    let is_camera = is.is_capture() && !is.is_stage() && !NOT_CAMERAS.contains(&is.identity.driver.as_str());
    let is_understood = || ask::formats(&device).into_iter().any(|code| Format::of_code(code).is_some());
    (is_camera && is_understood() && device.check_free().is_ok()).then_some(is.identity.card)
}

/// The link by which the node can be found again.
fn stable(root: &Path, node: &Path) -> Option<PathBuf> {
    let node = fs::canonicalize(node).ok()?;
    let links = fs::read_dir(root.join("v4l/by-id")).ok()?;
    let mut links: Vec<PathBuf> = links.filter_map(Result::ok).map(|entry| entry.path()).collect();
    links.sort();
    links.into_iter().find(|link| fs::canonicalize(link).is_ok_and(|target| target == node))
}
