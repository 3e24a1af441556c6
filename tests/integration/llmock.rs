//! Against `llmock`, which plays scripted faults and then judges whether its client behaved.

use serde_json::{Value, json};

use crate::harness::{brief_with, peers::LlMock, service::Service};

struct Stage {
    mock: LlMock,
    service: Service,
}

impl Stage {
    fn set() -> Self {
        let mock = LlMock::start();
        let url = mock.base_url();
        let service = Service::builder()
            .providers(&format!(
                r#"[{{ name = "mock", kind = "openai", models = ["*"], base_url = "{url}", api_key_env = "TEST_KEY",
                     idle_timeout = "500ms", first_token_timeout = "2s" }}]"#
            ))
            .env("TEST_KEY", "sk-test")
            .env("GENERATION__MODELS__DEFAULT", "gpt-4o")
            .start();
        Self { mock, service }
    }

    /// Runs a job; how it ended: its error's code, or `completed`.
    fn run(&self, about: &str) -> String {
        // The judge tells calls apart by their bodies, so each act is about something else.
        let id = self.service.create(&brief_with(json!({ "description": about })));
        let end = self.service.reader(&id, "").follow();
        end.data["error"]["code"].as_str().unwrap_or("completed").to_owned()
    }

    /// One act: a fault, what it must lead to, and, as a user would, the same once more where that can help.
    fn act(&self, behavior: Value, expected: &str) {
        let about = behavior.to_string();
        self.mock.behave(json!([behavior]));
        assert_eq!(self.run(&about), expected, "{about}");
        if matches!(expected, "GENERATION_ERROR" | "TIMEOUT_ERROR") {
            assert_eq!(self.run(&about), "completed", "{about}, the second time");
        }
    }
}

#[test]
fn every_fault_has_its_code_and_the_judge_finds_nothing() {
    let stage = Stage::set();
    assert_eq!(stage.run("no fault at all"), "completed");

    // What passes is waited out, as long as the server says.
    stage.act(json!({ "type": "fail", "status": 429, "retry_after": 1, "times": 1 }), "completed");
    stage.act(json!({ "type": "fail", "status": 529, "times": 1 }), "completed");
    stage.act(json!({ "type": "fail", "status": 500, "times": 2 }), "completed");
    stage.act(json!({ "type": "fail", "status": 503, "times": 3 }), "MODEL_UNAVAILABLE");

    // What does not pass is not tried again.
    for status in [400, 401, 403] {
        let about = json!({ "type": "fail", "status": status, "times": 1 });
        stage.mock.behave(json!([about]));
        assert_ne!(stage.run(&about.to_string()), "completed", "{about}");
    }
    stage.act(json!({ "type": "fail", "status": 404, "times": 1 }), "MODEL_UNAVAILABLE");

    // After the first text nothing is tried again behind the user's back.
    for kind in ["disconnect", "truncate", "malformed"] {
        stage.act(json!({ "type": "stream_fault", "kind": kind, "after_chunks": 3 }), "GENERATION_ERROR");
    }
    let stall = json!({ "type": "stream_fault", "kind": "stall", "after_chunks": 3, "stall_seconds": 30 });
    stage.act(stall, "TIMEOUT_ERROR");
    stage.act(json!({ "type": "slow_first_token", "seconds": 1 }), "completed");

    let verdict = stage.mock.verdict();
    let findings = verdict.json()["findings"].clone();
    assert_eq!(findings, json!([]));
    assert!(verdict.json()["faults_injected"].as_u64().is_some_and(|faults| faults >= 10), "{}", verdict.text());
}
