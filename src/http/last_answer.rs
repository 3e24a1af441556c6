//! The answer after which a connection is closed although its client still has something to send.

use std::{io, time::Duration};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// How long a client may take to read the answer and to close its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes that are read meanwhile and discarded. A client that has just begun to send a body of the largest size reads its
/// answer only after that.
const MAX_IGNORED: usize = 16 * 1024 * 1024;

/// Writes `answer`, shuts down the sending side, and waits until the client closes too. Closing while it is still sending
/// would reset the connection, and a reset may overtake the answer.
///
/// A task tracked by [`Context::writers`](super::Context::writers), over within [`CLOSE_TIMEOUT`].
///
/// # Cancel safety
/// Dropping it closes the connection; the client may have read a part of the answer.
pub(super) async fn write(socket: TcpStream, answer: Vec<u8>) {
    // A client that closes early has what it wants.
    let _ended = timeout(CLOSE_TIMEOUT, write_and_wait(socket, &answer)).await;
}

async fn write_and_wait(mut socket: TcpStream, answer: &[u8]) -> io::Result<()> {
    socket.write_all(answer).await?;
    socket.shutdown().await?;
    let (mut ignored, mut buffer) = (0, vec![0; 16 * 1024]);
    while ignored < MAX_IGNORED {
        match socket.read(&mut buffer).await? {
            0 => break,
            read => ignored += read,
        }
    }
    Ok(())
}
