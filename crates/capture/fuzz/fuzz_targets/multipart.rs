//! Whatever a camera sends, in whatever pieces: no panic, a bounded buffer, and nothing over the limit comes out.
#![no_main]

use capture::multipart::{Multipart, Part};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, u8, &[u8])| {
    let (content_type, step, data) = input;
    let step = usize::from(step).max(1);
    for content_type in [content_type, "multipart/x-mixed-replace; boundary=frame"] {
        let mut parser = Multipart::new(content_type);
        let mut parts = Vec::new();
        let mut fed = 0;
        for chunk in data.chunks(step) {
            fed += chunk.len();
            parser.feed(chunk, &mut parts);
            assert!(parser.buffered() <= fed);
        }
        let out: usize = parts
            .iter()
            .map(|part| match part {
                Part::Picture(bytes) => bytes.len(),
                Part::Refused(_) => 0,
            })
            .sum();
        assert!(out <= data.len(), "more came out than went in");
    }
});
