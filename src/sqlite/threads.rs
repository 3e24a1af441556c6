//! The threads of the database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::mpsc::Receiver;

use super::{DatabaseError, lane::Task, waiting::Limit};

/// The most writes in one commit; bounds how long the first of them waits for the others.
const GROUP_LIMIT: usize = 1024;
/// How long one read may delay all others.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// SQLite steps between two checks whether to end a read; takes a few microseconds.
const STEPS_BETWEEN_CHECKS: i32 = 200;

/// Writes in groups until the lane is closed and empty, then merges the log into the database file.
pub(super) fn write_until_closed(connection: Connection, mut tasks: Receiver<Box<dyn Task>>) {
    let mut group = Vec::new();
    while tasks.blocking_recv_many(&mut group, GROUP_LIMIT) > 0 {
        while !group.is_empty() {
            let (run, committed) = write_together(&connection, &mut group);
            group.drain(..run).for_each(|task| task.answer(committed.clone()));
        }
    }
    // Nothing is lost if this fails: the next start reads the log.
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        log::warn!("the database's write-ahead log could not be merged: {error}");
    }
}

/// Runs reads one by one until the lane is closed. Skips a read whose caller has stopped waiting, and interrupts it if
/// it runs. Once the database is closing, no read starts.
pub(super) fn read_until_closed(
    mut connection: Connection,
    mut tasks: Receiver<Box<dyn Task>>,
    closing: &Arc<AtomicBool>,
) {
    while let Some(task) = tasks.blocking_recv() {
        if closing.load(Relaxed) {
            task.answer(Err(DatabaseError::Closed));
        } else if !task.caller().is_gone() {
            read(&mut connection, task, closing);
        }
    }
}

fn read(connection: &mut Connection, mut task: Box<dyn Task>, closing: &Arc<AtomicBool>) {
    let limit = Limit::new(task.caller().clone(), closing, READ_TIMEOUT);
    let limited = connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || limit.is_reached()));
    // One transaction around several statements, so that they see one snapshot.
    let begun = limited.map_err(DatabaseError::from).and_then(|()| execute(connection, "BEGIN"));
    if begun.is_ok() {
        task.run(connection);
    }
    // Ending the transaction must not be interrupted.
    let lifted = connection.progress_handler(0, None::<fn() -> bool>);
    roll_back(connection);
    task.answer(begun.and(lifted.map_err(DatabaseError::from)));
}

/// Runs tasks in one transaction. Returns how many of them to answer, and whether their changes are durable.
fn write_together(connection: &Connection, tasks: &mut [Box<dyn Task>]) -> (usize, Result<(), DatabaseError>) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        roll_back(connection);
        return (tasks.len(), Err(error));
    }
    for (index, task) in tasks.iter_mut().enumerate() {
        if let Err(error) = run_in_savepoint(connection, task.as_mut()) {
            roll_back(connection);
            return (index + 1, Err(error));
        }
    }
    let committed = execute(connection, "COMMIT");
    if committed.is_err() {
        roll_back(connection);
    }
    (tasks.len(), committed)
}

/// Isolates a failing task from the others in its transaction.
///
/// # Errors
/// The transaction is lost: after some failures, such as a full disk, SQLite rolls back all of it.
fn run_in_savepoint(connection: &Connection, task: &mut dyn Task) -> Result<(), DatabaseError> {
    execute(connection, "SAVEPOINT task")?;
    let succeeded = task.run(connection);
    if connection.is_autocommit() {
        return Err(DatabaseError::RolledBack);
    }
    if !succeeded {
        execute(connection, "ROLLBACK TO task")?;
    }
    execute(connection, "RELEASE task")
}

fn roll_back(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(error) = execute(connection, "ROLLBACK") {
        log::error!("a transaction could not be rolled back: {error}");
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), DatabaseError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
