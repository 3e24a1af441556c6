//! Against llama.cpp's own server: a real tokenizer, a real queue, a real end of text.

use serde_json::json;

use crate::harness::{
    brief_with,
    browser::Browser,
    peers::LlamaServer,
    service::{Builder, Service},
    sse::Event,
    wait,
};

fn served_by(server: &LlamaServer) -> Builder {
    let (provider, model) = (server.provider(), server.model());
    Service::builder().providers(&format!("[{provider}]")).env("GENERATION__MODELS__DEFAULT", model)
}

/// Tokens the server has worked out.
fn decoded(server: &LlamaServer) -> f64 {
    server.metric("n_decode_total")
}

#[test]
fn the_real_protocol_is_understood_to_its_last_token() {
    let server = LlamaServer::tiny();
    let service = served_by(&server).start();
    // Random weights never end a text, so this one runs into its limit of tokens.
    let id = service.create(&brief_with(json!({ "lengthTarget": 20 })));
    let mut reader = service.reader(&id, "?preview=delta");
    let end = reader.follow();
    assert_eq!((end.name.as_str(), &end.data["error"]["code"]), ("failed", &json!("TOKEN_LIMIT_EXCEEDED")), "{end:?}");
    let script = service.script(&id);
    assert!(!script.is_empty());
    assert!(script.starts_with(&reader.text()));
    let job = service.job(&id);
    assert_eq!(job["tokens"].as_f64(), Some(server.metric("tokens_predicted_total")), "the server's own count");
}

#[test]
fn a_cancel_stops_the_model_within_a_few_tokens_and_frees_it_for_the_next() {
    let server = LlamaServer::slow();
    let service = served_by(&server).start();
    let id = service.create(&brief_with(json!({ "lengthTarget": 5000 })));
    service.wait_for_text(&id);
    assert!(server.is_generating());
    service.cancel(&id);
    let at_the_answer = decoded(&server);
    wait::until("the model to rest", || (!server.is_generating()).then_some(()));
    let more = decoded(&server) - at_the_answer;
    assert!(more <= 4.0, "{more} tokens after the answer");
    let next = service.create(&brief_with(json!({ "lengthTarget": 5000 })));
    service.wait_for_text(&next);
    service.cancel(&next);
}

/// Follows a job in the page as the original's example does, and keeps every preview.
const FOLLOW: &str = "
    window.previews = [];
    const eventSource = new EventSource('/api/v1/generations/' + arguments[0] + '/events');
    eventSource.addEventListener('preview', (event) => window.previews.push(JSON.parse(event.data).markdown));
    eventSource.addEventListener('completed', (event) => {
        window.result = JSON.parse(event.data).result;
        eventSource.close();
    });
    eventSource.addEventListener('failed', (event) => { window.failure = event.data; eventSource.close(); });
";

/// As much as so small a model can follow.
const PROMPT: &str = "
    {%- block system %}You write short screenplays.{% endblock %}
    {%- block user %}Write a short scene of about {{ length_target }} words: {{ description }}{% endblock %}
    {%- block continue %}Go on.{% endblock %}";

#[test]
fn a_language_models_words_stream_into_a_browser_and_are_saved() {
    let server = LlamaServer::smollm2();
    let service = served_by(&server).prompt(PROMPT).env("GENERATION__SSE__PREVIEW_INTERVAL", "50ms").start();
    let browser = Browser::start();
    browser.open(&service.url("/"));
    let id = service.create(&brief_with(json!({
        "description": "two people meet at a cafe.",
        "title": "A rainy night",
        // Always the most likely word: the same text in every run.
        "temperature": 0,
        "lengthTarget": 60
    })));
    browser.run(FOLLOW, vec![json!(id)]);
    let outcome = browser.wait_until_within(3 * wait::TIMEOUT, "window.result || window.failure");
    let markdown = outcome["markdown"].as_str().unwrap_or_else(|| panic!("it failed: {outcome}"));
    assert!(markdown.split_whitespace().count() > 20, "{markdown}");
    let previews = browser.run("return window.previews", Vec::new());
    let previews: Vec<_> =
        previews.as_array().expect("previews").iter().map(|text| text.as_str().expect("text")).collect();
    assert!(previews.len() >= 2, "it came in {} previews", previews.len());
    assert!(previews.iter().all(|text| markdown.starts_with(text)));
    let episodes = service.episodes("project-1");
    assert_eq!((episodes.len(), &episodes[0]["title"]), (1, &json!("A rainy night")));
    assert_eq!(episodes[0]["id"], outcome["episodeId"]);
    assert_eq!(service.reader(&id, "").follow().name, "completed");
}

#[test]
fn jobs_that_queue_at_the_model_are_all_served() {
    let server = LlamaServer::tiny();
    let service = served_by(&server).start();
    let ids: Vec<_> = (0..4).map(|_| service.create(&brief_with(json!({ "lengthTarget": 20 })))).collect();
    for id in &ids {
        let (events, _) = service.events(id, "").rest();
        assert_eq!(events.iter().filter(|event| Event::is_terminal(event)).count(), 1);
        assert!(!service.script(id).is_empty());
    }
}
