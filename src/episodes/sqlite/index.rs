//! The search index: the characters, and the pairs of adjacent characters, of each episode.
//!
//! A word of two or more characters occurs in a text exactly where its pairs follow each other, so SQLite's FTS5 finds
//! it as a phrase. A word of one character is indexed as such. Korean therefore needs no dictionary and no stemming.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::sqlite::DatabaseError;

/// Bytes of text indexed per step; a step delays other writes by about ten milliseconds.
const STEP_BYTES: usize = 64 * 1024;
/// Separates the words of a text, so that the last pair of one and the first of the next are not adjacent.
const GAP: &str = "0";
/// ASCII characters that the tokenizer would drop are replaced by code points from here on, which are otherwise unused.
const STAND_INS: u32 = 0xE_0080;

/// Indexes some more episodes. Returns false once all are indexed.
pub(super) fn step(connection: &Connection) -> Result<bool, DatabaseError> {
    let sql = "SELECT episode, project_id, title, markdown FROM episodes_to_index
               JOIN episodes USING (episode) JOIN episode_texts USING (episode) ORDER BY episode LIMIT 1";
    let mut next = connection.prepare_cached(sql)?;
    let mut taken = 0;
    while taken < STEP_BYTES {
        let row = |row: &rusqlite::Row<'_>| {
            let (project_id, title, markdown): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((row.get(0)?, project_id, format!("{title}\n{markdown}")))
        };
        let Some((episode, project_id, text)) = next.query_row([], row).optional()? else { return Ok(false) };
        add(connection, episode, &project_id, &text)?;
        taken += text.len();
    }
    Ok(true)
}

fn add(connection: &Connection, episode: i64, project_id: &str, text: &str) -> Result<(), DatabaseError> {
    let text = folded(text);
    let sql = "INSERT INTO episode_search (rowid, project, letters, pairs) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        episode,
        project_token(project_id),
        letters(&text),
        all_pairs(&text)
    ])?;
    connection.prepare_cached("DELETE FROM episodes_to_index WHERE episode = ?1")?.execute([episode])?;
    Ok(())
}

/// Removes a deleted episode from the index, if it was there.
pub(super) fn remove(connection: &Connection, episode: i64) -> Result<(), DatabaseError> {
    connection.prepare_cached("DELETE FROM episode_search WHERE rowid = ?1")?.execute([episode])?;
    Ok(())
}

/// The index query for a project's episodes that contain all of `words`, which are [`folded`].
pub(super) fn expression(project_id: &str, words: &BTreeSet<String>) -> String {
    let mut expression = format!("project : \"{}\"", project_token(project_id));
    for word in words {
        let mut phrase = String::new();
        let column = match word.chars().nth(1) {
            Some(_) => {
                push_pairs(&mut phrase, word);
                "pairs"
            }
            None => {
                phrase.extend(word.chars().map(stand_in));
                "letters"
            }
        };
        // The phrase has no quotes in it: they have stand-ins.
        expression.push_str(&format!(" AND {column} : \"{phrase}\""));
    }
    expression
}

/// A text, or a complete query, in the form that search compares: normalized in case, width and composition (macOS
/// decomposes Korean syllables in file names). Folding can produce blanks, so split words afterwards.
pub(super) fn folded(text: &str) -> String {
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.to_lowercase(),
        IsNormalized::No | IsNormalized::Maybe => text.nfkc().collect::<String>().to_lowercase(),
    }
}

/// Encodes any project name as one token.
fn project_token(project_id: &str) -> String {
    project_id.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn letters(text: &str) -> String {
    let letters: BTreeSet<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
    letters.into_iter().flat_map(|character| [stand_in(character), ' ']).collect()
}

fn all_pairs(text: &str) -> String {
    // In Korean a pair takes six bytes plus a blank for every three bytes of text.
    let mut pairs = String::with_capacity(text.len() * 5 / 2);
    for word in text.split_whitespace() {
        push_pairs(&mut pairs, word);
        pairs.push_str(GAP);
        pairs.push(' ');
    }
    pairs
}

/// Every two adjacent characters of a word, followed by a blank.
fn push_pairs(pairs: &mut String, word: &str) {
    for (first, second) in word.chars().zip(word.chars().skip(1)) {
        pairs.push(stand_in(first));
        pairs.push(stand_in(second));
        pairs.push(' ');
    }
}

/// Maps a character to one that can be part of a token.
fn stand_in(character: char) -> char {
    if !character.is_ascii() || character.is_ascii_alphanumeric() {
        return character;
    }
    char::from_u32(STAND_INS + u32::from(character)).unwrap_or(character)
}
