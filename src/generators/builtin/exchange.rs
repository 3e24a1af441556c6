//! Two people talk.

use super::{
    draft::Draft,
    phrases::{Moment, Phrases},
    random::{Deck, Random},
    template::{Blanks, fill},
};

/// Which exchanges and lines have been used up so far.
pub(super) struct Exchanges {
    which: Deck,
    /// For each exchange its openings, answers and closes.
    lines: Vec<[Deck; 3]>,
    manners: Deck,
    leads: Deck,
}

impl Exchanges {
    pub(super) fn new(phrases: &Phrases) -> Self {
        let decks = |banks: [&[&str]; 3]| banks.map(|bank| Deck::new(bank.len()));
        Self {
            which: Deck::new(phrases.exchanges.len()),
            lines: phrases.exchanges.iter().map(|e| decks([e.openings, e.answers, e.closes])).collect(),
            manners: Deck::new(phrases.manners.len()),
            leads: Deck::new(phrases.leads.len()),
        }
    }

    /// An exchange that has its place in `quarter` and, if there is one, at this `moment`, of one to three speeches; `a` of
    /// the blanks begins.
    pub(super) fn write(
        &mut self,
        phrases: &Phrases,
        quarter: usize,
        moment: Moment,
        speeches: usize,
        blanks: Blanks<'_>,
        random: &mut Random,
    ) -> Draft {
        let which = self.draw(phrases, quarter, moment, random);
        let exchange = &phrases.exchanges[which];
        let mut draft = Draft::default();
        let mut blanks = blanks;
        for (turn, bank) in
            [exchange.openings, exchange.answers, exchange.closes].into_iter().enumerate().take(speeches)
        {
            let mut line = fill(bank[self.lines[which][turn].draw(random)], &blanks, random);
            if turn == 0 && random.chance(12) {
                line = format!("{} {line}", phrases.leads[self.leads.draw(random)]);
            }
            let manner = random.chance(22).then(|| phrases.manners[self.manners.draw(random)]);
            draft.speech(blanks.a, manner, &line);
            blanks = blanks.turned();
        }
        draft
    }

    fn draw(&mut self, phrases: &Phrases, quarter: usize, moment: Moment, random: &mut Random) -> usize {
        let fits = |which: usize, moment| {
            let (first, last) = phrases.exchanges[which].quarters;
            phrases.exchanges[which].moment == moment && (first..=last).contains(&quarter)
        };
        if moment != Moment::Any
            && let Some(which) = (0..phrases.exchanges.len()).find(|&which| fits(which, moment))
        {
            return which;
        }
        // Ends because every quarter has exchanges for any moment, which a test holds.
        loop {
            let which = self.which.draw(random);
            if fits(which, Moment::Any) {
                return which;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::phrases::{ENGLISH, KOREAN, Moment};

    #[test]
    fn every_quarter_has_enough_to_talk_about() {
        for phrases in [&KOREAN, &ENGLISH] {
            for quarter in 0..4 {
                let talks = phrases
                    .exchanges
                    .iter()
                    .filter(|e| e.moment == Moment::Any && (e.quarters.0..=e.quarters.1).contains(&quarter))
                    .count();
                assert!(talks >= 6, "{talks} in quarter {quarter}");
            }
        }
    }
}
