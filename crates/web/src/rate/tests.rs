use std::net::Ipv4Addr;

use super::*;

fn address(n: u32) -> IpAddr {
    Ipv4Addr::from_bits(n).into()
}

#[test]
fn a_burst_passes_and_then_so_many_a_second() {
    let rate = Rate::new(200, 50);
    let now = Instant::now();
    let passed =
        |at: Instant, tries: usize| (0..tries).filter(|_| rate.take(address(1), at).is_none()).count();
    assert_eq!(passed(now, 1000), 200);
    assert_eq!(rate.take(address(1), now), Some(Duration::from_millis(20)));
    assert_eq!(passed(now + Duration::from_secs(1), 1000), 50);
    assert_eq!(passed(now + Duration::from_secs(60), 1000), 200, "never more than a burst");
    assert!(rate.take(address(2), now).is_none(), "a neighbour");
}

#[test]
fn a_steady_client_at_the_rate_is_never_refused() {
    let rate = Rate::new(200, 50);
    let begun = Instant::now();
    assert!((0..10_000).all(|n| rate.take(address(1), begun + Duration::from_millis(20) * n).is_none()));
}

#[test]
fn however_many_addresses_come_the_table_stays_small_and_the_quiet_are_forgotten() {
    let rate = Rate::new(10, 1);
    let now = Instant::now();
    let passed = (0..100_000).filter(|&n| rate.take(address(n), now).is_none()).count();
    assert_eq!(rate.buckets.lock().unwrap().full_at.len(), ADDRESSES + 1);
    assert_eq!(passed, ADDRESSES + 10, "those beyond share one bucket");
    let later = now + Duration::from_secs(60);
    assert!(rate.take(address(200_000), later).is_none());
    assert!(rate.buckets.lock().unwrap().full_at.len() < 10);
}
