//! What becomes of a finished script.

use derive_more::Display;

/// The name and number that a saved script got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeRef {
    /// The episode store's own id.
    pub id: String,
    /// 1 and up within the project.
    pub number: u32,
}

/// Where the script of a completed job stands with the episode store: `owed → saved | refused`, and from `refused` back to
/// `owed` when somebody asks for another attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpisodeState {
    /// It is saved as soon as the store takes it.
    Owed,
    /// It is this episode. Final.
    Saved(EpisodeRef),
    /// The store will not take it; nothing is attempted until a client asks.
    Refused,
}

/// The same without the episode's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display)]
#[expect(missing_docs, reason = "named as the states of `EpisodeState`")]
#[display("{_variant}")]
pub enum EpisodeStatus {
    Owed,
    Saved,
    Refused,
}

impl EpisodeState {
    /// Whether a script that stands like this may come to stand like `next`: an episode stays one, and what was not owed has not
    /// been asked for.
    pub fn may_become(&self, next: &Self) -> bool {
        match (self.status(), next.status()) {
            (EpisodeStatus::Owed, EpisodeStatus::Saved | EpisodeStatus::Refused) => true,
            (EpisodeStatus::Refused, EpisodeStatus::Owed | EpisodeStatus::Saved) => true,
            (EpisodeStatus::Owed, EpisodeStatus::Owed)
            | (EpisodeStatus::Refused, EpisodeStatus::Refused)
            | (EpisodeStatus::Saved, _) => false,
        }
    }

    /// The state without the episode's name.
    pub fn status(&self) -> EpisodeStatus {
        match self {
            Self::Owed => EpisodeStatus::Owed,
            Self::Saved(_) => EpisodeStatus::Saved,
            Self::Refused => EpisodeStatus::Refused,
        }
    }

    /// The episode, once there is one.
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
    fn the_drawing_shows_the_moves_there_are() {
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
