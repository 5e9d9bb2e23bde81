use http::HeaderValue;

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Mutex as StdMutex;

/// One key.
pub(crate) struct One(pub(crate) KeyRecord);

impl KeyCheck for One {
    fn any(&self) -> bool {
        true
    }
    fn find(&self, id: &str) -> Option<KeyRecord> {
        (id == self.0.id).then(|| self.0.clone())
    }
    fn refresh(&self) -> Result<(), Unreadable> {
        Ok(())
    }
}

fn access() -> Access {
    let record = KeyRecord {
        id: "k1".into(),
        name: "one".into(),
        secret_sha256: hash_secret("se_cret"),
        scopes: vec![Scope::View],
    };
    Access::new(false, Arc::new(One(record)))
}

fn verdict(name: &'static str, value: &str) -> &'static str {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    match access().check(&headers) {
        Verdict::Missing => "missing",
        Verdict::Wrong => "wrong",
        Verdict::Good(_) => "good",
    }
}

#[test]
fn a_key_is_taken_in_each_of_its_three_forms() {
    let basic = format!("Basic {}", STANDARD.encode("anyone:nj_k1_se_cret"));
    assert_eq!(verdict("authorization", "Bearer nj_k1_se_cret"), "good");
    assert_eq!(verdict("authorization", "bearer nj_k1_se_cret"), "good");
    assert_eq!(verdict("x-api-key", "nj_k1_se_cret"), "good");
    assert_eq!(verdict("authorization", &basic), "good");
}

#[test]
fn anything_else_is_wrong_or_missing() {
    for value in
        ["nj_k1_secret", "nj_k2_se_cret", "nj_k1_", "nj__se_cret", "k1_se_cret", "", "nj_k1_se_cret "]
    {
        assert_eq!(verdict("x-api-key", value), "wrong", "{value:?}");
    }
    assert_eq!(verdict("authorization", "Basic %%%"), "wrong");
    assert_eq!(verdict("authorization", "Digest x"), "missing");
    assert_eq!(verdict("cookie", "nj_k1_se_cret"), "missing");
}

#[test]
fn an_unknown_id_never_passes_even_with_the_secret_whose_hash_is_compared_instead() {
    // The dummy hash is all zeros, which no secret that anyone knows hashes to; the record decides anyway.
    let access = Access::new(true, Arc::new(NoKeys));
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_static("nj_a_b"));
    assert!(matches!(access.check(&headers), Verdict::Wrong));
    assert!(access.is_required());
    assert!(!Access::open().is_required());
}

/// Keys that the test takes away and damages.
#[derive(Default)]
struct Changing {
    keys: StdMutex<Vec<KeyRecord>>,
    is_damaged: AtomicBool,
}

impl KeyCheck for Arc<Changing> {
    fn any(&self) -> bool {
        !self.keys.lock().unwrap().is_empty()
    }
    fn find(&self, id: &str) -> Option<KeyRecord> {
        self.keys.lock().unwrap().iter().find(|key| key.id == id).cloned()
    }
    fn refresh(&self) -> Result<(), Unreadable> {
        if self.is_damaged.load(Ordering::Relaxed) { Err("damaged".into()) } else { Ok(()) }
    }
}

pub(crate) fn record() -> KeyRecord {
    KeyRecord {
        id: "k1".into(),
        name: "one".into(),
        secret_sha256: hash_secret("s"),
        scopes: vec![Scope::View],
    }
}

#[test]
fn taking_the_last_key_away_does_not_open_the_door() {
    let keys = Arc::new(Changing::default());
    let access = Access::new(false, Arc::new(keys.clone()));
    assert!(!access.is_required());
    keys.keys.lock().unwrap().push(record());
    assert!(access.is_required());
    keys.keys.lock().unwrap().clear();
    assert!(access.is_required(), "after the last key was revoked");
    let before = Arc::new(Changing::default());
    before.keys.lock().unwrap().push(record());
    let access = Access::new(false, Arc::new(before.clone()));
    before.keys.lock().unwrap().clear();
    assert!(access.is_required(), "the key was there before anybody asked");
}

#[tokio::test]
async fn keys_that_cannot_be_read_are_asked_for() {
    let keys = Arc::new(Changing::default());
    let access = Access::new(false, Arc::new(keys.clone()));
    keys.is_damaged.store(true, Ordering::Relaxed);
    access.look(&mut *access.0.looking.lock().await).await;
    assert!(access.is_required());
    keys.is_damaged.store(false, Ordering::Relaxed);
    access.look(&mut *access.0.looking.lock().await).await;
    assert!(!access.is_required(), "there never was a key");
}

#[tokio::test]
async fn an_admission_lapses_with_its_key_its_scope_or_its_secret() {
    let keys = Arc::new(Changing::default());
    keys.keys.lock().unwrap().push(record());
    let access = Access::new(false, Arc::new(keys.clone()));
    let admission =
        Admission::new(access.clone(), Some(Scope::View), Some(Pass { record: record(), shown: Shown::Key }));
    assert_eq!((admission.key_id(), admission.key_name()), (Some("k1"), Some("one")));
    assert!(admission.is_good());
    for change in [
        |key: &mut KeyRecord| key.scopes = vec![Scope::Upload],
        |key: &mut KeyRecord| key.secret_sha256 = hash_secret("other"),
        |key: &mut KeyRecord| key.id = "k2".into(),
    ] {
        change(&mut keys.keys.lock().unwrap()[0]);
        assert!(!admission.is_good());
        *keys.keys.lock().unwrap() = vec![record()];
        assert!(admission.is_good());
    }
    let open = Admission::new(Access::open(), Some(Scope::View), None);
    assert!(open.is_good());
    let unasked = Admission::new(access, Some(Scope::View), None);
    assert!(!unasked.is_good(), "a key is asked for now");
}
