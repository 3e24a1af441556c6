//! The service as its users meet it: the real binary, spoken to over real sockets.
//!
//! `tests/run` sets up what these tests need. One file an area; `harness` is what they are written with.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod cancel;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod episode_search;
#[cfg(test)]
mod episode_stores;
#[cfg(test)]
mod episodes;
#[cfg(test)]
mod events;
#[cfg(test)]
mod failures;

mod floors;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod leash;
#[cfg(test)]
mod llmock;
#[cfg(test)]
mod models;
#[cfg(test)]
mod nginx;
#[cfg(test)]
mod original;
#[cfg(test)]
mod page;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod real_model;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod repository;
