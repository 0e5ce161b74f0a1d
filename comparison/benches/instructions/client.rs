//! The client: one connection, one request after the other.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// Sends the head that standard input has, `count` times.
pub(crate) fn run(address: &str, count: usize) {
    let mut head = Vec::new();
    std::io::stdin().read_to_end(&mut head).expect("a head");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let mut buffer = [0; 16 * 1024];
    for _ in 0..count {
        stream.write_all(&head).expect("the server reads");
        let mut length = 0;
        while !buffer[..length].ends_with(b"\r\n\r\nhello") {
            let read = stream.read(&mut buffer[length..]).expect("an answer");
            let answer = || String::from_utf8_lossy(&buffer[..length]);
            assert!(read > 0, "the answer is cut off: {}", answer());
            length += read;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200 "));
    }
}
