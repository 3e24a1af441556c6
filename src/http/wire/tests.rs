//! The bytes of every kind of event and of the status object, as clients have always been sent them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use generation_actors::{
    feed::{EventId, FrameEncoder as _, PreviewText},
    model::{Brief, EpisodeRef, EpisodeState, Epoch, FailureCode, JobView, Locale, Status, Step},
};

use super::{Frames, StatusBody};
use crate::locales::Locales;

const JOB: &str = "job_0123456789abcdef0123456789abcdef";
/// All that JSON escapes and some that it does not.
const TEXT: &str = "씬 1\n\"a\\b\"\t\u{1}\u{7f}\u{2028}😀</script>";
/// The same within JSON.
const ESCAPED: &str = "씬 1\\n\\\"a\\\\b\\\"\\t\\u0001\u{7f}\u{2028}😀</script>";

fn at(seconds: i64, milliseconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, milliseconds * 1_000_000).expect("a time")
}

fn id(epoch: u32, seq: u64) -> EventId {
    EventId { epoch: Epoch(epoch), seq }
}

fn view(locale: Locale, status: Status, step: Step) -> JobView {
    let brief = Brief {
        project_id: "p\"1".into(),
        episode_number: Some(3),
        title: "막차 <b>".into(),
        description: "d".into(),
        script_type: "drama".into(),
        model: "builtin".into(),
        temperature: 0.7,
        length_target: 100,
        locale,
    };
    JobView {
        id: JOB.parse().expect("an id"),
        brief: Arc::new(brief),
        status,
        step,
        progress: 42,
        words: 7,
        tokens: 9,
        model_used: None,
        created_at: at(1_700_000_000, 5),
        started_at: None,
        completed_at: None,
        remaining_seconds: Some(12),
        queue_position: None,
        text_complete: false,
        failure: None,
        episode: None,
    }
}

fn queued() -> JobView {
    JobView { remaining_seconds: None, queue_position: Some(3), ..view(Locale::En, Status::Queued, Step::Queued) }
}

fn writing() -> JobView {
    view(Locale::Ko, Status::Streaming, Step::WritingDialogue)
}

fn completed(episode: EpisodeState) -> JobView {
    JobView {
        text_complete: true,
        remaining_seconds: None,
        started_at: Some(at(1_700_000_001, 0)),
        completed_at: Some(at(1_700_000_009, 120)),
        model_used: Some("m-2".into()),
        episode: Some(episode),
        ..view(Locale::En, Status::Completed, Step::Done)
    }
}

fn saved() -> JobView {
    completed(EpisodeState::Saved(EpisodeRef { id: "ep \"1\"".into(), number: 4 }))
}

fn failed(code: FailureCode) -> JobView {
    let (status, step) = match code {
        FailureCode::JobCanceled => (Status::Canceled, Step::Canceled),
        _ => (Status::Failed, Step::Failed),
    };
    JobView { failure: Some(code), remaining_seconds: None, ..view(Locale::En, status, step) }
}

/// Compares with what is expected, in which `$JOB`, `$TEXT` and the names of `sentences` stand for what is long.
fn assert_bytes(bytes: &[u8], expected: &str, sentences: &[(&str, &str)]) {
    let mut expected = expected.replace("$JOB", JOB).replace("$TEXT", ESCAPED);
    for (blank, sentence) in sentences {
        expected = expected.replace(blank, sentence);
    }
    assert_eq!(std::str::from_utf8(bytes).expect("UTF-8"), expected);
}

fn frames() -> (Frames, Arc<Locales>) {
    let locales = Locales::embedded();
    (Frames::new(Arc::clone(&locales)), locales)
}

#[test]
fn progress_is_sent_as_ever() {
    let (frames, locales) = frames();
    let step = locales.texts(Locale::Ko).steps.writing_dialogue.as_str();
    assert_bytes(
        &frames.progress(id(2, 14), &writing()),
        "event: progress\nid: 2-14\ndata: {\"type\":\"progress\",\"jobId\":\"$JOB\",\"value\":42,\"currentStep\":\"$STEP\",\
         \"estimatedTime\":12}\n\n",
        &[("$STEP", step)],
    );
    let step = locales.texts(Locale::En).steps.queued.as_str();
    assert_bytes(
        &frames.progress(id(2, 14), &queued()),
        "event: progress\nid: 2-14\ndata: {\"type\":\"progress\",\"jobId\":\"$JOB\",\"value\":42,\"currentStep\":\"$STEP\",\
         \"estimatedTime\":null}\n\n",
        &[("$STEP", step)],
    );
}

#[test]
fn previews_are_sent_as_ever() {
    let (frames, _) = frames();
    assert_bytes(
        &frames.preview(id(1, 5), &writing(), PreviewText::Full(TEXT)),
        "event: preview\nid: 1-5\ndata: {\"type\":\"preview\",\"jobId\":\"$JOB\",\"markdown\":\"$TEXT\",\"isPartial\":true,\
         \"wordCount\":7,\"estimatedTokens\":9}\n\n",
        &[],
    );
    let whole = JobView { text_complete: true, ..writing() };
    assert_bytes(
        &frames.preview(id(1, 5), &whole, PreviewText::Delta { text: TEXT, offset: 17 }),
        "event: preview\nid: 1-5\ndata: {\"type\":\"preview\",\"jobId\":\"$JOB\",\"delta\":\"$TEXT\",\"offset\":17,\
         \"isPartial\":false,\"wordCount\":7,\"estimatedTokens\":9}\n\n",
        &[],
    );
}

#[test]
fn the_end_of_a_script_is_sent_as_ever() {
    let (frames, _) = frames();
    let completed = |episode: &str| {
        format!(
            "event: completed\nid: 1-8\ndata: {{\"type\":\"completed\",\"jobId\":\"$JOB\",\"result\":{{\"markdown\":\"$TEXT\",\
             \"tokens\":9,\"wordCount\":7,\"modelUsed\":\"m-2\",{episode}}}}}\n\n"
        )
    };
    let unsaved = completed("\"episodeId\":null,\"episodeNumber\":null,\"savedToEpisode\":false");
    for episode in [EpisodeState::Owed, EpisodeState::Refused] {
        assert_bytes(&frames.terminal(id(1, 8), &self::completed(episode), TEXT), &unsaved, &[]);
    }
    let with_episode = completed("\"episodeId\":\"ep \\\"1\\\"\",\"episodeNumber\":4,\"savedToEpisode\":true");
    assert_bytes(&frames.terminal(id(1, 8), &saved(), TEXT), &with_episode, &[]);
}

#[test]
fn failures_are_sent_as_ever_in_the_codes_of_the_original() {
    let (frames, locales) = frames();
    let texts = locales.texts(Locale::En);
    for (code, name, retryable) in [
        (FailureCode::JobCanceled, "JOB_CANCELED", false),
        (FailureCode::TokenLimitExceeded, "TOKEN_LIMIT_EXCEEDED", false),
        (FailureCode::GenerationError, "GENERATION_ERROR", true),
        (FailureCode::RequestRefused, "GENERATION_ERROR", true),
        (FailureCode::ModelUnavailable, "MODEL_UNAVAILABLE", true),
        (FailureCode::ModelRefused, "MODEL_UNAVAILABLE", true),
        (FailureCode::TimeoutError, "TIMEOUT_ERROR", true),
    ] {
        let expected = format!(
            "event: failed\nid: 3-8\ndata: {{\"type\":\"failed\",\"jobId\":\"$JOB\",\"error\":{{\"code\":\"{name}\",\
             \"message\":\"$MESSAGE\",\"retryable\":{retryable}}}}}\n\n"
        );
        assert_bytes(&frames.terminal(id(3, 8), &failed(code), TEXT), &expected, &[("$MESSAGE", texts.failure(code))]);
    }
}

#[test]
fn events_of_the_stream_itself_are_sent_as_ever() {
    let (frames, locales) = frames();
    let texts = locales.texts(Locale::En);
    assert_bytes(
        &frames.gone("job_\"x", Locale::En),
        "event: failed\nid: gone\ndata: {\"type\":\"failed\",\"jobId\":\"job_\\\"x\",\"error\":{\"code\":\"JOB_NOT_FOUND\",\
         \"message\":\"$MESSAGE\",\"retryable\":false}}\n\n",
        &[("$MESSAGE", &texts.errors.job_not_found)],
    );
    assert_bytes(
        &frames.stream_error(&queued()),
        "event: failed\ndata: {\"type\":\"failed\",\"jobId\":\"$JOB\",\"error\":{\"code\":\"SSE_ERROR\",\
         \"message\":\"$MESSAGE\",\"retryable\":true}}\n\n",
        &[("$MESSAGE", &texts.failures.sse_error)],
    );
    assert_bytes(
        &Frames::heartbeat(&queued(), at(1_700_000_000, 5), None),
        "event: heartbeat\ndata: {\"type\":\"heartbeat\",\"timestamp\":\"2023-11-14T22:13:20.005Z\",\"jobId\":\"$JOB\",\
         \"status\":\"queued\",\"queuePosition\":3}\n\n",
        &[],
    );
    assert_bytes(
        &Frames::heartbeat(&saved(), at(1_700_000_000, 0), Some(Epoch(2))),
        "event: heartbeat\nid: 2-end\ndata: {\"type\":\"heartbeat\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\
         \"jobId\":\"$JOB\",\"status\":\"completed\"}\n\n",
        &[],
    );
}

#[test]
fn the_status_object_is_sent_as_ever() {
    let locales = Locales::embedded();
    let status = |view: &JobView| serde_json::to_vec(&StatusBody::new(view, &locales)).expect("JSON");
    let (ko, en) = (locales.texts(Locale::Ko), locales.texts(Locale::En));
    assert_bytes(
        &status(&queued()),
        "{\"jobId\":\"$JOB\",\"status\":\"queued\",\"progress\":42,\"currentStep\":\"$STEP\",\"projectId\":\"p\\\"1\",\
         \"episodeNumber\":3,\"title\":\"막차 <b>\",\"wordCount\":7,\"tokens\":9,\"createdAt\":\"2023-11-14T22:13:20.005Z\",\
         \"startedAt\":null,\"completedAt\":null,\"estimatedRemainingTime\":null,\"errorCode\":null,\"errorMessage\":null,\
         \"episodeId\":null,\"savedToEpisode\":false,\"episodeStatus\":null,\"model\":\"builtin\",\"modelUsed\":null,\
         \"queuePosition\":3}",
        &[("$STEP", &en.steps.queued)],
    );
    assert_bytes(
        &status(&writing()),
        "{\"jobId\":\"$JOB\",\"status\":\"streaming\",\"progress\":42,\"currentStep\":\"$STEP\",\"projectId\":\"p\\\"1\",\
         \"episodeNumber\":3,\"title\":\"막차 <b>\",\"wordCount\":7,\"tokens\":9,\"createdAt\":\"2023-11-14T22:13:20.005Z\",\
         \"startedAt\":null,\"completedAt\":null,\"estimatedRemainingTime\":12,\"errorCode\":null,\"errorMessage\":null,\
         \"episodeId\":null,\"savedToEpisode\":false,\"episodeStatus\":null,\"model\":\"builtin\",\"modelUsed\":null,\
         \"queuePosition\":null}",
        &[("$STEP", &ko.steps.writing_dialogue)],
    );
    assert_bytes(
        &status(&failed(FailureCode::ModelRefused)),
        "{\"jobId\":\"$JOB\",\"status\":\"failed\",\"progress\":42,\"currentStep\":\"$STEP\",\"projectId\":\"p\\\"1\",\
         \"episodeNumber\":3,\"title\":\"막차 <b>\",\"wordCount\":7,\"tokens\":9,\"createdAt\":\"2023-11-14T22:13:20.005Z\",\
         \"startedAt\":null,\"completedAt\":null,\"estimatedRemainingTime\":null,\"errorCode\":\"MODEL_UNAVAILABLE\",\
         \"errorMessage\":\"$MESSAGE\",\"episodeId\":null,\"savedToEpisode\":false,\"episodeStatus\":null,\
         \"model\":\"builtin\",\"modelUsed\":null,\"queuePosition\":null}",
        &[("$STEP", &en.steps.failed), ("$MESSAGE", &en.failures.model_refused)],
    );
}

#[test]
fn the_status_object_of_a_completed_job_says_what_became_of_its_script() {
    let locales = Locales::embedded();
    let step = locales.texts(Locale::En).steps.done.as_str();
    for (episode, number, fate) in [
        (saved().episode, 4, "\"episodeId\":\"ep \\\"1\\\"\",\"savedToEpisode\":true,\"episodeStatus\":\"saved\""),
        (Some(EpisodeState::Owed), 3, "\"episodeId\":null,\"savedToEpisode\":false,\"episodeStatus\":\"owed\""),
        (Some(EpisodeState::Refused), 3, "\"episodeId\":null,\"savedToEpisode\":false,\"episodeStatus\":\"refused\""),
    ] {
        let view = JobView { episode, ..saved() };
        let expected = format!(
            "{{\"jobId\":\"$JOB\",\"status\":\"completed\",\"progress\":42,\"currentStep\":\"$STEP\",\
             \"projectId\":\"p\\\"1\",\"episodeNumber\":{number},\"title\":\"막차 <b>\",\"wordCount\":7,\"tokens\":9,\
             \"createdAt\":\"2023-11-14T22:13:20.005Z\",\"startedAt\":\"2023-11-14T22:13:21.000Z\",\
             \"completedAt\":\"2023-11-14T22:13:29.120Z\",\"estimatedRemainingTime\":null,\"errorCode\":null,\
             \"errorMessage\":null,{fate},\"model\":\"builtin\",\"modelUsed\":\"m-2\",\"queuePosition\":null}}"
        );
        let body = serde_json::to_vec(&StatusBody::new(&view, &locales)).expect("JSON");
        assert_bytes(&body, &expected, &[("$STEP", step)]);
    }
}
