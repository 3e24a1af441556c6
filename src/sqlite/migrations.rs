//! The format of the database, step by step.

use rusqlite::Connection;

/// Step `n` (from 1) leads from format `n - 1` to format `n`. Steps that were released are never changed.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_jobs_and_episodes.sql"),
    include_str!("migrations/0002_ended_jobs.sql"),
    include_str!("migrations/0003_episode_search_and_identities.sql"),
    include_str!("migrations/0004_text_version.sql"),
    include_str!("migrations/0005_parts_and_episode_states.sql"),
];

/// The format this program writes.
pub(super) const NEWEST: u32 = STEPS.len() as u32;

/// The format of a database; 0 when it is empty.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a database that is not newer to [`NEWEST`], wholly or not at all.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = format(connection)?;
    if from >= NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for step in &STEPS[from as usize..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", NEWEST)?;
    transaction.commit()
}
