use std::sync::Arc;

use generation_actors::{model::EndMark, ports::JobStore};
use proptest::{prelude::*, test_runner::TestCaseError};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::SqliteJobs;
use crate::{
    sqlite::{Database, DatabaseError},
    stores::contract::{JobStoreUnderTest, checkpoint, job_store_contract, new_job},
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

job_store_contract!(Folder::new());

#[tokio::test]
async fn a_full_disk_fails_writes_until_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let jobs = SqliteJobs::new(database.clone());
    let job = new_job();
    let id = job.id;
    jobs.create(job).await.unwrap();
    limit_pages(&database, 1).await;
    let page = "a page and more ".repeat(1000);
    let error = jobs.checkpoint(checkpoint(id, 0, &page)).await.unwrap_err();
    assert!(error.cause.contains("full"), "{error}");
    limit_pages(&database, 1_000_000).await;
    jobs.checkpoint(checkpoint(id, 0, &page)).await.unwrap();
    jobs.check().await.unwrap();
    assert_eq!(jobs.recover().await.unwrap()[0].last.text, page);
}

async fn limit_pages(database: &Database, pages: u32) {
    let limit = move |connection: &Connection| {
        // Answers with the limit that holds, which is never below the present size.
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(DatabaseError::from)
    };
    database.write(0, limit).await.unwrap();
}

/// The first format did not record when a text had last changed: readers must miss nothing, and newcomers to a job that wrote
/// nothing are not to be shown an empty text.
#[tokio::test]
async fn jobs_that_ended_in_the_first_format_show_all_that_readers_can_have_missed() {
    let folder = tempfile::tempdir().unwrap();
    let first = Connection::open(folder.path().join("generation.db")).unwrap();
    first.execute_batch(include_str!("../../sqlite/migrations/0001_jobs_and_episodes.sql")).unwrap();
    first.pragma_update(None, "user_version", 1).unwrap();
    let mut ids = Vec::new();
    for (epoch, text) in [(1, "text"), (1, ""), (2, "")] {
        let job = new_job();
        ids.push(job.id);
        let (brief, created) = (serde_json::to_string(&job.brief).unwrap(), job.created_at);
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
        let (mark, ..) = jobs.load(id).await.unwrap().unwrap().ended.unwrap();
        assert_eq!(mark, EndMark { event_seq: 17, text_version });
    }
}

/// Where each text begins (`None`: at the end of the script), and the text.
type Writes = Vec<(Option<prop::sample::Index>, String)>;

fn writes() -> impl Strategy<Value = Writes> {
    prop::collection::vec((any::<Option<prop::sample::Index>>(), "[a-z가-힣😀\n]{0,12}"), 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_checkpoints_leave_the_text_that_a_string_would_have(writes in writes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(leaves_the_text_of_a_string(&writes))?;
    }
}

async fn leaves_the_text_of_a_string(writes: &Writes) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let jobs = SqliteJobs::new(Database::open(folder.path()).unwrap());
    let job = new_job();
    let id = job.id;
    drop(jobs.create(job));
    let mut model = String::new();
    for (at, text) in writes {
        let offset = at.map_or(model.len(), |at| model.floor_char_boundary(at.index(model.len() + 1)));
        model.truncate(offset);
        model.push_str(text);
        drop(jobs.checkpoint(checkpoint(id, offset, text)));
    }
    let found = jobs.recover().await.unwrap();
    prop_assert_eq!(&found[0].last.text, &model);
    Ok(())
}
