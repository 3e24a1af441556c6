//! Where finished scripts become episodes: implementations of the episode store port.

mod sqlite;

pub use sqlite::SqliteEpisodes;
