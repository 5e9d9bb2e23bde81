use super::*;

#[test]
fn a_head_ends_with_the_first_empty_line_behind_something() {
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true),
        ("GET / HTTP/1.1\nHost: x\n\n", true),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\nbody", true),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r", false),
        ("GET / HTTP/1.1\r\nHost: x\r\n", false),
        ("GET / HTTP/1.1\r\nX: \r\n", false),
    ] {
        assert_eq!(ends_within(head.as_bytes()), expected, "{head:?}");
    }
    assert!(!may_be_http(0x16), "TLS");
    assert!(may_be_http(b'G') && may_be_http(b'\r'));
}

#[test]
fn a_bare_refusal_gets_a_body_and_an_id_and_nothing_else_is_touched() {
    let bare = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
    let dressed = String::from_utf8(super::dressed(bare).unwrap()).unwrap();
    let (head, body) = dressed.split_once("\r\n\r\n").unwrap();
    let json = serde_json::from_str::<serde_json::Value>(body).unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    assert!(head.contains(&format!("x-request-id: {}\r\n", json["request_id"].as_str().unwrap())), "{head}");
    assert_eq!(json["code"], "bad_request");
    for other in [
        &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\n\r\n0123456789"[..],
        b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        b"\xff\xd8\xff",
        b"",
        b"HTTP/1.1 4",
    ] {
        assert!(super::dressed(other).is_none(), "{other:?}");
    }
}
