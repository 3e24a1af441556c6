//! What a provider's events say, and whether all of them together are a whole script.

use std::collections::VecDeque;

use generation_actors::{
    job::FailureCode,
    ports::{EndReason, Piece},
    wording::Step,
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

    /// Takes one event's data and appends what it says to `out`.
    ///
    /// # Errors
    /// It is no JSON, or an error.
    pub(super) fn event(&mut self, data: &str, out: &mut VecDeque<Piece>) -> Result<(), Fault> {
        if data.trim() == DONE {
            self.done = true;
            return Ok(());
        }
        let event: Value = serde_json::from_str(data)
            .map_err(|error| Fault::protocol(format!("an event that is no JSON ({error})")))?;
        if let Some(fault) = Fault::of_event(&event) {
            return Err(if self.text { self.broken_off(fault) } else { fault });
        }
        self.usage(&event);
        self.model(&event, out);
        // Azure's first event and the one with the usage have no choice.
        if let Some(choice) = event.get("choices").and_then(|choices| choices.get(0)) {
            self.choice(choice, out);
        }
        Ok(())
    }

    /// A provider that is overloaded in mid-text has not refused the model but spoilt this script.
    fn broken_off(&self, mut fault: Fault) -> Fault {
        if fault.failure.code == FailureCode::ModelUnavailable {
            fault.failure.code = FailureCode::GenerationError;
        }
        fault
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
            if let Some(content) = text(delta, "content") {
                if !self.text {
                    self.text = true;
                    out.push_back(Piece::Step(Step::WritingDialogue));
                }
                out.push_back(Piece::Text(content.to_owned()));
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

/// A text that is there and not empty.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
