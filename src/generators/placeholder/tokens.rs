//! A rough count of a script's tokens.

/// Four ASCII characters or one and a half others to a token, as jobs count while they run.
pub(super) struct Tokens {
    ascii: u64,
    beyond_ascii: u64,
}

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let mut tokens = Self { ascii: 0, beyond_ascii: 0 };
        tokens.add(text);
        tokens
    }

    pub(super) fn add(&mut self, text: &str) {
        let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
        self.ascii += ascii;
        self.beyond_ascii += text.chars().count() as u64 - ascii;
    }

    pub(super) fn estimate(&self) -> u64 {
        self.ascii.div_ceil(4) + (self.beyond_ascii * 2).div_ceil(3)
    }
}

#[cfg(test)]
mod tests {
    use generation_actors::model::ScriptText;

    use super::Tokens;

    #[test]
    fn counts_as_jobs_do() {
        let text = "FADE IN:\n\n비 오는 밤 😀";
        assert_eq!(Tokens::of(text).estimate(), ScriptText::from(text).estimated_tokens());
    }
}
