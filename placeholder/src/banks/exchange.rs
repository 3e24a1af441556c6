//! Two people talk: a few lines that belong together.

use serde::Deserialize;

/// Which of the two people of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Who wants something.
    A,
    /// Of whom it is wanted.
    B,
}

/// One line of dialogue.
#[derive(Debug)]
pub(crate) struct Speech {
    pub(crate) role: Role,
    /// How it is said, as a listener would notice too.
    pub(crate) manner: Option<String>,
    pub(crate) words: String,
}

/// Lines that belong together; the two take turns.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) speeches: Vec<Speech>,
}

/// Where in a draft a scene stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Act {
    /// The first scene.
    Opening,
    First,
    Second,
    Third,
    Fourth,
    /// The last of several scenes.
    Finale,
}

impl Act {
    pub(crate) const ALL: [Self; 6] =
        [Self::Opening, Self::First, Self::Second, Self::Third, Self::Fourth, Self::Finale];
    /// The four quarters of a story.
    pub(crate) const QUARTERS: [Self; 4] = [Self::First, Self::Second, Self::Third, Self::Fourth];
}

/// What a scene is about: every want goes with every resistance and every turn.
#[derive(Debug)]
pub(crate) struct Situation {
    /// Where it may come.
    pub(crate) acts: Vec<Act>,
    pub(crate) want: Vec<Exchange>,
    pub(crate) resist: Vec<Exchange>,
    pub(crate) turn: Vec<Exchange>,
}

impl Exchange {
    /// Reads lines of the form `A: (manner) words`.
    ///
    /// # Errors
    /// What is wrong with which line.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let speeches: Vec<Speech> =
            text.lines().filter(|line| !line.trim().is_empty()).map(speech).collect::<Result<_, _>>()?;
        if speeches.len() < 2 {
            return Err(format!("an exchange has two lines or more: {text:?}"));
        }
        if speeches.windows(2).any(|pair| pair[0].role == pair[1].role) {
            return Err(format!("the two take turns: {text:?}"));
        }
        Ok(Self { speeches })
    }
}

fn speech(line: &str) -> Result<Speech, String> {
    let malformed = || format!("a line is `A: words` or `B: (manner) words`: {line:?}");
    let (role, words) = line.split_once(": ").ok_or_else(malformed)?;
    let role = match role {
        "A" => Role::A,
        "B" => Role::B,
        _ => return Err(malformed()),
    };
    let (manner, words) = match words.strip_prefix('(') {
        Some(rest) => rest.split_once(") ").map(|(manner, words)| (Some(manner), words)).ok_or_else(malformed)?,
        None => (None, words),
    };
    Ok(Speech { role, manner: manner.map(str::to_owned), words: words.to_owned() })
}
