//! Counts tokens when a provider sends no usage.

use std::{sync::Arc, time::Duration};

use generation_actors::model::ScriptText;
use tokio::{task, time::timeout};

/// Far longer than the longest script takes, even on a busy machine.
const COUNT_TIMEOUT: Duration = Duration::from_secs(10);

/// Counts the tokens of `text` as OpenAI's current models do; others are within about 20% of that. Runs on a blocking thread:
/// the first use loads a vocabulary of 200,000 entries, and a long script takes a while too.
///
/// # Cancel safety
/// Dropping the future leaves the count running on its thread; its result is discarded.
pub(super) async fn count(text: String) -> u64 {
    let text: Arc<str> = text.into();
    let counting = task::spawn_blocking({
        let text = Arc::clone(&text);
        move || tiktoken_rs::o200k_base_singleton().count_ordinary(&text) as u64
    });
    match timeout(COUNT_TIMEOUT, counting).await {
        Ok(Ok(counted)) => counted,
        unfinished => {
            log::error!("tokens were guessed, not counted: {unfinished:?}");
            ScriptText::from(&*text).estimated_tokens()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn korean_and_english_are_counted() {
        assert_eq!(count(String::new()).await, 0);
        assert_eq!(count("Hello world".into()).await, 2);
        let korean = count("안녕하세요, 비 오는 밤입니다.".into()).await;
        assert!((5..20).contains(&korean), "{korean}");
    }
}
