//! A model server with OpenAI's API that follows a test's script step by step, faults included.

use std::{
    net::{SocketAddr, TcpStream},
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

pub use crate::server::Gate;
use crate::{
    server::{Act, Server, answer},
    wait,
};

/// One action for a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// An interim response before the real one, such as `103 Early Hints`.
    Interim(&'static str),
    /// Sends 200 and the headers of an event stream.
    Head,
    /// [`Step::Head`] with another media type.
    Labelled(&'static str),
    /// Sends one piece of the script.
    Text(String),
    /// Sends any bytes as part of the body.
    Raw(Vec<u8>),
    /// Sends the finish reason.
    Finish(&'static str),
    /// Sends `[DONE]` and the final chunk.
    Done,
    /// Pauses between pieces; ends early if the client leaves.
    Pause(Duration),
    /// Sends tokens until the client leaves, with this pause between them.
    Tokens(Duration),
    /// Waits until the test opens the gate; ends early if the client leaves.
    Hold(Gate),
    /// Sends nothing more and waits for the client to leave.
    Stall,
    /// Closes the connection without the final chunk.
    Cut,
    /// Sends a complete response that is not a stream: status, additional headers, body.
    Refuse(u16, Vec<(&'static str, String)>, String),
    /// Sends the test the time at which the script gets here.
    Tell(Sender<Instant>),
    /// Hands the connection over to the test, which can write [`piece`]s to it at any time.
    HandOver(Sender<TcpStream>),
}

/// The steps for one request. Afterwards the server closes the connection.
pub type Script = Vec<Step>;

/// A stream of `pieces` that ends normally.
pub fn complete<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Script {
    let text = pieces.into_iter().map(|piece| Step::Text(piece.into()));
    [Step::Head].into_iter().chain(text).chain([Step::Finish("stop"), Step::Done]).collect()
}

/// An error in OpenAI's format.
pub fn refuse(status: u16, code: &str) -> Script {
    let body = json!({ "error": { "message": "upstream-detail", "type": "test", "param": null, "code": code } });
    vec![Step::Refuse(status, Vec::new(), body.to_string())]
}

/// A piece of text on the wire: one OpenAI event in one HTTP chunk.
pub fn piece(text: &str) -> Vec<u8> {
    event(&json!({ "index": 0, "delta": { "content": text }, "finish_reason": null }))
}

fn event(choice: &Value) -> Vec<u8> {
    let data = json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "test-model-1", "choices": [choice] });
    chunk(format!("data: {data}\n\n").as_bytes())
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn head(media_type: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: {media_type}\r\n\r\n").into_bytes()
}

fn refusal(status: u16, headers: &[(&str, String)], body: &str) -> Vec<u8> {
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let status = format!("{status} Scripted\r\n{more}connection: close");
    answer(&status, "application/json", body).into_bytes()
}

impl From<Step> for Act {
    fn from(step: Step) -> Self {
        match step {
            Step::Interim(status) => Self::Send(format!("HTTP/1.1 {status}\r\n\r\n").into_bytes()),
            Step::Head => Self::Send(head("text/event-stream")),
            Step::Labelled(media_type) => Self::Send(head(media_type)),
            Step::Text(text) => Self::Send(piece(&text)),
            Step::Raw(bytes) => Self::Send(chunk(&bytes)),
            Step::Finish(reason) => Self::Send(event(&json!({ "index": 0, "delta": {}, "finish_reason": reason }))),
            Step::Done => Self::Send([chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n".to_vec()].concat()),
            Step::Pause(length) => Self::Pause(length),
            Step::Tokens(pause) => Self::Repeat(pause, |number| piece(&format!("{number} "))),
            Step::Hold(gate) => Self::Hold(gate),
            Step::Stall => Self::Stall,
            Step::Cut => Self::Close,
            Step::Refuse(status, headers, body) => Self::Send(refusal(status, &headers, &body)),
            Step::Tell(test) => Self::Tell(test),
            Step::HandOver(test) => Self::HandOver(test),
        }
    }
}

/// A completion request, and what has become of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Request line and headers, in lower case.
    pub headers: String,
    /// The body, or `null` if it is not JSON.
    pub body: Value,
    /// When it had arrived completely.
    pub at: Instant,
    /// When the server noticed that the client had left before the end of the script.
    pub left_at: Option<Instant>,
    /// Whether the script has reached its end.
    pub finished: bool,
}

/// The server. Dropping it ends its threads.
pub struct ModelServer {
    server: Server,
}

impl ModelServer {
    /// Starts a server that answers each request with `script` of its number, from 0.
    ///
    /// # Panics
    /// No port is free.
    pub fn start(script: impl Fn(usize) -> Script + Send + Sync + 'static) -> Self {
        let server = Server::start(move |asked| {
            let steps = script(asked.number).into_iter().map(Act::from);
            steps.chain([Act::Close])
        });
        Self { server }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its base URL, to which `/chat/completions` is appended.
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = |asked: crate::server::Asked| Seen {
            headers: asked.head.to_lowercase(),
            body: serde_json::from_str(&asked.body).unwrap_or_default(),
            at: asked.at,
            left_at: asked.left_at,
            finished: asked.finished,
        };
        self.server.asked().into_iter().map(seen).collect()
    }

    /// Waits until `count` requests have arrived.
    ///
    /// # Panics
    /// They do not arrive within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        self.server.wait_for_requests(count);
    }

    /// The number of connections that are open and not handed over.
    pub fn open_connections(&self) -> usize {
        self.server.open_connections()
    }

    /// Waits until the client of this request has left, and returns when it did.
    ///
    /// # Panics
    /// It does not leave within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_until_left(&self, number: usize) -> Instant {
        wait::until("the client to leave the model server", || self.server.asked().get(number)?.left_at)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, sync::mpsc, time::Duration};

    use super::*;
    use crate::http::{Piece, Request};

    fn ask(server: &ModelServer) -> crate::http::Incoming {
        let request = Request::new("POST", "/v1/chat/completions").json(&json!({ "model": "m", "stream": true }));
        request.open(server.address())
    }

    #[test]
    fn a_complete_script_is_a_complete_stream() {
        let server = ModelServer::start(|_| complete(["One. ", "Two."]));
        let response = ask(&server).into_response().expect(200);
        assert_eq!(response.header("content-type"), Some("text/event-stream"));
        let texts = response.text().lines().filter_map(|line| line.strip_prefix("data: {"));
        let texts: Vec<Value> =
            texts.map(|line| serde_json::from_str(&format!("{{{line}")).expect("an event of JSON")).collect();
        assert_eq!(texts[0]["choices"][0]["delta"]["content"], "One. ");
        assert_eq!(texts[2]["choices"][0]["finish_reason"], "stop");
        assert!(response.text().ends_with("data: [DONE]\n\n"));
        let seen = wait::until("the script's end", || Some(server.seen()).filter(|seen| seen[0].finished));
        assert_eq!((&seen[0].body["model"], seen[0].left_at), (&json!("m"), None));
    }

    #[test]
    fn a_cut_ends_the_stream_without_its_final_chunk() {
        let server = ModelServer::start(|_| vec![Step::Head, Step::Text("Half".into()), Step::Cut]);
        let mut incoming = ask(&server);
        let deadline = Instant::now() + wait::TIMEOUT;
        assert!(matches!(incoming.next(deadline), Piece::Data(_)));
        assert_eq!(incoming.next(deadline), Piece::Cut);
    }

    #[test]
    fn an_interim_response_comes_before_the_refusal() {
        let server = ModelServer::start(|_| {
            let refusal = Step::Refuse(503, vec![("retry-after", "7".into())], "{}".into());
            vec![Step::Interim("103 Early Hints"), refusal]
        });
        let request = "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n";
        let all = crate::http::exchange_raw(server.address(), request.as_bytes());
        let (interim, rest) = all.split_once("\r\n\r\n").expect("two heads");
        assert_eq!(interim, "HTTP/1.1 103 Early Hints");
        assert!(rest.starts_with("HTTP/1.1 503 Scripted\r\nretry-after: 7\r\nconnection: close\r\n"), "{rest}");
        assert!(rest.ends_with("\r\n\r\n{}"), "{rest}");
    }

    #[test]
    fn a_held_script_continues_when_its_gate_is_opened() {
        let gate = Gate::default();
        let held = gate.clone();
        let server = ModelServer::start(move |_| vec![Step::Head, Step::Hold(held.clone()), Step::Done]);
        let mut incoming = ask(&server);
        assert_eq!(incoming.next(Instant::now() + Duration::from_millis(50)), Piece::Nothing);
        gate.open();
        assert!(incoming.into_response().text().contains("[DONE]"));
    }

    #[test]
    fn a_client_that_leaves_is_noticed_while_the_model_is_silent_and_while_it_writes() {
        for step in [Step::Stall, Step::Tokens(Duration::from_millis(1))] {
            let server = ModelServer::start(move |_| vec![Step::Head, step.clone()]);
            let client = ask(&server);
            assert_eq!(server.open_connections(), 1);
            let before = Instant::now();
            drop(client);
            assert!(server.wait_until_left(0) >= before);
            wait::until("the connection to be closed", || (server.open_connections() == 0).then_some(()));
            assert!(!server.seen()[0].finished);
        }
    }

    #[test]
    fn a_connection_handed_over_belongs_to_the_test() {
        let (told, when) = mpsc::channel();
        let (given, connections) = mpsc::channel();
        let server =
            ModelServer::start(move |_| vec![Step::Tell(told.clone()), Step::Head, Step::HandOver(given.clone())]);
        let before = Instant::now();
        let incoming = ask(&server);
        assert!(when.recv_timeout(wait::TIMEOUT).expect("it is told") >= before);
        let mut connection = connections.recv_timeout(wait::TIMEOUT).expect("it is handed over");
        wait::until("it to be given up", || (server.open_connections() == 0).then_some(()));
        std::io::Write::write_all(&mut connection, &piece("later")).expect("the client reads");
        let mut incoming = incoming;
        let Piece::Data(data) = incoming.next(Instant::now() + wait::TIMEOUT) else { panic!("no data") };
        assert!(String::from_utf8_lossy(&data).contains("\"content\":\"later\""));
        drop(incoming);
        connection.set_read_timeout(Some(wait::TIMEOUT)).expect("an open socket");
        assert_eq!(connection.read(&mut [0; 1]).expect("the client has left"), 0);
    }
}
