use std::{error::Error as _, sync::Arc};

use generation_actors::{
    model::{Checkpoint, EndMark, PartNumber},
    ports::{JobStore, StoreErrorKind, Written},
};
use proptest::{prelude::*, test_runner::TestCaseError};
use rusqlite::{Connection, ErrorCode, params, params_from_iter, types::Null};
use tempfile::TempDir;

use super::{SqliteJobs, reading};
use crate::{
    sqlite::{Database, DatabaseError},
    stores::{
        contract::{JobStoreUnderTest, checkpoint, create, job_store_contract, new_job, unfinished},
        stored::write_brief,
    },
};

struct Folder {
    folder: TempDir,
    database: Option<Database>,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None }
    }
}

impl JobStoreUnderTest for Folder {
    async fn open(&mut self) -> Arc<dyn JobStore> {
        self.database = None;
        let database = self.database.insert(Database::open(self.folder.path()).unwrap());
        Arc::new(SqliteJobs::new(database.clone()))
    }
}

job_store_contract!(each, Folder::new());

#[tokio::test]
async fn a_full_disk_fails_writes_until_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let jobs = SqliteJobs::new(database.clone());
    let claim = create(&jobs, new_job()).await;
    limit_pages(&database, 1).await;
    let page = "a page and more ".repeat(1000);
    let error = jobs.checkpoint(&claim, checkpoint(0, &page)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    let mut sources = std::iter::successors(error.source(), |&error| error.source());
    let source = sources.find_map(|source| source.downcast_ref::<DatabaseError>()).expect("it is kept");
    let DatabaseError::Sqlite(sqlite) = source else { panic!("{source:?}") };
    assert_eq!(sqlite.sqlite_error_code(), Some(ErrorCode::DiskFull));
    limit_pages(&database, 1_000_000).await;
    assert_eq!(jobs.checkpoint(&claim, checkpoint(0, &page)).await.unwrap(), Written::Done);
    jobs.check().await.unwrap();
    assert_eq!(jobs.load(claim.job).await.unwrap().unwrap().text(), page);
}

async fn limit_pages(database: &Database, pages: u32) {
    let limit = move |connection: &Connection| {
        // Returns the limit in force, which is never below the current size.
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(DatabaseError::from)
    };
    database.write(0, limit).await.unwrap();
}

/// The first format did not record when a text last changed. Returning readers must miss nothing, and new readers of a
/// job that wrote nothing must not be shown an empty text.
#[tokio::test]
async fn jobs_that_ended_in_the_first_format_show_all_that_readers_may_have_missed() {
    let folder = tempfile::tempdir().unwrap();
    let first = Connection::open(folder.path().join("generation.db")).unwrap();
    first.execute_batch(include_str!("../../sqlite/migrations/0001_jobs_and_episodes.sql")).unwrap();
    first.pragma_update(None, "user_version", 1).unwrap();
    let mut ids = Vec::new();
    for (epoch, text) in [(1, "text"), (1, ""), (2, "")] {
        let job = new_job();
        ids.push(job.id);
        let (brief, created) = (write_brief(&job.brief).unwrap(), job.created_at);
        let sql = "INSERT INTO jobs (id, brief, created_at) VALUES (?1, ?2, ?3)";
        first.execute(sql, params![job.id.to_string(), brief, created]).unwrap();
        let row = first.last_insert_rowid();
        let sql =
            "INSERT INTO job_states (job, epoch, progress, text_length, text_complete, outcome, ended_at, event_seq)
                   VALUES (?1, ?2, 40, ?3, FALSE, 'canceled', ?4, 17)";
        first.execute(sql, params![row, epoch, text.len(), created]).unwrap();
        if !text.is_empty() {
            first.execute("INSERT INTO job_texts (job, start, text) VALUES (?1, 0, ?2)", params![row, text]).unwrap();
        }
    }
    drop(first);
    let jobs = SqliteJobs::new(Database::open(folder.path()).unwrap());
    // The terminal event is version 5 of its feed.
    for (id, text_version) in ids.into_iter().zip([4, 0, 4]) {
        let end = jobs.load(id).await.unwrap().unwrap().head.end.unwrap();
        assert_eq!(end.mark, EndMark { event_seq: 17, text_version });
    }
}

/// Unfinished jobs are found without scanning ended ones, however many there are.
#[tokio::test]
async fn unfinished_jobs_are_found_by_their_index() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let jobs = SqliteJobs::new(database.clone());
    create(&jobs, new_job()).await;
    assert_eq!(unfinished(&jobs).await.len(), 1);
    let plan = database.read(|connection| {
        let sql = format!("EXPLAIN QUERY PLAN {}", reading::UNFINISHED);
        let mut statement = connection.prepare(&sql)?;
        let steps = statement.query_map(params![0, 10], |row| row.get::<_, String>("detail"))?;
        Ok(steps.collect::<Result<Vec<_>, _>>()?)
    });
    let plan = plan.await.unwrap();
    assert!(plan[0].contains("job_states_unfinished (job>?)"), "{plan:?}");
    assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{plan:?}");
}

/// SQLite builds one for each row that it checks against a list of three values or more.
#[tokio::test]
async fn no_row_that_is_written_needs_a_temporary_table() {
    const TABLES: [&str; 6] = ["jobs", "job_states", "job_texts", "episodes", "episode_texts", "saved_episodes"];
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    // Connections that only read leave the checks out.
    let steps = database.write(0, |connection| {
        let mut steps = Vec::new();
        for table in TABLES {
            let columns = connection.prepare(&format!("SELECT * FROM {table}"))?.column_count();
            let values = vec!["?"; columns].join(", ");
            let mut statement = connection.prepare(&format!("EXPLAIN INSERT INTO {table} VALUES ({values})"))?;
            let opcodes =
                statement.query_map(params_from_iter(vec![Null; columns]), |row| row.get::<_, String>("opcode"))?;
            steps.extend(opcodes.map(|opcode| Ok((table, opcode?))).collect::<Result<Vec<_>, rusqlite::Error>>()?);
        }
        Ok(steps)
    });
    let steps = steps.await.unwrap();
    for table in TABLES {
        assert!(steps.iter().any(|step| *step == (table, "OpenWrite".to_owned())), "{steps:?}");
    }
    assert!(steps.iter().all(|(_, opcode)| opcode != "OpenEphemeral"), "{steps:?}");
}

/// A part (an existing one or the next), the offset at which the text starts (`None`: at the part's end), and the text.
type Writes = Vec<(prop::sample::Index, Option<prop::sample::Index>, String)>;

fn writes() -> impl Strategy<Value = Writes> {
    let write = (any::<prop::sample::Index>(), any::<Option<prop::sample::Index>>(), "[a-z가-힣😀\n]{0,12}");
    prop::collection::vec(write, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_checkpoints_leave_the_same_parts_as_strings_would(writes in writes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(leaves_the_parts_of_strings(&writes))?;
    }
}

async fn leaves_the_parts_of_strings(writes: &Writes) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let jobs = SqliteJobs::new(Database::open(folder.path()).unwrap());
    let claim = create(&jobs, new_job()).await;
    let mut model: Vec<String> = Vec::new();
    for (part, at, text) in writes {
        let part = part.index(model.len() + 1);
        if part == model.len() {
            model.push(String::new());
        }
        let held = &mut model[part];
        let offset = at.map_or(held.len(), |at| held.floor_char_boundary(at.index(held.len() + 1)));
        held.truncate(offset);
        held.push_str(text);
        while model.last().is_some_and(String::is_empty) {
            model.pop();
        }
        let part = PartNumber(part as u32);
        drop(jobs.checkpoint(&claim, Checkpoint { part, ..checkpoint(offset, text) }));
    }
    jobs.check().await.unwrap();
    let found = jobs.load(claim.job).await.unwrap().unwrap();
    let parts: Vec<String> = found.parts.into_iter().map(|part| part.text).collect();
    prop_assert_eq!(&parts, &model);
    Ok(())
}
