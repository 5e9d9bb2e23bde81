use std::time::Duration;

use futures_util::StreamExt;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::testing::*;

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_within_a_second_with_viewers_and_websockets_connected() {
    let server = TestServer::start().await;
    server.garden.push_bytes(1, 300_000);
    server.shed.push_raw(1);
    let mut viewers = Vec::new();
    for path in ["/stream", "/stream?fps=1", "/api/v1/cameras/shed/stream"] {
        let mut viewer = server.stream(path).await;
        viewer.opening().await;
        viewer.part().await;
        viewers.push(viewer);
    }
    let _idle = server.connect().await;
    let url = format!("ws://{}/api/v1/live", server.address);
    let (mut socket, _) = client_async(url, server.connect().await).await.unwrap();
    soon("hello", socket.next()).await.unwrap().unwrap();
    let (ended, took) = server.stop().await;
    assert_eq!(ended.abandoned, 0);
    assert!(took < Duration::from_secs(1), "{took:?}");
    for viewer in &mut viewers {
        viewer.end().await;
    }
    let Message::Close(Some(close)) = soon("the close", socket.next()).await.unwrap().unwrap() else {
        panic!()
    };
    assert_eq!(u16::from(close.code), 4000);
    assert!(close.reason.contains("stops or restarts"), "{}", close.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_does_not_read_does_not_hold_it_up() {
    let server = TestServer::start().await;
    server.garden.push_bytes(1, 300_000);
    let viewer = server.narrow_stream("/stream").await;
    let parts = server.metrics.counter("nightjar_viewer_frames_total", "", &[("camera", "garden")]);
    for byte in 0..50 {
        server.garden.push_bytes(byte, 300_000);
    }
    until("the viewer has its first picture", || parts.get() > 0).await;
    let (ended, took) = server.stop().await;
    assert_eq!(ended.abandoned, 0);
    assert!(took < Duration::from_millis(1500), "{took:?}");
    drop(viewer);
}
