//! What stands before the first scene.

use crate::{
    banks::{Bank, Stage},
    cast::Cast,
    chance::{Deck, Random},
    order::Order,
    page::Page,
    quote,
};

/// From this length on a draft begins with its premise.
const INTRODUCED: u64 = 150;
/// From this length on it also lists its cast.
const CAST_LISTED: u64 = 400;

const TITLE_CHARACTERS: usize = 300;
const PREMISE_CHARACTERS: usize = 800;
const PREMISE_WORDS: u64 = 150;

/// Title, notice and, as far as the length allows, format, premise and cast. What is quoted of the order is bounded by
/// the length too: the longest title leaves room for a scene.
pub(crate) fn page(
    order: &Order<'_>,
    description: &str,
    bank: &Bank,
    stage: &Stage,
    cast: &Cast,
    random: &mut Random,
) -> Page {
    let labels = &bank.labels;
    let words = u64::from(order.words);
    let mut page = Page::default();
    let title = quote::quoted(&quote::one_line(order.title), (words / 6).clamp(4, 300) as usize, TITLE_CHARACTERS);
    page.paragraph(&format!("# {title}"));
    page.paragraph(&format!("> {}", labels.notice));
    if words >= INTRODUCED {
        let kind = labels.kinds.get(order.script_type).map_or(order.script_type, String::as_str);
        page.paragraph(&format!("> **{}:** {}", labels.format, quote::quoted(kind, 1 + kind.len(), TITLE_CHARACTERS)));
        let premise = quote::quoted(description, (words / 6).min(PREMISE_WORDS) as usize, PREMISE_CHARACTERS);
        page.paragraph(&format!("> **{}:** {premise}", labels.premise));
    }
    if words >= CAST_LISTED {
        page.paragraph(&format!("> **{}**", labels.cast));
        let mut traits = Deck::new(bank.names.traits.len());
        let lines = cast
            .speaking()
            .iter()
            .map(|person| format!("- **{}**: {}", person.full, bank.names.traits[traits.draw(random)]));
        page.paragraph(&lines.collect::<Vec<_>>().join("\n"));
    }
    page.paragraph(&stage.opening);
    page
}
