//! temporary stub
#![allow(missing_docs, dead_code, clippy::all)]
use futures_util::StreamExt;
mod catalog;
mod openai;
mod prompts;
pub use catalog::{Catalog, Pattern, Provider};
use generation_actors::ports::*;
use generation_actors::wording::Step;
pub use openai::{OpenAiGenerator, OpenAiOptions, TokenLimitField};
pub use prompts::{PromptError, Prompts};
use std::{sync::Arc, time::Duration};
pub struct BuiltinGenerator(u32);
impl BuiltinGenerator {
    pub fn new(w: u32) -> Self {
        Self(w)
    }
}
impl ScriptGenerator for BuiltinGenerator {
    fn generate(&self, r: GenerationRequest) -> GenerationStream {
        let w = self.0;
        let n = r.brief.length_target;
        let done = r.written.split_whitespace().count() as u32;
        Box::pin(
            futures_util::stream::iter([Ok(Piece::Model("builtin".into())), Ok(Piece::Step(Step::WritingDialogue))])
                .chain(futures_util::stream::unfold(done, move |i| async move {
                    if i > n {
                        return None;
                    }
                    if i == n {
                        return Some((Ok(Piece::End(EndReason::Finished)), i + 1));
                    }
                    if w > 0 {
                        tokio::time::sleep(Duration::from_secs_f64(1.0 / w as f64)).await
                    } else if i % 100 == 0 {
                        tokio::task::yield_now().await
                    }
                    Some((Ok(Piece::Text(format!("가나다{i} "))), i + 1))
                })),
        )
    }
}
