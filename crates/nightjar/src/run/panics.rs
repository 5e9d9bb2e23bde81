//! Panics are logged like everything else, and remembered by thread, so that the end can say what began it.

use std::collections::BTreeMap;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};

/// By the name of the thread, its last words. There are as many as there are threads that must not die, and they die once.
static LAST_WORDS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
/// Threads that are remembered at the most.
const REMEMBERED: usize = 256;

/// From now on panics go to the log.
pub(super) fn watch() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let words = words(panic);
        tracing::error!(thread = name, "panicked: {words}");
        remember(name, words);
    }));
}

/// What the thread of that name died of, if it panicked.
pub(super) fn of(thread: &str) -> Option<String> {
    LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).get(thread).cloned()
}

/// Keeps a thread's last words.
pub(super) fn remember(name: &str, words: String) {
    let mut all = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() < REMEMBERED {
        all.insert(name.to_owned(), words);
    }
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let literal = || payload.downcast_ref::<&str>().copied();
    let message =
        payload.downcast_ref::<String>().map(String::as_str).or_else(literal).unwrap_or("no message");
    match panic.location() {
        Some(at) => format!("{message} ({}:{})", at.file(), at.line()),
        None => message.to_owned(),
    }
}
