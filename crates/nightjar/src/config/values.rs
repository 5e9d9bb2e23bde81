//! The values of all layers together: for every place the one that wins, and where it comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::files;
use super::keys::{Section, Slot};
use super::kind::Value;
use super::problems::Origin;

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Set {
    /// The value.
    pub(crate) value: Value,
    /// The layer and the place in it.
    pub(crate) origin: Origin,
}

impl Set {
    /// The value as a path; a relative one of a file counts from that file's folder, so that it means the same
    /// wherever the program is started.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match (&self.value, &self.origin) {
            (Value::Text(path), Origin::File { path: file, .. }) => Some(files::beside(file, path)),
            (Value::Text(path), _) => Some(path.into()),
            _ => None,
        }
    }
}

/// A camera's table: where it begins, and its zones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CameraTable {
    /// Where it stands.
    pub(crate) origin: Origin,
    /// Where its zones stand.
    pub(crate) zones: Vec<Origin>,
}

impl CameraTable {
    /// One without zones.
    pub(crate) fn at(origin: Origin) -> Self {
        Self { origin, zones: Vec::new() }
    }
}

/// What all layers say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Values {
    set: BTreeMap<Slot, Set>,
    /// The cameras in order.
    pub(crate) cameras: Vec<CameraTable>,
    /// Where the remotes stand, in order.
    pub(crate) remotes: Vec<Origin>,
}

impl Values {
    /// Takes a value over unless a higher layer has spoken; layers may come in any order.
    pub(crate) fn put(&mut self, slot: Slot, value: Value, origin: Origin) {
        let wins = self.set.get(&slot).is_none_or(|there| there.origin.rank() <= origin.rank());
        if wins {
            self.set.insert(slot, Set { value, origin });
        }
    }

    /// What somebody has set there, the default left aside.
    pub(crate) fn explicit(&self, slot: Slot) -> Option<&Set> {
        self.set.get(&slot)
    }

    /// What holds there, and where it comes from.
    pub(crate) fn get(&self, slot: Slot) -> Option<Set> {
        self.set
            .get(&slot)
            .cloned()
            .or_else(|| slot.row().default_value().map(|value| Set { value, origin: Origin::Default }))
    }

    /// A key of a camera.
    pub(crate) fn of_camera(&self, camera: usize, section: Section, name: &str) -> Option<Set> {
        self.get(Slot::of(section, name, Some(camera), None)?)
    }

    /// A key of a camera as text.
    pub(crate) fn camera_text(&self, camera: usize, name: &str) -> Option<String> {
        match self.of_camera(camera, Section::Camera, name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The id of a camera, or what it is called if it has none: `camera1` for the first.
    pub(crate) fn id(&self, camera: usize) -> String {
        self.camera_text(camera, "id").unwrap_or_else(|| format!("camera{}", camera + 1))
    }

    /// A key of a remote.
    pub(crate) fn of_remote(&self, remote: usize, name: &str) -> Option<Set> {
        self.get(Slot::of(Section::Remote, name, Some(remote), None)?)
    }

    /// A key of a remote as text.
    pub(crate) fn remote_text(&self, remote: usize, name: &str) -> Option<String> {
        match self.of_remote(remote, name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of a remote, or what it is called if it has none: `remote1` for the first.
    pub(crate) fn remote_name(&self, remote: usize) -> String {
        self.remote_text(remote, "name").unwrap_or_else(|| format!("remote{}", remote + 1))
    }

    /// The name of a zone, or what it is called if it has none: `zone1` for the first of its camera.
    pub(crate) fn zone_name(&self, camera: usize, zone: usize) -> String {
        let slot = Slot::of(Section::Zone, "name", Some(camera), Some(zone));
        match slot.and_then(|slot| self.get(slot)).map(|set| set.value) {
            Some(Value::Text(name)) => name,
            _ => format!("zone{}", zone + 1),
        }
    }

    /// What sets zones of the camera above `settings.toml`, if anything does.
    pub(crate) fn zones_shadow(&self, camera: usize) -> Option<&Origin> {
        let least = Origin::Environment(String::new()).rank();
        let mut zones =
            self.set.iter().filter(|(slot, _)| slot.camera == Some(camera) && slot.zone.is_some());
        zones.find(|(_, set)| set.origin.rank() >= least).map(|(_, set)| &set.origin)
    }

    /// Takes all zones of the camera away.
    pub(crate) fn clear_zones(&mut self, camera: usize) {
        self.set.retain(|slot, _| slot.camera != Some(camera) || slot.zone.is_none());
        if let Some(table) = self.cameras.get_mut(camera) {
            table.zones.clear();
        }
    }

    /// These zones and no others; each is the values of its keys.
    pub(crate) fn replace_zones(
        &mut self,
        camera: usize,
        zones: &[Vec<(&'static str, Value)>],
        origin: &Origin,
    ) {
        self.clear_zones(camera);
        for (zone, keys) in zones.iter().enumerate() {
            for (name, value) in keys {
                if let Some(slot) = Slot::of(Section::Zone, name, Some(camera), Some(zone)) {
                    self.put(slot, value.clone(), origin.clone());
                }
            }
            if let Some(table) = self.cameras.get_mut(camera) {
                table.zones.push(origin.clone());
            }
        }
    }

    /// What speaks of no camera.
    pub(crate) fn without_cameras(&self) -> Self {
        let set = self.set.iter().filter(|(slot, _)| slot.camera.is_none());
        let set = set.map(|(slot, set)| (*slot, set.clone())).collect();
        Self { set, cameras: Vec::new(), remotes: self.remotes.clone() }
    }

    /// Takes a camera of other values over as the next one.
    pub(crate) fn take_camera(&mut self, from: &Self, camera: usize) {
        let Some(table) = from.cameras.get(camera) else { return };
        let to = self.cameras.len();
        self.cameras.push(table.clone());
        let of = from.set.iter().filter(|(slot, _)| slot.camera == Some(camera));
        self.set.extend(of.map(|(slot, set)| (Slot { camera: Some(to), ..*slot }, set.clone())));
    }

    /// The places that hold something else in `other`.
    pub(crate) fn changed(&self, other: &Self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.all().chain(other.all()).map(|(slot, _)| *slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let value = |values: &Self, slot| values.get(slot).map(|set| set.value);
        slots.retain(|slot| value(self, *slot) != value(other, *slot));
        slots
    }

    /// Everything that somebody has set.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Slot, &Set)> {
        self.set.iter()
    }
}
