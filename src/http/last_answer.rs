//! The last answer on a connection that is closed while its client may still be sending.

use std::{io, time::Duration};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// How long the client may take to read the answer and close its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes read and discarded in that time. A client that has just begun to send a body of the maximum size reads the
/// answer only after sending it.
const MAX_IGNORED: usize = 16 * 1024 * 1024;

/// Writes `answer`, shuts down the sending side, and waits until the client closes too. Closing while the client is
/// still sending would reset the connection, and the reset can arrive before the answer is read.
///
/// Runs as a task tracked by [`Context::writers`](super::Context::writers) and ends within [`CLOSE_TIMEOUT`].
///
/// # Cancel safety
/// Dropping it closes the connection; the client may have read part of the answer.
pub(super) async fn write(socket: TcpStream, answer: Vec<u8>) {
    // It does not matter how the client ended the connection.
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
