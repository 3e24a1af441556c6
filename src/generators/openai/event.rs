//! Reads an event.

use std::borrow::Cow;

use serde_json::Value;

use super::ChatCompletions;
use crate::generators::chat::{Fault, Protocol as _, Reply, Stop};

const DONE: &str = "[DONE]";

/// Tells `reply` what an event, or the body of a server that does not stream, says.
pub(super) fn read(data: &str, reply: &mut Reply) -> Result<(), Fault> {
    if data.trim() == DONE {
        reply.done();
        return Ok(());
    }
    let event: Value =
        serde_json::from_str(data).map_err(|error| Fault::protocol(format!("an event that is no JSON ({error})")))?;
    if let Some(fault) = Fault::of_event(&event, ChatCompletions::OPTIONAL) {
        return Err(fault);
    }
    let tokens = event.get("usage").and_then(|usage| usage.get("completion_tokens")).and_then(Value::as_u64);
    if let Some(tokens) = tokens {
        reply.completion_tokens(tokens);
    }
    if let Some(name) = text(&event, "model") {
        reply.model(name);
    }
    // Azure's first event, and the one with the usage, have no choices.
    if let Some(choice) = event.get("choices").and_then(|choices| choices.get(0)) {
        read_choice(choice, reply);
    }
    Ok(())
}

fn read_choice(choice: &Value, reply: &mut Reply) {
    // Servers that ignore `stream` answer with a whole message.
    if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
        if ["reasoning_content", "reasoning"].into_iter().any(|name| text(delta, name).is_some()) {
            reply.reasoning();
        }
        if let Some(content) = content(delta) {
            reply.text(content.into_owned());
        }
    }
    // After the real reason some servers send null or an empty text here.
    if let Some(reason) = text(choice, "finish_reason") {
        reply.stopped(match reason {
            "stop" => Stop::Finished,
            "length" => Stop::TokenLimit,
            other => Stop::Other(other.to_owned()),
        });
    }
}

/// The content of a message or a delta: a text, or a list of parts of which only those of type `text` count.
fn content(delta: &Value) -> Option<Cow<'_, str>> {
    let Some(Value::Array(parts)) = delta.get("content") else { return text(delta, "content").map(Cow::Borrowed) };
    let is_text = |part: &&Value| part.get("type").is_none_or(|kind| kind == "text" || kind == "output_text");
    let joined: String = parts.iter().filter(is_text).filter_map(|part| part.as_str().or(text(part, "text"))).collect();
    Some(joined).filter(|text| !text.is_empty()).map(Cow::Owned)
}

/// The text under `name`, if it is there and not empty.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::iter;

    use generation_actors::ports::{ChatDelta, ChatErrorKind, EndReason};
    use serde_json::json;

    use super::*;
    use crate::generators::chat::Retry;

    fn take(reply: &mut Reply, data: &str) -> Result<(), Fault> {
        reply.take(&ChatCompletions::default(), data)
    }

    /// The text that these events give, and what they come to.
    fn read_all(events: &[Value]) -> (String, Result<EndReason, Fault>) {
        let mut reply = Reply::default();
        let result = events.iter().try_for_each(|event| take(&mut reply, &event.to_string()));
        let end = result.and_then(|()| reply.end());
        let deltas = iter::from_fn(|| reply.next());
        (deltas.filter_map(|delta| if let ChatDelta::Text(text) = delta { Some(text) } else { None }).collect(), end)
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
        for (reason, kind) in [("stop", ChatErrorKind::BrokenReply), ("length", ChatErrorKind::TokenLimit)] {
            let (text, end) = read_all(&[delta(json!({ "reasoning": "hm" })), finish(reason)]);
            let fault = end.expect_err("no script");
            assert_eq!((text.as_str(), fault.kind, fault.retry), ("", kind, Retry::Never));
            assert!(fault.cause.contains("only reasoned"), "{}", fault.cause);
        }
    }

    #[test]
    fn nothing_that_comes_after_the_end_spoils_a_script() {
        let mut events = vec![delta(json!({ "content": "가" })), finish("stop")];
        events.push(json!({ "error": { "message": "overloaded", "code": 503 } }));
        assert_eq!(read_all(&events), ("가".into(), Ok(EndReason::Finished)));
        let mut reply = Reply::default();
        for event in &events[..2] {
            take(&mut reply, &event.to_string()).expect("text");
        }
        assert_eq!(take(&mut reply, "{\"cho"), Ok(()));
        assert!(reply.is_done());
        events.swap(1, 2);
        assert!(read_all(&events).1.is_err(), "before the end it does");
    }
}
