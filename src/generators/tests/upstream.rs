//! A scripted chat-completions server on loopback, and the client's side of a run.

use std::{cell::Cell, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use generation_actors::{model::{Brief, Failure, Locale}, ports::{GenerationRequest, GenerationStream, Piece, ScriptGenerator as _}};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    config::{ChatServer, OpenAi},
    generators::{Prompts, ScriptWriter, openai},
};

pub(in crate::generators) fn settings(port: u16) -> OpenAi {
    let server = ChatServer {
        base_url: format!("http://127.0.0.1:{port}/v1"),
        api_key_env: None,
        api_key: Some("sk-secret".into()),
        max_tokens: None,
        connect_timeout: Duration::from_secs(5),
        head_timeout: Duration::from_secs(20),
        first_token_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(20),
        retries: 2,
    };
    OpenAi { server, tokens_field: None }
}

pub(in crate::generators) fn request(written: &str) -> GenerationRequest {
    let brief = Brief {
        project_id: "p".into(),
        episode_number: None,
        title: "제목".into(),
        description: "비 오는 밤의 카페".into(),
        script_type: "drama".into(),
        model: "tiny".into(),
        temperature: 0.7,
        length_target: 100,
        locale: Locale::Ko,
    };
    GenerationRequest { brief: Arc::new(brief), written: written.to_owned() }
}

/// A server that does to each connection what the next script says.
pub(in crate::generators) struct Upstream {
    listener: TcpListener,
    pub(in crate::generators) requests: Cell<usize>,
}

impl Upstream {
    pub(in crate::generators) async fn new() -> (Self, OpenAi) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        (Self { listener, requests: Cell::new(0) }, settings(port))
    }

    /// The next connection.
    pub(in crate::generators) async fn connection(&self) -> TcpStream {
        let (connection, _) = self.listener.accept().await.expect("a connection");
        self.requests.set(self.requests.get() + 1);
        connection
    }

    /// The next connection with its whole request read, and the request.
    pub(in crate::generators) async fn accept(&self) -> (TcpStream, String) {
        let mut connection = self.connection().await;
        let mut read = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let size = connection.read(&mut piece).await.expect("a request");
            read.extend_from_slice(&piece[..size]);
            let text = String::from_utf8_lossy(&read);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.to_ascii_lowercase().split("content-length: ").nth(1).map(|rest| {
                rest.split("\r\n").next().and_then(|length| length.parse::<usize>().ok()).expect("a length")
            });
            if body.len() >= length.unwrap_or(0) {
                return (connection, text.into_owned());
            }
        }
    }

    pub(in crate::generators) async fn answer(&self, response: &[u8]) -> String {
        let (mut connection, request) = self.accept().await;
        connection.write_all(response).await.expect("written");
        request
    }
}

pub(in crate::generators) const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
/// The end of a body; a connection that closes before it has been cut.
pub(in crate::generators) const END: &str = "0\r\n\r\n";

pub(in crate::generators) fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

pub(in crate::generators) fn says(text: &str) -> String {
    chunk(&format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    ))
}

pub(in crate::generators) fn stop() -> String {
    let stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    chunk(stop) + END
}

pub(in crate::generators) async fn all(mut stream: GenerationStream) -> (Vec<Piece>, Option<Failure>) {
    let mut pieces = Vec::new();
    while let Some(next) = timeout(Duration::from_secs(30), stream.next()).await.expect("in time") {
        match next {
            Ok(piece) => pieces.push(piece),
            Err(failure) => {
                assert!(stream.next().await.is_none(), "nothing follows a failure");
                return (pieces, Some(failure));
            }
        }
    }
    (pieces, None)
}

pub(in crate::generators) fn text(pieces: &[Piece]) -> String {
    pieces.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None }).collect()
}

pub(in crate::generators) fn generate(settings: &OpenAi, written: &str) -> GenerationStream {
    let prompts = Arc::new(Prompts::load(None).expect("templates"));
    ScriptWriter::new(openai("scripted", settings), prompts).generate(request(written))
}
