//! What no key can say alone: what must be there, what excludes what, what must differ.

use std::collections::BTreeMap;

use super::keys::{Section, Slot};
use super::kind::Value;
use super::problems::{Origin, Problem};
use super::values::Values;

mod remotes;

/// Looks at all values together; every problem is appended. `bad` says whether a slot already has a problem of
/// its own, so that nothing is told twice.
pub(crate) fn check(values: &Values, bad: &dyn Fn(Slot) -> bool, problems: &mut Vec<Problem>) {
    ids(values, problems);
    remotes::check(values, bad, problems);
    for (camera, table) in values.cameras.iter().enumerate() {
        let source = Slot::of(Section::Camera, "source", Some(camera), None);
        if source.is_some_and(bad) {
            continue;
        }
        let Some(source) = values.camera_text(camera, "source") else { continue };
        foreign_keys(values, camera, &source, problems);
        required(values, camera, &source, &table.origin, bad, problems);
        scheme(values, camera, &source, problems);
        command(values, camera, problems);
        credentials(values, camera, problems);
        zones(values, camera, bad, problems);
    }
}

fn slot(section: Section, name: &str, camera: usize, zone: Option<usize>) -> Option<Slot> {
    Slot::of(section, name, Some(camera), zone)
}

fn ids(values: &Values, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (camera, table) in values.cameras.iter().enumerate() {
        let id = values.id(camera);
        if let Some(first) = seen.get(&id) {
            let origin = values
                .of_camera(camera, Section::Camera, "id")
                .map_or(table.origin.clone(), |set| set.origin);
            let what = format!("found `{id}`, which is the id of camera[{first}] already");
            problems.push(Problem::new(
                origin,
                format!("camera[{camera}].id"),
                what,
                "each camera needs its own",
            ));
        } else {
            seen.insert(id, camera);
        }
    }
}

/// Keys of another source would do nothing, so they are refused instead of ignored.
fn foreign_keys(values: &Values, camera: usize, source: &str, problems: &mut Vec<Problem>) {
    for (slot, set) in values.all().filter(|(slot, _)| slot.camera == Some(camera)) {
        let Some(wanted) = slot.row().sources().filter(|_| !slot.row().serves(source)) else { continue };
        let what = format!("belongs to {wanted}; this camera's source is \"{source}\"");
        let mend = format!("set {wanted} or take this key away");
        problems.push(Problem::new(set.origin.clone(), slot.to_string(), what, mend));
    }
}

fn required(
    values: &Values,
    camera: usize,
    source: &str,
    table: &Origin,
    bad: &dyn Fn(Slot) -> bool,
    problems: &mut Vec<Problem>,
) {
    let needed = match source {
        "http" | "rtsp" => "url",
        "file" => "path",
        "v4l2" => "device",
        "command" if has_preset(values, camera) => return,
        "command" => "run",
        _ => return,
    };
    let preset = slot(Section::Camera, "preset", camera, None).filter(|_| source == "command");
    if preset.is_some_and(bad) {
        return;
    }
    let Some(slot) = slot(Section::Camera, needed, camera, None) else { return };
    if values.explicit(slot).is_none() && !bad(slot) {
        let what = format!("is missing; source = \"{source}\" needs it");
        let mend = format!("allowed: {}", slot.row().kind.allowed());
        problems.push(Problem::new(table.clone(), slot.to_string(), what, mend));
    }
}

fn has_preset(values: &Values, camera: usize) -> bool {
    values.of_camera(camera, Section::Camera, "preset").is_some()
}

/// A command is written out or named, not both.
fn command(values: &Values, camera: usize, problems: &mut Vec<Problem>) {
    let Some(run) = values.of_camera(camera, Section::Camera, "run") else { return };
    if has_preset(values, camera) {
        let what = "stands beside preset, which is a whole command by itself";
        problems.push(Problem::new(run.origin, format!("camera[{camera}].run"), what, "keep one of the two"));
    }
}

/// One key holds the address of either kind of camera; each can read only its own.
fn scheme(values: &Values, camera: usize, source: &str, problems: &mut Vec<Problem>) {
    let Some(set) = values.of_camera(camera, Section::Camera, "url") else { return };
    let Value::Text(url) = &set.value else { return };
    let found = url.split("://").next().unwrap_or_default();
    let (one, other) = match source {
        "http" => ("http", "https"),
        "rtsp" => ("rtsp", "rtsps"),
        _ => return,
    };
    if found != one && found != other {
        let what = format!("begins with {found}://; source = \"{source}\" reads {one}:// and {other}://");
        let mend = format!("set source = \"{}\" or correct the url", found.trim_end_matches('s'));
        problems.push(Problem::new(set.origin, format!("camera[{camera}].url"), what, mend));
    }
}

fn credentials(values: &Values, camera: usize, problems: &mut Vec<Problem>) {
    let set = |name| values.of_camera(camera, Section::Camera, name);
    let mut push = |origin: Origin, name: &str, what: &str, mend: &str| {
        problems.push(Problem::new(origin, format!("camera[{camera}].{name}"), what, mend));
    };
    match (set("user"), set("password"), set("password_file")) {
        (_, Some(_), Some(file)) => {
            push(file.origin, "password_file", "stands beside password", "keep one of the two");
        }
        (None, Some(only), None) => push(only.origin, "password", "stands without user", "add user"),
        (None, None, Some(only)) => push(only.origin, "password_file", "stands without user", "add user"),
        (Some(user), None, None) => {
            push(user.origin, "user", "stands without a password", "add password_file or password");
        }
        _ => {}
    }
}

fn zones(values: &Values, camera: usize, bad: &dyn Fn(Slot) -> bool, problems: &mut Vec<Problem>) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (zone, table) in values.cameras[camera].zones.iter().enumerate() {
        if let Some(slot) = slot(Section::Zone, "points", camera, Some(zone))
            && values.explicit(slot).is_none()
            && !bad(slot)
        {
            let mend = format!("allowed: {}", slot.row().kind.allowed());
            problems.push(Problem::new(table.clone(), slot.to_string(), "is missing", mend));
        }
        sensitivity(values, camera, zone, problems);
        let Some(slot) = slot(Section::Zone, "name", camera, Some(zone)) else { continue };
        let name = values.zone_name(camera, zone);
        if let Some(first) = names.get(&name) {
            let origin = values.explicit(slot).map_or(table, |set| &set.origin).clone();
            let what = format!("found `{name}`, which is the name of zone[{first}] already");
            problems.push(Problem::new(origin, slot.to_string(), what, "each zone needs its own"));
        } else {
            names.insert(name, zone);
        }
    }
}

/// Where nothing counts, nothing can be more sensitive.
fn sensitivity(values: &Values, camera: usize, zone: usize, problems: &mut Vec<Problem>) {
    let get = |name| slot(Section::Zone, name, camera, Some(zone)).and_then(|slot| values.explicit(slot));
    let kind = get("kind").map(|set| set.value.clone());
    let Some(Value::Text(kind)) = kind.filter(|kind| *kind != Value::Text("include".into())) else { return };
    if let Some(set) = get("sensitivity") {
        let key = format!("camera[{camera}].zone[{zone}].sensitivity");
        let what = format!("does nothing in a zone of kind = \"{kind}\"");
        problems.push(Problem::new(set.origin.clone(), key, what, "take it away or set kind = \"include\""));
    }
}
