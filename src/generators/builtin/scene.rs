//! One scene after another.

use super::{
    cast::{Cast, Trio},
    draft::Draft,
    exchange::Exchanges,
    material::Material,
    phrases::{Moment, Phrases, Place},
    random::{Deck, Random},
    template::{Blanks, fill},
};

/// The words of a longer exchange: with fewer left a scene ends, and what is missing goes to the next; in the last scene,
/// paragraphs are then chosen by their length.
const NEAR: u64 = 45;
/// With fewer words left, two people may take their leave.
const PARTING: u64 = 2 * NEAR;
/// How many paragraphs are tried to find one of the right length.
const TRIES: usize = 6;
/// A scene with fewer words has no room for an entrance and an exit.
const STAGED: u64 = 90;

/// What has been used up so far, so that nothing comes again too soon.
pub(super) struct Scenes {
    places: Deck,
    mentioned_places: Option<Deck>,
    times: Deck,
    things: Deck,
    subjects: Deck,
    inside: Deck,
    outside: Deck,
    entrances: Deck,
    actions: Deck,
    indoor_actions: Deck,
    pauses: Deck,
    exits: Deck,
    indoor_exits: Deck,
    transitions: Deck,
    exchanges: Exchanges,
    /// Pairs that have met in an earlier scene.
    met: Vec<(&'static str, &'static str)>,
}

impl Scenes {
    pub(super) fn new(material: &mut Material) -> Self {
        let phrases = material.phrases;
        Self {
            places: Deck::new(phrases.places.len()),
            mentioned_places: (!material.places.is_empty()).then(|| Deck::new(material.places.len())),
            times: Deck::new(phrases.times.len()),
            things: Deck::new(phrases.things.len()),
            subjects: Deck::new(material.subjects.len()),
            inside: Deck::new(phrases.inside.len()),
            outside: Deck::new(phrases.outside.len()),
            entrances: Deck::new(phrases.entrances.len()),
            actions: Deck::new(phrases.actions.len()),
            indoor_actions: Deck::new(phrases.indoor_actions.len()),
            pauses: Deck::new(phrases.pauses.len()),
            exits: Deck::new(phrases.exits.len()),
            indoor_exits: Deck::new(phrases.indoor_exits.len()),
            transitions: Deck::new(phrases.transitions.len()),
            exchanges: Exchanges::new(phrases),
            met: Vec::new(),
        }
    }

    /// Scene `number` (from 1) in `quarter` (0–3) of the script, with about `goal` words; the last one meets its goal
    /// as nearly as its phrases allow.
    pub(super) fn write(
        &mut self,
        material: &mut Material,
        cast: &Cast,
        number: u64,
        quarter: usize,
        goal: u64,
        is_last: bool,
    ) -> Draft {
        let Material { phrases, random, subjects, .. } = material;
        let phrases = *phrases;
        let place = match &mut self.mentioned_places {
            // A brief's own places come back again and again, and first.
            Some(mentioned) if number == 1 || random.chance(40) => material.places[mentioned.draw(random)],
            _ => &phrases.places[self.places.draw(random)],
        };
        let time = match material.time {
            Some(time) if number == 1 || random.chance(30) => time,
            _ => &phrases.times[self.times.draw(random)],
        };
        let Trio { a, b, c } = cast.trio(random);
        let subject = self.subjects.draw(random);
        let other_subject = (subject + 1 + random.below(subjects.len() - 1)) % subjects.len();
        let blanks = Blanks {
            a,
            b,
            c,
            subject: &subjects[subject],
            other_subject: &subjects[other_subject],
            thing: phrases.things[self.things.draw(random)],
            place: place.name,
        };
        let mut scene = Writing {
            scenes: self,
            phrases,
            random,
            subjects,
            blanks,
            quarter,
            is_inside: place.inside,
            speaker: None,
            draft: Draft::default(),
        };
        scene.draft.paragraph(&heading(phrases, number, place, time.name));
        let is_staged = goal >= STAGED;
        scene.begin(goal, is_staged);
        let closing = is_staged.then(|| scene.closing(is_last));
        let body_goal = goal.saturating_sub(closing.as_ref().map_or(0, Draft::words));
        scene.talk(body_goal);
        if is_last {
            scene.meet(body_goal);
        }
        let mut draft = scene.draft;
        if let Some(closing) = closing {
            draft.append(&closing);
        }
        draft
    }

    /// The picture that the script ends with.
    pub(super) fn last_picture(&mut self, material: &mut Material, cast: &Cast) -> String {
        let phrases = material.phrases;
        let random = &mut material.random;
        let blanks = Blanks {
            a: cast.people[0].name,
            b: cast.people[1].name,
            c: cast.people[2].name,
            subject: &material.subjects[0],
            thing: phrases.things[self.things.draw(random)],
            ..Blanks::default()
        };
        let picture = phrases.endings[random.below(phrases.endings.len())];
        fill(picture, &blanks, random)
    }
}

/// One scene while it is written.
struct Writing<'a> {
    scenes: &'a mut Scenes,
    phrases: &'static Phrases,
    random: &'a mut Random,
    subjects: &'a [String],
    blanks: Blanks<'a>,
    quarter: usize,
    is_inside: bool,
    /// Who spoke last, if nothing has been done since.
    speaker: Option<&'static str>,
    draft: Draft,
}

impl<'a> Writing<'a> {
    fn begin(&mut self, goal: u64, is_staged: bool) {
        let (bank, deck) = if self.is_inside {
            (self.phrases.inside, &mut self.scenes.inside)
        } else {
            (self.phrases.outside, &mut self.scenes.outside)
        };
        let opening = Draft::of(&fill(bank[deck.draw(self.random)], &self.blanks, self.random));
        if is_staged || opening.words() * 2 <= goal.saturating_sub(self.draft.words()) {
            self.draft.append(&opening);
        }
        if is_staged {
            let entrance = self.phrases.entrances[self.scenes.entrances.draw(self.random)];
            self.draft.paragraph(&fill(entrance, &self.blanks, self.random));
        }
    }

    fn closing(&mut self, is_last: bool) -> Draft {
        let exit = if self.is_inside && self.random.chance(40) {
            self.phrases.indoor_exits[self.scenes.indoor_exits.draw(self.random)]
        } else {
            self.phrases.exits[self.scenes.exits.draw(self.random)]
        };
        let mut closing = Draft::of(&fill(exit, &self.blanks, self.random));
        if !is_last && self.random.chance(35) {
            closing.paragraph(self.phrases.transitions[self.scenes.transitions.draw(self.random)]);
        }
        closing
    }

    fn talk(&mut self, goal: u64) {
        let mut is_first = true;
        loop {
            let left = goal.saturating_sub(self.draft.words());
            if left < NEAR {
                return;
            }
            let moment = match left {
                _ if is_first && self.meet_first() => Moment::Meeting,
                ..PARTING if self.random.chance(50) => Moment::Parting,
                _ => Moment::Any,
            };
            is_first = false;
            let speeches = if self.random.chance(60) { 3 } else { 2 };
            let exchange = self.exchange(speeches, moment);
            self.add(&exchange);
            if self.random.chance(50) {
                let action = self.action();
                self.add(&action);
            }
        }
    }

    /// Whether the two have not met in any scene before; now they have.
    fn meet_first(&mut self) -> bool {
        let Blanks { a, b, .. } = self.blanks;
        let pair = (a.min(b), a.max(b));
        let is_new = !self.scenes.met.contains(&pair);
        if is_new {
            self.scenes.met.push(pair);
        }
        is_new
    }

    /// Fills up to `goal` with whatever fits best, something said if nothing has been said yet.
    fn meet(&mut self, goal: u64) {
        if !self.draft.has_speech() {
            let said = |scene: &mut Self, _| scene.exchange(1, Moment::Any);
            self.add_fitting(goal, said);
        }
        let any = |scene: &mut Self, attempt| match attempt % 3 {
            0 => scene.action(),
            1 => scene.exchange(2, Moment::Any),
            _ => scene.pause(),
        };
        while self.add_fitting(goal, any) {}
    }

    /// Adds the longest of some paragraphs that are not too long; false if all are.
    fn add_fitting(&mut self, goal: u64, paragraph: impl Fn(&mut Self, usize) -> Draft) -> bool {
        let left = goal.saturating_sub(self.draft.words());
        let tried: Vec<Draft> = (0..TRIES).map(|attempt| paragraph(self, attempt)).collect();
        let fitting = tried.into_iter().filter(|draft| draft.words() <= left).max_by_key(Draft::words);
        if let Some(draft) = &fitting {
            self.add(draft);
        }
        fitting.is_some()
    }

    fn add(&mut self, draft: &Draft) {
        self.speaker = draft.last_speaker();
        self.draft.append(draft);
    }

    fn exchange(&mut self, speeches: usize, moment: Moment) -> Draft {
        let mut blanks = self.varied();
        // Two cues of the same name in a row would read like a slip.
        if self.speaker == Some(blanks.a) {
            blanks = blanks.turned();
        }
        self.scenes.exchanges.write(self.phrases, self.quarter, moment, speeches, blanks, self.random)
    }

    fn action(&mut self) -> Draft {
        let action = if self.is_inside && self.random.chance(25) {
            self.phrases.indoor_actions[self.scenes.indoor_actions.draw(self.random)]
        } else {
            self.phrases.actions[self.scenes.actions.draw(self.random)]
        };
        let blanks = self.varied();
        Draft::of(&fill(action, &blanks, self.random))
    }

    fn pause(&mut self) -> Draft {
        let pause = self.phrases.pauses[self.scenes.pauses.draw(self.random)];
        Draft::of(&fill(pause, &self.blanks, self.random))
    }

    /// The scene's people and subjects, now and then the other way round or with another subject.
    fn varied(&mut self) -> Blanks<'a> {
        let mut blanks = self.blanks;
        if self.random.chance(50) {
            blanks = blanks.turned();
        }
        if self.random.chance(35) {
            let subject = &self.subjects[self.random.below(self.subjects.len())];
            if subject != blanks.other_subject {
                blanks.subject = subject;
            }
        }
        blanks
    }
}

fn heading(phrases: &Phrases, number: u64, place: &Place, time: &str) -> String {
    let labels = &phrases.labels;
    let sign = if place.inside { labels.inside } else { labels.outside };
    let scene = labels.scene.map(|scene| format!("{scene}{number}. ")).unwrap_or_default();
    format!("## {scene}{sign} {} - {time}", place.name)
}
