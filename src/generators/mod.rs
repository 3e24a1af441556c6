//! What writes scripts: implementations of the generator port, and the catalogue of who serves which model.

mod catalog;
mod openai;
mod placeholder;
mod prompts;

pub use catalog::{Catalog, Pattern, Provider};
pub use openai::{OpenAiGenerator, OpenAiOptions, TokenLimitField};
pub use placeholder::PlaceholderGenerator;
pub use prompts::{PromptError, Prompts};
