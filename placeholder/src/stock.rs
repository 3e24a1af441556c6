//! What a draft has left of the banks, so that nothing repeats before everything has been used.

use crate::{
    banks::{Act, Bank, Exchange, Situation, Stage},
    chance::{Deck, Random},
};

/// One list of a bank in a shuffled order.
#[derive(Debug)]
pub(crate) struct Supply<T: 'static> {
    list: &'static [T],
    deck: Deck,
}

impl<T> Supply<T> {
    pub(crate) fn new(list: &'static [T]) -> Self {
        Self { list, deck: Deck::new(list.len()) }
    }

    pub(crate) fn next(&mut self, random: &mut Random) -> &'static T {
        &self.list[self.deck.draw(random)]
    }

    /// Keeps what was drawn last for the next time.
    pub(crate) fn put_back(&mut self) {
        self.deck.put_back();
    }

    /// Whether from now on something comes again.
    pub(crate) fn is_used_up(&self) -> bool {
        self.deck.is_over()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

/// The exchanges of one situation.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) want: Supply<Exchange>,
    pub(crate) resist: Supply<Exchange>,
    pub(crate) turn: Supply<Exchange>,
}

/// All that the scenes of a draft draw from.
#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) inside: Supply<String>,
    pub(crate) outside: Supply<String>,
    pub(crate) entrances: Supply<String>,
    pub(crate) beats: Supply<String>,
    pub(crate) indoor_beats: Supply<String>,
    pub(crate) pauses: Supply<String>,
    pub(crate) exits: Supply<String>,
    pub(crate) indoor_exits: Supply<String>,
    pub(crate) transitions: Supply<String>,
    pub(crate) endings: Supply<String>,
    pub(crate) asides: Supply<Exchange>,
    pub(crate) readings: Supply<Exchange>,
    pub(crate) topics: Vec<Topic>,
    situations: &'static [Situation],
    /// The number of the scene that each topic was last used in; 0 is never.
    last_used: Vec<u16>,
    scenes: u16,
}

impl Stock {
    pub(crate) fn new(bank: &'static Bank, stage: &'static Stage) -> Self {
        let topic = |situation: &'static Situation| Topic {
            want: Supply::new(&situation.want),
            resist: Supply::new(&situation.resist),
            turn: Supply::new(&situation.turn),
        };
        Self {
            inside: Supply::new(&stage.inside),
            outside: Supply::new(&stage.outside),
            entrances: Supply::new(&stage.entrances),
            beats: Supply::new(&stage.beats),
            indoor_beats: Supply::new(&stage.indoor_beats),
            pauses: Supply::new(&stage.pauses),
            exits: Supply::new(&stage.exits),
            indoor_exits: Supply::new(&stage.indoor_exits),
            transitions: Supply::new(&stage.transitions),
            endings: Supply::new(&stage.endings),
            asides: Supply::new(&bank.asides),
            readings: Supply::new(&bank.readings),
            situations: &bank.situations,
            topics: bank.situations.iter().map(topic).collect(),
            last_used: vec![0; bank.situations.len()],
            scenes: 0,
        }
    }

    /// Which of the topics the next scene of an act has: one that has not come yet, else one of the two that came
    /// longest ago.
    pub(crate) fn topic(&mut self, act: Act, random: &mut Random) -> usize {
        let mut of_act: Vec<usize> =
            (0..self.topics.len()).filter(|&at| self.situations[at].acts.contains(&act)).collect();
        of_act.sort_by_key(|&at| self.last_used[at]);
        let unused = of_act.iter().filter(|&&at| self.last_used[at] == 0).count();
        let drawn = of_act[random.below(unused.max(2).min(of_act.len()))];
        self.scenes = self.scenes.saturating_add(1);
        self.last_used[drawn] = self.scenes;
        drawn
    }
}
