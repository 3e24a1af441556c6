//! Deadlines, retries and cancellation, against a server that does what it is told.

use std::time::Duration;

use futures_util::StreamExt as _;
use generation_actors::{model::{FailureCode, Step, Usage}, ports::{EndReason, Piece}};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::upstream::{END, STREAM, Upstream, all, chunk, generate, says, stop, text};
use crate::config::{ChatServer, TokensField};

#[actix_web::test]
async fn a_request_carries_key_model_limit_and_prompt_and_a_resumed_one_its_text() {
    let (upstream, mut settings) = Upstream::new().await;
    let response = format!("{STREAM}{}{}", says("뒤"), stop());
    let (_, request) = tokio::join!(all(generate(&settings, "")), upstream.answer(response.as_bytes()));
    assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer sk-secret\r\n"), "{request}");
    let body = |request: &str| -> serde_json::Value {
        serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
    };
    let sent = body(&request);
    assert_eq!((&sent["model"], &sent["stream"]), (&"tiny".into(), &true.into()));
    assert_eq!((&sent["max_tokens"], &sent["stream_options"]["include_usage"]), (&1112.into(), &true.into()));
    assert_eq!(sent["messages"].as_array().map(Vec::len), Some(2));
    settings.tokens_field = Some(TokensField::MaxCompletionTokens);
    settings.server.max_tokens = Some(7);
    let (_, request) = tokio::join!(all(generate(&settings, "앞 ")), upstream.answer(response.as_bytes()));
    let sent = body(&request);
    assert_eq!((&sent["max_completion_tokens"], sent.get("max_tokens")), (&7.into(), None));
    assert_eq!(sent["messages"][2]["content"], "앞 ");
    assert_eq!(sent["messages"][3]["role"], "user");
}

#[actix_web::test]
async fn a_resumed_model_that_repeats_itself_is_cut_short_and_what_was_held_back_is_not_lost() {
    let written = "창밖으로 굵은 빗줄기가 쏟아진다. 민서가 마지막";
    for (parts, expected) in [([written, " 잔을 닦는다."], " 잔을 닦는다."), (["창밖으로 ", "굵은"], "창밖으로 굵은")]
    {
        let (upstream, settings) = Upstream::new().await;
        let response = format!("{STREAM}{}{}{}", says(parts[0]), says(parts[1]), stop());
        let ((pieces, failure), _) =
            tokio::join!(all(generate(&settings, written)), upstream.answer(response.as_bytes()));
        assert_eq!((text(&pieces).as_str(), failure), (expected, None));
        assert!(matches!(pieces.as_slice(), [.., Piece::Usage(_), Piece::End(EndReason::Finished)]), "{pieces:?}");
    }
}

#[actix_web::test]
async fn a_busy_provider_is_asked_again_when_it_says_so_and_the_reader_is_told() {
    let (upstream, mut settings) = Upstream::new().await;
    let script = async {
        let busy = "HTTP/1.1 429 Too Many\r\nretry-after-ms: 30\r\ncontent-length: 2\r\n\r\n{}";
        upstream.answer(busy.as_bytes()).await;
        // An empty reply is no reply, though it may say that it is done.
        upstream.answer(format!("{STREAM}{END}").as_bytes()).await;
        upstream.answer(format!("{STREAM}{}{END}", chunk("data: [DONE]\n\n")).as_bytes()).await;
        upstream.answer(format!("{STREAM}{}{}", says("말"), stop()).as_bytes()).await;
    };
    settings.server.retries = 3;
    let ((pieces, failure), ()) = tokio::join!(all(generate(&settings, "")), script);
    assert_eq!((failure, text(&pieces).as_str()), (None, "말"));
    assert_eq!(pieces.iter().filter(|piece| **piece == Piece::Step(Step::RetryingModel)).count(), 3);
}

#[actix_web::test]
async fn an_exhausted_quota_and_too_long_a_wait_are_not_asked_again() {
    let quota = "HTTP/1.1 429 X\r\ncontent-length: 39\r\n\r\n{\"error\":{\"code\":\"insufficient_quota\"}}\n";
    let late = "HTTP/1.1 503 X\r\nretry-after: 3600\r\ncontent-length: 2\r\n\r\n{}";
    let no_key = "HTTP/1.1 401 X\r\ncontent-length: 2\r\n\r\n{}";
    for (answer, code) in
        [(quota, FailureCode::ModelRefused), (late, FailureCode::ModelUnavailable), (no_key, FailureCode::ModelRefused)]
    {
        let (upstream, settings) = Upstream::new().await;
        let ((pieces, failure), _) = tokio::join!(all(generate(&settings, "")), upstream.answer(answer.as_bytes()));
        let failure = failure.expect("a failure");
        assert_eq!((failure.code, pieces.len(), upstream.requests.get()), (code, 0, 1));
        assert!(!failure.cause.contains("sk-secret"));
    }
}

#[actix_web::test]
async fn after_the_first_text_nothing_is_asked_again() {
    let overloaded = chunk("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n");
    for broken in
        [says("반"), format!("{}{overloaded}", says("반")), format!("{}{}{END}", says("반"), chunk("data: {\"cho"))]
    {
        let (upstream, settings) = Upstream::new().await;
        let response = format!("{STREAM}{broken}");
        let ((pieces, failure), _) = tokio::join!(all(generate(&settings, "")), upstream.answer(response.as_bytes()));
        assert_eq!((text(&pieces).as_str(), failure.map(|f| f.code)), ("반", Some(FailureCode::GenerationError)));
        assert_eq!(upstream.requests.get(), 1);
    }
}

#[actix_web::test]
async fn nobody_listening_is_a_model_that_is_not_there() {
    let (upstream, mut settings) = Upstream::new().await;
    drop(upstream);
    settings.server.retries = 1;
    let (pieces, failure) = all(generate(&settings, "")).await;
    assert_eq!(
        (pieces, failure.map(|f| f.code)),
        (vec![Piece::Step(Step::RetryingModel)], Some(FailureCode::ModelUnavailable))
    );
}

#[actix_web::test]
async fn over_tls_only_http_1_is_offered() {
    let (upstream, mut settings) = Upstream::new().await;
    settings.server.base_url = settings.server.base_url.replace("http://127.0.0.1", "https://localhost");
    settings.server.retries = 0;
    let hello = async {
        let mut connection = upstream.connection().await;
        let mut hello = vec![0; 4096];
        let size = connection.read(&mut hello).await.expect("a greeting");
        hello.truncate(size);
        hello
    };
    let ((_, failure), hello) = tokio::join!(all(generate(&settings, "")), hello);
    let offers = |protocol: &[u8]| hello.windows(protocol.len()).any(|window| window == protocol);
    assert!(offers(b"\x08http/1.1") && !offers(b"\x02h2"));
    assert_eq!(failure.map(|failure| failure.code), Some(FailureCode::ModelUnavailable));
}

/// Holds a connection in a phase until the deadline of that phase has passed.
async fn stalls(change: impl FnOnce(&mut ChatServer), before: &str) -> (String, FailureCode) {
    let (upstream, mut settings) = Upstream::new().await;
    settings.server.retries = 0;
    change(&mut settings.server);
    let script = async {
        let (mut connection, _) = upstream.accept().await;
        connection.write_all(before.as_bytes()).await.expect("written");
        // The client hangs up: that is the deadline.
        let mut byte = [0];
        assert_eq!(connection.read(&mut byte).await.ok(), Some(0));
    };
    let ((pieces, failure), ()) = tokio::join!(all(generate(&settings, "")), script);
    (text(&pieces), failure.expect("a failure").code)
}

#[actix_web::test]
async fn each_phase_has_its_deadline() {
    let short = Duration::from_millis(80);
    let no_head = stalls(|o| (o.connect_timeout, o.head_timeout) = (short, short), "").await;
    assert_eq!(no_head, (String::new(), FailureCode::TimeoutError));
    let no_text = stalls(|o| o.first_token_timeout = short, &format!("{STREAM}{}", chunk(": ping\n\n"))).await;
    assert_eq!(no_text, (String::new(), FailureCode::TimeoutError));
    let no_more = stalls(|o| o.idle_timeout = short, &format!("{STREAM}{}", says("반"))).await;
    assert_eq!(no_more, ("반".to_owned(), FailureCode::TimeoutError));
}

#[actix_web::test]
async fn a_script_that_the_model_ended_is_whole_though_the_provider_never_ends_the_reply() {
    let (upstream, mut settings) = Upstream::new().await;
    settings.server.idle_timeout = Duration::from_millis(80);
    let script = async {
        let (mut connection, _) = upstream.accept().await;
        let stopped = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        connection.write_all(format!("{STREAM}{}{}", says("말"), chunk(stopped)).as_bytes()).await.expect("written");
        // Pings do not prolong the wait: the client hangs up.
        while connection.write_all(chunk(":\n\n").as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ((pieces, failure), ()) = tokio::join!(all(generate(&settings, "")), script);
    assert_eq!((text(&pieces).as_str(), failure), ("말", None));
    assert_eq!(pieces.last(), Some(&Piece::End(EndReason::Finished)));
}

#[actix_web::test]
async fn comments_keep_a_quiet_stream_alive() {
    let (upstream, mut settings) = Upstream::new().await;
    settings.server.idle_timeout = Duration::from_millis(400);
    let script = async {
        let (mut connection, _) = upstream.accept().await;
        connection.write_all(format!("{STREAM}{}", says("앞")).as_bytes()).await.expect("written");
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            connection
                .write_all(chunk(":\n\n").as_bytes())
                .await
                .expect("still open after longer than the idle timeout");
        }
        connection.write_all(format!("{}{}", says("뒤"), stop()).as_bytes()).await.expect("written");
    };
    let ((pieces, failure), ()) = tokio::join!(all(generate(&settings, "")), script);
    assert_eq!((text(&pieces).as_str(), failure), ("앞뒤", None));
}

/// Drops the stream once the server has done `before`; the server must see the connection close.
async fn dropped_after(before: &str, pieces: usize) {
    let (upstream, settings) = Upstream::new().await;
    let mut stream = generate(&settings, "");
    let connection = {
        let serve = async {
            let (mut connection, _) = upstream.accept().await;
            connection.write_all(before.as_bytes()).await.expect("written");
            connection
        };
        let mut serve = std::pin::pin!(serve);
        let mut seen = 0;
        let mut connection = None;
        while connection.is_none() || seen < pieces {
            tokio::select! {
                done = &mut serve, if connection.is_none() => connection = Some(done),
                next = stream.next() => {
                    next.expect("open").expect("a piece");
                    seen += 1;
                }
            }
        }
        connection
    };
    drop(stream);
    let mut rest = Vec::new();
    let mut connection = connection.expect("one");
    // With or without a reset: what counts is that nobody is there any more.
    let _closed = timeout(Duration::from_secs(5), connection.read_to_end(&mut rest)).await.expect("closed at once");
}

#[actix_web::test]
async fn dropping_the_stream_closes_the_connection_in_every_phase() {
    dropped_after("", 0).await;
    dropped_after(STREAM, 0).await;
    dropped_after(&format!("{STREAM}{}", says("말")), 2).await;
}

#[actix_web::test]
async fn reasoning_is_a_step_and_no_part_of_the_script() {
    let (upstream, settings) = Upstream::new().await;
    let thinks = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"음…\"},\"finish_reason\":null}]}\n\n";
    let late = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":null}]}\n\n";
    let stop = "data: {\"model\":\"real\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":9}}\n\n";
    let (thinks, late, stop) = (chunk(thinks), chunk(late), chunk(stop));
    let response = format!("{STREAM}{thinks}{thinks}{}{stop}{late}{END}", says("말"));
    let ((pieces, failure), _) = tokio::join!(all(generate(&settings, "")), upstream.answer(response.as_bytes()));
    assert_eq!(failure, None);
    assert_eq!(
        pieces,
        [
            Piece::Step(Step::Reasoning),
            Piece::Step(Step::WritingDialogue),
            Piece::Text("말".into()),
            Piece::Model("real".into()),
            Piece::Usage(Usage { completion_tokens: 9, measured: true }),
            Piece::End(EndReason::Finished),
        ]
    );
}
