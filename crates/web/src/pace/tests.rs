use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use super::*;

/// A body that the test sends piece by piece.
fn body(limits: &Limits, most: u64) -> (mpsc::Sender<Bytes>, Body) {
    let (send, mut receive) = mpsc::channel::<Bytes>(1);
    let pieces = futures_util::stream::poll_fn(move |cx| {
        receive.poll_recv(cx).map(|piece| piece.map(Ok::<_, std::convert::Infallible>))
    });
    let request = Request::new(Body::from_stream(pieces));
    let (request, _) = paced(request, most, limits).unwrap();
    (send, request.into_body())
}

fn status(error: &axum::Error) -> u16 {
    Problem::of_body(error).status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_earns_its_time_may_take_long_and_one_that_stands_still_may_not() {
    let limits = Limits::default();
    let (send, mut body) = body(&limits, 1 << 20);
    for _ in 0..60 {
        tokio::time::advance(Duration::from_secs(4)).await;
        send.send(Bytes::from(vec![1; 4 * 1024])).await.unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 4 * 1024);
    }
    let began = Instant::now();
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!((status(&error), began.elapsed().as_secs()), (408, limits.body.as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up_and_so_is_one_that_takes_all_the_time_there_is() {
    for (limits, piece, seconds) in [
        (Limits::default(), 1, 8..=12),
        (Limits { stream: Duration::from_secs(100), ..Limits::default() }, 2 * 1024, 100..=101),
    ] {
        let (send, mut body) = body(&limits, 1 << 20);
        let tracker = tokio_util::task::TaskTracker::new();
        let sender = tracker.spawn(async move {
            let mut each_second = tokio::time::interval(Duration::from_secs(1));
            each_second.tick().await;
            loop {
                each_second.tick().await;
                if send.send(Bytes::from(vec![1; piece])).await.is_err() {
                    return;
                }
            }
        });
        let began = Instant::now();
        let error = loop {
            if let Err(error) = body.frame().await.unwrap() {
                break error;
            }
        };
        assert_eq!(status(&error), 408);
        assert!(seconds.contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
        drop(body);
        sender.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_handler_takes_its_time_with_is_not_the_clients() {
    let (send, mut body) = body(&Limits::default(), 100);
    for _ in 0..3 {
        send.send(Bytes::from_static(b"x")).await.unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(body.frame().await.unwrap().is_ok());
    }
    drop(send);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_byte_more_than_is_taken_ends_it() {
    let (send, mut body) = body(&Limits::default(), 10);
    send.send(Bytes::from_static(b"0123456789")).await.unwrap();
    assert!(body.frame().await.unwrap().is_ok());
    send.send(Bytes::from_static(b"x")).await.unwrap();
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!(status(&error), 413);
    assert!(body.frame().await.is_none(), "and it stays so");
    let declared = Request::builder().header("content-length", "11").body(Body::empty()).unwrap();
    let problem = paced(declared, 10, &Limits::default()).unwrap_err();
    assert_eq!(problem.status(), 413);
}

#[test]
fn any_other_end_is_a_body_that_broke_off() {
    let error = axum::Error::new(std::io::Error::other("reset"));
    assert_eq!(Problem::of_body(&error).code(), "bad_body");
}
