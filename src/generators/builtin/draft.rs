//! A part of a script while it is put together.

/// Paragraphs and how many words they have.
#[derive(Default)]
pub(super) struct Draft {
    text: String,
    words: u64,
    has_speech: bool,
    last_speaker: Option<&'static str>,
}

impl Draft {
    /// A single paragraph.
    pub(super) fn of(paragraph: &str) -> Self {
        let mut draft = Self::default();
        draft.paragraph(paragraph);
        draft
    }

    /// Adds a paragraph; a blank line separates it from the next.
    pub(super) fn paragraph(&mut self, paragraph: &str) {
        self.words += count(paragraph);
        self.last_speaker = None;
        self.text.push_str(paragraph);
        self.text.push_str("\n\n");
    }

    /// Adds what somebody says: who, how if it is said in a certain way, and what, each on a line of its own.
    pub(super) fn speech(&mut self, speaker: &'static str, manner: Option<&str>, line: &str) {
        // Two blanks at its end keep a line a line in Markdown.
        let cue = format!("**{}**  \n", speaker.to_uppercase());
        let manner = manner.map(|manner| format!("({manner})  \n")).unwrap_or_default();
        self.paragraph(&format!("{cue}{manner}{line}"));
        self.has_speech = true;
        self.last_speaker = Some(speaker);
    }

    /// Adds another draft at the end.
    pub(super) fn append(&mut self, other: &Self) {
        self.words += other.words;
        self.has_speech |= other.has_speech;
        self.last_speaker = other.last_speaker;
        self.text.push_str(&other.text);
    }

    /// Runs between white space.
    pub(super) fn words(&self) -> u64 {
        self.words
    }

    /// Whether anybody says anything.
    pub(super) fn has_speech(&self) -> bool {
        self.has_speech
    }

    /// Who speaks in the last paragraph.
    pub(super) fn last_speaker(&self) -> Option<&'static str> {
        self.last_speaker
    }

    /// The text, which ends in a blank line unless it is empty.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn count(paragraph: &str) -> u64 {
    paragraph.split_whitespace().count() as u64
}
