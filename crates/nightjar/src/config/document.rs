//! A TOML file against the table of keys: every value is read, every problem noted with its line.

use std::path::Path;

use toml_edit::{Document, Item, TableLike, Value as Toml};

use super::keys::{Section, Slot, later, place};
use super::kind::{Kind, quoted};
use super::problems::{Origin, Problem, nearest, short};
use super::values::{CameraTable, Values};

/// Reads the configuration file's text into `values`; problems are appended, never returned early.
pub(crate) fn read(path: &Path, text: &str, values: &mut Values, problems: &mut Vec<Problem>) {
    walk(Walk { path, text, lines: Lines::of(text), values, problems, odd: None });
}

/// Reads what was changed over HTTP, where cameras go by their id: `[camera.garden.motion]`; zones there stand for all
/// zones of the file. Answers what is odd: a change for a camera that is not there is kept, since it may come back.
pub(crate) fn read_changed(
    path: &Path,
    text: &str,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let mut odd = Vec::new();
    walk(Walk { path, text, lines: Lines::of(text), values, problems, odd: Some(&mut odd) });
    odd
}

fn walk(mut walk: Walk<'_>) {
    match Document::parse(walk.text) {
        Ok(document) => walk.table(Section::Root, (None, None), document.as_table()),
        Err(error) => {
            let origin = walk.origin(error.span());
            let mut what = format!("is not valid TOML: {}", error.message().replace('\n', ", "));
            // The parser says that a key stands there twice, but not which.
            let there = error.span().and_then(|span| walk.text.get(span)).unwrap_or_default();
            if what.contains("duplicate key") && !what.contains('`') {
                what += &format!(" `{}`", short(there.trim()));
            }
            walk.problems.push(Problem::new(origin, "", what, ""));
        }
    }
}

/// Where lines begin and how many characters there are before each block of bytes, so that a place is found without
/// going through the text again.
struct Lines {
    begins: Vec<usize>,
    blocks: Vec<usize>,
}

impl Lines {
    const BLOCK: usize = 1024;

    fn of(text: &str) -> Self {
        let begins = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut blocks = vec![0];
        let mut count = 0;
        for block in text.as_bytes().chunks(Self::BLOCK) {
            count += characters(block);
            blocks.push(count);
        }
        Self { begins, blocks }
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    fn position(&self, text: &str, at: usize) -> (usize, usize) {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.begins.partition_point(|begin| *begin <= at);
        let begin = self.begins[line - 1];
        (line, self.before(text, at) - self.before(text, begin) + 1)
    }

    fn before(&self, text: &str, at: usize) -> usize {
        let block = at / Self::BLOCK;
        self.blocks[block] + characters(&text.as_bytes()[block * Self::BLOCK..at])
    }
}

/// Characters that begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

type Place = (Option<usize>, Option<usize>);

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    lines: Lines,
    values: &'a mut Values,
    problems: &'a mut Vec<Problem>,
    /// Set while reading what was changed over HTTP.
    odd: Option<&'a mut Vec<String>>,
}

impl Walk<'_> {
    fn origin(&self, span: Option<std::ops::Range<usize>>) -> Origin {
        let (line, column) = self.lines.position(self.text, span.map_or(0, |span| span.start));
        let path = self.path.to_owned();
        match self.odd {
            None => Origin::File { path, line, column },
            Some(_) => Origin::Changed { path, line, column },
        }
    }

    fn table(&mut self, section: Section, at: Place, table: &dyn TableLike) {
        let names: Vec<&str> = table.iter().map(|(name, _)| name).collect();
        for name in names {
            let Some((key, item)) = table.get_key_value(name) else { continue };
            let span = key.span().or_else(|| item.span());
            if let Some(child) = section.children().find(|child| child.name() == name) {
                self.child(child, at, item, span);
            } else if let Some(slot) = Slot::of(section, name, at.0, at.1) {
                self.value(slot, item, span);
            } else {
                let origin = self.origin(span);
                self.problems.push(unknown(section, at, name, origin));
            }
        }
    }

    fn child(&mut self, child: Section, at: Place, item: &Item, span: Option<std::ops::Range<usize>>) {
        let origin = self.origin(span);
        if self.odd.is_some() && child == Section::Camera {
            return match item.as_table_like() {
                Some(table) => self.cameras_by_id(table),
                None => self.wrong_shape(child, at, item, origin),
            };
        }
        if self.odd.is_some() && child == Section::Remote {
            // What is sent where is for whoever owns the file to say, not for whoever comes over the network.
            let what = "remotes come from the configuration file alone";
            return self.problems.push(Problem::new(origin, "remote", what, "take it away"));
        }
        if !child.is_list() {
            return match item.as_table_like() {
                Some(table) => self.table(child, at, table),
                None => self.wrong_shape(child, at, item, origin),
            };
        }
        let tables: Option<Vec<(&dyn TableLike, Origin)>> = match item {
            Item::ArrayOfTables(tables) => {
                Some(tables.iter().map(|it| (it as &dyn TableLike, self.origin(it.span()))).collect())
            }
            Item::Value(Toml::Array(items)) => items
                .iter()
                .map(|it| it.as_inline_table().map(|table| (table as &dyn TableLike, self.origin(it.span()))))
                .collect(),
            _ => None,
        };
        match tables {
            Some(tables) if self.odd.is_none() || self.may_replace_zones(at) => self.list(child, at, &tables),
            Some(_) => {}
            None => self.wrong_shape(child, at, item, origin),
        }
    }

    /// Takes the zones of the file away, unless a higher layer speaks of zones, which no list can be woven into.
    fn may_replace_zones(&mut self, at: Place) -> bool {
        let Some(camera) = at.0 else { return false };
        let Some(by) = self.values.zones_shadow(camera) else {
            self.values.clear_zones(camera);
            return true;
        };
        let told = format!("has zones for camera `{}`; {by} has some too and counts", self.values.id(camera));
        self.odd.iter_mut().for_each(|odd| odd.push(told.clone()));
        false
    }

    fn cameras_by_id(&mut self, table: &dyn TableLike) {
        for (id, item) in table.iter() {
            let camera = (0..self.values.cameras.len()).find(|camera| self.values.id(*camera) == id);
            match (camera, item.as_table_like()) {
                (Some(camera), Some(table)) => self.table(Section::Camera, (Some(camera), None), table),
                (None, Some(_)) => {
                    if let Some(odd) = &mut self.odd {
                        odd.push(format!("speaks of camera `{}`, which is not configured", short(id)));
                    }
                }
                (_, None) => {
                    let origin = self.origin(item.span());
                    self.wrong_shape(Section::Camera, (None, None), item, origin);
                }
            }
        }
    }

    fn list(&mut self, child: Section, at: Place, tables: &[(&dyn TableLike, Origin)]) {
        let most = child.most();
        if let Some((_, origin)) = tables.get(most) {
            let what = format!("found {} tables", tables.len());
            let key = place(child, at.0, None, "");
            self.problems.push(Problem::new(origin.clone(), key, what, format!("allowed: at most {most}")));
        }
        for (index, (table, origin)) in tables.iter().take(most).enumerate() {
            let inner = match at.0 {
                None if child == Section::Remote => {
                    self.values.remotes.push(origin.clone());
                    (Some(index), None)
                }
                None => {
                    self.values.cameras.push(CameraTable::at(origin.clone()));
                    (Some(index), None)
                }
                Some(camera) => {
                    if let Some(camera) = self.values.cameras.get_mut(camera) {
                        camera.zones.push(origin.clone());
                    }
                    (Some(camera), Some(index))
                }
            };
            self.table(child, inner, *table);
        }
    }

    fn wrong_shape(&mut self, child: Section, at: Place, item: &Item, origin: Origin) {
        let found = match item {
            Item::Table(_) => "a table".to_owned(),
            Item::ArrayOfTables(_) => "a list of tables".to_owned(),
            other => quoted(other.to_string().trim()),
        };
        let what = format!("found {found}");
        let mend = match (&self.odd, child, child.is_list()) {
            (Some(_), Section::Camera, _) => {
                "allowed: a table for each camera, written as [camera.ID]".to_owned()
            }
            (Some(_), Section::Motion | Section::Recording, _) => {
                format!("allowed: a table, written as [camera.ID.{}]", child.name())
            }
            (Some(_), Section::Zone, _) => {
                "allowed: a list of tables, each written as [[camera.ID.zone]]".to_owned()
            }
            (_, _, true) => format!("allowed: a list of tables, each written as {}", child.header()),
            (_, _, false) => format!("allowed: a table, written as {}", child.header()),
        };
        self.problems.push(Problem::new(origin, place(child, at.0, None, ""), what, mend));
    }

    fn value(&mut self, slot: Slot, item: &Item, span: Option<std::ops::Range<usize>>) {
        let origin = self.origin(span);
        // [camera.controls] says the same as controls = { … }.
        let table = item.as_table().filter(|_| matches!(slot.row().kind, Kind::Controls));
        let table = table.map(|table| Toml::InlineTable(table.clone().into_inline_table()));
        let Some(raw) = item.as_value().or(table.as_ref()) else {
            let what = format!("found a {}", item.type_name());
            let mend = format!("allowed: {}", slot.row().kind.allowed());
            return self.problems.push(Problem::new(origin, slot.to_string(), what, mend));
        };
        match slot.row().kind.read(raw) {
            Ok(value) => self.values.put(slot, value, origin),
            Err(refused) => {
                let origin = raw.span().map_or(origin, |span| self.origin(Some(span)));
                self.problems.push(Problem::refused(origin, slot.to_string(), refused));
            }
        }
    }
}

/// An unknown key: what is near it here, or where a key of that name belongs.
fn unknown(section: Section, at: Place, name: &str, origin: Origin) -> Problem {
    let key = place(section, at.0, at.1, &short(name));
    if let Some(what) = later(section, name) {
        return Problem::later(origin, key, what);
    }
    let here: Vec<&str> =
        section.keys().map(|(_, key)| key.name).chain(section.children().map(Section::name)).collect();
    let mut problem = Problem::new(origin, key, "unknown key", format!("known here: {}", here.join(", ")));
    problem.nearest = nearest(name, here.iter().copied());
    if problem.nearest.is_none() {
        let elsewhere = Section::ALL.into_iter().find(|other| other.keys().any(|(_, key)| key.name == name));
        if let Some(other) = elsewhere {
            problem.mend = format!("it belongs to {}; {}", other.header(), problem.mend);
        }
    }
    problem
}
