//! What may be kept of a connection: nothing that could become the answer to somebody else.

use futures_util::StreamExt as _;
use generation_actors::ports::{EpisodeStore, ScriptGenerator as _};

use super::{Client, PATIENT, episode_api, generator, order, until};
use crate::harness::{
    raw::{Act, Asked, RawServer, answer, send},
    upstream::Gate,
};

/// An episode whose script is its own path, so that nobody can take it for another.
fn own(asked: &Asked) -> String {
    let path = asked.line().trim_start_matches("GET ");
    let script = path.rsplit('/').next().unwrap_or_default();
    let body = serde_json::json!({ "id": script, "number": 1, "title": "t", "script": { "markdown": script } });
    answer("200 OK", "application/json", &body.to_string())
}

/// The answer to somebody else's question.
fn foreign() -> String {
    let body = r#"{"id":"x","number":1,"title":"t","script":{"markdown":"foreign"}}"#;
    answer("200 OK", "application/json", body)
}

async fn script(store: &impl EpisodeStore, id: &str) -> Option<String> {
    let episode = store.get("p", id).await.expect("an answer");
    episode.map(|episode| episode.markdown)
}

fn connections(server: &RawServer) -> Vec<usize> {
    server.asked().iter().map(|asked| asked.connection).collect()
}

#[actix_web::test]
async fn a_connection_without_leftovers_is_kept() {
    let server = RawServer::start(|asked| vec![send(own(asked))]);
    let store = episode_api(&server.url(), PATIENT, PATIENT);
    for id in ["a", "b", "c"] {
        assert_eq!(script(&store, id).await.as_deref(), Some(id));
    }
    assert_eq!(connections(&server), [0, 0, 0]);
}

#[actix_web::test]
async fn what_comes_with_an_answer_beyond_its_end_answers_nobody() {
    let server = RawServer::start(|asked| vec![send(own(asked) + &foreign())]);
    let store = episode_api(&server.url(), PATIENT, PATIENT);
    for id in ["a", "b", "c"] {
        assert_eq!(script(&store, id).await.as_deref(), Some(id));
    }
    assert_eq!(connections(&server), [0, 1, 2]);
}

#[actix_web::test]
async fn what_comes_on_an_idle_connection_answers_nobody() {
    let gate = Gate::default();
    let held = gate.clone();
    let server = RawServer::start(move |asked| vec![send(own(asked)), Act::Hold(held.clone()), send(foreign())]);
    let store = episode_api(&server.url(), PATIENT, PATIENT);
    assert_eq!(script(&store, "a").await.as_deref(), Some("a"));
    gate.open();
    until("the connection to be given up", || server.has_left(0)).await;
    assert_eq!(script(&store, "b").await.as_deref(), Some("b"));
    assert_eq!(connections(&server), [0, 1]);
}

#[actix_web::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_nothing() {
    let server = RawServer::start(|asked| vec![send(own(asked)), Act::Close]);
    let store = episode_api(&server.url(), PATIENT, PATIENT);
    for id in ["a", "b", "c"] {
        assert_eq!(script(&store, id).await.as_deref(), Some(id));
    }
}

/// A call is dropped when it has got so far; its answer comes all the same, and must not reach the next.
async fn cancel_when(begin: fn(&Asked) -> Vec<Act>) {
    let gate = Gate::default();
    let held = gate.clone();
    let server = RawServer::start(move |asked| {
        if asked.line().ends_with("/canceled") {
            let rest = [Act::Hold(held.clone()), send(foreign())];
            return begin(asked).into_iter().chain(rest).collect();
        }
        vec![send(own(asked))]
    });
    let store = episode_api(&server.url(), PATIENT, PATIENT);
    let canceled = store.get("p", "canceled");
    tokio::select! {
        answer = canceled => panic!("{answer:?}"),
        () = until("the request", || !server.asked().is_empty()) => {}
    }
    for id in ["a", "b"] {
        assert_eq!(script(&store, id).await.as_deref(), Some(id));
    }
    gate.open();
    assert_eq!(script(&store, "c").await.as_deref(), Some("c"));
    assert!(!connections(&server)[1..].contains(&0), "{:?}", connections(&server));
}

#[actix_web::test]
async fn a_canceled_call_leaves_its_connection_to_nobody() {
    cancel_when(|_| Vec::new()).await;
    cancel_when(|_| vec![send("HTTP/1.1 103 Early Hints\r\n\r\n")]).await;
    cancel_when(|_| vec![send("HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n{")]).await;
}

#[actix_web::test]
async fn every_model_stream_has_a_connection_of_its_own_that_ends_with_it() {
    let client = Client::Chat;
    let server =
        RawServer::start(move |asked| client.served(asked, |kind, body| vec![send(answer("200 OK", kind, body))]));
    let generator = generator(&server.url(), PATIENT, PATIENT);
    for number in 0..3 {
        let mut stream = generator.generate(order());
        assert!(stream.next().await.is_some_and(|piece| piece.is_ok()));
        drop(stream);
        // Nothing else runs on this thread: the drop itself has closed it.
        server.wait_until_left(number);
    }
    assert_eq!(connections(&server), [0, 1, 2]);
}
