//! Whether what is kept is as it should be: every rule the store promises, looked at one by one.

use std::collections::BTreeSet;

use crate::draft::count_pictures;
use crate::event::{Event, EventId, State};
use crate::index::Index;
use crate::layout::{METADATA, is_ours};
use crate::metadata;
use crate::recover::holds_its_clip;
use crate::store::Store;

impl Store {
    /// Looks at every row and every file, hashes every clip, and says what is wrong; empty if nothing is.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let index = match self.index() {
            Ok(index) => index,
            Err(error) => return vec![error.to_string()],
        };
        if let Err(error) = self.check_rows(&index, &mut wrong) {
            wrong.push(error.to_string());
        }
        if let Err(error) = self.check_folders(&index, &mut wrong) {
            wrong.push(error.to_string());
        }
        wrong
    }

    fn check_rows(&self, index: &Index, wrong: &mut Vec<String>) -> Result<(), crate::StoreError> {
        let mut after = None;
        let (mut events, mut clips, mut pictures) = (0, 0, 0);
        loop {
            let ids = index.ids(after, 500)?;
            let Some(&last) = ids.last() else { break };
            after = Some(last);
            for id in ids {
                let (Some(event), Some(day)) = (index.get(id)?, index.folder(id)?) else { continue };
                events += 1;
                clips += event.clip.as_ref().map_or(0, |clip| clip.bytes);
                pictures += event.pictures.bytes;
                self.check_event(&event, &day, wrong);
            }
        }
        let totals = index.totals()?;
        if (totals.events, totals.clip_bytes, totals.picture_bytes) != (events, clips, pictures) {
            wrong.push(format!(
                "the index counts {} events, {} bytes of clips, {} of pictures; there are {events}, {clips}, {pictures}",
                totals.events, totals.clip_bytes, totals.picture_bytes
            ));
        }
        let stones = index.tombstones(None, 10)?.len();
        if stones > 0 {
            wrong.push(format!("{stones} deleted events still have files"));
        }
        Ok(())
    }

    fn check_event(&self, event: &Event, day: &str, wrong: &mut Vec<String>) {
        let id = event.id;
        let (fs, dir) = (self.fs_of(), self.inner().layout.event(day, id));
        match holds_its_clip(fs, &dir, event) {
            Ok(true) => {}
            Ok(false) => wrong.push(format!("{id}: the clip is not the one of the row")),
            Err(error) => wrong.push(format!("{id}: the clip cannot be read: {error}")),
        }
        match count_pictures(fs, &dir) {
            Ok(pictures) if pictures == event.pictures => {}
            Ok(_) => wrong.push(format!("{id}: the pictures are not those of the row")),
            Err(error) => wrong.push(format!("{id}: the pictures cannot be read: {error}")),
        }
        match fs.read(&dir.join(METADATA), metadata::MAX_BYTES) {
            Ok(bytes) if bytes == metadata::write_over(event, &bytes) => {}
            Ok(_) => wrong.push(format!("{id}: {METADATA} does not say what the row says")),
            Err(error) => wrong.push(format!("{id}: {METADATA} cannot be read: {error}")),
        }
        if (event.state == State::Pictures) && event.clip.is_some() {
            wrong.push(format!("{id}: has a clip though only pictures should be left"));
        }
        if event.ended() < event.started || event.lead > event.duration {
            wrong.push(format!("{id}: its times run backwards"));
        }
        for name in fs.list(&dir).unwrap_or_default() {
            if !name.to_str().is_some_and(is_ours) {
                wrong.push(format!("{id}: {} is none of the store's files", name.display()));
            }
        }
    }

    fn check_folders(&self, index: &Index, wrong: &mut Vec<String>) -> Result<(), crate::StoreError> {
        for day in self.days_on_disk()? {
            let rows: BTreeSet<EventId> = index.names(&day)?.into_iter().collect();
            for id in self.ids_in(&self.inner().layout.day(&day))? {
                if !rows.contains(&id) {
                    wrong.push(format!("{id}: files without a row, in {day}"));
                }
            }
        }
        for id in self.ids_in(&self.inner().layout.drafts())? {
            if !self.is_being_written(id) {
                wrong.push(format!("{id}: a draft that nobody writes"));
            }
        }
        Ok(())
    }
}
