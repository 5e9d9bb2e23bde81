//! The camera's knobs.

use crate::fields::{Errno, Fields};

/// In an id: asks for the next control behind it.
const NEXT: u32 = 0x8000_0000;
/// The same for controls that are no plain numbers; there are none here.
const NEXT_COMPOUND: u32 = 0x4000_0000;
const MENU: u32 = 3;

/// One line `control`: `ID int|bool|menu MIN MAX STEP DEFAULT NAME`.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    id: u32,
    kind: u32,
    min: i32,
    max: i32,
    step: i32,
    default: i32,
    name: String,
    value: i32,
}

impl Control {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(7, ' ');
        let id = u32::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?;
        let kind = match words.next()? {
            "bool" => 2,
            "menu" => MENU,
            _ => 1,
        };
        let mut number = || words.next()?.parse().ok();
        let (min, max, step, default) = (number()?, number()?, number()?, number()?);
        Some(Self { id, kind, min, max, step, default, name: words.next()?.to_owned(), value: default })
    }

    fn set(&mut self, value: i32) -> Result<(), Errno> {
        if self.kind == MENU && !(self.min..=self.max).contains(&value) {
            return Err(libc::ERANGE);
        }
        // As the kernel does: into the range, and onto a step.
        let value = value.clamp(self.min, self.max);
        self.value = self.min + (value - self.min) / self.step.max(1) * self.step.max(1);
        Ok(())
    }
}

fn asked(controls: &[Control], id: u32) -> Result<&Control, Errno> {
    let plain = id & !(NEXT | NEXT_COMPOUND);
    let found = if id & NEXT != 0 {
        controls.iter().filter(|c| c.id > plain).min_by_key(|c| c.id)
    } else {
        controls.iter().find(|c| c.id == plain && id & NEXT_COMPOUND == 0)
    };
    found.ok_or(libc::EINVAL)
}

/// `VIDIOC_QUERYCTRL`.
pub(crate) fn query(controls: &[Control], arg: &mut Fields) -> Result<(), Errno> {
    let control = asked(controls, arg.get(0))?;
    arg.put(0, control.id);
    arg.put(4, control.kind);
    arg.text(8, 32, &control.name);
    for (at, value) in (40..).step_by(4).zip([control.min, control.max, control.step, control.default]) {
        arg.put(at, value.cast_unsigned());
    }
    arg.clear(56, 12);
    Ok(())
}

/// `VIDIOC_QUERY_EXT_CTRL`.
pub(crate) fn query_ext(controls: &[Control], arg: &mut Fields) -> Result<(), Errno> {
    let control = asked(controls, arg.get(0))?;
    arg.put(0, control.id);
    arg.put(4, control.kind);
    arg.text(8, 32, &control.name);
    for (at, value) in (40..).step_by(8).zip([control.min, control.max, control.step, control.default]) {
        arg.put_wide(at, i64::from(value).cast_unsigned());
    }
    arg.clear(72, 160);
    arg.put(76, 4);
    arg.put(80, 1);
    Ok(())
}

/// `VIDIOC_QUERYMENU`.
pub(crate) fn menu(controls: &[Control], arg: &mut Fields) -> Result<(), Errno> {
    let control = asked(controls, arg.get(0))?;
    let index = arg.get(4);
    if control.kind != MENU || !(control.min..=control.max).contains(&index.cast_signed()) {
        return Err(libc::EINVAL);
    }
    arg.text(8, 32, &format!("{} {index}", control.name));
    Ok(())
}

/// `VIDIOC_G_CTRL`, and one of `VIDIOC_G_EXT_CTRLS`: the value of `id`.
pub(crate) fn get(controls: &[Control], id: u32) -> Result<u32, Errno> {
    controls.iter().find(|c| c.id == id).map(|c| c.value.cast_unsigned()).ok_or(libc::EINVAL)
}

/// `VIDIOC_S_CTRL`, and one of `VIDIOC_S_EXT_CTRLS`: the value that it really got.
pub(crate) fn set(controls: &mut [Control], id: u32, value: u32) -> Result<u32, Errno> {
    let control = controls.iter_mut().find(|c| c.id == id).ok_or(libc::EINVAL)?;
    control.set(value.cast_signed())?;
    Ok(control.value.cast_unsigned())
}
