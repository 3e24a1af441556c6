//! What stands before the first scene.

use super::{
    cast::Cast,
    draft::Draft,
    material::Material,
    plain::quoted,
    random::Deck,
    template::{Blanks, fill},
};

/// From this length on a draft begins with its premise.
const INTRODUCED: u64 = 150;
/// From this length on it also lists its cast.
const CAST_LISTED: u64 = 400;

const TITLE_CHARACTERS: usize = 300;
const PREMISE_CHARACTERS: usize = 400;
const PREMISE_WORDS: u64 = 60;

/// Title, notice and, as far as the length allows, format, premise, subjects and cast. What is quoted of the brief
/// is bounded by the length too: the longest title leaves room for a scene.
pub(super) fn page(material: &mut Material, cast: &Cast) -> Draft {
    let labels = &material.phrases.labels;
    let target = material.target;
    let mut page = Draft::default();
    let title = quoted(&material.title, (target / 6).clamp(4, 300) as usize, TITLE_CHARACTERS);
    page.paragraph(&format!("# {title}"));
    page.paragraph(&format!("> {}", labels.notice));
    if target >= INTRODUCED {
        let words = (target / 8).min(PREMISE_WORDS) as usize;
        page.paragraph(&format!("> **{}:** {}", labels.kind, material.kind()));
        page.paragraph(&format!(
            "> **{}:** {}",
            labels.premise,
            quoted(&material.description, words, PREMISE_CHARACTERS)
        ));
    }
    if target >= CAST_LISTED {
        page.paragraph(&format!(
            "> **{}:** {}",
            labels.subjects,
            material.subjects[..material.subjects.len().min(6)].join(", ")
        ));
        page.paragraph(&format!("> **{}**", labels.cast));
        page.paragraph(&people(material, cast));
    }
    page.paragraph(labels.fade_in);
    page
}

fn people(material: &mut Material, cast: &Cast) -> String {
    let traits = material.phrases.traits;
    let mut deck = Deck::new(traits.len());
    let mut lines = Vec::new();
    for person in &cast.people {
        let subject = &material.subjects[material.random.below(material.subjects.len())];
        let blanks = Blanks { a: person.name, subject, ..Blanks::default() };
        let said = fill(traits[deck.draw(&mut material.random)], &blanks, &mut material.random);
        lines.push(format!("- **{}** ({}): {said}", person.name, person.age));
    }
    lines.join("\n")
}
