//! The answer after which a connection ends although its client still has something to send.

use std::{io, time::Duration};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// How long a client may take for the answer and for noticing that it is the last.
const DEADLINE: Duration = Duration::from_secs(2);
/// What is read meanwhile and thrown away, in bytes. A client that has just begun to send a body of the largest size reads
/// its answer after that.
const MOST_IGNORED: usize = 16 * 1024 * 1024;

/// Writes `answer`, then says that nothing follows, and waits for the client to say the same. To close while it is still
/// sending would reset the connection, and a reset may overtake the answer.
///
/// The worker's runtime owns it; dropping it closes the connection.
pub(super) async fn write(socket: TcpStream, answer: Vec<u8>) {
    // A client that breaks off has what it wants.
    let _ended = timeout(DEADLINE, write_and_wait(socket, &answer)).await;
}

async fn write_and_wait(mut socket: TcpStream, answer: &[u8]) -> io::Result<()> {
    socket.write_all(answer).await?;
    socket.shutdown().await?;
    let (mut ignored, mut buffer) = (0, vec![0; 16 * 1024]);
    while ignored < MOST_IGNORED {
        match socket.read(&mut buffer).await? {
            0 => break,
            read => ignored += read,
        }
    }
    Ok(())
}
