//! Composes a draft, one block at a time.

use crate::{
    banks::{Act, Banks},
    block::{Block, Part},
    cast::Cast,
    chance::Random,
    front,
    language::Language,
    mention, names,
    order::Order,
    page::Page,
    quote,
    scene::{Plan, Story},
};

/// Approximate words per scene.
const SCENE: u64 = 165;
/// Approximate words per story, from the first act to the last.
const STORY: u64 = 6000;
/// Minimum words of a draft for it to end with a final image.
const PICTURED: u64 = 100;
/// Characters of the description that are read; the beginning says what it is about.
const READ_CHARACTERS: usize = 4000;
/// Characters never say a longer title in dialogue.
const SAID_TITLE_WORDS: usize = 6;
const SAID_TITLE_CHARACTERS: usize = 40;

/// The blocks of one draft, each generated on demand.
#[derive(Debug)]
pub(crate) struct Composer {
    story: Story,
    front: Option<Page>,
    ending: Option<Page>,
    /// Target number of words for all blocks before the ending.
    goal: u64,
    words: u64,
    scenes: u64,
    scenes_end: bool,
    /// How many stories the draft has, and how many are finished.
    stories: u64,
    finished: u64,
}

impl Composer {
    pub(crate) fn new(banks: &'static Banks, order: &Order<'_>) -> Self {
        let read: String = order.description.chars().take(READ_CHARACTERS).collect();
        let description = quote::one_line(&read);
        let title = quote::one_line(order.title);
        let language = Language::of(&description, &title);
        let bank = banks.of(language);
        let stage = bank.stage(order);
        let words = u64::from(order.words);

        let mut random = Random::seeded(order);
        let given = names::given(&format!("{read}\n{title}"), banks);
        let cast = Cast::new(given, bank, words, &mut random);
        let front = front::page(order, &description, bank, stage, &cast, &mut random);
        let mentions = mention::of(language, &format!("{description} {title}"));
        let mut story = Story::new(bank, stage, cast, random, mentions);
        if title.split_whitespace().count() <= SAID_TITLE_WORDS && title.chars().count() <= SAID_TITLE_CHARACTERS {
            let [open, close] = &bank.labels.quotes;
            story.title = format!("{open}{}{close}", quote::quoted(&title, usize::MAX, usize::MAX));
        }
        story.sentences = quote::sentences(&read);
        story.sentences.reverse();

        let mut ending = Page::default();
        if words >= PICTURED {
            ending.append(&story.ending());
        }
        ending.paragraph(&stage.closing);
        if words >= PICTURED {
            ending.paragraph(&stage.end);
        }
        let goal = words.saturating_sub(ending.words());
        let stories = (words / STORY).max(1);
        Self {
            story,
            front: Some(front),
            ending: Some(ending),
            goal,
            words: 0,
            scenes: 0,
            scenes_end: false,
            stories,
            finished: 0,
        }
    }

    fn scene(&mut self) -> Block {
        let left = self.goal.saturating_sub(self.words);
        let is_last = left < SCENE * 8 / 5;
        // Vary the length, because equal scenes look mechanical, and leave enough words for another scene.
        let share = SCENE * (60 + self.story.random.below(81) as u64) / 100;
        let words = if is_last { left } else { share.min(left - SCENE * 4 / 5) };
        let acts = self.words * 4 * self.stories / self.goal.max(1);
        if acts / 4 > self.finished {
            self.finished += 1;
            self.story.next_matter();
        }
        self.scenes += 1;
        let is_ending = is_last && self.scenes > 1;
        let act = match self.scenes {
            1 => Act::Opening,
            _ if is_ending => Act::Finale,
            _ => Act::QUARTERS[(acts % 4) as usize],
        };
        let plan = Plan { number: self.scenes, act, words, is_last };
        self.scenes_end = is_last;
        let part = if is_ending { Part::LastScene } else { Part::Scene };
        let page = self.story.scene(plan);
        self.words += page.words();
        Block { part, text: page.into_text() }
    }
}

impl Iterator for Composer {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        if let Some(front) = self.front.take() {
            self.words += front.words();
            return Some(Block { part: Part::Front, text: front.into_text() });
        }
        if !self.scenes_end {
            return Some(self.scene());
        }
        let mut text = self.ending.take()?.into_text();
        text.truncate(text.trim_end().len());
        text.push('\n');
        Some(Block { part: Part::Ending, text })
    }
}
