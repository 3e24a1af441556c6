//! The phrase banks: data files under `banks/`, one folder a language, embedded and read once a process.

mod exchange;
mod files;
mod reading;

use std::{collections::HashSet, sync::LazyLock};

use derive_more::{Display, Error};
use serde::Deserialize;

pub(crate) use exchange::{Act, Exchange, Role, Situation};

use crate::{language::Language, order::Order};

/// A bank cannot be used.
#[derive(Debug, Display, Error)]
#[display("phrase bank {file}: {fault}")]
pub struct BankError {
    file: String,
    #[error(not(source))]
    fault: String,
}

/// The banks of all languages.
#[derive(Debug)]
pub(crate) struct Banks {
    korean: Bank,
    english: Bank,
}

impl Banks {
    /// The banks that an order is written with.
    pub(crate) fn of(&self, language: Language) -> &Bank {
        match language {
            Language::Korean => &self.korean,
            Language::English => &self.english,
        }
    }
}

/// Everything that one language needs.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) labels: Labels,
    pub(crate) names: Names,
    pub(crate) setting: Setting,
    pub(crate) screen: Stage,
    pub(crate) audio: Stage,
    /// Talk of two lines that fits anywhere.
    pub(crate) asides: Vec<Exchange>,
    /// Somebody reads a sentence of the order aloud.
    pub(crate) readings: Vec<Exchange>,
    pub(crate) situations: Vec<Situation>,
}

impl Bank {
    /// What is seen or heard around the dialogue.
    pub(crate) fn stage(&self, order: &Order<'_>) -> &Stage {
        if order.is_audio() { &self.audio } else { &self.screen }
    }
}

/// The fixed words of the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Labels {
    /// That this is a placeholder, and how to get a real model.
    pub(crate) notice: String,
    pub(crate) format: String,
    pub(crate) premise: String,
    pub(crate) cast: String,
    pub(crate) inside: String,
    pub(crate) outside: String,
    pub(crate) narrator: String,
    /// Quotation marks for the title within a phrase.
    pub(crate) quotes: [String; 2],
    /// Script types by the names that orders give them.
    pub(crate) kinds: std::collections::HashMap<String, String>,
}

/// Names to give, and what is needed to recognise names in an order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    /// Given to people whom the order does not name.
    pub(crate) cast: Vec<String>,
    /// Names that are no words besides.
    pub(crate) known: HashSet<String>,
    /// Names that are also words; they count only beside other evidence.
    pub(crate) ambiguous: HashSet<String>,
    pub(crate) surnames: HashSet<String>,
    /// What people are called without being named: `detective`, `mother`.
    pub(crate) roles: HashSet<String>,
    /// Words that stand where names stand, or are written like names, and are none.
    pub(crate) ordinary: HashSet<String>,
    /// Words before a colon that a list of names follows.
    pub(crate) labels: Vec<String>,
    /// One sentence about a person, for the list of the cast.
    pub(crate) traits: Vec<String>,
}

/// Where and when a draft plays, and what it turns on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    pub(crate) things: Vec<String>,
    pub(crate) deadlines: Vec<String>,
    pub(crate) years: Vec<String>,
    pub(crate) spots: Vec<String>,
    pub(crate) places: Vec<Place>,
    pub(crate) times: Vec<Time>,
}

/// Where a scene can play.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// As it stands in a heading.
    pub(crate) name: String,
    /// As it stands in a sentence; the name, if left out.
    pub(crate) at: Option<String>,
    #[serde(default)]
    pub(crate) inside: bool,
    /// An order that has one of these words is given this place.
    pub(crate) keys: Vec<String>,
}

/// When a scene can play.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Time {
    pub(crate) name: String,
    /// An order that has one of these words begins at this time.
    pub(crate) keys: Vec<String>,
}

/// What is seen, or in audio heard, around the dialogue. A line `@ …` within a phrase is the narrator's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    /// The first line of the script proper.
    pub(crate) opening: String,
    pub(crate) closing: String,
    pub(crate) end: String,
    /// A scene's heading with `{number}`, `{side}`, `{name}` and `{time}`.
    pub(crate) heading: String,
    /// How a scene inside begins; `{a}` is there.
    pub(crate) inside: Vec<String>,
    pub(crate) outside: Vec<String>,
    /// `{b}` comes.
    pub(crate) entrances: Vec<String>,
    /// Between two exchanges, anywhere.
    pub(crate) beats: Vec<String>,
    pub(crate) indoor_beats: Vec<String>,
    /// The shortest beats, which make a draft as long as ordered.
    pub(crate) pauses: Vec<String>,
    pub(crate) exits: Vec<String>,
    pub(crate) indoor_exits: Vec<String>,
    pub(crate) transitions: Vec<String>,
    /// The last picture or sound.
    pub(crate) endings: Vec<String>,
}

/// The embedded banks.
pub(crate) fn embedded() -> Result<&'static Banks, &'static BankError> {
    static BANKS: LazyLock<Result<Banks, BankError>> = LazyLock::new(|| {
        Ok(Banks { korean: reading::bank(&files::KOREAN)?, english: reading::bank(&files::ENGLISH)? })
    });
    BANKS.as_ref()
}

#[cfg(test)]
mod tests;
