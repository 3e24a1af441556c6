//! Chance that is the same on every run and platform.

use std::hash::Hasher;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use rand_seeder::SipHasher;

use crate::order::Order;

/// Numbers that depend on an order alone. Both algorithms are fixed by name, and what is made of the numbers is done here:
/// the distributions of `rand` may change between versions, and an interrupted draft must continue with the same words.
#[derive(Debug)]
pub(crate) struct Random(Pcg32);

impl Random {
    pub(crate) fn seeded(order: &Order<'_>) -> Self {
        let mut hasher = SipHasher::new();
        for text in [order.title, order.description, order.script_type] {
            hasher.write_u64(text.len() as u64);
            hasher.write(text.as_bytes());
        }
        hasher.write_u32(order.episode_number.unwrap_or(0));
        hasher.write_u32(order.words);
        // A stored number may come back with its last bit changed.
        hasher.write_i64((order.temperature * 100.0).round() as i64);
        Self(Pcg32::from_rng(&mut hasher.into_rng()))
    }

    /// One of `0..bound`; `bound` is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.0.next_u32()) * bound as u64) >> 32) as usize
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Draws from `0..len` in shuffled rounds: nothing repeats before everything has come once, nor within half a round.
#[derive(Debug)]
pub(crate) struct Deck {
    order: Vec<u8>,
    next: u8,
    is_shuffled: bool,
}

impl Deck {
    /// More cards than this do not fit.
    pub(crate) const MOST: usize = u8::MAX as usize;

    /// A deck of `len` cards, from 1 to [`Self::MOST`].
    pub(crate) fn new(len: usize) -> Self {
        let len = len.min(Self::MOST) as u8;
        Self { order: (0..len).collect(), next: len, is_shuffled: false }
    }

    /// The next card.
    pub(crate) fn draw(&mut self, random: &mut Random) -> usize {
        if self.is_over() {
            self.next_round(random);
        }
        self.next += 1;
        usize::from(self.order[usize::from(self.next) - 1])
    }

    /// Takes the last draw back: the same card comes next.
    pub(crate) fn put_back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    /// Whether all cards of the round have come.
    pub(crate) fn is_over(&self) -> bool {
        usize::from(self.next) == self.order.len()
    }

    fn next_round(&mut self, random: &mut Random) {
        if self.is_shuffled {
            // What came early comes early again, what came late comes late.
            let half = self.order.len() / 2;
            let (early, late) = self.order.split_at_mut(half);
            shuffle(early, random);
            shuffle(late, random);
        } else {
            shuffle(&mut self.order, random);
            self.is_shuffled = true;
        }
        self.next = 0;
    }
}

fn shuffle(cards: &mut [u8], random: &mut Random) {
    for end in (1..cards.len()).rev() {
        cards.swap(end, random.below(end + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order<'_> = Order {
        title: "ab",
        description: "c",
        script_type: "drama",
        episode_number: None,
        temperature: 0.7,
        words: 100,
    };

    fn numbers(order: &Order<'_>) -> [usize; 6] {
        let mut random = Random::seeded(order);
        [(); 6].map(|()| random.below(1000))
    }

    #[test]
    fn numbers_are_the_same_everywhere() {
        assert_eq!(numbers(&ORDER), [33, 169, 449, 188, 830, 573]);
    }

    #[test]
    fn every_field_counts_and_where_one_ends() {
        let others = [
            Order { title: "a", description: "bc", ..ORDER },
            Order { script_type: "movie", ..ORDER },
            Order { episode_number: Some(1), ..ORDER },
            Order { temperature: 0.71, ..ORDER },
            Order { words: 101, ..ORDER },
        ];
        for other in others {
            assert_ne!(numbers(&other), numbers(&ORDER), "{other:?}");
        }
        let nearly = Order { temperature: f64::from_bits(0.7f64.to_bits() + 1), ..ORDER };
        assert_eq!(numbers(&nearly), numbers(&ORDER));
    }

    #[test]
    fn a_round_of_a_deck_has_every_card_once_and_no_card_again_within_half_a_round() {
        let mut random = Random::seeded(&ORDER);
        let mut deck = Deck::new(5);
        let drawn: Vec<usize> = (0..500).map(|_| deck.draw(&mut random)).collect();
        for round in drawn.chunks(5) {
            let mut round = round.to_vec();
            round.sort_unstable();
            assert_eq!(round, [0, 1, 2, 3, 4]);
        }
        assert!(drawn.windows(3).all(|three| three[0] != three[1] && three[0] != three[2]));
        deck.put_back();
        assert_eq!(Some(&deck.draw(&mut random)), drawn.last());
    }
}
