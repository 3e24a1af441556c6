use std::{
    fs,
    future::Future,
    sync::mpsc::{Sender, channel},
    time::Duration,
};

use futures_util::future::{join_all, select_ok};
use rusqlite::{Connection, StatementStatus, params};
use tempfile::TempDir;

use super::{Database, DatabaseError, OpenError};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes one row of a project's counter. The table has no references, so it suits tests of writes in general.
fn count(database: &Database, project: &str, last: u32) -> impl Future<Output = Result<(), DatabaseError>> + use<> {
    let project = project.to_owned();
    database.write(0, move |connection| insert(connection, &project, last))
}

fn insert(connection: &Connection, project: &str, last: u32) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO episode_counters (project_id, last) VALUES (?1, ?2)";
    connection.execute(sql, params![project, last])?;
    Ok(())
}

async fn projects(database: &Database) -> Vec<String> {
    let read = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT project_id FROM episode_counters ORDER BY project_id")?;
        let found = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(found)
    };
    database.read(read).await.unwrap()
}

/// Blocks the writer inside a write until the returned sender is dropped, so that everything submitted meanwhile
/// becomes one group.
fn hold(database: &Database) -> Sender<()> {
    let ((release, released), (entered, inside)) = (channel::<()>(), channel());
    drop(database.write(0, move |_| {
        let _nobody_waits_is_fine = entered.send(());
        let _released_by_drop_is_fine = released.recv_timeout(Duration::from_secs(20));
        Ok(())
    }));
    inside.recv_timeout(Duration::from_secs(20)).unwrap();
    release
}

/// Parsing a query costs more than running it.
#[tokio::test]
async fn a_cached_query_is_parsed_once_whatever_values_it_gets() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    fn times_parsed_again(connection: &Connection) -> Result<i32, DatabaseError> {
        let sql = "SELECT job FROM jobs JOIN job_states USING (job) WHERE id = ?1 AND epoch = ?2";
        for epoch in [1, 2, 300] {
            connection.prepare_cached(sql)?.query_map(params!["job", epoch], |_| Ok(()))?.for_each(drop);
        }
        Ok(connection.prepare_cached(sql)?.get_status(StatementStatus::RePrepare))
    }
    assert_eq!(database.write(0, times_parsed_again).await.unwrap(), 0);
    assert_eq!(database.read(times_parsed_again).await.unwrap(), 0);
}

#[test]
fn an_open_folder_is_in_use_until_it_is_closed() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let error = Database::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(&folder.path().display().to_string()));
    let other_handle = database.clone();
    database.close();
    other_handle.close();
    Database::open(folder.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_new_folder_is_private_to_this_user() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let inner = folder.path().join("not/there yet");
    let database = Database::open(&inner).unwrap();
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(database.path().starts_with(&inner));
}

#[test]
fn a_folder_that_cannot_be_created_is_reported_with_its_path() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.join("data"), file] {
        let error = Database::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::CannotCreate { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_reported_with_its_path() {
    for blocked in ["lock", "generation.db"] {
        let folder = folder();
        let path = folder.path().join(blocked);
        fs::create_dir(&path).unwrap();
        let error = Database::open(folder.path()).unwrap_err();
        assert!(matches!(error, OpenError::CannotWrite { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_database_of_a_newer_version_is_left_unchanged() {
    let folder = folder();
    let path = folder.path().join("generation.db");
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 4711).unwrap();
    newer.close().unwrap();
    let before = fs::read(&path).unwrap();
    let error = Database::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 4711, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_not_a_database_is_left_unchanged() {
    let folder = folder();
    let path = folder.path().join("generation.db");
    let before = "not a database, whatever its name says ".repeat(100);
    fs::write(&path, &before).unwrap();
    let error = Database::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test]
async fn closing_makes_submitted_writes_durable_and_merges_the_log() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    let written: Vec<_> = (0..100).map(|n| count(&database, &format!("{n:02}"), n)).collect();
    drop(release);
    database.close();
    for answer in join_all(written).await {
        answer.unwrap();
    }
    assert!(matches!(count(&database, "late", 1).await, Err(DatabaseError::Closed)));
    assert!(!folder.path().join("generation.db-wal").exists());
    assert_eq!(projects(&Database::open(folder.path()).unwrap()).await.len(), 100);
}

#[tokio::test]
async fn a_failing_write_rolls_back_only_itself() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    let before = count(&database, "a", 1);
    let failing = database.write(0, |connection| {
        insert(connection, "half done", 1)?;
        insert(connection, "a", 2)
    });
    let panicking = database.write(0, |connection| -> Result<(), DatabaseError> {
        insert(connection, "half done too", 1)?;
        panic!("on purpose")
    });
    let after = count(&database, "b", 1);
    drop(release);
    before.await.unwrap();
    assert!(matches!(failing.await, Err(DatabaseError::Sqlite(_))));
    assert!(matches!(panicking.await, Err(DatabaseError::Panicked)));
    after.await.unwrap();
    assert_eq!(projects(&database).await, ["a", "b"]);
}

#[tokio::test]
async fn a_lost_transaction_fails_the_writes_in_it_and_no_later_ones() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    let before = count(&database, "before", 1);
    // SQLite itself does this when the disk is full.
    let losing = database.write(0, |connection| Ok(connection.execute_batch("ROLLBACK")?));
    let after = count(&database, "after", 1);
    drop(release);
    assert!(matches!(before.await, Err(DatabaseError::RolledBack)));
    assert!(matches!(losing.await, Err(DatabaseError::RolledBack)));
    after.await.unwrap();
    assert_eq!(projects(&database).await, ["after"]);
}

#[tokio::test]
async fn a_commit_that_fails_is_an_error_for_every_write_of_its_group() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    let innocent = count(&database, "a", 1);
    // Makes the commit itself fail: the reference is checked only there.
    let dangling = database.write(0, |connection| {
        connection.pragma_update(None, "defer_foreign_keys", true)?;
        connection.execute("INSERT INTO job_texts (job, place, text) VALUES (99, 0, '')", [])?;
        Ok(())
    });
    drop(release);
    assert!(matches!(innocent.await, Err(DatabaseError::Sqlite(_))));
    assert!(matches!(dangling.await, Err(DatabaseError::Sqlite(_))));
    count(&database, "a", 1).await.unwrap();
    assert_eq!(projects(&database).await, ["a"]);
}

#[tokio::test]
async fn a_full_lane_refuses_writes_at_once_and_accepts_them_again_later() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    let half = 40 * 1024 * 1024;
    let waiting = database.write(half, |connection| insert(connection, "large", 1));
    let refused = database.write(half, |connection| insert(connection, "too much", 1));
    assert!(matches!(refused.await, Err(DatabaseError::Overloaded)));
    let mut answers: Vec<_> = (0..40_000).map(|n| Box::pin(count(&database, &n.to_string(), 1))).collect();
    let last = answers.pop().expect("many");
    assert!(matches!(last.await, Err(DatabaseError::Overloaded)));
    drop(release);
    waiting.await.unwrap();
    select_ok(answers).await.unwrap();
    database.write(half, |connection| insert(connection, "large again", 1)).await.unwrap();
}

#[tokio::test]
async fn a_read_does_not_wait_for_a_running_write() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    count(&database, "a", 1).await.unwrap();
    let release = hold(&database);
    let unread = count(&database, "b", 1);
    assert_eq!(projects(&database).await, ["a"]);
    drop(release);
    unread.await.unwrap();
    assert_eq!(projects(&database).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_answer_times_out() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    assert!(matches!(count(&database, "a", 1).await, Err(DatabaseError::TimedOut(_))));
    drop(release);
    database.close();
    tokio::time::resume();
    assert_eq!(projects(&Database::open(folder.path()).unwrap()).await, ["a"]);
}

/// A read that never ends.
fn endless(connection: &Connection) -> Result<(), DatabaseError> {
    let sql =
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers";
    connection.query_row(sql, [], |_| Ok(()))?;
    Ok(())
}

#[tokio::test]
async fn a_read_ends_when_its_caller_leaves_and_the_next_one_runs() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let (entered, inside) = channel();
    let abandoned = database.read(move |connection| {
        entered.send(()).unwrap();
        endless(connection)
    });
    inside.recv_timeout(Duration::from_secs(20)).unwrap();
    // Neither starts, because its caller has stopped waiting.
    let (unwanted, never) = channel::<()>();
    drop(database.read(move |_| {
        unwanted.send(()).unwrap();
        Ok(())
    }));
    drop(abandoned);
    assert_eq!(projects(&database).await, [""; 0]);
    assert!(never.try_recv().is_err());
}

#[tokio::test]
async fn a_long_search_delays_no_other_read() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let searching = tokio::spawn(database.search(move |connection| {
        begun.send(()).unwrap();
        endless(connection)
    }));
    begins.await.unwrap();
    let read = database.read(|_| Ok(7));
    assert_eq!(tokio::time::timeout(Duration::from_secs(3), read).await.unwrap().unwrap(), 7);
    searching.abort();
}

#[tokio::test]
async fn closing_ends_running_reads() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let (entered, inside) = channel();
    let running = database.read(move |connection| {
        entered.send(()).unwrap();
        endless(connection)
    });
    let waiting = database.read(endless);
    inside.recv_timeout(Duration::from_secs(20)).unwrap();
    database.close();
    assert!(matches!(running.await, Err(DatabaseError::Interrupted)));
    assert!(matches!(waiting.await, Err(DatabaseError::Closed)));
}

#[tokio::test]
async fn a_write_is_applied_even_if_its_caller_stops_waiting() {
    let folder = folder();
    let database = Database::open(folder.path()).unwrap();
    let release = hold(&database);
    drop(count(&database, "promised", 1));
    drop(release);
    count(&database, "then", 1).await.unwrap();
    assert_eq!(projects(&database).await, ["promised", "then"]);
}
