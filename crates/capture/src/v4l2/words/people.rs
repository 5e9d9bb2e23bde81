//! Who may open a device, and who has it open.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What there is to say about permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permission {
    /// Name or number of the user of this process.
    pub(super) user: String,
    /// Name or number of the group that the device belongs to, if it can be seen and its members may use it.
    pub(super) group: Option<String>,
    /// Whether that group has that user among its members.
    pub(super) is_member: bool,
}

/// For a device that could not be opened.
pub(super) fn permission(path: &Path) -> Permission {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let owner = fs::metadata(path).ok().filter(|meta| meta.mode() & 0o060 == 0o060).map(|meta| meta.gid());
    let user = rustix::process::geteuid().as_raw();
    look_up(user, owner, &read("/etc/passwd"), &read("/etc/group"))
}

/// From the texts of `/etc/passwd` and `/etc/group`.
pub(super) fn look_up(user: u32, group: Option<u32>, passwd: &str, groups: &str) -> Permission {
    let entry = |text: &str, id: u32| {
        let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mut fields = fields.filter(|fields| fields.len() >= 3);
        fields
            .find(|fields| fields[2].parse() == Ok(id))
            .map(|fields| (fields[0].to_owned(), fields.get(3).copied().unwrap_or("").to_owned()))
    };
    let user = entry(passwd, user).map_or_else(|| user.to_string(), |(name, _)| name);
    let found = group.map(|id| entry(groups, id).unwrap_or_else(|| (id.to_string(), String::new())));
    let is_member = found.as_ref().is_some_and(|(_, members)| members.split(',').any(|name| name == user));
    Permission { user, group: found.map(|(name, _)| name), is_member }
}

/// A process that has a device open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) name: String,
    pub(super) process: u32,
    pub(super) is_us: bool,
}

/// Those that can be seen: all of them as root, otherwise those of the same user. Another one before this process.
pub(super) fn holders(path: &Path) -> Vec<Holder> {
    holders_in(Path::new("/proc"), path)
}

pub(super) fn holders_in(proc: &Path, path: &Path) -> Vec<Holder> {
    let Ok(node) = fs::canonicalize(path) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(proc) else { return Vec::new() };
    let mut found: Vec<Holder> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            let mut open = fs::read_dir(entry.path().join("fd")).ok()?.filter_map(Result::ok);
            open.any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == node)).then_some(())?;
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
            Some(Holder { name, process, is_us: process == std::process::id() })
        })
        .collect();
    found.sort_by_key(|holder| (holder.is_us, holder.process));
    found
}
