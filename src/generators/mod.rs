//! temporary stub
#![allow(missing_docs, dead_code, clippy::all)]
use futures_util::StreamExt;
use generation_actors::ports::*;
use generation_actors::wording::Step;
use std::{path::Path, sync::Arc, time::Duration};
#[derive(Debug, derive_more::Display, derive_more::Error)]
#[display("x")]
pub struct PromptError;
pub struct Prompts;
impl Prompts {
    pub fn load(_: Option<&Path>) -> Result<Self, PromptError> {
        Ok(Self)
    }
}
pub enum ModelPattern {
    Exact(String),
    Prefix(String),
}
pub struct Provider {
    pub name: String,
    pub models: Vec<ModelPattern>,
    pub generator: Arc<dyn ScriptGenerator>,
}
pub struct Catalog {
    p: Vec<Provider>,
    d: String,
}
impl Catalog {
    pub fn new(p: Vec<Provider>, d: String) -> Self {
        Self { p, d }
    }
}
impl ModelCatalog for Catalog {
    fn route(&self, m: Option<&str>) -> Result<Route, UnknownModel> {
        let model = m.unwrap_or(&self.d).to_owned();
        Ok(Route { model, generator: self.p.last().unwrap().generator.clone() })
    }
}
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
pub enum TokenLimitField {
    MaxTokens,
    MaxCompletionTokens,
}
pub struct OpenAiOptions {
    pub name: String,
    pub base_url: String,
    pub api_key: Option<String>,
    pub tokens_field: TokenLimitField,
    pub max_tokens: Option<u32>,
    pub connect_timeout: Duration,
    pub head_timeout: Duration,
    pub first_token_timeout: Duration,
    pub idle_timeout: Duration,
    pub retries: u32,
}
pub struct OpenAiGenerator;
impl OpenAiGenerator {
    pub fn new(_: OpenAiOptions, _: Arc<Prompts>) -> Self {
        Self
    }
}
impl ScriptGenerator for OpenAiGenerator {
    fn generate(&self, r: GenerationRequest) -> GenerationStream {
        todo!()
    }
}
