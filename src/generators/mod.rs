//! What writes scripts: implementations of the generator port, and the catalogue of who serves which model.

mod builtin;
mod catalog;
mod openai;
mod prompts;

pub use builtin::BuiltinGenerator;
pub use catalog::{Catalog, Pattern, Provider};
pub use openai::{OpenAiGenerator, OpenAiOptions, TokenLimitField};
pub use prompts::{PromptError, Prompts};
