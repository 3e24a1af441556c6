//! Who is in a draft.

use crate::{
    banks::Bank,
    chance::{Deck, Random},
    names::Name,
};

/// The people of one draft, the two that it is about first.
#[derive(Debug)]
pub(crate) struct Cast {
    people: Vec<Name>,
    /// How many of them speak, at least two; somebody more is only spoken of.
    speaking: usize,
}

/// Three of a cast, by index: who wants something, of whom, and who is away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trio {
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) away: usize,
}

impl Cast {
    /// The people whom the order names, if it names at least two; else names of the bank come after them, more the
    /// longer the draft is.
    pub(crate) fn new(given: Vec<Name>, bank: &Bank, words: u64, random: &mut Random) -> Self {
        let size = match (given.len(), words) {
            (2.., _) => given.len(),
            (_, ..1500) => 3,
            (_, 1500..10_000) => 4,
            (_, 10_000..30_000) => 6,
            _ => 8,
        };
        let mut people = given;
        let mut deck = Deck::new(bank.names.cast.len());
        while people.len() < size.max(3) {
            let name = &bank.names.cast[deck.draw(random)];
            if !people.iter().any(|person| person.short == *name) {
                people.push(Name::plain(name));
            }
        }
        Self { people, speaking: size }
    }

    pub(crate) fn person(&self, index: usize) -> &Name {
        &self.people[index]
    }

    /// Those who speak.
    pub(crate) fn speaking(&self) -> &[Name] {
        &self.people[..self.speaking]
    }

    /// One of the two that the draft is about is in every scene, with the other in most, unless the cast is large.
    pub(crate) fn trio(&self, random: &mut Random) -> Trio {
        let mut pair = [random.below(2), 0];
        let together = if self.speaking > 4 { 35 } else { 60 };
        pair[1] = match self.speaking {
            3.. if !random.chance(together) => 2 + random.below(self.speaking - 2),
            _ => 1 - pair[0],
        };
        if random.chance(50) {
            pair.swap(0, 1);
        }
        let mut away = random.below(self.people.len());
        while pair.contains(&away) {
            away = (away + 1) % self.people.len();
        }
        Trio { a: pair[0], b: pair[1], away }
    }
}
