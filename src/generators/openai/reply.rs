//! What a provider's events say, and whether all of them together are a whole script.

use std::{borrow::Cow, collections::VecDeque};

use generation_actors::{
    model::{FailureCode, Step},
    ports::{EndReason, Piece},
};
use serde_json::Value;

use super::fault::{Fault, Retry};

const DONE: &str = "[DONE]";

/// One reply, read event by event.
#[derive(Debug, Default)]
pub(super) struct Reply {
    model_named: bool,
    reasoning: bool,
    text: bool,
    done: bool,
    finish_reason: Option<String>,
    completion_tokens: Option<u64>,
}

impl Reply {
    /// Whether the model has begun: reasoning counts, for it is being paid for.
    pub(super) fn has_begun(&self) -> bool {
        self.reasoning || self.text
    }

    /// Whether any of the script has come; from then on nothing may be asked again.
    pub(super) fn has_text(&self) -> bool {
        self.text
    }

    /// Whether the model has said why it stopped; at most its usage comes after that.
    pub(super) fn has_stopped(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Whether the provider has said that nothing more will come.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// The tokens of this reply, if the provider has counted them.
    pub(super) fn completion_tokens(&self) -> Option<u64> {
        self.completion_tokens
    }

    /// Takes one event's data and appends what it says to `out`. Once the model has said that it is done nothing can spoil the
    /// script any more: what is no JSON, or an error, then only ends the reply.
    ///
    /// # Errors
    /// It is no JSON, or an error.
    pub(super) fn event(&mut self, data: &str, out: &mut VecDeque<Piece>) -> Result<(), Fault> {
        if data.trim() == DONE {
            self.done = true;
            return Ok(());
        }
        let event = match read(data) {
            Ok(event) => event,
            Err(fault) if self.has_stopped() => {
                log::debug!("after the model had stopped came {}", fault.failure);
                self.done = true;
                return Ok(());
            }
            Err(fault) => return Err(if self.text { broken_off(fault) } else { fault }),
        };
        self.usage(&event);
        self.model(&event, out);
        // Azure's first event and the one with the usage have no choice.
        if let Some(choice) = event.get("choices").and_then(|choices| choices.get(0)) {
            self.choice(choice, out);
        }
        Ok(())
    }

    fn usage(&mut self, event: &Value) {
        let tokens = event.get("usage").and_then(|usage| usage.get("completion_tokens")).and_then(Value::as_u64);
        self.completion_tokens = tokens.or(self.completion_tokens);
    }

    fn model(&mut self, event: &Value, out: &mut VecDeque<Piece>) {
        if self.model_named {
            return;
        }
        if let Some(name) = text(event, "model") {
            self.model_named = true;
            out.push_back(Piece::Model(name.to_owned()));
        }
    }

    fn choice(&mut self, choice: &Value, out: &mut VecDeque<Piece>) {
        // Servers that ignore `stream` answer with a whole message.
        let delta = choice.get("delta").or_else(|| choice.get("message"));
        if let Some(delta) = delta {
            let reasons = ["reasoning_content", "reasoning"].into_iter().any(|name| text(delta, name).is_some());
            if reasons && !self.has_begun() {
                self.reasoning = true;
                out.push_back(Piece::Step(Step::Reasoning));
            }
            if let Some(content) = content(delta) {
                if !self.text {
                    self.text = true;
                    out.push_back(Piece::Step(Step::WritingDialogue));
                }
                out.push_back(Piece::Text(content.into_owned()));
            }
        }
        // Some servers send null or nothing here again after the real reason.
        if let Some(reason) = text(choice, "finish_reason") {
            self.finish_reason = Some(reason.to_owned());
        }
    }

    /// What the reply amounts to once nothing more comes: whole only if the model itself has said so.
    ///
    /// # Errors
    /// It is not a whole script.
    pub(super) fn end(&self) -> Result<EndReason, Fault> {
        match self.finish_reason.as_deref() {
            Some(reason @ ("stop" | "length")) if self.reasoning && !self.text => {
                let code =
                    if reason == "stop" { FailureCode::GenerationError } else { FailureCode::TokenLimitExceeded };
                let cause = format!("the model only reasoned and wrote no text (finish_reason {reason:?})");
                Err(Fault::new(code, Retry::Never, cause))
            }
            Some("stop") => Ok(EndReason::Finished),
            Some("length") => Ok(EndReason::TokenLimit),
            Some(other) => Err(Fault::protocol(format!("the model stopped with finish_reason {other:?}"))),
            None if self.done && self.has_begun() => {
                Err(Fault::protocol("[DONE] without a finish_reason: the text is cut off"))
            }
            None if self.has_begun() => Err(Fault::protocol("the reply broke off without a finish_reason")),
            None => Err(Fault::new(FailureCode::GenerationError, Retry::Backoff, "an empty reply")),
        }
    }
}

/// One event as JSON, if it is neither garbage nor an error.
fn read(data: &str) -> Result<Value, Fault> {
    let event: Value =
        serde_json::from_str(data).map_err(|error| Fault::protocol(format!("an event that is no JSON ({error})")))?;
    match Fault::of_event(&event) {
        Some(fault) => Err(fault),
        None => Ok(event),
    }
}

/// An error in mid-text has spoilt this script, whatever it means for the model; and after text nothing is asked otherwise.
fn broken_off(mut fault: Fault) -> Fault {
    fault.failure.code = match fault.failure.code {
        FailureCode::ModelUnavailable => FailureCode::GenerationError,
        FailureCode::ModelRefused => FailureCode::RequestRefused,
        code => code,
    };
    fault
}

/// The script's text in a message or a piece of one: a text, or a list of parts of which those of type `text` count.
fn content(delta: &Value) -> Option<Cow<'_, str>> {
    let Some(Value::Array(parts)) = delta.get("content") else { return text(delta, "content").map(Cow::Borrowed) };
    let is_text = |part: &&Value| part.get("type").is_none_or(|kind| kind == "text" || kind == "output_text");
    let joined: String = parts.iter().filter(is_text).filter_map(|part| part.as_str().or(text(part, "text"))).collect();
    Some(joined).filter(|text| !text.is_empty()).map(Cow::Owned)
}

/// A text that is there and not empty.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The text that these events give, and what they come to.
    fn read_all(events: &[Value]) -> (String, Result<EndReason, Fault>) {
        let (mut reply, mut out) = (Reply::default(), VecDeque::new());
        let result = events.iter().try_for_each(|event| reply.event(&event.to_string(), &mut out));
        let text =
            out.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
        (text.collect(), result.and_then(|()| reply.end()))
    }

    fn delta(delta: Value) -> Value {
        json!({ "choices": [{ "delta": delta, "finish_reason": null }] })
    }

    fn finish(reason: &str) -> Value {
        json!({ "choices": [{ "delta": {}, "finish_reason": reason }] })
    }

    #[test]
    fn content_in_parts_is_text_and_its_reasoning_is_not() {
        let parts = json!([
            { "type": "thinking", "text": "hm" },
            { "type": "text", "text": "가" },
            { "type": "image_url" },
            { "type": "text", "text": "나" }
        ]);
        let streamed = [delta(json!({ "content": parts })), delta(json!({ "content": [] })), finish("stop")];
        assert_eq!(read_all(&streamed), ("가나".into(), Ok(EndReason::Finished)));
        let whole = json!({ "choices": [{ "message": { "content": parts }, "finish_reason": "stop" }] });
        assert_eq!(read_all(&[whole]), ("가나".into(), Ok(EndReason::Finished)));
    }

    #[test]
    fn reasoning_alone_is_no_script_and_its_cause_says_so() {
        for (reason, code) in [("stop", FailureCode::GenerationError), ("length", FailureCode::TokenLimitExceeded)] {
            let (text, end) = read_all(&[delta(json!({ "reasoning": "hm" })), finish(reason)]);
            let fault = end.expect_err("no script");
            assert_eq!((text.as_str(), fault.failure.code, fault.retry), ("", code, Retry::Never));
            assert!(fault.failure.cause.to_string().contains("only reasoned"), "{}", fault.failure.cause);
        }
    }

    #[test]
    fn nothing_that_comes_after_the_end_spoils_a_script() {
        let mut events = vec![delta(json!({ "content": "가" })), finish("stop")];
        events.push(json!({ "error": { "message": "overloaded", "code": 503 } }));
        assert_eq!(read_all(&events), ("가".into(), Ok(EndReason::Finished)));
        let (mut reply, mut out) = (Reply::default(), VecDeque::new());
        for event in &events[..2] {
            reply.event(&event.to_string(), &mut out).expect("text");
        }
        assert_eq!(reply.event("{\"cho", &mut out), Ok(()));
        assert!(reply.is_done());
        events.swap(1, 2);
        assert!(read_all(&events).1.is_err(), "before the end it does");
    }
}
