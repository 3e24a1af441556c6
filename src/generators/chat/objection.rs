//! What a server objects to in a request, read from its error.

use std::fmt;

/// An objection to one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::generators) struct Objection {
    /// Its name on the wire.
    pub parameter: &'static str,
    /// Whether the model never takes the parameter; otherwise it refuses only this request's value.
    pub lasting: bool,
}

/// Words for a parameter that is never taken, whatever its value.
const NEVER_TAKEN: &[&str] = &[
    "unsupported",
    "not supported",
    "not support",
    "n't support",
    "unknown",
    "unrecognized",
    "unexpected",
    "not permitted",
    "not allowed",
    "extra_forbidden",
    "extra fields",
];

/// Words for a value that is refused, in errors that name the parameter only in their message.
const NOT_THIS_VALUE: &[&str] =
    &["invalid", "only", "range", "between", "too large", "too high", "less than", "greater than", "at most"];

impl Objection {
    /// Finds which of the `optional` parameters an error objects to; `None` if it is about something else.
    pub(super) fn read(code: &str, param: &str, message: &str, optional: &[&'static str]) -> Option<Self> {
        let text = format!("{code} {message}").to_ascii_lowercase();
        let says = |some: &[&str]| some.iter().any(|words| text.contains(words));
        // One client's bad value must not take the parameter away from everyone, unless the model takes only one value.
        let only_one_value = says(&["only the default", "only 1 is "]);
        let lasting = only_one_value || (!says(&["unsupported value", "unsupported_value"]) && says(NEVER_TAKEN));
        let known = |word: &str| optional.iter().copied().find(|name| *name == word);
        let parameter = match param.split('.').find_map(known) {
            Some(parameter) => parameter,
            None if !param.is_empty() => return None,
            // A message may mention a parameter for other reasons. The first one counts: its replacement comes after it.
            None if lasting || (says(NOT_THIS_VALUE) && !says(&["context_length_exceeded"])) => {
                words(message).find_map(known)?
            }
            None => return None,
        };
        Some(Self { parameter, lasting })
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parameter)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPTIONAL: &[&str] = &["max_tokens", "max_completion_tokens", "temperature", "stream_options"];

    fn read(code: &str, param: &str, message: &str) -> Option<Objection> {
        Objection::read(code, param, message, OPTIONAL)
    }

    fn lasting(parameter: &'static str) -> Option<Objection> {
        Some(Objection { parameter, lasting: true })
    }

    #[test]
    fn openais_own_messages_name_the_parameter_and_last() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        for (code, param) in [("unsupported_parameter", "max_tokens"), ("", "")] {
            assert_eq!(read(code, param, message), lasting("max_tokens"));
        }
        let message = "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.";
        for (code, param) in [("unsupported_value", "temperature"), ("", "")] {
            assert_eq!(read(code, param, message), lasting("temperature"));
        }
    }

    #[test]
    fn values_are_objected_to_in_messages_alone_and_only_the_one_that_is_taken_lasts() {
        for (message, parameter, lasting) in [
            ("invalid temperature: only 1 is allowed for this model", "temperature", true),
            ("invalid temperature: only values between 0 and 1 are allowed", "temperature", false),
            ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", "max_tokens", false),
            ("Invalid value for 'max_tokens'", "max_tokens", false),
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 30512. This model's maximum context length is 4096",
                "max_tokens",
                false,
            ),
        ] {
            assert_eq!(read("", "", message), Some(Objection { parameter, lasting }), "{message}");
        }
        let once = "Unsupported value: temperature must be at most 1";
        let objection = Some(Objection { parameter: "temperature", lasting: false });
        assert_eq!(read("unsupported_value", "temperature", once), objection);
        assert_eq!(read("", "", "max_tokens and messages together exceed the context"), None);
        assert_eq!(read("context_length_exceeded", "", "max_tokens must be less than 10"), None);
    }

    #[test]
    fn other_servers_words_are_understood() {
        for (param, message, parameter) in [
            ("", "Unrecognized request argument supplied: stream_options", "stream_options"),
            ("stream_options.include_usage", "Unknown parameter", "stream_options"),
            ("", "gpt-5 models don't support temperature=0.7. Only temperature=1 is supported.", "temperature"),
            (
                "",
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted"}]}"#,
                "max_completion_tokens",
            ),
        ] {
            assert_eq!(read("", param, message), lasting(parameter), "{message}");
        }
    }

    #[test]
    fn a_value_that_does_not_suit_is_no_lasting_objection() {
        let message = "max_tokens is too large: 300512. This model supports at most 16384 completion tokens, whereas you provided 300512.";
        let objection = read("invalid_value", "max_tokens", message);
        assert_eq!(objection, Some(Objection { parameter: "max_tokens", lasting: false }));
    }

    #[test]
    fn errors_about_anything_else_are_no_objections() {
        for (param, message) in [
            ("messages", "Invalid type for 'messages': expected an array"),
            ("model", "Unknown model: the temperature of the room"),
            ("", "the temperature of the server is high"),
            ("max_tokens_to_sample", "unsupported"),
            ("", ""),
        ] {
            assert_eq!(read("", param, message), None, "{param} {message}");
        }
    }

    proptest! {
        #[test]
        fn any_words_are_read_without_harm(code in "\\PC{0,20}", param in "\\PC{0,20}", message in "\\PC{0,60}") {
            let _any = read(&code, &param, &message);
        }
    }
}
