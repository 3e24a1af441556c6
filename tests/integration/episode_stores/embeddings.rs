//! Vectors from an embedding server, in a real Chroma.

use serde_json::{Value, json};

use super::{PROJECT, create_jobs, wait_until_saved};
use crate::harness::{
    chroma::Chroma,
    http::Request,
    service::{Builder, Service},
    upstream::{Step, Upstream},
    wait,
};

fn answer(vector: &[f32]) -> Vec<Step> {
    let body = json!({ "object": "list", "data": [{ "object": "embedding", "index": 0, "embedding": vector }] });
    vec![Step::Refuse(200, Vec::new(), body.to_string())]
}

fn embedding_with(builder: Builder, server: &Upstream) -> Builder {
    let url = server.url();
    let embedding = format!(
        r#"{{ kind = "openai", base_url = "{url}", model = "m-1", api_key_env = "EMBEDDING_KEY", max_characters = 20 }}"#
    );
    builder.env("GENERATION__EPISODES__EMBEDDING", &embedding).env("EMBEDDING_KEY", "hunter2")
}

#[test]
fn scripts_and_queries_are_embedded_by_the_server_and_its_name_stands_in_the_collection() {
    let chroma = Chroma::start();
    let server = Upstream::start(|_| answer(&[0.6, 0.8, 0.0]));
    let service = embedding_with(Service::builder().chroma(&chroma.url()), &server).start();
    let jobs = create_jobs(&service, 1);
    wait_until_saved(&service, &jobs[0]);
    let found = service.get(&format!("/api/v1/projects/{PROJECT}/episodes?query=rain")).expect(200).json();
    assert_eq!(found["total"], 1);
    let seen = server.seen();
    let inputs: Vec<_> = seen.iter().map(|seen| seen.body["input"].as_str().unwrap_or_default()).collect();
    assert!(inputs.iter().any(|input| input.starts_with("Episode 0\n") && input.chars().count() == 20), "{inputs:?}");
    assert_eq!(inputs.last(), Some(&"rain"));
    for seen in &seen {
        assert_eq!((&seen.body["model"], &seen.body["encoding_format"]), (&json!("m-1"), &json!("float")));
        assert!(seen.headers.starts_with("post /v1/embeddings http/1.1"), "{}", seen.headers);
        assert!(seen.headers.contains("authorization: bearer hunter2"), "{}", seen.headers);
    }
    let metadata: Value =
        chroma.python("print(json.dumps(client.get_collection('episodes', embedding_function=None).metadata))");
    assert_eq!(metadata, json!({ "embedder": "openai:m-1", "dimension": 3 }));
    drop(service);
    let service = Service::builder().chroma(&chroma.url()).start();
    let why = "made by the embedder openai:m-1 with 3 dimensions, not by hashing-v1 with 1024";
    wait::until("the log to say why", || service.log().contains(why).then_some(()));
}

#[test]
fn an_embedding_server_that_fails_or_refuses_the_key_only_delays_the_saving() {
    let chroma = Chroma::start();
    let server = Upstream::start(|number| match number {
        // The start, then three tries.
        0..2 => vec![Step::Refuse(401, Vec::new(), String::new())],
        2 => vec![Step::Cut],
        3 => vec![Step::Refuse(503, Vec::new(), String::new())],
        4 => vec![Step::Refuse(200, Vec::new(), r#"{"data":[]}"#.into())],
        _ => answer(&[1.0, 0.0]),
    });
    let service = embedding_with(Service::builder().chroma(&chroma.url()), &server).start();
    let post = || {
        let body = json!({ "title": "t", "script": { "markdown": "m" } });
        service.send(&Request::new("POST", "/api/v1/projects/p/episodes").json(&body)).status()
    };
    wait::until("an episode to be saved", || match post() {
        201 => Some(()),
        503 => None,
        other => panic!("{other}"),
    });
    assert_eq!(service.episodes("p").len(), 1);
    assert!(!service.log().contains("hunter2"));
}
