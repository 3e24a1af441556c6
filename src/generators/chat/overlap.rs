//! Drops what a model repeats of the text that it was told to continue.

/// In characters. A shorter repetition may be intended: a name above a line of dialogue, a refrain.
const SHORTEST: usize = 20;
/// In characters: how far back a repetition may start. A model that starts the whole text over is not caught.
const LONGEST: usize = 2_000;

/// Holds back the start of a continuation while it may still repeat the end of the earlier text.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    /// The end of the earlier text; empty once it is clear whether it was repeated.
    tail: String,
    held: String,
}

enum Repeated {
    /// This many bytes of the held text.
    Bytes(usize),
    /// It takes more text to tell.
    Maybe,
    Not,
}

impl Overlap {
    /// Starts a continuation of `written`.
    pub(super) fn with(written: &str) -> Self {
        let start = written.char_indices().rev().nth(LONGEST - 1).map_or(0, |(start, _)| start);
        Self { tail: written[start..].to_owned(), held: String::new() }
    }

    /// Takes the next text and returns what can be passed on: often all of it, sometimes nothing.
    pub(super) fn push(&mut self, text: String) -> String {
        if self.tail.is_empty() {
            return text;
        }
        self.held.push_str(&text);
        match self.repeated(false) {
            Repeated::Maybe => String::new(),
            Repeated::Bytes(repeated) => self.decide(repeated),
            Repeated::Not => self.decide(0),
        }
    }

    /// Ends the continuation; returns what was held back and is no repetition.
    pub(super) fn finish(&mut self) -> String {
        match self.repeated(true) {
            Repeated::Bytes(repeated) => self.decide(repeated),
            Repeated::Maybe | Repeated::Not => self.decide(0),
        }
    }

    /// Returns the held text without its first `repeated` bytes; later text passes unchecked.
    fn decide(&mut self, repeated: usize) -> String {
        self.tail.clear();
        let mut held = std::mem::take(&mut self.held);
        held.split_off(repeated)
    }

    /// Finds the longest end of the earlier text that the continuation starts with.
    fn repeated(&self, is_whole: bool) -> Repeated {
        let mut ends = self.tail.char_indices().map(|(start, _)| &self.tail[start..]);
        let long_enough = self.tail.chars().count().saturating_sub(SHORTEST - 1);
        let found = ends.by_ref().take(long_enough).find_map(|end| {
            if self.held.starts_with(end) {
                Some(Repeated::Bytes(end.len()))
            } else if !is_whole && end.starts_with(&self.held) {
                Some(Repeated::Maybe)
            } else {
                None
            }
        });
        found.unwrap_or(Repeated::Not)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is passed on of a continuation that comes in pieces of `size` characters.
    fn passed_on(written: &str, continuation: &str, size: usize) -> String {
        let mut overlap = Overlap::with(written);
        let characters: Vec<char> = continuation.chars().collect();
        let mut out: String = characters.chunks(size).map(|piece| overlap.push(piece.iter().collect())).collect();
        out.push_str(&overlap.finish());
        out
    }

    const WRITTEN: &str = "S#1. 실내. 카페 - 밤\n\n창밖으로 굵은 빗줄기가 쏟아진다. 민서가 마지막 잔을 닦는";

    #[test]
    fn a_repeated_end_is_dropped_however_long_it_is() {
        for back in [SHORTEST, 25, WRITTEN.chars().count()] {
            let start = WRITTEN.char_indices().rev().nth(back - 1).unwrap().0;
            let continuation = format!("{}다. 종이 울린다.", &WRITTEN[start..]);
            for size in [1, 3, 1000] {
                assert_eq!(passed_on(WRITTEN, &continuation, size), "다. 종이 울린다.", "{back} by {size}");
            }
        }
        assert_eq!(passed_on(WRITTEN, WRITTEN, 7), "");
    }

    #[test]
    fn a_short_echo_and_a_repetition_that_turns_into_something_else_stay() {
        for continuation in ["닦는다.", "마지막 잔을 닦는", "창밖으로 굵은 빗줄기가 쏟아진다. 그때", ""]
        {
            assert_eq!(passed_on(WRITTEN, continuation, 1), continuation);
        }
    }

    #[test]
    fn text_is_passed_on_as_soon_as_it_differs_and_at_once_without_an_earlier_one() {
        let mut overlap = Overlap::with(WRITTEN);
        assert_eq!(overlap.push("창밖으로".into()), "");
        assert_eq!(overlap.push("는".into()), "창밖으로는");
        assert_eq!(overlap.push("창밖으로".into()), "창밖으로");
        assert_eq!(Overlap::with("").push("가".into()), "가");
    }

    proptest! {
        #[test]
        fn cuts_change_nothing_and_only_a_beginning_is_ever_dropped(
            written in "[ab]{0,60}", continuation in "[ab]{0,80}", size in 1usize..30,
        ) {
            let whole = passed_on(&written, &continuation, 1000);
            prop_assert_eq!(&passed_on(&written, &continuation, size), &whole);
            let dropped = continuation.strip_suffix(whole.as_str());
            prop_assert!(dropped.is_some_and(|dropped| written.ends_with(dropped)));
            prop_assert!(dropped.is_some_and(|dropped| dropped.is_empty() || dropped.len() >= SHORTEST));
        }
    }
}
