//! What is said over the wire is understood, and what is hostile refused.
