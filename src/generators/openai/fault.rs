//! What went wrong with one attempt: what it means for the job, and whether asking again may help.

use std::time::Duration;

use generation_actors::model::{Failure, FailureCode};
use serde_json::Value;

use super::parameters::Objection;
use crate::mask::mask;

/// How much of a cause goes into the log.
const LOGGED: usize = 400;
/// How much of what a provider said is kept until then: so much more that a key cut off there never shows.
const QUOTED: usize = 64 * 1024;

/// One failed attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub failure: Failure,
    pub retry: Retry,
}

/// Whether to ask again, provided that no text has come yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Retry {
    /// It would answer the same.
    Never,
    /// It may pass; when is ours to choose.
    Backoff,
    /// It may pass, and the provider has said when.
    After(Duration),
    /// It would answer otherwise if it were asked otherwise.
    Without(Objection),
}

impl Fault {
    pub(super) fn new(code: FailureCode, retry: Retry, cause: impl Into<String>) -> Self {
        Self { failure: Failure::new(code, Into::<String>::into(cause)), retry }
    }

    /// The failure as the log may have it: short, with the provider's name, and without keys, which some providers quote.
    pub(super) fn into_failure(self, provider: &str, key: Option<&str>) -> Failure {
        let Failure { code, cause } = self.failure;
        let cause: String = mask(&cause.to_string(), key).chars().take(LOGGED).collect();
        Failure::new(code, format!("provider {provider}: {cause}"))
    }

    /// A provider that does not keep to its own protocol.
    pub(super) fn protocol(cause: impl Into<String>) -> Self {
        Self::new(FailureCode::GenerationError, Retry::Never, cause)
    }

    /// One of our deadlines has passed.
    pub(super) fn timeout(what: &str, after: Duration) -> Self {
        Self::new(FailureCode::TimeoutError, Retry::Backoff, format!("{what} within {after:?}"))
    }

    /// An answer other than 200; `asked_for` is how long the provider asks to wait.
    pub(super) fn of_response(status: u16, body: &str, asked_for: Option<Duration>) -> Self {
        let said = serde_json::from_str(body).map_or_else(|_| Said::text(body), |body: Value| Said::read(&body));
        let cause = format!("HTTP {status}: {}", said.quoted());
        let (code, may_pass) = said.meaning(status);
        let retry = match (said.objection(Some(status)), asked_for) {
            (Some(objection), _) => Retry::Without(objection),
            _ if !may_pass => Retry::Never,
            (None, Some(pause)) => Retry::After(pause),
            (None, None) => Retry::Backoff,
        };
        Self::new(code, retry, cause)
    }

    /// An error that came as an event, after a 200; `None` if `event` is none.
    pub(super) fn of_event(event: &Value) -> Option<Self> {
        let is_error = match event {
            Value::Array(_) => true,
            event => {
                event.get("error").is_some_and(|error| !error.is_null())
                    || event.get("object").is_some_and(|object| object == "error")
            }
        };
        if !is_error {
            return None;
        }
        let said = Said::read(event);
        let (code, may_pass) = said.meaning(said.status.unwrap_or(0));
        let retry = match said.objection(said.status) {
            Some(objection) => Retry::Without(objection),
            None if may_pass => Retry::Backoff,
            None => Retry::Never,
        };
        Some(Self::new(code, retry, format!("an error event: {}", said.quoted())))
    }
}

/// What a provider says about an error. Shapes differ: an object, a text, or an array, under `error` or at the top; codes are
/// text, numbers or missing.
#[derive(Debug, Default)]
struct Said {
    code: String,
    kind: String,
    message: String,
    param: String,
    /// A code that is an HTTP status.
    status: Option<u16>,
}

impl Said {
    fn text(message: &str) -> Self {
        Self { message: message.to_owned(), ..Self::default() }
    }

    fn read(value: &Value) -> Self {
        let value = value.get(0).unwrap_or(value);
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        if let Some(message) = error.as_str() {
            return Self::text(message);
        }
        let text = |name: &str| match error.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let code = text("code");
        let status = code.parse().ok();
        let message = Some(text("message")).filter(|text| !text.is_empty()).unwrap_or_else(|| error.to_string());
        Self { code, kind: text("type"), message, param: text("param"), status }
    }

    fn quoted(&self) -> String {
        let said = [&self.code, &self.kind, &self.message];
        let said = said.into_iter().filter(|text| !text.is_empty()).map(String::as_str).collect::<Vec<_>>().join(": ");
        let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTED).collect();
        line.trim().to_owned()
    }

    /// What the server has against the request itself; servers that check it with a schema answer 422.
    fn objection(&self, status: Option<u16>) -> Option<Objection> {
        let about_request = matches!(status, None | Some(400 | 422));
        about_request.then(|| Objection::read(&self.code, &self.param, &self.message)).flatten()
    }

    /// The job's code, and whether asking again may help.
    fn meaning(&self, status: u16) -> (FailureCode, bool) {
        if self.is_overflow() {
            return (FailureCode::TokenLimitExceeded, false);
        }
        if self.is_quota() || self.is_unknown_model() {
            return (FailureCode::ModelRefused, false);
        }
        match status {
            408 | 409 | 425 | 429 | 500 | 502 | 503 | 504 | 529 => (FailureCode::ModelUnavailable, true),
            401 | 402 | 403 | 404 | 501 | 505..=599 => (FailureCode::ModelRefused, false),
            413 => (FailureCode::TokenLimitExceeded, false),
            0 if self.is_passing() => (FailureCode::ModelUnavailable, true),
            0 => (FailureCode::GenerationError, false),
            _ => (FailureCode::RequestRefused, false),
        }
    }

    fn any(&self, needles: &[&str]) -> bool {
        self.labelled(needles) || contains(&self.message, needles)
    }

    /// Whether a code or type says so, whatever the message says.
    fn labelled(&self, needles: &[&str]) -> bool {
        contains(&self.code, needles) || contains(&self.kind, needles)
    }

    /// Servers have no common name for it; some say it in the text alone.
    fn is_overflow(&self) -> bool {
        self.param == "input_tokens"
            || self.any(&[
                "context_length_exceeded",
                "exceed_context_size",
                "maximum context length",
                "context window",
                "contextwindowexceeded",
                "available context size",
                "prompt is too long",
            ])
    }

    /// Asking again will never help. Messages do not count: those of passing rate limits point to billing pages too.
    fn is_quota(&self) -> bool {
        self.labelled(&["insufficient_quota", "billing", "spend_limit", "quota_exceeded"])
    }

    /// Gateways answer 400 for it.
    fn is_unknown_model(&self) -> bool {
        self.any(&["model_not_found", "invalid model name", "unknown model"])
    }

    fn is_passing(&self) -> bool {
        self.any(&["rate_limit", "overloaded", "server_error", "unavailable", "api_error", "throttling", "timeout"])
    }
}

fn contains(text: &str, needles: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    needles.iter().any(|needle| text.contains(needle))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::parameters::Parameter, *};

    fn of(status: u16, body: Value) -> (FailureCode, Retry) {
        let fault = Fault::of_response(status, &body.to_string(), None);
        (fault.failure.code, fault.retry)
    }

    #[test]
    fn statuses_decide_what_may_pass() {
        for status in [408, 409, 425, 429, 500, 502, 503, 504, 529] {
            assert_eq!(of(status, json!({})), (FailureCode::ModelUnavailable, Retry::Backoff), "{status}");
        }
        for status in [401, 402, 403, 404] {
            assert_eq!(of(status, json!({})), (FailureCode::ModelRefused, Retry::Never), "{status}");
        }
        for status in [301, 308, 400, 415, 422] {
            assert_eq!(of(status, json!({})), (FailureCode::RequestRefused, Retry::Never), "{status}");
        }
        assert_eq!(of(413, json!({})), (FailureCode::TokenLimitExceeded, Retry::Never));
    }

    #[test]
    fn an_exhausted_quota_is_not_asked_again_though_it_is_a_429() {
        let quota = json!({"error": {"message": "…", "type": "insufficient_quota", "code": "insufficient_quota"}});
        assert_eq!(of(429, quota), (FailureCode::ModelRefused, Retry::Never));
        let newer = json!({"error": {"message": "…", "type": "insufficient_quota", "code": "credit_exhausted"}});
        assert_eq!(of(429, newer), (FailureCode::ModelRefused, Retry::Never));
    }

    #[test]
    fn a_rate_limit_that_mentions_billing_may_still_pass() {
        let message = "Rate limit reached. Add a payment method at https://platform.openai.com/account/billing.";
        let limit = json!({"error": {"message": message, "type": "requests", "code": "rate_limit_exceeded"}});
        assert_eq!(of(429, limit), (FailureCode::ModelUnavailable, Retry::Backoff));
    }

    #[test]
    fn overflow_is_known_by_code_by_type_by_parameter_or_by_text() {
        for error in [
            json!({"error": {"code": "context_length_exceeded", "message": ""}}),
            json!({"error": {"code": 400, "type": "exceed_context_size_error", "message": "request (200020 tokens)"}}),
            json!({"error": {"code": "400", "message": "litellm.ContextWindowExceededError: …"}}),
            json!({"object": "error", "param": "input_tokens", "code": 400}),
            json!({"error": "This model's maximum context length is 4096 tokens"}),
        ] {
            assert_eq!(of(400, error.clone()), (FailureCode::TokenLimitExceeded, Retry::Never), "{error}");
        }
    }

    #[test]
    fn error_events_are_known_in_every_shape() {
        let of = |event: Value| Fault::of_event(&event).map(|fault| (fault.failure.code, fault.retry));
        let passing = Some((FailureCode::ModelUnavailable, Retry::Backoff));
        assert_eq!(of(json!({"error": {"message": "x", "type": null, "code": "500"}})), passing);
        assert_eq!(of(json!({"error": {"message": "x", "code": 503}})), passing);
        assert_eq!(of(json!([{"error": {"code": 429}}])), passing);
        assert_eq!(of(json!({"type": "error", "error": {"type": "overloaded_error"}})), passing);
        let final_one = Some((FailureCode::GenerationError, Retry::Never));
        assert_eq!(of(json!({"error": "something"})), final_one);
        assert_eq!(of(json!({"object": "error", "message": "x"})), final_one);
        assert_eq!(of(json!({"error": null, "choices": []})), None);
    }

    #[test]
    fn what_a_provider_says_is_quoted_shortly_and_on_one_line() {
        let fault = Fault::of_response(500, &format!("<html>\n{}", "x".repeat(10_000)), Some(Duration::from_secs(3)));
        assert_eq!(fault.retry, Retry::After(Duration::from_secs(3)));
        let cause = fault.into_failure("p", None).cause.to_string();
        assert!(cause.len() < 500 && !cause.contains('\n'), "{cause}");
    }

    #[test]
    fn a_parameter_that_is_refused_is_left_out_and_overflow_is_none() {
        let refused = json!({"error": {"message": "Unsupported parameter: 'max_tokens'", "param": "max_tokens"}});
        let objection = Objection { parameter: Parameter::MaxTokens, lasting: true };
        for status in [400, 422] {
            assert_eq!(of(status, refused.clone()).1, Retry::Without(objection), "{status}");
        }
        assert_eq!(of(401, refused).1, Retry::Never);
        let overflow = json!({"error": {"code": "context_length_exceeded", "param": "messages",
            "message": "the model's maximum context length is 10; reduce the messages or max_tokens"}});
        assert_eq!(of(400, overflow), (FailureCode::TokenLimitExceeded, Retry::Never));
    }

    #[test]
    fn a_key_that_the_provider_quotes_is_hidden_wherever_the_cause_is_cut() {
        for before in 0..LOGGED {
            let body = format!("{}sk-secret", " .".repeat(before));
            let cause = Fault::of_response(401, &body, None).into_failure("p", Some("sk-secret")).cause.to_string();
            assert!(!cause.contains("sk-"), "{cause}");
        }
    }
}
