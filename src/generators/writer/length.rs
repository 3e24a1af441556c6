//! Estimates how many tokens a script takes.

use generation_actors::model::Brief;

/// English screenplays take 1.4 tokens for what `lengthTarget` counts as a word, …
const TOKENS_PER_WORD: u32 = 3;
/// … Korean ones 2.8 with OpenAI's present vocabulary, 4.3 with that of gpt-4, more with many local models.
const TOKENS_PER_WORD_BEYOND_ASCII: u32 = 6;
/// For short scripts, and for those that run over.
const HEADROOM: u32 = 512;

/// The token limit for a script of the length asked for; the description tells its language.
pub(super) fn token_limit(brief: &Brief) -> u32 {
    let per_word = if brief.description.is_ascii() { TOKENS_PER_WORD } else { TOKENS_PER_WORD_BEYOND_ASCII };
    brief.length_target.saturating_mul(per_word).saturating_add(HEADROOM)
}
