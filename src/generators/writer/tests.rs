//! The writer over a model that says what it is told to.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use generation_actors::{model::{Failure, FailureCode, Step, Usage}, ports::{ChatDelta, ChatError, ChatErrorKind, ChatModel, ChatRequest, ChatStream, EndReason, Piece, Role, ScriptGenerator as _}};

use super::{Prompts, ScriptWriter};
use crate::generators::tests::upstream::{all, request};

/// Answers each request with the same reply.
struct Scripted {
    reply: Vec<Result<ChatDelta, ChatError>>,
    asked: Mutex<Vec<ChatRequest>>,
}

impl ChatModel for Scripted {
    fn chat(&self, request: ChatRequest) -> ChatStream {
        self.asked.lock().expect("no panic").push(request);
        Box::pin(stream::iter(self.reply.clone()))
    }
}

fn writer(model: Arc<dyn ChatModel>) -> ScriptWriter {
    ScriptWriter::new(model, Arc::new(Prompts::load(None).expect("templates")))
}

/// The pieces of a script that continues `written`, and what the model was asked.
async fn write(written: &str, reply: &[Result<ChatDelta, ChatError>]) -> (Vec<Piece>, Option<Failure>, ChatRequest) {
    let model = Arc::new(Scripted { reply: reply.to_vec(), asked: Mutex::default() });
    let (pieces, failure) = all(writer(model.clone()).generate(request(written))).await;
    let asked = model.asked.lock().expect("no panic").pop().expect("a request");
    (pieces, failure, asked)
}

fn text(text: &str) -> Result<ChatDelta, ChatError> {
    Ok(ChatDelta::Text(text.into()))
}

const END: Result<ChatDelta, ChatError> = Ok(ChatDelta::End(EndReason::Finished));

#[tokio::test]
async fn a_model_is_told_what_to_write_and_only_an_interrupted_script_is_continued() {
    let (.., fresh) = write("", &[text("가"), END]).await;
    assert_eq!((fresh.model.as_str(), fresh.temperature, fresh.max_tokens), ("tiny", 0.7, 1112));
    assert_eq!(fresh.messages.iter().map(|message| message.role).collect::<Vec<_>>(), [Role::System, Role::User]);
    assert!(fresh.messages[1].content.contains("비 오는 밤의 카페"));
    assert_eq!(fresh.continuation, None);
    let (.., resumed) = write("앞 ", &[text("뒤"), END]).await;
    assert_eq!(resumed.messages, fresh.messages);
    let continuation = resumed.continuation.expect("one");
    assert_eq!(continuation.written, "앞 ");
    assert!(continuation.instruction.contains("Continue"));
}

#[tokio::test]
async fn what_a_model_says_becomes_pieces_in_its_order() {
    let reply = [
        Ok(ChatDelta::Retrying),
        Ok(ChatDelta::Model("real".into())),
        Ok(ChatDelta::Reasoning),
        text("가"),
        text("나"),
        Ok(ChatDelta::Usage { completion_tokens: 9 }),
        END,
    ];
    let (pieces, failure, _) = write("", &reply).await;
    assert_eq!(failure, None);
    assert_eq!(
        pieces,
        [
            Piece::Step(Step::RetryingModel),
            Piece::Model("real".into()),
            Piece::Step(Step::Reasoning),
            Piece::Step(Step::WritingDialogue),
            Piece::Text("가".into()),
            Piece::Text("나".into()),
            Piece::Usage(Usage { completion_tokens: 9, measured: true }),
            Piece::End(EndReason::Finished),
        ]
    );
}

#[tokio::test]
async fn usage_is_of_the_whole_script_and_estimated_where_the_provider_did_not_count_it() {
    let usage = |pieces: &[Piece]| match pieces {
        [.., Piece::Usage(usage), Piece::End(_)] => *usage,
        other => panic!("{other:?}"),
    };
    let (pieces, ..) = write("Hello world", &[text("!"), Ok(ChatDelta::Usage { completion_tokens: 5 }), END]).await;
    // How many exactly is for the tests of counting: a busy machine may estimate.
    assert!(usage(&pieces).completion_tokens > 5 && !usage(&pieces).measured, "{pieces:?}");
    let (pieces, ..) = write("Hello", &[text(" world"), END]).await;
    assert!(usage(&pieces).completion_tokens > 0 && !usage(&pieces).measured, "{pieces:?}");
}

#[tokio::test]
async fn each_kind_of_error_has_its_failure() {
    for (kind, code) in [
        (ChatErrorKind::Unavailable, FailureCode::ModelUnavailable),
        (ChatErrorKind::ModelRefused, FailureCode::ModelRefused),
        (ChatErrorKind::RequestRefused, FailureCode::RequestRefused),
        (ChatErrorKind::TokenLimit, FailureCode::TokenLimitExceeded),
        (ChatErrorKind::Timeout, FailureCode::TimeoutError),
        (ChatErrorKind::BrokenReply, FailureCode::GenerationError),
    ] {
        let (pieces, failure, _) = write("", &[text("반"), Err(ChatError { kind, cause: "why".into() })]).await;
        assert_eq!(pieces.last(), Some(&Piece::Text("반".into())));
        assert_eq!(failure, Some(Failure::new(code, "why")));
    }
}

/// Says something, then nothing more, and tells when its reply is dropped.
struct Endless(Arc<AtomicBool>);

struct TellsDrop(Arc<AtomicBool>);

impl Drop for TellsDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl ChatModel for Endless {
    fn chat(&self, _: ChatRequest) -> ChatStream {
        let guard = TellsDrop(Arc::clone(&self.0));
        let deltas = stream::iter([text("가")]).chain(stream::pending());
        Box::pin(deltas.inspect(move |_| _ = &guard))
    }
}

#[tokio::test]
async fn dropping_the_script_drops_the_reply() {
    let dropped = Arc::new(AtomicBool::new(false));
    let mut script = writer(Arc::new(Endless(Arc::clone(&dropped)))).generate(request(""));
    assert_eq!(script.next().await, Some(Ok(Piece::Step(Step::WritingDialogue))));
    assert_eq!(script.next().await, Some(Ok(Piece::Text("가".into()))));
    assert!(script.next().now_or_never().is_none() && !dropped.load(Ordering::SeqCst));
    drop(script);
    assert!(dropped.load(Ordering::SeqCst));
}
