//! Every sentence that a person reads, in the languages there are. The texts stand in `config/locales/`, which the build
//! embeds; [`Texts`] says which there must be.

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
    /// Reads the embedded files, which the tests have shown to be complete.
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

    /// Each sentence's key with the blanks that are to be filled in.
    fn blanks(file: &str) -> Vec<String> {
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
    fn both_languages_say_everything_with_the_same_blanks_to_fill() {
        Locales::embedded();
        assert_eq!(blanks(KO), blanks(EN));
    }
}
