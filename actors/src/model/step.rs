//! What a job is doing.

/// What a job is doing, finer than its status; the sentence shown for it (`currentStep`) is the edge's to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Waiting for its turn.
    Queued,
    /// The request is with the model, nothing has come back yet.
    AnalyzingPrompt,
    /// The model thinks aloud before it writes; its reasoning is no part of the script.
    Reasoning,
    /// The provider refused for the moment and is asked again.
    RetryingModel,
    /// Headings and scenes are laid out.
    OutliningScenes,
    /// The script is being written.
    WritingDialogue,
    /// Most of it is there.
    WritingEnding,
    /// The finished script is on its way to the episode store.
    SavingEpisode,
    /// Completed.
    Done,
    /// Failed.
    Failed,
    /// Canceled.
    Canceled,
}
