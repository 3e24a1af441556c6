//! A part of a script while it is put together.

/// Paragraphs and how many words they have.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    words: u64,
    last_speaker: Option<usize>,
}

impl Page {
    /// Adds a paragraph; a blank line separates it from the next.
    pub(crate) fn paragraph(&mut self, paragraph: &str) {
        self.words += paragraph.split_whitespace().count() as u64;
        self.last_speaker = None;
        self.text.push_str(paragraph);
        self.text.push_str("\n\n");
    }

    /// Adds what somebody says: the cue, how it is said if in a certain way, and the words, each on a line of its own.
    pub(crate) fn speech(&mut self, cue: &str, manner: Option<&str>, words: &str) {
        // Two blanks at its end keep a line a line in Markdown.
        let cue = format!("**{}**  \n", cue.to_uppercase());
        let manner = manner.map(|manner| format!("({manner})  \n")).unwrap_or_default();
        self.paragraph(&format!("{cue}{manner}{words}"));
    }

    /// Notes that the last paragraph was said by this one of the cast.
    pub(crate) fn spoken_by(&mut self, speaker: usize) {
        self.last_speaker = Some(speaker);
    }

    /// Adds another page at the end.
    pub(crate) fn append(&mut self, other: &Self) {
        self.words += other.words;
        self.last_speaker = other.last_speaker;
        self.text.push_str(&other.text);
    }

    /// Runs between white space.
    pub(crate) fn words(&self) -> u64 {
        self.words
    }

    /// Who of the cast speaks in the last paragraph.
    pub(crate) fn last_speaker(&self) -> Option<usize> {
        self.last_speaker
    }

    /// The text, which ends in a blank line unless it is empty.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}
