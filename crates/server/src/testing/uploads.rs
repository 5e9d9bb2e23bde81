//! What sends events, as a test sets it.

use std::sync::{Mutex, PoisonError};

use store::StoreError;
use store::event::EventId;
use store::outbox::{Backlog, ErrandCursor, ErrandQuery, ErrandView};

use crate::{ChangeError, RemoteCounts, RemoteView, UploadPatch, Uploads, UploadsView};

/// One remote, `attic`, and every event that is asked for is there.
#[derive(Debug, Default)]
pub(crate) struct FakeUploads {
    pub(crate) view: Mutex<Option<UploadsView>>,
    patches: Mutex<Vec<UploadPatch>>,
    /// What every change is refused with.
    pub(crate) shadow: Mutex<Option<&'static str>>,
    pub(crate) errands: Mutex<Vec<ErrandView>>,
    pub(crate) retried: Mutex<Vec<(Option<EventId>, Option<String>)>>,
}

fn locked<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn remote(name: &str) -> RemoteView {
    RemoteView {
        name: name.to_owned(),
        kind: "nightjar",
        url: "https://hub.example:8080".to_owned(),
        state: "idle",
        waiting: None,
        resumes_in: None,
        rate: 0.0,
        eta: None,
        sending: Vec::new(),
        under_way: Vec::new(),
        backlog: Backlog { remote: name.to_owned(), ..Backlog::default() },
        counts: RemoteCounts { bytes: 12, attempts: vec![("sent", 3)] },
        trouble: None,
    }
}

impl FakeUploads {
    pub(crate) fn patches(&self) -> Vec<UploadPatch> {
        locked(&self.patches).clone()
    }
}

impl Uploads for FakeUploads {
    fn view(&self) -> UploadsView {
        let view = locked(&self.view).clone();
        let mut view = view.unwrap_or_else(|| UploadsView {
            remotes: vec![remote("attic")],
            max_size: 10 << 30,
            ..UploadsView::default()
        });
        for patch in self.patches() {
            view.paused = patch.paused.unwrap_or(view.paused);
            view.rate = patch.rate.or(view.rate).filter(|rate| *rate > 0);
            view.window = patch.window.or(view.window);
            view.window_active = patch.window_active.unwrap_or(view.window_active);
            view.wifi = patch.wifi.unwrap_or(view.wifi);
            view.max_size = patch.max_size.unwrap_or(view.max_size);
        }
        view
    }

    fn knows(&self, event: EventId) -> Result<bool, StoreError> {
        Ok(event.to_string() != "00000000000000000000000000")
    }

    fn errands(&self, query: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        let mut errands = locked(&self.errands).clone();
        errands.retain(|errand| query.state.is_none_or(|state| errand.state == state));
        Ok((errands, None))
    }

    fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError> {
        locked(&self.retried).push((event, remote.map(str::to_owned)));
        Ok(1)
    }

    fn change(&self, patch: &UploadPatch) -> Result<(), ChangeError> {
        if let Some(field) = *locked(&self.shadow) {
            let by = "the environment variable NIGHTJAR_UPLOAD__RATE".to_owned();
            return Err(ChangeError::Shadowed { field, by });
        }
        if patch.window.as_deref() == Some("nonsense") {
            let detail = "Found `nonsense`; allowed: two times of a day.".to_owned();
            return Err(ChangeError::Invalid { field: "window".into(), detail });
        }
        locked(&self.patches).push(patch.clone());
        Ok(())
    }
}
