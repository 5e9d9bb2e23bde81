use std::io::Cursor;

use futures_util::StreamExt;

use super::*;

async fn pieces(len: usize, first: u64, wanted: u64) -> Vec<Result<Bytes, axum::Error>> {
    let file = Cursor::new((0..len).map(|n| (n % 251) as u8).collect::<Vec<_>>());
    body(file, first, wanted).into_data_stream().collect().await
}

#[tokio::test]
async fn a_file_comes_whole_in_pieces_of_a_quarter_of_a_mebibyte() {
    for (first, wanted) in [(0, 0), (0, 1), (7, 100), (0, 600_000), (123, 262_144), (1, 262_145)] {
        let pieces = pieces(600_000, first, wanted).await;
        let pieces = pieces.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= PIECE));
        let expected = (first..first + wanted).map(|n| (n % 251) as u8);
        assert!(pieces.concat().into_iter().eq(expected), "{first} {wanted}");
    }
}

#[tokio::test]
async fn a_file_that_is_shorter_than_was_said_is_an_error_and_no_end() {
    let mut pieces = pieces(300_000, 0, 300_001).await;
    assert!(pieces.pop().unwrap().is_err());
    assert_eq!(pieces.len(), 1);
}
