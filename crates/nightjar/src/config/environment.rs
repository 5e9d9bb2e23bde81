//! `NIGHTJAR_SERVER__BIND=0.0.0.0:8000`: the environment's variables against the table of keys.

use std::ffi::OsString;

use super::keys::{MAX_CAMERAS, MAX_REMOTES, MAX_ZONES, Section, Slot, later};
use super::problems::{Origin, Problem, nearest};
use super::values::{CameraTable, Values};

const PREFIX: &str = "NIGHTJAR_";

/// Reads every `NIGHTJAR_…` variable into `values`. Cameras go by index: `NIGHTJAR_CAMERA__0__URL`.
pub(crate) fn read(
    variables: impl Iterator<Item = (OsString, OsString)>,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) {
    let mut found: Vec<(String, OsString)> = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    // In order, so that camera 0 is made before camera 1 and problems always come in the same order.
    found.sort_by_key(|(name, _)| natural(name));
    for (name, value) in found {
        let origin = Origin::Environment(name.clone());
        let Some(value) = value.to_str() else {
            problems.push(Problem::new(origin, "", "found bytes that are not UTF-8", "allowed: text"));
            continue;
        };
        if let Err(problem) = one(&name, value, &origin, values) {
            problems.push(*problem);
        }
    }
}

/// Numbers as numbers, so that 10 comes behind 9.
fn natural(name: &str) -> Vec<(usize, String)> {
    name.split("__").map(|part| (part.parse().unwrap_or(0), part.to_owned())).collect()
}

fn one(name: &str, word: &str, origin: &Origin, values: &mut Values) -> Result<(), Box<Problem>> {
    let slot = locate(name, origin, values)?;
    let refused = |refused| Box::new(Problem::refused(origin.clone(), slot.to_string(), refused));
    let value = slot.row().kind.read_word(word).map_err(refused)?;
    values.put(slot, value, origin.clone());
    Ok(())
}

fn locate(name: &str, origin: &Origin, values: &mut Values) -> Result<Slot, Box<Problem>> {
    let unknown = || {
        let known = known();
        let mut problem = Problem::new(
            origin.clone(),
            "",
            "unknown variable",
            "variables are named NIGHTJAR_<TABLE>__<KEY>, cameras, zones and remotes by index: NIGHTJAR_CAMERA__0__URL",
        );
        problem.nearest = nearest(name, known.iter().map(String::as_str));
        Box::new(problem)
    };
    let lower = name[PREFIX.len()..].to_ascii_lowercase();
    let mut parts: Vec<&str> = lower.split("__").collect();
    if let Some(what) = parts.first().and_then(|table| later(Section::Root, table)) {
        return Err(Box::new(Problem::later(origin.clone(), "", what)));
    }
    let key = parts.pop().ok_or_else(unknown)?;
    let index = |part: &str| part.parse::<usize>().map_err(|_| unknown());
    let (section, outer, zone) = match parts.as_slice() {
        ["server"] => (Section::Server, None, None),
        ["data"] => (Section::Data, None, None),
        ["retention"] => (Section::Retention, None, None),
        ["log"] => (Section::Log, None, None),
        ["upload"] => (Section::Upload, None, None),
        ["hub"] => (Section::Hub, None, None),
        ["remote", remote] => (Section::Remote, Some(index(remote)?), None),
        ["camera", camera] => (Section::Camera, Some(index(camera)?), None),
        ["camera", camera, "motion"] => (Section::Motion, Some(index(camera)?), None),
        ["camera", camera, "recording"] => (Section::Recording, Some(index(camera)?), None),
        ["camera", camera, "zone", zone] => (Section::Zone, Some(index(camera)?), Some(index(zone)?)),
        _ => return Err(unknown()),
    };
    let slot = Slot::of(section, key, outer, zone).ok_or_else(unknown)?;
    match (section, outer) {
        (Section::Remote, Some(remote)) => next_remote(slot, remote, origin, values)?,
        (_, Some(camera)) => make_room(slot, camera, zone, origin, values)?,
        _ => {}
    }
    Ok(slot)
}

/// A variable may speak of a remote that is there, or begin the next one.
fn next_remote(slot: Slot, remote: usize, origin: &Origin, values: &mut Values) -> Result<(), Box<Problem>> {
    let there = values.remotes.len();
    if remote > there || remote >= MAX_REMOTES {
        return Err(gap(slot, origin, "remote", remote, (there, MAX_REMOTES)));
    }
    if remote == there {
        values.remotes.push(origin.clone());
    }
    Ok(())
}

fn gap(slot: Slot, origin: &Origin, what: &str, index: usize, (there, most): (usize, usize)) -> Box<Problem> {
    let mend = format!("there are {there}, so the next one is {what} {there} (at most {most})");
    Box::new(Problem::new(origin.clone(), slot.to_string(), format!("found {what} {index}"), mend))
}

/// A variable may speak of a camera or zone that is there, or begin the next one.
fn make_room(
    slot: Slot,
    camera: usize,
    zone: Option<usize>,
    origin: &Origin,
    values: &mut Values,
) -> Result<(), Box<Problem>> {
    let there = values.cameras.len();
    if camera > there || camera >= MAX_CAMERAS {
        return Err(gap(slot, origin, "camera", camera, (there, MAX_CAMERAS)));
    }
    if camera == there {
        values.cameras.push(CameraTable::at(origin.clone()));
    }
    let Some(zone) = zone else { return Ok(()) };
    let zones = &mut values.cameras[camera].zones;
    if zone > zones.len() || zone >= MAX_ZONES {
        return Err(gap(slot, origin, "zone", zone, (zones.len(), MAX_ZONES)));
    }
    if zone == zones.len() {
        zones.push(origin.clone());
    }
    Ok(())
}

/// The name of the variable that speaks of that place.
pub(crate) fn variable(slot: Slot) -> String {
    let row = slot.row();
    let mut name = String::from(PREFIX);
    match (row.section, slot.camera, slot.zone) {
        (Section::Camera, Some(camera), _) => name += &format!("CAMERA__{camera}__"),
        (Section::Motion | Section::Recording, Some(camera), _) => {
            name += &format!("CAMERA__{camera}__{}__", row.section.name().to_ascii_uppercase());
        }
        (Section::Remote, ..) => name += &format!("REMOTE__{}__", slot.remote.unwrap_or_default()),
        (Section::Zone, Some(camera), Some(zone)) => name += &format!("CAMERA__{camera}__ZONE__{zone}__"),
        (section, ..) => name += &format!("{}__", section.name().to_ascii_uppercase()),
    }
    name + &row.name.to_ascii_uppercase()
}

/// Every variable there is, for the first camera and its first zone.
fn known() -> Vec<String> {
    Section::ALL
        .into_iter()
        .flat_map(Section::keys)
        .map(|(key, _)| variable(Slot::at(key, Some(0), Some(0))))
        .collect()
}
