//! Search: finds the episodes that contain every word of a query.

use std::collections::BTreeSet;

use generation_actors::ports::{EpisodePage, EpisodeSummary};
use rusqlite::{Connection, params};

use super::{index, summary};
use crate::sqlite::DatabaseError;

/// The most bytes of unindexed text that one search reads, which takes a fifth of a second.
pub(super) const READ_LIMIT: usize = 32 * 1024 * 1024;

/// One page by number and the total, or `None` while more than `read_limit` bytes of the project are not indexed.
pub(super) fn search(
    connection: &Connection,
    project_id: &str,
    query: &str,
    page: EpisodePage,
    read_limit: usize,
) -> Result<Option<(Vec<EpisodeSummary>, u64)>, DatabaseError> {
    let words: BTreeSet<String> = index::folded(query).split_whitespace().map(str::to_owned).collect();
    let mut found = indexed(connection, project_id, &words)?;
    let Some(read) = not_indexed(connection, project_id, &words, read_limit)? else { return Ok(None) };
    found.extend(read);
    found.sort_unstable();
    let total = found.len() as u64;
    let sql = "SELECT id, project_id, number, title, created_at FROM episodes WHERE episode = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let shown = found.into_iter().skip(page.offset as usize).take(page.limit as usize);
    let shown = shown.map(|(_, episode)| statement.query_row([episode], summary)).collect::<Result<_, _>>()?;
    Ok(Some((shown, total)))
}

/// Numbers and rows that the index finds.
fn indexed(
    connection: &Connection,
    project_id: &str,
    words: &BTreeSet<String>,
) -> Result<Vec<(u32, i64)>, DatabaseError> {
    let sql = "SELECT number, episode FROM episode_search JOIN episodes ON episode = episode_search.rowid
               WHERE episode_search MATCH ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([index::expression(project_id, words)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Numbers and rows found by reading text, or `None` if the text has more than `read_limit` bytes.
fn not_indexed(
    connection: &Connection,
    project_id: &str,
    words: &BTreeSet<String>,
    read_limit: usize,
) -> Result<Option<Vec<(u32, i64)>>, DatabaseError> {
    let sql = "SELECT number, episode, title || char(10) || markdown FROM episodes_to_index
               JOIN episodes USING (episode) JOIN episode_texts USING (episode) WHERE project_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![project_id])?;
    let (mut found, mut read) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let text: String = row.get(2)?;
        read += text.len();
        if read > read_limit {
            return Ok(None);
        }
        let text = index::folded(&text);
        if words.iter().all(|word| text.contains(word)) {
            found.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(Some(found))
}
