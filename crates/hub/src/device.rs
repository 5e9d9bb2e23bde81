//! Who sends: the device is its key.

use axum::Extension;
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use store::devices::Seen;
use store::keys::Key;
use store::parcel::{self, Beat};
use web::{Admission, Problem};

use crate::app::Hub;

/// A name that cameras have where there is only one.
const ONLY: &str = "camera1";
/// Most characters of a camera's id.
const MOST: usize = 64;

/// The device that sends a request. Handlers that take it are for rows that ask for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    /// The id of its key.
    pub(crate) id: String,
    /// Its key's name.
    pub(crate) name: String,
    /// What its cameras' names begin with here.
    pub(crate) slug: String,
    /// Bytes that it may have here.
    pub(crate) quota: Option<u64>,
}

impl Device {
    /// Of that key among all there are: of several with the same name the later ones are told apart by their ids.
    pub(crate) fn of(id: &str, name: &str, keys: &[Key]) -> Self {
        let slug = parcel::slug(name);
        let first = keys.iter().find(|key| parcel::slug(&key.name) == slug);
        let is_first = first.is_none_or(|first| first.id == id);
        let slug = if is_first { slug } else { format!("{slug}-{}", parcel::slug(id)) };
        let quota = keys.iter().find(|key| key.id == id).and_then(quota);
        Self { id: id.to_owned(), name: name.to_owned(), slug, quota }
    }

    /// What a camera of it is called here.
    pub(crate) fn camera(&self, own: &str) -> String {
        if own == ONLY || own.is_empty() || own == self.slug {
            return self.slug.clone();
        }
        let mut name = format!("{}-{own}", self.slug);
        name.truncate(MOST);
        name
    }

    /// That it was heard of.
    pub(crate) fn seen(&self, beat: Option<Beat>) -> Seen {
        Seen { key: self.id.clone(), name: self.name.clone(), quota: self.quota, beat }
    }
}

fn quota(key: &Key) -> Option<u64> {
    key.quota
}

impl<S> FromRequestParts<S> for Device
where
    S: Send + Sync,
    Hub: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let missing =
            || Problem::unauthorized("key_missing", "A key is needed: it says which device this is.");
        let Extension(admission) =
            Extension::<Admission>::from_request_parts(parts, state).await.map_err(|_| missing())?;
        let (id, name) = admission.key_id().zip(admission.key_name()).ok_or_else(missing)?;
        Ok(Self::of(id, name, &Hub::from_ref(state).keys.known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, name: &str) -> Key {
        Key {
            id: id.to_owned(),
            name: name.to_owned(),
            scopes: vec!["upload".to_owned()],
            secret_sha256: [0; 32],
            created: String::new(),
            quota: None,
        }
    }

    #[test]
    fn cameras_are_named_after_their_device() {
        let keys = [key("k1", "Pi at the pond"), key("k2", "pi-at-the pond"), key("k3", "garden")];
        let [pond, other, garden] = [0, 1, 2].map(|n: usize| Device::of(&keys[n].id, &keys[n].name, &keys));
        assert_eq!(pond.camera("camera1"), "pi-at-the-pond");
        assert_eq!(pond.camera("nest"), "pi-at-the-pond-nest");
        assert_eq!(other.camera("camera1"), "pi-at-the-pond-k2", "another device of the same name");
        assert_eq!((garden.camera("garden"), garden.camera("")), ("garden".into(), "garden".into()));
        assert!(parcel::is_camera(&pond.camera(&"x".repeat(64))));
    }
}
