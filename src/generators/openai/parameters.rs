//! Which optional parameters a request carries: what a model's family is known to take, less what its server has refused.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use super::TokenLimitField;

/// Models that are remembered at most. Clients choose the names, so without a bound they would choose the memory too.
const REMEMBERED: usize = 1_000;

/// A parameter that a request can do without, or has another name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    MaxTokens,
    MaxCompletionTokens,
    Temperature,
    StreamOptions,
}

impl Parameter {
    const ALL: [Self; 4] = [Self::MaxTokens, Self::MaxCompletionTokens, Self::Temperature, Self::StreamOptions];

    /// Its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::Temperature => "temperature",
            Self::StreamOptions => "stream_options",
        }
    }
}

impl From<TokenLimitField> for Parameter {
    fn from(field: TokenLimitField) -> Self {
        match field {
            TokenLimitField::MaxTokens => Self::MaxTokens,
            TokenLimitField::MaxCompletionTokens => Self::MaxCompletionTokens,
        }
    }
}

/// What a server has against a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Objection {
    pub parameter: Parameter,
    /// Whether the model never takes the parameter; otherwise it is this request's value that does not suit.
    pub lasting: bool,
}

/// What a server says when it takes a parameter never, not only not this value of it.
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

/// What it says when this value does not suit, where it names the parameter in its message alone.
const NOT_THIS_VALUE: &[&str] =
    &["invalid", "only", "range", "between", "too large", "too high", "less than", "greater than", "at most"];

impl Objection {
    /// What an error with this `code`, `param` and `message` objects to; `None` if it is about something else.
    pub(super) fn read(code: &str, param: &str, message: &str) -> Option<Self> {
        let text = format!("{code} {message}").to_ascii_lowercase();
        let says = |some: &[&str]| some.iter().any(|words| text.contains(words));
        // One client's value must not take the parameter away from all others, unless there is but one that is taken.
        let only_one_value = says(&["only the default", "only 1 is "]);
        let lasting = only_one_value || (!says(&["unsupported value", "unsupported_value"]) && says(NEVER_TAKEN));
        let named = param.split('.').find_map(|part| Parameter::ALL.into_iter().find(|known| known.name() == part));
        let parameter = match named {
            Some(parameter) => parameter,
            None if !param.is_empty() => return None,
            // A message may mention a parameter for many reasons, and its replacement after it.
            None if lasting || (says(NOT_THIS_VALUE) && !says(&["context_length_exceeded"])) => {
                words(message).find_map(|word| Parameter::ALL.into_iter().find(|p| p.name() == word))?
            }
            None => return None,
        };
        Some(Self { parameter, lasting })
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The optional parameters of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// The field tried first.
    limit: TokenLimitField,
    refused: Refused,
}

/// A set of parameters, by [`Parameter::ALL`].
type Refused = [bool; 4];

impl Parameters {
    /// What is known of a model by its name alone. `field` is the operator's choice, which counts for more.
    fn of_family(model: &str, field: Option<TokenLimitField>) -> Self {
        let reasons = reasons(model);
        let by_family = if reasons { TokenLimitField::MaxCompletionTokens } else { TokenLimitField::MaxTokens };
        let mut parameters = Self { limit: field.unwrap_or(by_family), refused: Refused::default() };
        if reasons {
            parameters.refuse(Parameter::Temperature);
        }
        parameters
    }

    /// The field for the token limit; `None` once the server takes neither.
    pub(super) fn limit(&self) -> Option<Parameter> {
        let first = Parameter::from(self.limit);
        let other = match first {
            Parameter::MaxTokens => Parameter::MaxCompletionTokens,
            _ => Parameter::MaxTokens,
        };
        [first, other].into_iter().find(|field| self.takes(*field))
    }

    /// Whether nothing is known against it.
    pub(super) fn takes(&self, parameter: Parameter) -> bool {
        !self.refused[parameter as usize]
    }

    fn refuse(&mut self, parameter: Parameter) {
        self.refused[parameter as usize] = true;
    }

    /// Gives in to an objection; false if the request did not carry the parameter, so that asking again is no use. Each
    /// objection takes one away, so a request is changed four times at most.
    pub(super) fn give_in(&mut self, objection: Objection) -> bool {
        let Objection { parameter, lasting } = objection;
        let is_limit = matches!(parameter, Parameter::MaxTokens | Parameter::MaxCompletionTokens);
        if (is_limit && self.limit() != Some(parameter)) || !self.takes(parameter) {
            return false;
        }
        self.refuse(parameter);
        if is_limit && !lasting {
            // The number would be no better under the other name.
            self.refuse(Parameter::MaxTokens);
            self.refuse(Parameter::MaxCompletionTokens);
        }
        true
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parameter.name())
    }
}

/// OpenAI's reasoning models by their names: they answer 400 to `max_tokens` and to any temperature but 1.
pub(super) fn reasons(model: &str) -> bool {
    let is_o_series = model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_o_series || model.starts_with("gpt-5")
}

/// What one provider has refused, by model, for the life of the process.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Parameters>>);

impl Memory {
    /// What to ask this model with.
    pub(super) fn recall(&self, model: &str, field: Option<TokenLimitField>) -> Parameters {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied();
        known.unwrap_or_else(|| Parameters::of_family(model, field))
    }

    /// Adds a lasting objection to what is known of the model. Beyond its bound the memory starts anew: it only saves requests.
    pub(super) fn remember(&self, model: &str, field: Option<TokenLimitField>, objection: Objection) {
        if !objection.lasting {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(model) {
            known.clear();
        }
        known
            .entry(model.to_owned())
            .or_insert_with(|| Parameters::of_family(model, field))
            .refuse(objection.parameter);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lasting(parameter: Parameter) -> Option<Objection> {
        Some(Objection { parameter, lasting: true })
    }

    #[test]
    fn openais_own_messages_name_the_parameter_and_last() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        for (code, param) in [("unsupported_parameter", "max_tokens"), ("", "")] {
            assert_eq!(Objection::read(code, param, message), lasting(Parameter::MaxTokens));
        }
        let message = "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.";
        for (code, param) in [("unsupported_value", "temperature"), ("", "")] {
            assert_eq!(Objection::read(code, param, message), lasting(Parameter::Temperature));
        }
    }

    #[test]
    fn values_are_objected_to_in_messages_alone_and_only_the_one_that_is_taken_lasts() {
        for (message, parameter, lasting) in [
            ("invalid temperature: only 1 is allowed for this model", Parameter::Temperature, true),
            ("invalid temperature: only values between 0 and 1 are allowed", Parameter::Temperature, false),
            ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", Parameter::MaxTokens, false),
            ("Invalid value for 'max_tokens'", Parameter::MaxTokens, false),
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 30512. This model's maximum context length is 4096",
                Parameter::MaxTokens,
                false,
            ),
        ] {
            assert_eq!(Objection::read("", "", message), Some(Objection { parameter, lasting }), "{message}");
        }
        let once = "Unsupported value: temperature must be at most 1";
        let objection = Some(Objection { parameter: Parameter::Temperature, lasting: false });
        assert_eq!(Objection::read("unsupported_value", "temperature", once), objection);
        assert_eq!(Objection::read("", "", "max_tokens and messages together exceed the context"), None);
        assert_eq!(Objection::read("context_length_exceeded", "", "max_tokens must be less than 10"), None);
    }

    #[test]
    fn other_servers_words_are_understood() {
        for (param, message, parameter) in [
            ("", "Unrecognized request argument supplied: stream_options", Parameter::StreamOptions),
            ("stream_options.include_usage", "Unknown parameter", Parameter::StreamOptions),
            (
                "",
                "gpt-5 models don't support temperature=0.7. Only temperature=1 is supported.",
                Parameter::Temperature,
            ),
            (
                "",
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted"}]}"#,
                Parameter::MaxCompletionTokens,
            ),
        ] {
            assert_eq!(Objection::read("", param, message), lasting(parameter), "{message}");
        }
    }

    #[test]
    fn a_value_that_does_not_suit_is_no_lasting_objection() {
        let message = "max_tokens is too large: 300512. This model supports at most 16384 completion tokens, whereas you provided 300512.";
        let objection = Objection::read("invalid_value", "max_tokens", message);
        assert_eq!(objection, Some(Objection { parameter: Parameter::MaxTokens, lasting: false }));
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
            assert_eq!(Objection::read("", param, message), None, "{param} {message}");
        }
    }

    #[test]
    fn families_are_known_by_their_names() {
        let of = |model| {
            let parameters = Parameters::of_family(model, None);
            (parameters.limit().map(Parameter::name), parameters.takes(Parameter::Temperature))
        };
        for model in ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-mini", "gpt-5.4-mini"] {
            assert_eq!(of(model), (Some("max_completion_tokens"), false), "{model}");
        }
        for model in ["gpt-4o", "gpt-4.1-mini", "orca-mini", "olmo", "llama3", "tiny"] {
            assert_eq!(of(model), (Some("max_tokens"), true), "{model}");
        }
        let chosen = Parameters::of_family("gpt-5", Some(TokenLimitField::MaxTokens));
        assert_eq!(chosen.limit(), Some(Parameter::MaxTokens), "the operator's choice counts for more");
    }

    #[test]
    fn the_limit_goes_from_one_name_to_the_other_and_then_away() {
        let mut parameters = Parameters::of_family("m", None);
        assert!(
            !parameters.give_in(Objection { parameter: Parameter::MaxCompletionTokens, lasting: true }),
            "not sent"
        );
        assert!(parameters.give_in(Objection { parameter: Parameter::MaxTokens, lasting: true }));
        assert_eq!(parameters.limit(), Some(Parameter::MaxCompletionTokens));
        assert!(!parameters.give_in(Objection { parameter: Parameter::MaxTokens, lasting: true }), "sent no more");
        assert!(parameters.give_in(Objection { parameter: Parameter::MaxCompletionTokens, lasting: true }));
        assert_eq!(parameters.limit(), None);

        let mut parameters = Parameters::of_family("m", None);
        assert!(parameters.give_in(Objection { parameter: Parameter::MaxTokens, lasting: false }));
        assert_eq!(parameters.limit(), None, "a number too large is too large under any name");
    }

    #[test]
    fn what_lasts_is_remembered_by_model_within_a_bound() {
        let memory = Memory::default();
        let objection = Objection { parameter: Parameter::MaxTokens, lasting: true };
        memory.remember("a", None, objection);
        memory.remember("b", None, Objection { lasting: false, ..objection });
        assert_eq!(memory.recall("a", None).limit(), Some(Parameter::MaxCompletionTokens));
        assert_eq!(memory.recall("b", None).limit(), Some(Parameter::MaxTokens));
        for number in 0..3 * REMEMBERED {
            memory.remember(&format!("model-{number}"), None, objection);
        }
        assert!(memory.0.lock().unwrap().len() <= REMEMBERED);
    }

    proptest! {
        #[test]
        fn objections_come_to_an_end(objections in prop::collection::vec((0usize..4, any::<bool>()), 0..40)) {
            let mut parameters = Parameters::of_family("m", None);
            let given_in = objections
                .into_iter()
                .filter(|(index, lasting)| {
                    parameters.give_in(Objection { parameter: Parameter::ALL[*index], lasting: *lasting })
                })
                .count();
            prop_assert!(given_in <= 4);
        }

        #[test]
        fn any_words_are_read_without_harm(code in "\\PC{0,20}", param in "\\PC{0,20}", message in "\\PC{0,60}") {
            let _any = Objection::read(&code, &param, &message);
        }
    }
}
