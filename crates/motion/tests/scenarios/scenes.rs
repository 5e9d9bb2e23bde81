//! Every scenario, twice.

#[test]
fn placeholder_until_scenes() {}
