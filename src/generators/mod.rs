//! Script generators, and the catalogue of which provider serves which model.
//!
//! Three layers write over a chat model: [`ScriptWriter`] turns a brief into messages and a reply into a script, `chat` does
//! what all providers have in common, and a protocol such as `openai` does what only one kind of server needs.
//!
//! # Adding a provider
//! A server that speaks OpenAI's chat completions needs no code, only an entry in `[[providers]]`. For another protocol:
//!
//! 1. `generators/<kind>/` implements `chat::Protocol` (path, headers, body, what an event says) and has a function like
//!    [`openai()`] that returns a `ChatClient` for it. Add its `mod` and `pub use` lines below.
//! 2. `config/<kind>.rs` reads its section: a `ChatServer` and its own keys. Add a variant, and a row in the table of kinds, to
//!    `config/provider_kind.rs`.
//! 3. `startup/models.rs` passes the section to the function: one line.
//! 4. `config/default.toml` documents the kind and its keys.
//!
//! `ChatClient` brings deadlines, retries, refused parameters, continuation and cancellation. The tests here replay recordings
//! of real servers from `tests/transcripts/<server>/`.

mod catalog;
mod chat;
mod openai;
mod placeholder;
#[cfg(test)]
mod tests;
mod writer;

pub use catalog::{Catalog, Provider};
pub use openai::openai;
pub use placeholder::PlaceholderGenerator;
pub use writer::{PromptError, Prompts, ScriptWriter};
