//! The delivery side of the generation service: configuration, HTTP, generators and stores around the actors of
//! `generation-actors`. `docs/architecture.md` lists which module may import which.

pub mod client;
pub mod config;
pub mod episodes;
pub mod generators;
pub mod http;
pub mod locales;
mod mask;
pub mod sqlite;
pub mod startup;
pub mod stores;
