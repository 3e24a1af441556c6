//! The sentences of the service, read from the embedded files of `config/locales/`.

use std::sync::Arc;

use generation_actors::{model::Locale, wording::{FailureTexts, StepTexts, Texts, Wording}};
use serde::Deserialize;

const KO: &str = include_str!("../config/locales/ko.toml");
const EN: &str = include_str!("../config/locales/en.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    steps: StepTexts,
    failures: FailureTexts,
    errors: ErrorTexts,
    faults: FaultTexts,
}

/// One message for every error of the HTTP side.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the text of the error of its name")]
pub struct ErrorTexts {
    pub validation_error: String,
    pub invalid_json: String,
    pub malformed_body: String,
    pub payload_too_large: String,
    pub unsupported_media_type: String,
    pub request_timeout: String,
    pub method_not_allowed: String,
    pub foreign_host: String,
    pub not_found: String,
    pub job_not_found: String,
    pub episode_not_found: String,
    pub no_script: String,
    pub model_unavailable: String,
    pub no_default_model: String,
    pub queue_full: String,
    pub shutting_down: String,
    pub idempotency_conflict: String,
    pub store_unavailable: String,
    pub job_unreadable: String,
    pub episodes_unavailable: String,
    pub episodes_misconfigured: String,
    pub episode_refused: String,
    pub internal: String,
    pub not_ready: String,
    pub backend_down: String,
}

/// One message for every fault of a field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the text of the fault of its name")]
pub struct FaultTexts {
    pub not_an_object: String,
    pub required: String,
    pub blank: String,
    pub not_text: String,
    pub too_long: String,
    pub control_characters: String,
    pub dot_segment: String,
    pub name_pattern: String,
    pub not_a_number: String,
    pub not_an_integer: String,
    pub out_of_range: String,
    pub bad_cursor: String,
    pub bad_preview: String,
    pub bad_key: String,
}

/// What HTTP says in one language.
#[derive(Debug, Clone)]
pub struct HttpTexts {
    /// For `error.message`.
    pub errors: ErrorTexts,
    /// For `error.details[].message`.
    pub faults: FaultTexts,
}

/// All sentences in all languages.
#[derive(Debug, Clone)]
pub struct Locales {
    /// About jobs.
    pub wording: Arc<Wording>,
    ko: HttpTexts,
    en: HttpTexts,
}

impl Locales {
    /// Reads the embedded files, which the tests have shown to be complete.
    pub fn embedded() -> Self {
        let (ko_texts, ko) = parse(KO);
        let (en_texts, en) = parse(EN);
        Self { wording: Arc::new(Wording { ko: ko_texts, en: en_texts }), ko, en }
    }

    /// What HTTP says in `locale`.
    pub fn http(&self, locale: Locale) -> &HttpTexts {
        match locale {
            Locale::Ko => &self.ko,
            Locale::En => &self.en,
        }
    }
}

fn parse(file: &str) -> (Texts, HttpTexts) {
    let File { steps, failures, errors, faults } =
        toml::from_str(file).expect("the embedded locale files are complete");
    (Texts { steps, failures }, HttpTexts { errors, faults })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_everything_with_the_same_blanks_to_fill() {
        Locales::embedded();
        let blanks = |file: &str| -> Vec<String> {
            let table: toml::Table = toml::from_str(file).expect("TOML");
            let mut all: Vec<String> = table
                .iter()
                .flat_map(|(section, texts)| {
                    texts.as_table().expect("a section").iter().map(move |(key, text)| {
                        let text = text.as_str().expect("text");
                        let mut names: Vec<&str> = text
                            .split('{')
                            .skip(1)
                            .filter_map(|rest| rest.split_once('}'))
                            .map(|(name, _)| name)
                            .collect();
                        names.sort_unstable();
                        format!("{section}.{key} {names:?}")
                    })
                })
                .collect();
            all.sort();
            all
        };
        assert_eq!(blanks(KO), blanks(EN));
    }
}
