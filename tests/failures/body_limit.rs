//! The size limit of Didit's responses: 1 MiB, with any transport.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use tokio::io::AsyncWriteExt;
use tower::service_fn;

use crate::support::server::{
    SIGNED_IN, Server, TOKENS, answer, attempt, config, read_request, write,
};

// Behaviour 36.
#[tokio::test]
async fn the_limit_is_one_mebibyte() {
    for (length, outcome) in [(MIB, SIGNED_IN), (MIB + 1, INVALID_ANSWER)] {
        let server = Server::saying(answer("200 OK", "", &padded(length))).await;
        assert_eq!(attempt(server.config()).await, outcome, "{length}");
        assert_eq!(server.connections(), 1);
    }
}

// Behaviour 36.
#[tokio::test]
async fn the_limit_holds_for_any_service() {
    for (length, outcome) in [(MIB, SIGNED_IN), (MIB + 1, INVALID_ANSWER)] {
        let service = service_fn(move |_: Request<Bytes>| async move {
            Ok::<_, Infallible>(Response::new(Bytes::from(padded(length))))
        });
        let config = config("https://apx.didit.me/token").with_transport(service);
        assert_eq!(attempt(config).await, outcome, "{length}");
    }
}

// Behaviour 36.
#[tokio::test]
async fn an_endless_body_is_read_little_beyond_the_limit() {
    for header in [
        "",
        "content-length: 1000000000000\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        let sent = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&sent);
        let server = Server::start(move |mut socket| {
            let counter = Arc::clone(&counter);
            async move {
                read_request(&mut socket).await;
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{header}\r\n");
                write(&mut socket, head.as_bytes()).await;
                // A chunk has 4 KiB.
                let chunk = format!("1000\r\n{:4096}\r\n", "");
                while socket.write_all(chunk.as_bytes()).await.is_ok() {
                    counter.fetch_add(chunk.len(), Ordering::Relaxed);
                }
            }
        })
        .await;
        assert_eq!(attempt(server.config()).await, INVALID_ANSWER, "{header}");
        // The system's buffers come on top.
        let sent = sent.load(Ordering::Relaxed);
        assert!((MIB / 2..16 * MIB).contains(&sent), "{sent}, {header}");
    }
}

// Behaviour 36. Not even a good body is decompressed.
#[tokio::test]
async fn compression_does_not_bypass_the_limit() {
    for deflated in [stored(TOKENS.as_bytes()), bomb()] {
        let gzip = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff", deflated.as_slice()].concat();
        assert!(gzip.len() < MIB);
        let gzip = answer("200 OK", "content-encoding: gzip\r\n", &gzip);
        let server = Server::saying(gzip).await;
        assert_eq!(attempt(server.config()).await, INVALID_ANSWER);
    }
}

/// A valid response, padded with spaces.
fn padded(length: usize) -> Vec<u8> {
    let mut body = TOKENS.as_bytes().to_vec();
    body.resize(length, b' ');
    body
}

/// DEFLATE without compression (RFC 1951 §3.2.4), and the trailer of gzip.
fn stored(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("it fits").to_le_bytes();
    let complement = length.map(|byte| !byte);
    let trailer = [&CRC_OF_TOKENS, &length[..], &[0, 0]].concat();
    [&[1], &length[..], &complement, text, &trailer].concat()
}

/// DEFLATE with fixed codes (RFC 1951 §3.2.6): 650 KB that stand for 103 MB of zeros.
fn bomb() -> Vec<u8> {
    let zero = "00110000";
    let the_last_byte_258_times = "1100010100000".repeat(400_000);
    let bits = format!("110{zero}{the_last_byte_258_times}0000000");
    let byte = |bits: &[u8]| {
        let bits = bits.iter().rev();
        bits.fold(0, |byte, bit| (byte << 1) | (bit - b'0'))
    };
    bits.as_bytes().chunks(8).map(byte).collect()
}

const MIB: usize = 1024 * 1024;
const CRC_OF_TOKENS: [u8; 4] = [0x2d, 0x6e, 0xe1, 0x5f];
const INVALID_ANSWER: &str = "502 invalid-response";
