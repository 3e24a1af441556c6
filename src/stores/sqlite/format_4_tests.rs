//! A data folder written by a version with format 4: all of its data is still there, and its unfinished jobs continue.

use std::{fs, path::Path};

use chrono::{DateTime, Utc};
use generation_actors::{
    model::{
        End, EndMark, EpisodeRef, EpisodeState, EpisodeStatus, Epoch, FailureCode, IdempotencyKey, JobHead, JobId,
        JobRecord, Locale, NewJob, Outcome, Part,
    },
    ports::{Created, Ending, JobStore as _, Written},
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteJobs;
use crate::{
    sqlite::Database,
    stores::contract::{checkpoint, new_job, unfinished},
};

const SAVED: &str = "job_c221f8b5f8c34a2a93023424b41abbc2";
const CANCELED: &str = "job_437bcb157b1a4a48bc1c89196e97d69c";
const FAILED: &str = "job_81370af9569245b7952af03cf8280424";
/// Completed while the episode store was unreachable.
const OWED: &str = "job_d25282e9d1724be28e774f1bf725b835";
/// Streaming when the process was killed.
const STREAMING: &str = "job_32e33ecf80e44fe5814600cb2e992a61";
/// Queued at that time.
const QUEUED: &str = "job_f4f565253fa444399528d29693af026c";

fn id(name: &str) -> JobId {
    name.parse().unwrap()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy("tests/fixtures/format-4.db", folder.path().join("generation.db")).unwrap();
    folder
}

fn open(folder: &TempDir) -> SqliteJobs {
    SqliteJobs::new(Database::open(folder.path()).unwrap())
}

/// A job as stored in the file, read without the code under test.
#[derive(Debug, PartialEq)]
struct Row4 {
    progress: u8,
    model_used: Option<String>,
    tokens: Option<u64>,
    text: String,
    text_complete: bool,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended: Option<(DateTime<Utc>, EndMark)>,
    episode: Option<EpisodeRef>,
}

fn in_file(path: &Path, id: &str) -> Row4 {
    let file = Connection::open(path).unwrap();
    assert_eq!(file.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap(), 4);
    let sql = "SELECT text FROM job_texts JOIN jobs USING (job) WHERE id = ?1 ORDER BY start";
    let mut pieces = file.prepare(sql).unwrap();
    let text = pieces.query_map([id], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect();
    let job = file.query_row("SELECT * FROM job_states JOIN jobs USING (job) WHERE id = ?1", [id], |row| {
        let ended = match row.get("ended_at")? {
            Some(at) => {
                Some((at, EndMark { event_seq: row.get("event_seq")?, text_version: row.get("text_version")? }))
            }
            None => None,
        };
        let episode = match row.get("episode_id")? {
            Some(id) => Some(EpisodeRef { id, number: row.get("episode_number")? }),
            None => None,
        };
        Ok(Row4 {
            progress: row.get("progress")?,
            model_used: row.get("model_used")?,
            tokens: row.get("completion_tokens")?,
            text,
            text_complete: row.get("text_complete")?,
            created_at: row.get("created_at")?,
            started_at: row.get("started_at")?,
            ended,
            episode,
        })
    });
    job.unwrap()
}

fn found(record: &JobRecord) -> Row4 {
    let JobHead { created_at, started_at, end, .. } = record.head.clone();
    Row4 {
        progress: record.progress,
        model_used: record.model_used.clone(),
        tokens: record.usage.map(|usage| usage.completion_tokens),
        text: record.text(),
        text_complete: record.text_complete,
        created_at,
        started_at,
        ended: end.as_ref().map(|end| (end.at, end.mark)),
        episode: end.and_then(|end| end.outcome.episode()?.saved().cloned()),
    }
}

#[tokio::test]
async fn every_job_is_unchanged() {
    let folder = folder();
    let names = [SAVED, CANCELED, FAILED, OWED, STREAMING, QUEUED];
    let expected = names.map(|name| in_file(&folder.path().join("generation.db"), name));
    let texts: Vec<usize> = expected.iter().map(|row| row.text.len()).collect();
    assert_eq!(texts, [1321, 1050, 665, 1315, 1415, 0], "the file has the texts that it was made with");
    let jobs = open(&folder);
    for (name, expected) in names.into_iter().zip(expected) {
        let record = jobs.load(id(name)).await.unwrap().expect("held");
        assert_eq!(found(&record), expected, "{name}");
        let one_part = if expected.text.is_empty() { vec![] } else { vec![Part { text: expected.text }] };
        assert_eq!(record.parts, one_part);
        assert_eq!(record.head.epoch, Epoch::FIRST);
        let brief = &record.head.brief;
        assert_eq!(brief.project_id, "프로젝트 4");
        assert_eq!(brief.description, "두 사람이 비 오는 밤 카페에서 비밀을 나눈다 — \"약속\" 😀");
        let (locale, title) = match name {
            FAILED => (Locale::En, "Failed story"),
            SAVED => (Locale::Ko, "저장된 이야기"),
            _ => (Locale::Ko, brief.title.as_str()),
        };
        assert_eq!((brief.locale, brief.title.as_str()), (locale, title));
    }
}

#[tokio::test]
async fn every_outcome_is_unchanged_and_a_missing_episode_is_owed() {
    let folder = folder();
    let saved = in_file(&folder.path().join("generation.db"), SAVED).episode.expect("it is saved");
    let jobs = open(&folder);
    let outcomes = [
        (SAVED, Outcome::Completed { episode: EpisodeState::Saved(saved) }),
        (CANCELED, Outcome::Canceled),
        (FAILED, Outcome::Failed(FailureCode::TimeoutError)),
        (OWED, Outcome::Completed { episode: EpisodeState::Owed }),
    ];
    for (name, outcome) in &outcomes {
        let end = jobs.load(id(name)).await.unwrap().expect("held").head.end.expect("it has ended");
        assert_eq!(end.outcome, *outcome);
    }
    let page = jobs.ended(None, 10).await.unwrap();
    let listed: Vec<_> = page.jobs.iter().map(|job| (job.id, job.episode)).collect();
    let newest_first = [
        (id(OWED), Some(EpisodeStatus::Owed)),
        (id(FAILED), None),
        (id(CANCELED), None),
        (id(SAVED), Some(EpisodeStatus::Saved)),
    ];
    assert_eq!(listed, newest_first);
    assert!(page.jobs.iter().all(|job| job.bytes > 600));
    let paid = EpisodeState::Saved(EpisodeRef { id: "e".into(), number: 2 });
    jobs.note_episode(id(OWED), paid.clone()).await.unwrap();
    let owed = jobs.load(id(OWED)).await.unwrap().expect("held").head.end.expect("it has ended");
    assert_eq!(owed.outcome, Outcome::Completed { episode: paid });
}

#[tokio::test]
async fn each_key_names_the_job_created_under_it() {
    let folder = folder();
    let jobs = open(&folder);
    for (key, name) in [("key-of-the-saved", SAVED), ("key-of-the-queued", QUEUED)] {
        let holder = jobs.key_holder(key).await.unwrap().expect("held");
        assert_eq!(holder.job, id(name));
        let mut again = NewJob {
            idempotency: Some(IdempotencyKey { key: key.into(), body_digest: holder.body_digest }),
            ..new_job()
        };
        assert_eq!(jobs.create(again.clone(), true).await.unwrap(), Created::Existing(id(name)));
        again.idempotency = Some(IdempotencyKey { key: key.into(), body_digest: "of another body".into() });
        assert_eq!(jobs.create(again, true).await.unwrap(), Created::KeyConflict(id(name)));
    }
}

#[tokio::test]
async fn unfinished_jobs_are_claimed_and_continue() {
    let folder = folder();
    let before = in_file(&folder.path().join("generation.db"), STREAMING).text;
    let jobs = open(&folder);
    let heads = unfinished(&jobs).await;
    assert_eq!(heads.iter().map(|head| head.id).collect::<Vec<_>>(), [id(STREAMING), id(QUEUED)]);
    assert_eq!(heads.iter().map(|head| head.started_at.is_some()).collect::<Vec<_>>(), [true, false]);
    for head in heads {
        let (claim, record) = jobs.claim(head.id, head.epoch).await.unwrap().expect("nobody else is there");
        assert_eq!(claim.epoch, Epoch(2));
        let written = record.text();
        let on = checkpoint(written.len(), " 그리고 계속된다");
        assert_eq!(jobs.checkpoint(&claim, on).await.unwrap(), Written::Done);
        let next = written.len() + " 그리고 계속된다".len();
        let end = End {
            mark: EndMark { event_seq: 5, text_version: 1 },
            at: Utc::now(),
            outcome: Outcome::Completed { episode: EpisodeState::Owed },
        };
        let ending = Ending { last: checkpoint(next, ". 끝"), end };
        assert_eq!(jobs.finish(&claim, ending).await.unwrap(), Written::Done);
    }
    drop(jobs);
    let jobs = open(&folder);
    let text = jobs.load(id(STREAMING)).await.unwrap().expect("held").text();
    assert_eq!(text, before + " 그리고 계속된다. 끝");
    let text = jobs.load(id(QUEUED)).await.unwrap().expect("held").text();
    assert_eq!(text, " 그리고 계속된다. 끝");
    assert_eq!(unfinished(&jobs).await, []);
}
