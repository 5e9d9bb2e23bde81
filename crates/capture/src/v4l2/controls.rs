//! Controls by the names that `v4l2-ctl` shows: brightness, exposure, focus, power line frequency.

use std::io;

use v4l::v4l_sys as kernel;

use super::ask::text;
use super::sys::{
    Device, NEXT_CHOICE, NEXT_CONTROL, NEXT_OLD_CONTROL, SET_CONTROL, menu_name, menu_value, zeroed,
};

/// Controls that are asked for at the most; the richest cameras have about fifty.
const MOST: usize = 256;
/// Entries of a menu that are asked for at the most.
const MOST_CHOICES: i64 = 64;

/// What a control takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Wide,
    Switch,
    Menu,
    NumberMenu,
    Button,
    Bits,
    /// Something that is not a number; it cannot be set here.
    Other,
}

/// A control of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    id: u32,
    /// As the configuration writes it.
    pub(super) name: String,
    kind: Kind,
    least: i64,
    most: i64,
    step: u64,
    is_read_only: bool,
}

/// The name as it is written in the configuration: lower case, everything but letters and digits one underscore.
pub(super) fn normalised(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// Everything that can be set.
pub(super) fn list(device: &Device) -> Vec<Control> {
    let mut controls = Vec::new();
    let mut id = 0;
    while controls.len() < MOST {
        // Drivers that stand still would be asked for ever.
        let Some(control) = next(device, id).filter(|control| control.id > id) else { break };
        id = control.id;
        controls.push(control);
    }
    controls.retain(|control| control.kind != Kind::Other && !control.name.is_empty());
    controls
}

fn next(device: &Device, after: u32) -> Option<Control> {
    let mut answer: kernel::v4l2_query_ext_ctrl = zeroed();
    answer.id = after | kernel::V4L2_CTRL_FLAG_NEXT_CTRL;
    match device.call(NEXT_CONTROL, &mut answer) {
        Ok(()) => Some(Control {
            id: answer.id,
            name: normalised(&text(&answer.name.map(|c| c as u8))),
            kind: kind(answer.type_, answer.flags),
            least: answer.minimum,
            most: answer.maximum,
            step: answer.step,
            is_read_only: answer.flags & kernel::V4L2_CTRL_FLAG_READ_ONLY != 0,
        }),
        Err(error) if error.raw_os_error() == Some(libc::ENOTTY) => next_old(device, after),
        Err(_) => None,
    }
}

/// The same for drivers that know only the older request.
fn next_old(device: &Device, after: u32) -> Option<Control> {
    let mut answer: kernel::v4l2_queryctrl = zeroed();
    answer.id = after | kernel::V4L2_CTRL_FLAG_NEXT_CTRL;
    device.call(NEXT_OLD_CONTROL, &mut answer).ok()?;
    Some(Control {
        id: answer.id,
        name: normalised(&text(&answer.name)),
        kind: kind(answer.type_, answer.flags),
        least: answer.minimum.into(),
        most: answer.maximum.into(),
        step: u64::from(answer.step.unsigned_abs()),
        is_read_only: answer.flags & kernel::V4L2_CTRL_FLAG_READ_ONLY != 0,
    })
}

fn kind(of: u32, flags: u32) -> Kind {
    if flags & (kernel::V4L2_CTRL_FLAG_DISABLED | kernel::V4L2_CTRL_FLAG_HAS_PAYLOAD) != 0 {
        return Kind::Other;
    }
    match of {
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER => Kind::Number,
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER64 => Kind::Wide,
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_BOOLEAN => Kind::Switch,
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU => Kind::Menu,
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER_MENU => Kind::NumberMenu,
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_BUTTON => Kind::Button,
        kernel::v4l2_ctrl_type_V4L2_CTRL_TYPE_BITMASK => Kind::Bits,
        _ => Kind::Other,
    }
}

/// Sets what is wished, in its order (automatic exposure goes before its time). What cannot be set is told, and the
/// camera goes on without: a picture is worth more than its brightness.
pub(super) fn apply(device: &Device, wishes: &[(String, i64)]) -> Vec<String> {
    if wishes.is_empty() {
        return Vec::new();
    }
    let known = list(device);
    let one = |(name, value): &(String, i64)| set(device, &known, name, *value).err();
    wishes.iter().filter_map(one).collect()
}

fn set(device: &Device, known: &[Control], name: &str, value: i64) -> Result<(), String> {
    let wanted = normalised(name);
    let control = known.iter().find(|control| control.name == wanted);
    let control = control.ok_or_else(|| unknown(&wanted, known))?;
    let choices = match control.kind {
        Kind::Menu | Kind::NumberMenu => choices(device, control),
        _ => Vec::new(),
    };
    checked(control, value, &choices)?;
    let done = match i32::try_from(value) {
        Ok(value) if control.kind != Kind::Wide => {
            device.call(SET_CONTROL, &mut kernel::v4l2_control { id: control.id, value })
        }
        // The upper half of a mask of 32 bits.
        Err(_) if control.kind == Kind::Bits => {
            let value = (value as u32).cast_signed();
            device.call(SET_CONTROL, &mut kernel::v4l2_control { id: control.id, value })
        }
        _ => device.set_wide_control(control.id, value),
    };
    done.map_err(|error| refused(control, value, &error))
}

/// A menu's entries: number and name.
fn choices(device: &Device, control: &Control) -> Vec<(i64, String)> {
    let entry = |index: i64| {
        let mut answer: kernel::v4l2_querymenu = zeroed();
        (answer.id, answer.index) = (control.id, u32::try_from(index).ok()?);
        device.call(NEXT_CHOICE, &mut answer).ok()?;
        let name = match control.kind {
            Kind::NumberMenu => menu_value(&answer).to_string(),
            _ => text(&menu_name(&answer)),
        };
        Some((index, name))
    };
    (control.least..=control.most.min(control.least.saturating_add(MOST_CHOICES))).filter_map(entry).collect()
}

fn unknown(name: &str, known: &[Control]) -> String {
    let names: Vec<&str> = known.iter().map(|control| control.name.as_str()).collect();
    match names.as_slice() {
        [] => format!("this camera has no control {name}, nor any other; take it out of controls"),
        _ => format!("this camera has no control {name}; it has {}", names.join(", ")),
    }
}

/// Whether the control takes the value; otherwise what it takes.
fn checked(control: &Control, value: i64, choices: &[(i64, String)]) -> Result<(), String> {
    let Control { name, least, most, step, .. } = control;
    if control.is_read_only {
        return Err(format!("the control {name} can only be read; take it out of controls"));
    }
    let fits = match control.kind {
        Kind::Button => true,
        Kind::Bits => value >= 0 && value & !most == 0,
        Kind::Menu | Kind::NumberMenu => choices.iter().any(|(index, _)| *index == value),
        _ => {
            let above = value.checked_sub(*least).and_then(|above| u64::try_from(above).ok());
            value <= *most && above.is_some_and(|above| above.is_multiple_of((*step).max(1)))
        }
    };
    if fits {
        return Ok(());
    }
    let allowed = match control.kind {
        Kind::Menu | Kind::NumberMenu => {
            let listed: Vec<String> =
                choices.iter().map(|(index, name)| format!("{index} ({name})")).collect();
            listed.join(", ")
        }
        Kind::Switch => "0 or 1".to_owned(),
        Kind::Bits => format!("any of the bits {most:#x}"),
        _ if *step > 1 => format!("{least} to {most} in steps of {step}"),
        _ => format!("{least} to {most}"),
    };
    Err(format!("the control {name} cannot be {value}; allowed: {allowed}"))
}

fn refused(control: &Control, value: i64, error: &io::Error) -> String {
    let name = &control.name;
    let why = match error.raw_os_error() {
        Some(libc::EBUSY) => "another control or program holds it".to_owned(),
        Some(libc::EACCES) => "it cannot be set as the others stand".to_owned(),
        Some(libc::ERANGE | libc::EINVAL) => "the camera refuses that value".to_owned(),
        _ => error.to_string(),
    };
    format!("the control {name} could not be set to {value}: {why}")
}

#[cfg(test)]
mod tests;
