use super::*;

fn limits(connections: usize, of_address: usize) -> Limits {
    Limits { connections, connections_per_address: of_address, ..Limits::default() }
}

#[test]
fn one_address_has_its_share_and_a_network_of_ipv6_counts_as_one() {
    let limits = limits(100, 2);
    let seats = Arc::<Seats>::default();
    let take = |address: &str| Permit::take(&seats, address.parse().unwrap(), &limits);
    let held = [take("192.0.2.1"), take("192.0.2.1"), take("2001:db8::1"), take("2001:db8::2")];
    assert!(held.iter().all(Option::is_some));
    assert!(take("192.0.2.1").is_none() && take("2001:db8::ffff").is_none());
    assert!(take("::ffff:192.0.2.1").is_none(), "the same in another form");
    assert!(take("192.0.2.2").is_some() && take("2001:db8:0:1::1").is_some());
    let local = [take("127.0.0.1"), take("127.0.0.1"), take("127.0.0.1")];
    assert!(local.iter().all(Option::is_some), "proxies come from there");
    drop(held);
    assert!(take("192.0.2.1").is_some());
}

#[test]
fn the_oldest_that_asked_for_nothing_makes_room_and_those_who_asked_never_do() {
    let limits = limits(3, 9);
    let seats = Arc::<Seats>::default();
    let take = |n: u8| Permit::take(&seats, [192, 0, 2, n].into(), &limits);
    let [asked, first, second] = [take(1).unwrap(), take(2).unwrap(), take(3).unwrap()];
    asked.settle();
    let third = take(4).unwrap();
    assert!(first.evicted().is_cancelled() && !second.evicted().is_cancelled());
    drop(first);
    let fourth = take(5).unwrap();
    assert!(second.evicted().is_cancelled() && !third.evicted().is_cancelled());
    drop(second);
    third.settle();
    fourth.settle();
    assert!(take(6).is_none(), "all three have asked");
    assert!([&asked, &third, &fourth].iter().all(|permit| !permit.evicted().is_cancelled()));
    drop(asked);
    assert!(take(6).is_some());
}

#[test]
fn nothing_is_left_behind_by_those_who_left() {
    let limits = limits(10, 10);
    let seats = Arc::<Seats>::default();
    for n in 0..100 {
        let permit = Permit::take(&seats, [192, 0, 2, n].into(), &limits).unwrap();
        if n % 2 == 0 {
            permit.settle();
        }
    }
    let taken = seats.taken();
    assert_eq!((taken.all, taken.by_address.len(), taken.silent.len()), (0, 0, 0));
}
