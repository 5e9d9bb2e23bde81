//! What may happen to errands, in any order.

use proptest::prelude::*;

use super::REMOTES;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Insert(u64, bool),
    Delete(u64),
    TakeClip(u64),
    Favourite(u64, bool),
    Remotes(Vec<Option<bool>>),
    Claim(usize, Option<bool>),
    Settle(usize, End),
    Renew(usize),
    Pass(u64),
    /// The wall clock jumps by so many minutes.
    Jump(i64),
    Reopen,
    Retry(Option<u64>, Option<usize>),
    Hasten(usize),
    Free,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Sent(bool),
    Again(u64),
    Refused,
    GivenBack,
}

pub(super) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let n = || 0..8u64;
    let r = || 0..REMOTES.len();
    let end = prop_oneof![
        6 => any::<bool>().prop_map(End::Sent),
        3 => (0..5_000u64).prop_map(End::Again),
        1 => Just(End::Refused),
        1 => Just(End::GivenBack),
    ];
    let act = prop_oneof![
        6 => (n(), any::<bool>()).prop_map(|(n, has_clip)| Act::Insert(n, has_clip)),
        2 => n().prop_map(Act::Delete),
        1 => n().prop_map(Act::TakeClip),
        1 => (n(), any::<bool>()).prop_map(|(n, is)| Act::Favourite(n, is)),
        3 => proptest::collection::vec(proptest::option::weighted(0.7, any::<bool>()), 3).prop_map(Act::Remotes),
        12 => (r(), proptest::option::weighted(0.3, any::<bool>())).prop_map(|(r, stage)| Act::Claim(r, stage)),
        12 => (0..4usize, end).prop_map(|(n, end)| Act::Settle(n, end)),
        1 => (0..4usize).prop_map(Act::Renew),
        3 => (0..100u64).prop_map(Act::Pass),
        1 => (-3_000..3_000i64).prop_map(Act::Jump),
        1 => Just(Act::Reopen),
        2 => (proptest::option::of(n()), proptest::option::of(r())).prop_map(|(n, r)| Act::Retry(n, r)),
        1 => r().prop_map(Act::Hasten),
        1 => Just(Act::Free),
    ];
    proptest::collection::vec(act, 0..60)
}
