//! The database format, one migration step at a time.

use rusqlite::Connection;

/// Step `n` (from 1) migrates from format `n - 1` to format `n`. Never change a released step.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_jobs_and_episodes.sql"),
    include_str!("migrations/0002_ended_jobs.sql"),
    include_str!("migrations/0003_episode_search_and_identities.sql"),
    include_str!("migrations/0004_text_version.sql"),
    include_str!("migrations/0005_parts_and_episode_states.sql"),
    include_str!("migrations/0006_checks_without_lists.sql"),
];

/// The format that this program writes.
pub(super) const NEWEST: u32 = STEPS.len() as u32;

/// The format of a database; 0 if it is empty.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Migrates a database that is not newer to [`NEWEST`], completely or not at all.
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
