//! Which model a job gets: what is asked for, what is offered, and how little must be set for a real one.

use serde_json::{Value, json};

use crate::harness::{
    brief, brief_with,
    http::Request,
    peers::LlamaServer,
    project_path,
    service::{Builder, Service},
    upstream::{Upstream, complete},
    wait,
};

const MODELS: &str = "/api/v1/models";

/// The built-in list of providers, as a user has it who sets nothing.
fn untouched() -> Builder {
    Service::builder().env("GENERATION__PROVIDERS", "")
}

/// [`untouched`] with a key and another server, as README says.
fn elsewhere(url: &str) -> Builder {
    untouched().env("OPENAI_API_KEY", "x").env("OPENAI_BASE_URL", url)
}

fn offered(service: &Service) -> Value {
    let answer = service.get(MODELS).expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn banner_line(service: &Service) -> String {
    let log = service.log();
    let line = log.lines().find_map(|line| line.strip_prefix("Default model: "));
    line.expect("the banner tells the default model").to_owned()
}

#[test]
fn without_a_key_everything_is_offered_by_the_builtin_generator() {
    let service = untouched().start();
    let expected = json!({
        "models": [{ "name": "builtin", "provider": "builtin", "default": true }],
        "patterns": [{ "pattern": "*", "provider": "builtin" }],
    });
    assert_eq!(offered(&service), expected);
    let head = service.send(&Request::new("HEAD", MODELS)).expect(200);
    assert!(head.body.is_empty());
    assert!(banner_line(&service).starts_with("builtin "));
}

#[test]
fn a_key_makes_openais_model_the_default_and_leaves_the_builtin_generator_its_name() {
    let service = untouched().env("OPENAI_API_KEY", "x").start();
    let offer = offered(&service);
    let names = offer["models"].as_array().expect("models");
    let (openai, builtin) = (&names[0], &names[1]);
    assert_eq!((&openai["provider"], &openai["default"]), (&json!("openai"), &json!(true)), "{offer}");
    assert_eq!(builtin, &json!({ "name": "builtin", "provider": "builtin", "default": false }));
    let patterns: Vec<_> =
        offer["patterns"].as_array().expect("patterns").iter().map(|pattern| &pattern["pattern"]).collect();
    assert_eq!(patterns, ["gpt-*", "o*", "chatgpt-*", "*"]);
    let id = service.create(&brief_with(json!({ "model": "builtin" })));
    assert_eq!(service.wait_for(&id, "completed")["modelUsed"], "builtin");
}

#[test]
fn three_variables_are_enough_for_any_server_and_any_name() {
    let upstream = Upstream::start(|_| complete(["Fine."]));
    let service = elsewhere(&upstream.url()).env("OPENAI_MODEL", "qwen3:8b").start();
    assert_eq!(banner_line(&service), "qwen3:8b (OPENAI_MODEL)");
    let first = service.create(&brief());
    service.wait_for(&first, "completed");
    let named = service.create(&brief_with(json!({ "model": "any/name" })));
    service.wait_for(&named, "completed");
    let asked: Vec<_> = upstream.seen().iter().map(|seen| seen.body["model"].clone()).collect();
    assert_eq!(asked, ["qwen3:8b", "any/name"]);
    let models = offered(&service)["models"].clone();
    assert_eq!(models[0], json!({ "name": "qwen3:8b", "provider": "openai", "default": true }));
}

#[test]
fn without_a_default_the_start_says_what_to_set_and_jobs_must_name_a_model() {
    let upstream = Upstream::start(|_| complete(["Fine."]));
    let service = elsewhere(&upstream.url()).start();
    let line = banner_line(&service);
    assert!(line.contains("NONE") && line.contains("OPENAI_MODEL") && line.contains(&upstream.url()), "{line}");
    let models = offered(&service)["models"].clone();
    assert!(models.as_array().expect("models").iter().all(|model| model["default"] == false), "{models}");
    let error = service.post(&brief()).expect_error(422, "MODEL_UNAVAILABLE");
    assert_eq!(error["details"][0]["field"], "model", "{error}");
    let id = service.create(&brief_with(json!({ "model": "m" })));
    service.wait_for(&id, "completed");
    assert_eq!(upstream.seen().len(), 1, "nothing was written by anybody else");
}

#[test]
fn a_default_that_only_a_pattern_serves_is_listed() {
    let providers = r#"[{ name = "b", kind = "builtin", models = ["exact", "draft-*"] }]"#;
    let service = Service::builder().providers(providers).env("GENERATION__MODELS__DEFAULT", "draft-7").start();
    let model = |name: &str, default: bool| json!({ "name": name, "provider": "b", "default": default });
    let expected = json!({
        "models": [model("builtin", false), model("exact", false), model("draft-7", true)],
        "patterns": [{ "pattern": "draft-*", "provider": "b" }],
    });
    assert_eq!(offered(&service), expected);
}

/// The example for production, with the scripted server in OpenAI's place.
fn production(upstream: &Upstream) -> (Builder, tempfile::NamedTempFile) {
    let text = std::fs::read_to_string(project_path("config/production.toml")).expect("the example");
    let at_the_upstream = text.replace("https://api.openai.com/v1", &upstream.url());
    assert_ne!(text, at_the_upstream, "it names OpenAI's address");
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), at_the_upstream).expect("it can be written");
    let path = file.path().to_str().expect("a path in UTF-8").to_owned();
    let builder = untouched().arg("--config").arg(&path).env("OPENAI_API_KEY", "sk-test-secret");
    (builder, file)
}

#[test]
fn the_first_click_works_with_the_example_for_production() {
    let upstream = Upstream::start(|_| complete(["Fine."]));
    let (builder, _file) = production(&upstream);
    let service = builder.start();
    // As the proxy passes on what the service's own page sends; it is not among `cors.allowed_origins`.
    let from_the_page = |request: Request| {
        request
            .header("Host", "scripts.example.com")
            .header("Origin", "https://scripts.example.com")
            .header("X-Forwarded-Proto", "https")
    };
    let offer = service.send(&from_the_page(Request::get(MODELS))).expect(200).json();
    let models = offer["models"].as_array().expect("models");
    let default = models.iter().find(|model| model["default"] == true).expect("a default");
    assert!(models.iter().all(|model| model["provider"] == "openai"), "{offer}");
    for model in [json!(null), default["name"].clone()] {
        let request = Request::new("POST", "/api/v1/generations").header("Idempotency-Key", &format!("page-{model}"));
        let body = brief_with(json!({ "model": model }));
        let created = service.send(&from_the_page(request).json(&body)).expect(201).json();
        let id = created["jobId"].as_str().expect("a jobId");
        assert!(created["sseUrl"].as_str().is_some_and(|url| url.starts_with("https://scripts.example.com/")));
        service.wait_for(id, "completed");
    }
    assert!(upstream.seen().iter().all(|seen| seen.body["model"] == default["name"]));
}

#[test]
fn the_example_for_production_without_its_key_does_not_start_and_says_so() {
    let upstream = Upstream::start(|_| complete(["Fine."]));
    let (builder, _file) = production(&upstream);
    let (status, log) = builder.env("OPENAI_API_KEY", "").start_in_vain();
    assert!(!status.success());
    assert!(log.contains("OPENAI_API_KEY"), "{log}");
}

#[test]
fn the_readmes_line_for_a_server_of_ones_own_reaches_a_real_one() {
    let server = LlamaServer::tiny();
    let service = elsewhere(&server.base_url()).env("OPENAI_MODEL", server.model()).start();
    // Neither names a model, and both reach the server: random weights end when they reach their limit.
    let id = service.create(&brief_with(json!({ "lengthTarget": 20 })));
    wait::until("the text of the real server", || (!service.script(&id).is_empty()).then_some(()));
    assert_eq!(service.job(&id)["model"], server.model());
    service.cancel(&id);
}

#[test]
fn the_readmes_line_with_a_list_of_providers_reaches_a_real_one() {
    let server = LlamaServer::tiny();
    let (url, model) = (server.base_url(), server.model());
    let providers = format!(
        r#"[{{ name = "local", kind = "openai", base_url = "{url}", models = ["*"], default_model = "{model}" }}]"#
    );
    let service = Service::builder().providers(&providers).start();
    let id = service.create(&brief_with(json!({ "lengthTarget": 20 })));
    wait::until("the text of the real server", || (!service.script(&id).is_empty()).then_some(()));
    service.cancel(&id);
}
