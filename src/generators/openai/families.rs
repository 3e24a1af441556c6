//! Which parameters a model takes, judging by its name.

use super::{MAX_COMPLETION_TOKENS, MAX_TOKENS, STREAM_OPTIONS, TEMPERATURE};
use crate::{config::TokensField, generators::chat::Parameters};

/// Whether this is one of OpenAI's reasoning models: they answer 400 to `max_tokens` and to any temperature but 1.
pub(super) fn reasons(model: &str) -> bool {
    let is_o_series = model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_o_series || model.starts_with("gpt-5")
}

/// The parameters to try first. `field` is the operator's choice and overrides the name.
pub(super) fn parameters(model: &str, field: Option<TokensField>) -> Parameters {
    let reasons = reasons(model);
    let by_family = if reasons { TokensField::MaxCompletionTokens } else { TokensField::MaxTokens };
    let limit: &'static [&'static str] = match field.unwrap_or(by_family) {
        TokensField::MaxTokens => &[MAX_TOKENS, MAX_COMPLETION_TOKENS],
        TokensField::MaxCompletionTokens => &[MAX_COMPLETION_TOKENS, MAX_TOKENS],
    };
    let temperature: Option<&'static [&'static str]> = if reasons { None } else { Some(&[TEMPERATURE]) };
    Parameters::new([limit, &[STREAM_OPTIONS]].into_iter().chain(temperature))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name under which the limit is sent.
    fn limit(parameters: &Parameters) -> Option<&'static str> {
        [MAX_TOKENS, MAX_COMPLETION_TOKENS].into_iter().find(|name| parameters.sends(name))
    }

    #[test]
    fn families_are_known_by_their_names() {
        let of = |model| {
            let parameters = parameters(model, None);
            (limit(&parameters), parameters.sends(TEMPERATURE))
        };
        for model in ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-mini", "gpt-5.4-mini"] {
            assert_eq!(of(model), (Some("max_completion_tokens"), false), "{model}");
        }
        for model in ["gpt-4o", "gpt-4.1-mini", "orca-mini", "olmo", "llama3", "tiny"] {
            assert_eq!(of(model), (Some("max_tokens"), true), "{model}");
        }
        let chosen = parameters("gpt-5", Some(TokensField::MaxTokens));
        assert_eq!(limit(&chosen), Some(MAX_TOKENS), "the operator's choice counts for more");
    }
}
