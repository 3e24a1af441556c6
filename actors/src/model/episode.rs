//! What becomes of a finished script.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the states of `EpisodeState`")]
pub enum EpisodeStatus {
    Owed,
    Saved,
    Refused,
}

impl EpisodeState {
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
