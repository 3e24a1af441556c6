//! Who is in a draft.

use super::{
    material::Material,
    random::{Deck, Random},
};

/// The people of one draft, the two that it is about first; at least three.
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
}

/// One of them.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) age: usize,
}

/// Three in one scene: who speaks, to whom, and who is away.
pub(super) struct Trio {
    pub(super) a: &'static str,
    pub(super) b: &'static str,
    pub(super) c: &'static str,
}

impl Cast {
    /// More people the longer the draft is.
    pub(super) fn new(material: &mut Material) -> Self {
        let size = match material.target {
            0..1500 => 3,
            1500..10_000 => 4,
            _ => 6,
        };
        let names = material.phrases.names;
        let mut deck = Deck::new(names.len());
        let mut person =
            || Person { name: names[deck.draw(&mut material.random)], age: 27 + material.random.below(12) };
        Self { people: (0..size).map(|_| person()).collect() }
    }

    /// The two that the draft is about are in most scenes, at least one of them in nearly all.
    pub(super) fn trio(&self, random: &mut Random) -> Trio {
        let mut deck = Deck::new(self.people.len());
        let mut drawn = [0; 3].map(|_| deck.draw(random));
        if random.chance(60) {
            drawn = [0, 1, 2 + random.below(self.people.len() - 2)];
        } else if drawn[0] > 1 && drawn[1] > 1 {
            drawn[0] = random.below(2);
            if drawn[2] == drawn[0] {
                drawn[2] = 1 - drawn[0];
            }
        }
        let [a, b, c] = drawn.map(|index| self.people[index].name);
        Trio { a, b, c }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_different_people_make_a_scene() {
        let people = ["a", "b", "c", "d"].map(|name| Person { name, age: 30 });
        let cast = Cast { people: people.into() };
        let mut random = Random::seeded(&[b"trio"]);
        for _ in 0..500 {
            let Trio { a, b, c } = cast.trio(&mut random);
            assert!(a != b && b != c && a != c, "{a} {b} {c}");
        }
    }
}
