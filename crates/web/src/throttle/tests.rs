use std::net::Ipv4Addr;

use super::*;

fn address(n: u32) -> Option<IpAddr> {
    Some(Ipv4Addr::from_bits(n).into())
}

#[test]
fn ten_wrong_keys_are_answered_and_then_one_every_two_seconds() {
    let throttle = Throttle::default();
    let now = Instant::now();
    let answered = |at: Instant| throttle.refuse(address(1), at).is_none();
    assert_eq!((0..300).filter(|_| answered(now)).count(), 10);
    assert_eq!(throttle.refuse(address(1), now), Some(Duration::from_secs(2)));
    assert!(!answered(now + Duration::from_millis(1900)));
    assert!(answered(now + Duration::from_secs(2)));
    assert!(!answered(now + Duration::from_secs(2)));
    assert_eq!((0..300).filter(|_| answered(now + Duration::from_secs(3600))).count(), 10);
    assert!(throttle.refuse(address(2), now).is_none(), "a neighbour");
}

#[test]
fn however_many_addresses_come_the_table_stays_small_and_holds_them_back() {
    let throttle = Throttle::default();
    let now = Instant::now();
    let answered = (0..20_000).filter(|&n| throttle.refuse(address(n), now).is_none()).count();
    assert!(throttle.0.lock().unwrap().len() <= ADDRESSES + 1);
    assert!(answered <= ADDRESSES + 10, "{answered}");
    let later = now + Duration::from_secs(600);
    assert!(throttle.refuse(address(30_000), later).is_none());
    assert!(throttle.0.lock().unwrap().len() < 10, "those who have been quiet are forgotten");
}
