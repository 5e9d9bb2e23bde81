//! The zones of a patch: the whole list, every part of it checked, or refused by the place of what is wrong.

use frame::{MAX_CORNERS, OutlineFault, Point, outline};
use serde_json::Value;
use web::Problem;

use super::check::{Checked, Kind, refuse, unknown};
use crate::{Zone, ZoneKind};

/// Every candidate is tested against each.
const MAX_ZONES: usize = 32;
const KEYS: [&str; 4] = ["name", "kind", "points", "sensitivity"];
const NAME: Kind = Kind::Text(80);

/// All zones.
pub(super) fn parse(value: &Value) -> Result<Vec<Zone>, Problem> {
    let allowed =
        format!("a list of at most {MAX_ZONES} zones, each with name, kind, points and sensitivity");
    let list = value.as_array().filter(|list| list.len() <= MAX_ZONES);
    let list = list.ok_or_else(|| refuse("zones", value, &allowed))?;
    let zones = list.iter().enumerate().map(|(at, it)| zone(at, it)).collect::<Result<Vec<_>, _>>()?;
    for (at, it) in zones.iter().enumerate() {
        if let Some(first) = zones[..at].iter().position(|other| other.name == it.name) {
            let found = Value::String(it.name.clone());
            let allowed = format!("a name of its own; zones[{first}] has this one");
            return Err(refuse(&format!("zones[{at}].name"), &found, &allowed));
        }
    }
    Ok(zones)
}

fn zone(at: usize, value: &Value) -> Result<Zone, Problem> {
    let field = |key: &str| format!("zones[{at}].{key}");
    let Some(object) = value.as_object() else {
        return Err(refuse(
            &format!("zones[{at}]"),
            value,
            "an object with name, kind, points and sensitivity",
        ));
    };
    if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(unknown(&format!("zones[{at}]."), key, &KEYS));
    }
    let name = match object.get("name") {
        None => format!("zone{}", at + 1),
        Some(value) => match NAME.read(value) {
            Some(Checked::Text(name)) => name,
            _ => return Err(refuse(&field("name"), value, &NAME.allowed())),
        },
    };
    let kind = match object.get("kind") {
        None => ZoneKind::Include,
        Some(value) => value.as_str().and_then(ZoneKind::named).ok_or_else(|| {
            refuse(
                &field("kind"),
                value,
                &format!("one of {}", ZoneKind::ALL.map(ZoneKind::as_str).join(", ")),
            )
        })?,
    };
    let sensitivity = match object.get("sensitivity") {
        None => 1.0,
        Some(value) => value
            .as_f64()
            .filter(|it| (0.1..=10.0).contains(it))
            .map(narrow)
            .ok_or_else(|| refuse(&field("sensitivity"), value, "a number from 0.1 to 10"))?,
    };
    let points = points(&field("points"), object.get("points").unwrap_or(&Value::Null))?;
    // Where nothing counts, nothing can be more sensitive.
    let sensitivity = if kind == ZoneKind::Include { sensitivity } else { 1.0 };
    Ok(Zone { name, kind, points, sensitivity })
}

fn points(field: &str, value: &Value) -> Result<Vec<Point>, Problem> {
    let around = format!("3 to {MAX_CORNERS} corners [x, y] that go around an area without crossing over");
    let list = value.as_array().ok_or_else(|| refuse(field, value, &around))?;
    if list.len() > MAX_CORNERS {
        return Err(faulty(field, OutlineFault::TooMany(list.len()), &around));
    }
    let corner = |(at, value): (usize, &Value)| {
        let pair = value.as_array().map(|pair| pair.iter().filter_map(Value::as_f64).collect::<Vec<_>>());
        let share = |it: f64| (0.0..=1.0).contains(&it);
        match pair.as_deref() {
            Some([x, y]) if share(*x) && share(*y) => Ok(Point { x: narrow(*x), y: narrow(*y) }),
            _ => {
                let allowed = "[x, y], each from 0 to 1 (shares of width and height)";
                Err(refuse(&format!("{field}[{at}]"), value, allowed))
            }
        }
    };
    let points = list.iter().enumerate().map(corner).collect::<Result<Vec<_>, _>>()?;
    outline(&points).map_err(|fault| faulty(field, fault, &around))?;
    Ok(points)
}

fn faulty(field: &str, fault: OutlineFault, allowed: &str) -> Problem {
    let found = fault.to_string();
    Problem::invalid(field, format!("{field}: found {found}; allowed are {allowed}."))
        .with("found", found)
        .with("allowed", allowed)
}

#[expect(clippy::cast_possible_truncation, reason = "shares of a picture need no more than f32")]
fn narrow(it: f64) -> f32 {
    it as f32
}
