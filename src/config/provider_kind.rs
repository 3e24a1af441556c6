//! The kinds of providers, and how each is configured.

use super::chat_server::{self, ChatServer};
use super::document::{Faulty, Section};
use super::openai::{self, OpenAi};
use super::parse::{self, integer};
use super::variables::Environment;

/// What a provider is.
#[derive(Debug, Clone)]
pub enum ProviderKind {
    /// The generator inside the service.
    Builtin {
        /// Words a second; 0 is as fast as it can.
        words_per_second: u32,
    },
    /// A server that speaks OpenAI's chat completions.
    OpenAi(Box<OpenAi>),
}

impl ProviderKind {
    /// The server that is asked; `None` where there is none.
    pub fn server(&self) -> Option<&ChatServer> {
        match self {
            Self::Builtin { .. } => None,
            Self::OpenAi(openai) => Some(&openai.server),
        }
    }
}

/// Reads the keys of one kind; true if a variable replaced the server that was written.
type Reader = fn(&mut Section<'_>, &Environment) -> Result<(ProviderKind, bool), Faulty>;

/// How the providers of one kind are configured.
pub(super) struct Kind {
    /// The value of the key `kind`.
    name: &'static str,
    /// Its keys, besides those that all providers have.
    keys: &'static [&'static [&'static str]],
    pub(super) read: Reader,
}

/// All kinds.
static KINDS: [Kind; 2] = [
    Kind { name: "builtin", keys: &[&["words_per_second"]], read: read_builtin },
    Kind { name: "openai", keys: &[&chat_server::KEYS, &openai::KEYS], read: read_openai },
];

impl Kind {
    /// Reads the key `kind`. If it is wrong, the keys of all kinds are taken: they may well be right for the kind that was meant.
    pub(super) fn read(section: &mut Section<'_>) -> Result<&'static Self, Faulty> {
        let kind = section.read("kind", parse::one_of(&KINDS.each_ref().map(|kind| (kind.name, kind))));
        if kind.is_err() {
            KINDS.iter().flat_map(Self::keys).for_each(|key| drop(section.take(key)));
        }
        kind
    }

    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().flat_map(|keys| keys.iter().copied())
    }

    /// Refuses the keys of other kinds.
    pub(super) fn refuse_others(&self, section: &mut Section<'_>) -> Result<(), Faulty> {
        let mut result = Ok(());
        for other in KINDS.iter().filter(|other| other.name != self.name) {
            let keys: Vec<_> = other.keys().filter(|key| !self.keys().any(|own| own == *key)).collect();
            let reason = format!("this key is for providers of kind {:?}", other.name);
            result = section.refuse_keys(&keys, &reason).and(result);
        }
        result
    }
}

fn read_builtin(section: &mut Section<'_>, _: &Environment) -> Result<(ProviderKind, bool), Faulty> {
    let words_per_second = section.read_or("words_per_second", 40, integer(0..=1_000_000))?;
    Ok((ProviderKind::Builtin { words_per_second }, false))
}

fn read_openai(section: &mut Section<'_>, environment: &Environment) -> Result<(ProviderKind, bool), Faulty> {
    let (openai, is_elsewhere) = openai::read(section, environment)?;
    Ok((ProviderKind::OpenAi(Box::new(openai)), is_elsewhere))
}
