//! As much of HTTP as the two endpoints need.

use std::str::from_utf8;

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Status};

/// Channels are named `c` and a number below this.
const CHANNELS: usize = 1_000_000;

#[derive(Debug)]
pub(super) enum Request<'a> {
    /// `GET /events/{channel}`
    Subscribe { channel: usize },
    /// `POST /publish/{channel,channel,…}`
    Publish {
        channels: Vec<usize>,
        body: &'a [u8],
        /// Where the next request begins.
        end: usize,
    },
}

impl<'a> Request<'a> {
    /// The first request in `received`; `None` if more of it is to come.
    ///
    /// # Errors
    /// It is not HTTP/1.1, or for neither of the endpoints.
    pub(super) fn parse(received: &'a [u8]) -> Result<Option<Self>> {
        let mut headers = [EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut headers);
        let Status::Complete(body) = head.parse(received)? else { return Ok(None) };
        let path = head.path.unwrap_or_default();
        if let Some(channel) = path.strip_prefix("/events/") {
            return Ok(Some(Self::Subscribe { channel: number(channel)? }));
        }
        let Some(channels) = path.strip_prefix("/publish/") else { bail!("no such endpoint: {path}") };
        let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length: usize = from_utf8(length.context("a body without Content-Length")?.value)?.parse()?;
        let end = body.checked_add(length).context("too long a body")?;
        let Some(body) = received.get(body..end) else { return Ok(None) };
        let channels = channels.split(',').map(number).collect::<Result<_>>()?;
        Ok(Some(Self::Publish { channels, body, end }))
    }
}

fn number(channel: &str) -> Result<usize> {
    let number = channel.strip_prefix('c').context("a channel without its c")?.parse()?;
    ensure!(number < CHANNELS, "too high a channel: {number}");
    Ok(number)
}
