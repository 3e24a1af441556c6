//! Every sentence a person reads, in each language. The texts are in `config/locales/`, embedded by the build;
//! [`Texts`] defines which are required.

mod texts;

use std::sync::Arc;

use generation_actors::model::Locale;

pub use texts::{ErrorTexts, FailureTexts, FaultTexts, StepTexts, Texts};

const KO: &str = include_str!("../../config/locales/ko.toml");
const EN: &str = include_str!("../../config/locales/en.toml");

/// All sentences in all languages.
#[derive(Debug)]
pub struct Locales {
    ko: Texts,
    en: Texts,
}

impl Locales {
    /// Parses the embedded files. Tests check that they are complete.
    pub fn embedded() -> Arc<Self> {
        Arc::new(Self { ko: parse(KO), en: parse(EN) })
    }

    /// The sentences in `locale`.
    pub fn texts(&self, locale: Locale) -> &Texts {
        match locale {
            Locale::Ko => &self.ko,
            Locale::En => &self.en,
        }
    }
}

fn parse(file: &str) -> Texts {
    toml::from_str(file).expect("the embedded locale files are complete")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each sentence's key and its placeholders.
    fn placeholders(file: &str) -> Vec<String> {
        let table: toml::Table = toml::from_str(file).expect("TOML");
        let mut all = Vec::new();
        for (section, texts) in &table {
            for (key, text) in texts.as_table().expect("a section") {
                let parts = text.as_str().expect("text").split('{').skip(1);
                let mut names: Vec<&str> = parts.filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
                names.sort_unstable();
                all.push(format!("{section}.{key} {names:?}"));
            }
        }
        all.sort();
        all
    }

    #[test]
    fn both_languages_have_the_same_sentences_and_placeholders() {
        Locales::embedded();
        assert_eq!(placeholders(KO), placeholders(EN));
    }
}
