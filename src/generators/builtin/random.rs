//! Chance that is the same on every run, platform and version.

/// `SplitMix64`. Of its own, because the generators of `rand` may give other numbers in another version, and an
/// interrupted draft must go on with the very words it would have had.
pub(super) struct Random(u64);

impl Random {
    /// Numbers that depend on `parts`, and on where one part ends and the next begins.
    pub(super) fn seeded(parts: &[&[u8]]) -> Self {
        // FNV-1a, with a byte that UTF-8 never has between the parts.
        let bytes = parts.iter().flat_map(|part| part.iter().copied().chain([0xff]));
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..bound`; `bound` is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // Below a few hundred the remainder's bias is beyond noticing.
        (self.next() % bound as u64) as usize
    }

    /// True `percent` times in a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Draws from `0..len` in shuffled rounds, so that nothing comes again before everything has come once.
pub(super) struct Deck {
    order: Vec<usize>,
    next: usize,
}

impl Deck {
    /// A deck of `len` cards; at least one.
    pub(super) fn new(len: usize) -> Self {
        Self { order: (0..len).collect(), next: len }
    }

    /// The next card.
    pub(super) fn draw(&mut self, random: &mut Random) -> usize {
        if self.next == self.order.len() {
            self.shuffle(random);
        }
        self.next += 1;
        self.order[self.next - 1]
    }

    fn shuffle(&mut self, random: &mut Random) {
        let last = self.order.last().copied();
        for end in (1..self.order.len()).rev() {
            self.order.swap(end, random.below(end + 1));
        }
        // The seam between two rounds must not double a card.
        if self.order.len() > 1 && self.order.first().copied() == last {
            let end = self.order.len() - 1;
            self.order.swap(0, end);
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_everywhere() {
        let mut random = Random::seeded(&[b"title", b"description"]);
        let numbers: Vec<usize> = (0..6).map(|_| random.below(1000)).collect();
        assert_eq!(numbers, PINNED);
    }

    const PINNED: [usize; 6] = [244, 926, 952, 34, 503, 605];

    #[test]
    fn where_one_part_ends_matters() {
        let mut first = Random::seeded(&[b"ab", b"c"]);
        let mut second = Random::seeded(&[b"a", b"bc"]);
        assert_ne!(first.next(), second.next());
    }

    #[test]
    fn a_round_of_a_deck_has_every_card_once_and_no_card_twice_in_a_row() {
        let mut random = Random::seeded(&[b"deck"]);
        let mut deck = Deck::new(5);
        let drawn: Vec<usize> = (0..500).map(|_| deck.draw(&mut random)).collect();
        for round in drawn.chunks(5) {
            let mut round = round.to_vec();
            round.sort_unstable();
            assert_eq!(round, [0, 1, 2, 3, 4]);
        }
        assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
