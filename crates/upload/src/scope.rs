//! Everything that one attempt has open, let go of in reverse order on every way out: success, error, cancellation, panic.
//!
//! A file is lent, never given: who reads it holds a [`Lent`], and once the scope ends there is nothing behind it any
//! more, however long an HTTP library keeps a body for itself.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

/// What was entered, in order.
#[derive(Default)]
pub(crate) struct Scope {
    held: Vec<Box<dyn Any + Send + Sync>>,
}

impl Scope {
    /// Holds on to it until the scope ends; what is entered later goes earlier.
    pub(crate) fn enter<T: Any + Send + Sync>(&mut self, thing: T) {
        self.held.push(Box::new(thing));
    }

    /// Holds on to a file, and lends it.
    pub(crate) fn lend(&mut self, file: File) -> Lent {
        let lent = Lent(Arc::new(Mutex::new(Some(Arc::new(file)))));
        self.enter(Lender(lent.clone()));
        lent
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // A vector would let go of its oldest first.
        while let Some(thing) = self.held.pop() {
            drop(thing);
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("held", &self.held.len()).finish()
    }
}

/// A file that somebody else closes.
#[derive(Debug, Clone)]
pub(crate) struct Lent(Arc<Mutex<Option<Arc<File>>>>);

impl Lent {
    /// Bytes of it, up to `most`; fewer only at its end. Blocks.
    pub(crate) fn read_at(&self, at: u64, most: usize) -> io::Result<Vec<u8>> {
        // Held for the length of this read; a scope that ends meanwhile closes the file right after it.
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(file) = file else { return Err(io::Error::other("the attempt is over")) };
        let mut bytes = vec![0; most];
        let mut read = 0;
        while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, at + read as u64) {
                Ok(0) => break,
                Ok(n) => read += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// Closes what was lent.
struct Lender(Lent);

impl Drop for Lender {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tells(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Drop for Tells {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    #[test]
    fn what_was_entered_last_goes_first_on_a_panic_too() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let inner = Arc::clone(&told);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let mut scope = Scope::default();
            for name in ["lease", "permit", "picture", "clip"] {
                scope.enter(Tells(name, Arc::clone(&inner)));
            }
            panic!("in the middle of an attempt");
        }));
        assert!(panicked.is_err());
        assert_eq!(*told.lock().unwrap(), ["clip", "picture", "permit", "lease"]);
    }

    #[test]
    fn a_file_that_was_lent_is_closed_with_the_scope() {
        let mut scope = Scope::default();
        let lent = scope.lend(File::open("/proc/self/stat").unwrap());
        assert!(!lent.read_at(0, 10).unwrap().is_empty());
        drop(scope);
        assert!(lent.read_at(0, 10).is_err());
    }
}
