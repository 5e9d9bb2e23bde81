//! Large clips, many clients, few bytes of memory.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio_util::task::TaskTracker;
use web::{Access, Limits};

use crate::testing::*;

/// Bytes of memory that this process holds of its own.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clients_on_a_large_clip_cost_a_few_pieces_of_it() {
    let limits = Limits { write_stall: Duration::from_secs(60), ..Limits::default() };
    let server = TestServer::with(Access::open(), limits).await;
    let large = Wish { frames: 48, frame: 2_000_000, ..Wish::default() };
    let event = large.make(&server.store, &server.clock);
    let length = event.clip.as_ref().unwrap().bytes;
    let path = format!("/api/v1/events/{}/clip.mp4", event.id);
    assert_eq!(server.ask("HEAD", &path, &[], "").await.status, 200);
    let before = resident();
    let clients = TaskTracker::new();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    let reading = (0..8).map(|_| {
        let (request, address) = (request.clone(), server.address);
        clients.spawn(async move {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(64 * 1024).unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let (mut bytes, mut total, mut most) = (vec![0; 64 * 1024], 0u64, 0u64);
            loop {
                let n = soon("more of the clip", stream.read(&mut bytes)).await.unwrap();
                if n == 0 {
                    return (total, most);
                }
                let before = total / (8 << 20);
                total += n as u64;
                if total / (8 << 20) != before {
                    most = most.max(resident());
                }
            }
        })
    });
    let mut most = 0;
    for client in reading.collect::<Vec<_>>() {
        let (total, seen) = client.await.unwrap();
        assert!(total > length, "{total} of {length}");
        most = most.max(seen);
    }
    let grown = most.saturating_sub(before);
    // 8 pieces, 8 clients' own buffers, what other tests of this program do meanwhile; the clip is 96 MB.
    assert!(grown < 40 << 20, "{grown} bytes more for 8 clients on {length} bytes");
}
