//! From files to banks.

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Act, Bank, BankError, Exchange, Situation,
    files::{File, Files},
};
use crate::{chance::Deck, template};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TalkFile {
    asides: Vec<String>,
    readings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SituationFile {
    acts: Vec<Act>,
    want: Vec<String>,
    resist: Vec<String>,
    turn: Vec<String>,
}

/// The bank of one language.
///
/// # Errors
/// The first file that does not parse, has an unknown slot, or a list that is empty or too long.
pub(super) fn bank(files: &Files) -> Result<Bank, BankError> {
    let talk: TalkFile = parse(files.talk)?;
    let bank = Bank {
        labels: parse(files.labels)?,
        names: parse(files.names)?,
        setting: parse(files.setting)?,
        screen: parse(files.screen)?,
        audio: parse(files.audio)?,
        asides: exchanges(files.talk, &talk.asides)?,
        readings: exchanges(files.talk, &talk.readings)?,
        situations: files.situations.iter().map(|&file| situation(file)).collect::<Result<_, _>>()?,
    };
    check(files, &bank)?;
    Ok(bank)
}

fn fault((path, _): File, fault: impl ToString) -> BankError {
    BankError { file: path.to_owned(), fault: fault.to_string() }
}

fn parse<T: DeserializeOwned>(file: File) -> Result<T, BankError> {
    toml::from_str(file.1).map_err(|error| fault(file, error))
}

fn situation(file: File) -> Result<Situation, BankError> {
    let read: SituationFile = parse(file)?;
    Ok(Situation {
        acts: read.acts,
        want: exchanges(file, &read.want)?,
        resist: exchanges(file, &read.resist)?,
        turn: exchanges(file, &read.turn)?,
    })
}

fn exchanges(file: File, texts: &[String]) -> Result<Vec<Exchange>, BankError> {
    check_list(file, texts)?;
    texts.iter().map(|text| Exchange::parse(text).map_err(|error| fault(file, error))).collect()
}

/// Every list of phrases that is not dialogue.
fn check(files: &Files, bank: &Bank) -> Result<(), BankError> {
    for act in Act::ALL {
        if !bank.situations.iter().any(|situation| situation.acts.contains(&act)) {
            return Err(fault(files.talk, format!("no situation for {act:?}")));
        }
    }
    for list in [&bank.names.cast, &bank.names.traits] {
        check_list(files.names, list)?;
    }
    let setting = &bank.setting;
    for list in [&setting.things, &setting.deadlines, &setting.years, &setting.spots] {
        check_list(files.setting, list)?;
    }
    check_len(files.setting, setting.places.len())?;
    check_len(files.setting, setting.times.len())?;
    for (file, stage) in [(files.screen, &bank.screen), (files.audio, &bank.audio)] {
        for list in stage.lists() {
            check_list(file, list)?;
        }
    }
    Ok(())
}

impl super::Stage {
    pub(super) fn lists(&self) -> [&Vec<String>; 10] {
        [
            &self.inside,
            &self.outside,
            &self.entrances,
            &self.beats,
            &self.indoor_beats,
            &self.pauses,
            &self.exits,
            &self.indoor_exits,
            &self.transitions,
            &self.endings,
        ]
    }
}

fn check_list(file: File, list: &[String]) -> Result<(), BankError> {
    check_len(file, list.len())?;
    list.iter().try_for_each(|phrase| template::check(phrase).map_err(|error| fault(file, error)))
}

fn check_len(file: File, len: usize) -> Result<(), BankError> {
    if (1..=Deck::MOST).contains(&len) {
        Ok(())
    } else {
        Err(fault(file, format!("a list has 1 to {} entries, not {len}", Deck::MOST)))
    }
}
