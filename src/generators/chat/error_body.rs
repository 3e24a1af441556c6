//! Reads the errors that providers send, in all their shapes.

use generation_actors::ports::ChatErrorKind;
use serde_json::Value;

use super::{
    fault::{Fault, Retry},
    objection::Objection,
};

/// In characters: how much of a provider's message is kept. Far more than the log shows, so that a key cut in half here is
/// never logged.
const QUOTED: usize = 64 * 1024;

impl Fault {
    /// Reads a response other than 200. `optional` names the parameters that the request can do without.
    pub(in crate::generators) fn of_response(status: u16, body: &str, optional: &[&'static str]) -> Self {
        let said =
            serde_json::from_str(body).map_or_else(|_| ErrorBody::text(body), |body: Value| ErrorBody::read(&body));
        let (kind, may_pass) = said.meaning(status);
        let retry = said.retry(Some(status), may_pass, optional);
        Self::new(kind, retry, format!("HTTP {status}: {}", said.quoted()))
    }

    /// Reads an error that came as an event, after a 200; `None` if `event` is no error.
    pub(in crate::generators) fn of_event(event: &Value, optional: &[&'static str]) -> Option<Self> {
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
        let said = ErrorBody::read(event);
        let (kind, may_pass) = said.meaning(said.status.unwrap_or(0));
        let retry = said.retry(said.status, may_pass, optional);
        Some(Self::new(kind, retry, format!("an error event: {}", said.quoted())))
    }
}

/// An error as a provider describes it. It may be an object, a text or an array, under `error` or at the top level; codes are
/// texts, numbers or missing.
#[derive(Debug, Default)]
struct ErrorBody {
    code: String,
    kind: String,
    message: String,
    param: String,
    /// The code, if it is an HTTP status.
    status: Option<u16>,
}

impl ErrorBody {
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

    /// Whether to try again. Servers that validate requests against a schema answer 422.
    fn retry(&self, status: Option<u16>, may_pass: bool, optional: &[&'static str]) -> Retry {
        let about_request = matches!(status, None | Some(400 | 422));
        let objection = || Objection::read(&self.code, &self.param, &self.message, optional);
        match about_request.then(objection).flatten() {
            Some(objection) => Retry::Without(objection),
            None if may_pass => Retry::Backoff,
            None => Retry::Never,
        }
    }

    /// What the error means, and whether another attempt may help.
    fn meaning(&self, status: u16) -> (ChatErrorKind, bool) {
        if self.is_overflow() {
            return (ChatErrorKind::TokenLimit, false);
        }
        if self.is_quota() || self.is_unknown_model() {
            return (ChatErrorKind::ModelRefused, false);
        }
        match status {
            408 | 409 | 425 | 429 | 500 | 502 | 503 | 504 | 529 => (ChatErrorKind::Unavailable, true),
            401 | 402 | 403 | 404 | 501 | 505..=599 => (ChatErrorKind::ModelRefused, false),
            413 => (ChatErrorKind::TokenLimit, false),
            0 if self.is_passing() => (ChatErrorKind::Unavailable, true),
            0 => (ChatErrorKind::BrokenReply, false),
            _ => (ChatErrorKind::RequestRefused, false),
        }
    }

    fn any(&self, needles: &[&str]) -> bool {
        self.labelled(needles) || contains(&self.message, needles)
    }

    /// Whether the code or type says so; the message does not count.
    fn labelled(&self, needles: &[&str]) -> bool {
        contains(&self.code, needles) || contains(&self.kind, needles)
    }

    /// Servers have no common name for it; some mention it in the message only.
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

    /// Another attempt never helps. Messages do not count: those of temporary rate limits mention billing pages too.
    fn is_quota(&self) -> bool {
        self.labelled(&["insufficient_quota", "billing", "spend_limit", "quota_exceeded"])
    }

    /// Gateways answer 400 to it.
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

    use super::*;

    const OPTIONAL: &[&str] = &["max_tokens", "temperature"];

    fn of(status: u16, body: Value) -> (ChatErrorKind, Retry) {
        let fault = Fault::of_response(status, &body.to_string(), OPTIONAL);
        (fault.kind, fault.retry)
    }

    #[test]
    fn statuses_decide_what_may_pass() {
        for status in [408, 409, 425, 429, 500, 502, 503, 504, 529] {
            assert_eq!(of(status, json!({})), (ChatErrorKind::Unavailable, Retry::Backoff), "{status}");
        }
        for status in [401, 402, 403, 404] {
            assert_eq!(of(status, json!({})), (ChatErrorKind::ModelRefused, Retry::Never), "{status}");
        }
        for status in [301, 308, 400, 415, 422] {
            assert_eq!(of(status, json!({})), (ChatErrorKind::RequestRefused, Retry::Never), "{status}");
        }
        assert_eq!(of(413, json!({})), (ChatErrorKind::TokenLimit, Retry::Never));
    }

    #[test]
    fn an_exhausted_quota_is_not_asked_again_though_it_is_a_429() {
        let quota = json!({"error": {"message": "…", "type": "insufficient_quota", "code": "insufficient_quota"}});
        assert_eq!(of(429, quota), (ChatErrorKind::ModelRefused, Retry::Never));
        let newer = json!({"error": {"message": "…", "type": "insufficient_quota", "code": "credit_exhausted"}});
        assert_eq!(of(429, newer), (ChatErrorKind::ModelRefused, Retry::Never));
    }

    #[test]
    fn a_rate_limit_that_mentions_billing_may_still_pass() {
        let message = "Rate limit reached. Add a payment method at https://platform.openai.com/account/billing.";
        let limit = json!({"error": {"message": message, "type": "requests", "code": "rate_limit_exceeded"}});
        assert_eq!(of(429, limit), (ChatErrorKind::Unavailable, Retry::Backoff));
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
            assert_eq!(of(400, error.clone()), (ChatErrorKind::TokenLimit, Retry::Never), "{error}");
        }
    }

    #[test]
    fn error_events_are_known_in_every_shape() {
        let of = |event: Value| Fault::of_event(&event, OPTIONAL).map(|fault| (fault.kind, fault.retry));
        let passing = Some((ChatErrorKind::Unavailable, Retry::Backoff));
        assert_eq!(of(json!({"error": {"message": "x", "type": null, "code": "500"}})), passing);
        assert_eq!(of(json!({"error": {"message": "x", "code": 503}})), passing);
        assert_eq!(of(json!([{"error": {"code": 429}}])), passing);
        assert_eq!(of(json!({"type": "error", "error": {"type": "overloaded_error"}})), passing);
        let final_one = Some((ChatErrorKind::BrokenReply, Retry::Never));
        assert_eq!(of(json!({"error": "something"})), final_one);
        assert_eq!(of(json!({"object": "error", "message": "x"})), final_one);
        assert_eq!(of(json!({"error": null, "choices": []})), None);
    }

    #[test]
    fn a_parameter_that_is_refused_is_left_out_and_overflow_is_none() {
        let refused = json!({"error": {"message": "Unsupported parameter: 'max_tokens'", "param": "max_tokens"}});
        let objection = Objection { parameter: "max_tokens", lasting: true };
        for status in [400, 422] {
            assert_eq!(of(status, refused.clone()).1, Retry::Without(objection), "{status}");
        }
        assert_eq!(of(401, refused).1, Retry::Never);
        let overflow = json!({"error": {"code": "context_length_exceeded", "param": "messages",
            "message": "the model's maximum context length is 10; reduce the messages or max_tokens"}});
        assert_eq!(of(400, overflow), (ChatErrorKind::TokenLimit, Retry::Never));
    }
}
