use super::*;

const GOOD: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1:8000",
    "192.168.1.7:80",
    "[::1]",
    "[::1]:8000",
    "localhost",
    "LOCALHOST:8000",
    "perch",
    "perch:8000",
    "perch.local",
    "perch.local.",
    "cam.example:443",
    "app.localhost:1",
    "perch.lan",
    "PERCH.lan:8000",
    "perch.home",
    "perch.fritz.box",
    "perch.home.arpa.",
    "perch.internal",
    "cam.lan",
    "localhost.",
    "localhost.:8000",
    "[::ffff:127.0.0.1]:8000",
    "[fe80::1]",
    "XN--VGEL-5QA.example:8000",
];

const BAD: &[&str] = &[
    "",
    "evil.example",
    "perch.evil.example",
    "perch.com",
    "perch.lan.evil.example",
    "perch.box",
    "other.lan",
    "other.fritz.box",
    "evil.example:8000",
    "localhost.evil.example",
    "local",
    "127.0.0.1.evil.example",
    "[::1",
    "[::1]x",
    "localhost:http",
    "localhost:99999",
    "a@localhost",
    "evil.example#.local",
    "127.0.0.1:",
    "x/.local",
    ".",
    "..",
    ":8000",
    ".lan",
    "localhost..",
    "cam.example..",
    "::1",
    "[::1]:",
    "[]",
    "[localhost]",
    "[127.0.0.1].evil.example",
    "127.1",
    "0x7f000001",
    "2130706433",
    "127.0.0.1:8000:8000",
    "xn--vgel-5qa.evil.example",
    "v\u{f6}gel.example",
    "localhost\u{ff0e}evil.example",
    "localhost evil",
];

#[test]
fn only_own_names_and_addresses_are_answered() {
    let hosts = Hosts::new(["Perch", "cam.example.", "xn--vgel-5qa.example", "", "."].map(str::to_owned));
    for good in GOOD {
        assert!(hosts.allows(good), "{good}");
    }
    for bad in BAD {
        assert!(!hosts.allows(bad), "{bad}");
    }
}
