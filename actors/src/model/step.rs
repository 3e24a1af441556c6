//! The steps of a job.

/// What a job is doing, finer than its status. The delivery side chooses the sentence shown for it (`currentStep`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Waiting in the queue.
    Queued,
    /// The request was sent to the model; nothing has come back yet.
    AnalyzingPrompt,
    /// The model reasons before it writes; the reasoning is not part of the script.
    Reasoning,
    /// The provider refused temporarily; the request is being retried.
    RetryingModel,
    /// Headings and scenes are being laid out.
    OutliningScenes,
    /// The script is being written.
    WritingDialogue,
    /// Most of the script is written.
    WritingEnding,
    /// The finished script is being saved as an episode.
    SavingEpisode,
    /// Completed.
    Done,
    /// Failed.
    Failed,
    /// Canceled.
    Canceled,
}
