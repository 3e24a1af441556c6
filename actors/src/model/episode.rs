//! The episode of a finished script.

use derive_more::Display;

/// The id and number of a saved episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeRef {
    /// The episode store's own id.
    pub id: String,
    /// The number within the project, 1 and up.
    pub number: u32,
}

/// The state of a completed job's episode: `owed → saved | refused`, and from `refused` back to `owed` when a client
/// asks for another attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpisodeState {
    /// The outbox saves the script as soon as the store takes it.
    Owed,
    /// The script is saved as this episode. Final.
    Saved(EpisodeRef),
    /// The store refused the script. It is not retried until a client asks.
    Refused,
}

/// [`EpisodeState`] without the episode's id and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display)]
#[expect(missing_docs, reason = "named as the states of `EpisodeState`")]
#[display("{_variant}")]
pub enum EpisodeStatus {
    Owed,
    Saved,
    Refused,
}

impl EpisodeState {
    /// Whether this state may change to `next`. `Saved` is final, and no state changes to itself.
    pub fn may_become(&self, next: &Self) -> bool {
        match (self.status(), next.status()) {
            (EpisodeStatus::Owed, EpisodeStatus::Saved | EpisodeStatus::Refused) => true,
            (EpisodeStatus::Refused, EpisodeStatus::Owed | EpisodeStatus::Saved) => true,
            (EpisodeStatus::Owed, EpisodeStatus::Owed)
            | (EpisodeStatus::Refused, EpisodeStatus::Refused)
            | (EpisodeStatus::Saved, _) => false,
        }
    }

    /// The state without the episode's id and number.
    pub fn status(&self) -> EpisodeStatus {
        match self {
            Self::Owed => EpisodeStatus::Owed,
            Self::Saved(_) => EpisodeStatus::Saved,
            Self::Refused => EpisodeStatus::Refused,
        }
    }

    /// The episode, if it is saved.
    pub fn saved(&self) -> Option<&EpisodeRef> {
        match self {
            Self::Saved(episode) => Some(episode),
            Self::Owed | Self::Refused => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_drawing_shows_exactly_the_allowed_transitions() {
        let drawing = include_str!("../../../docs/job-lifecycle.dot");
        let (_, drawing) = drawing.split_once("digraph episode").expect("the second graph");
        let drawn: BTreeSet<_> = drawing
            .lines()
            .filter_map(|line| {
                let (from, rest) = line.split_once("->")?;
                Some((from.trim().to_owned(), rest.split('[').next()?.trim().to_owned()))
            })
            .collect();
        let saved = EpisodeState::Saved(EpisodeRef { id: "e".into(), number: 1 });
        let states = [EpisodeState::Owed, saved, EpisodeState::Refused];
        let moves = states.iter().flat_map(|from| states.iter().map(move |to| (from, to)));
        let moves = moves.filter(|(from, to)| from.may_become(to));
        assert_eq!(drawn, moves.map(|(from, to)| (from.status().to_string(), to.status().to_string())).collect());
    }
}
