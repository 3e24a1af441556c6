//! Where finished scripts become episodes: implementations of the episode store port.

#[cfg(test)]
mod contract;
mod sqlite;

pub use sqlite::SqliteEpisodes;
