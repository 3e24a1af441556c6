//! The client with a protocol that has nothing in common with any other: all that the tests see is the client's own.

use futures_util::StreamExt as _;
use generation_actors::ports::{ChatDelta, ChatError, ChatErrorKind, ChatModel as _, ChatRequest, ChatStream, Continuation, EndReason, Message, Role};
use http::{HeaderMap, HeaderName};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{ChatClient, Fault, Parameters, Protocol, Reply, Stop, header_value, turns};
use crate::generators::tests::upstream::{STREAM, Upstream, chunk};

/// Events are a word and a text: `say …`, `think`, `stop`.
struct Words;

impl Protocol for Words {
    const PATH: &'static str = "/words";
    const OPTIONAL: &'static [&'static str] = &["warmth"];

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        let key = key.map(|key| header_value("", key)).transpose()?;
        Ok(key.map(|key| (HeaderName::from_static("x-word-key"), key)).into_iter().collect())
    }

    fn parameters(&self, _: &str) -> Parameters {
        Parameters::new([&["warmth"][..]])
    }

    fn body(&self, request: &ChatRequest, parameters: &Parameters, _: Option<u32>) -> Value {
        let turns: Vec<Value> =
            turns(request).map(|(role, content)| json!([role == Role::Assistant, content])).collect();
        let warmth = parameters.sends("warmth").then_some(request.temperature);
        json!({ "turns": turns, "warmth": warmth })
    }

    fn read(&self, data: &str, reply: &mut Reply) -> Result<(), Fault> {
        match data.split_once(' ').unwrap_or((data, "")) {
            ("say", text) => reply.text(text.to_owned()),
            ("think", _) => reply.reasoning(),
            ("stop", _) => {
                reply.stopped(Stop::Finished);
                reply.done();
            }
            _ => return Err(Fault::protocol(format!("no such word: {data}"))),
        }
        Ok(())
    }

    fn refusal(&self, status: u16, body: &str) -> Fault {
        Fault::of_response(status, body, Self::OPTIONAL)
    }
}

fn request(written: &str) -> ChatRequest {
    ChatRequest {
        model: "m".into(),
        messages: vec![Message { role: Role::User, content: "Write.".into() }],
        continuation: (!written.is_empty())
            .then(|| Continuation { written: written.into(), instruction: "Go on.".into() }),
        temperature: 0.5,
        max_tokens: 100,
    }
}

async fn start(request: ChatRequest) -> (Upstream, ChatStream) {
    let (upstream, settings) = Upstream::new().await;
    let stream = ChatClient::new("words", &settings.server, Words).chat(request);
    (upstream, stream)
}

fn event(data: &str) -> String {
    chunk(&format!("data: {data}\n\n"))
}

#[tokio::test]
async fn a_protocol_only_writes_the_request_and_reads_the_events() {
    let (upstream, stream) = start(request("")).await;
    let response = format!("{STREAM}{}{}{}", event("think"), event("say 가"), event("stop"));
    let (deltas, sent) = tokio::join!(stream.collect::<Vec<_>>(), upstream.answer(response.as_bytes()));
    assert!(sent.starts_with("POST /v1/words HTTP/1.1\r\n") && sent.contains("x-word-key: sk-secret\r\n"), "{sent}");
    assert!(sent.ends_with(r#"{"turns":[[false,"Write."]],"warmth":0.5}"#), "{sent}");
    let expected = [ChatDelta::Reasoning, ChatDelta::Text("가".into()), ChatDelta::End(EndReason::Finished)].map(Ok);
    assert_eq!(deltas, expected);
}

#[tokio::test]
async fn a_refused_parameter_is_left_out_and_a_repetition_is_dropped_in_any_protocol() {
    let written = "The rain has not stopped since Tuesday.";
    let (upstream, stream) = start(request(written)).await;
    let script = async {
        let refused = r#"{"error":{"message":"warmth is not supported","param":"warmth"}}"#;
        let refused = format!("HTTP/1.1 400 X\r\ncontent-length: {}\r\n\r\n{refused}", refused.len());
        upstream.answer(refused.as_bytes()).await;
        let said = event(&format!("say {written} It"));
        upstream.answer(format!("{STREAM}{said}{}", event("stop")).as_bytes()).await
    };
    let (deltas, sent) = tokio::join!(stream.collect::<Vec<_>>(), script);
    let turns = format!(r#"{{"turns":[[false,"Write."],[true,"{written}"],[false,"Go on."]],"warmth":null}}"#);
    assert!(sent.ends_with(&turns), "{sent}");
    assert_eq!(deltas, [ChatDelta::Text(" It".into()), ChatDelta::End(EndReason::Finished)].map(Ok));
}

#[tokio::test]
async fn what_a_protocol_cannot_read_ends_the_reply_and_its_connection() {
    let (upstream, stream) = start(request("")).await;
    let script = async {
        let (mut connection, _) = upstream.accept().await;
        let response = format!("{STREAM}{}{}", event("say 가"), event("sing 나"));
        connection.write_all(response.as_bytes()).await.expect("written");
        connection.read_to_end(&mut Vec::new()).await
    };
    let (deltas, _closed) = tokio::join!(stream.collect::<Vec<_>>(), script);
    let [Ok(ChatDelta::Text(_)), Err(ChatError { kind, cause })] = deltas.as_slice() else { panic!("{deltas:?}") };
    assert_eq!((*kind, cause.as_str()), (ChatErrorKind::BrokenReply, "provider words: no such word: sing 나"));
}
