//! The worst that a client can do: give one job what was written for another.

use serde_json::json;

use crate::harness::{
    brief, brief_with,
    raw::{Act, Asked, RawServer, answer, send},
    service::Service,
    wait,
};

const PROJECTS: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];

/// The project that a request is about: in its path, or in the text that the model is given.
fn project(asked: &Asked) -> &'static str {
    let named = |project: &&&str| asked.line().contains(**project) || asked.body.contains(**project);
    PROJECTS.iter().find(named).expect("every request is about one of them")
}

/// Hints before every answer, and connections that are kept, as a gateway with early hints does it.
fn gateway() -> RawServer {
    RawServer::start(|asked| {
        let hints = send("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
        if asked.line().starts_with("GET ") {
            return vec![hints, send(answer("200 OK", "application/json", "[]"))];
        }
        let project = project(asked);
        let whole = if asked.line().contains("/chat/completions") {
            let delta = json!({ "choices": [{ "delta": { "content": format!("script of {project}") } }] });
            let stop =
                json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": { "completion_tokens": 3 } });
            answer("200 OK", "text/event-stream", &format!("data: {delta}\n\ndata: {stop}\n\ndata: [DONE]\n\n"))
        } else {
            let saved = json!({ "id": format!("episode-of-{project}"), "number": 1, "title": project });
            answer("201 Created", "application/json", &saved.to_string())
        };
        vec![hints, send(whole)]
    })
}

#[test]
fn behind_a_gateway_with_early_hints_every_job_gets_its_own_text_and_its_own_episode() {
    let gateway = gateway();
    let provider =
        format!(r#"[{{ name = "gateway", kind = "openai", models = ["*"], base_url = "{}/v1" }}]"#, gateway.url());
    let service = Service::builder()
        .providers(&provider)
        .env("GENERATION__MODELS__DEFAULT", "m")
        // One after the other, so that each would find the connection of the one before.
        .env("GENERATION__JOBS__MAX_STREAMING", "1")
        .remote(&gateway.url())
        .start();
    let jobs = PROJECTS.map(|project| {
        let brief = brief_with(json!({ "projectId": project, "description": format!("a story of {project}") }));
        (project, service.create(&brief))
    });
    for (project, id) in &jobs {
        service.wait_for(id, "completed");
        assert_eq!(service.script(id), format!("script of {project}"));
        let job = wait::until(&format!("{project} to be saved"), || {
            Some(service.job(id)).filter(|job| job["savedToEpisode"] == true)
        });
        assert_eq!(job["episodeId"], format!("episode-of-{project}"));
    }
    let saved: Vec<_> = gateway.asked().into_iter().filter(|asked| asked.line().contains("/episodes")).collect();
    for (project, _) in jobs {
        let own = |asked: &&Asked| asked.line() == format!("POST /api/v1/projects/{project}/episodes");
        let scripts: Vec<_> =
            saved.iter().filter(own).map(|asked| asked.body.contains(&format!("script of {project}"))).collect();
        assert_eq!(scripts, [true], "{project} is saved once, with its own script");
    }
}

#[test]
fn a_script_whose_stream_ends_with_its_connection_is_paid_for_once() {
    let model = RawServer::start(|_| {
        let delta = json!({ "choices": [{ "delta": { "content": "Fine." } }] });
        let stop =
            json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": { "completion_tokens": 3 } });
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        vec![send(format!("{head}data: {delta}\n\ndata: {stop}\n\n")), Act::Close]
    });
    let provider = format!(r#"[{{ name = "old", kind = "openai", models = ["*"], base_url = "{}/v1" }}]"#, model.url());
    let service = Service::builder().providers(&provider).env("GENERATION__MODELS__DEFAULT", "m").start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!((service.script(&id).as_str(), model.asked().len()), ("Fine.", 1));
}
