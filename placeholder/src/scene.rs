//! One scene after another: somebody wants something, it is resisted, it turns.

use crate::{
    banks::{Act, Bank, Exchange, Place, Role, Stage, Time},
    cast::{Cast, Trio},
    chance::{Deck, Random},
    names::Name,
    page::Page,
    stock::{Stock, Supply},
    template::{Slots, fill},
};

/// How many words more than its share an exchange may take.
const SLACK: u64 = 12;
/// At most as many words as a pause has.
const SHORT: u64 = 5;
/// At most so many exchanges resist in one scene.
const EXCHANGES: usize = 3;
/// With more words left there is room for any two paragraphs.
const ROOMY: u64 = 40;
/// How many phrases are tried to find one that fits.
const TRIES: usize = 5;

/// What a draft turns on; it changes only in long drafts.
#[derive(Debug)]
struct Matter {
    thing: &'static str,
    deadline: &'static str,
    years: &'static str,
    spot: &'static str,
}

/// Everything that the scenes of a draft share.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) bank: &'static Bank,
    pub(crate) stage: &'static Stage,
    pub(crate) cast: Cast,
    pub(crate) random: Random,
    /// Escaped and in quotation marks; empty if it is too long to be said.
    pub(crate) title: String,
    /// Whole sentences of the order, escaped, last first.
    pub(crate) sentences: Vec<String>,
    /// Places that the order speaks of.
    mentioned: Vec<&'static Place>,
    /// The time that the order speaks of.
    time: Option<&'static Time>,
    mentioned_deck: Deck,
    places: Supply<Place>,
    times: Supply<Time>,
    matter: Matter,
    stock: Stock,
}

/// What is wanted of one scene.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) act: Act,
    /// About how many words; the last scene meets this as nearly as its phrases allow.
    pub(crate) words: u64,
    pub(crate) is_last: bool,
}

impl Story {
    pub(crate) fn new(
        bank: &'static Bank,
        stage: &'static Stage,
        cast: Cast,
        mut random: Random,
        mentions: impl Fn(&[String]) -> bool,
    ) -> Self {
        let mentioned: Vec<_> = bank.setting.places.iter().filter(|place| mentions(&place.keys)).collect();
        Self {
            bank,
            stage,
            cast,
            title: String::new(),
            sentences: Vec::new(),
            mentioned_deck: Deck::new(mentioned.len().max(1)),
            mentioned,
            time: bank.setting.times.iter().find(|time| mentions(&time.keys)),
            places: Supply::new(&bank.setting.places),
            times: Supply::new(&bank.setting.times),
            matter: Matter::draw(bank, &mut random),
            stock: Stock::new(bank, stage),
            random,
        }
    }

    /// Turns to another matter: a long draft tells several stories of the same people.
    pub(crate) fn next_matter(&mut self) {
        self.matter = Matter::draw(self.bank, &mut self.random);
    }

    /// The next scene.
    pub(crate) fn scene(&mut self, plan: Plan) -> Page {
        let trio = self.cast.trio(&mut self.random);
        let place = self.place(plan.number);
        let time = match self.time {
            Some(time) if plan.number == 1 || self.random.chance(30) => time,
            _ => self.times.next(&mut self.random),
        };
        let mut scene = Scene { trio, place, page: Page::default(), story: self };
        scene.heading(plan.number, time);
        scene.write(plan);
        scene.page
    }

    /// The last picture or sound.
    pub(crate) fn ending(&mut self) -> Page {
        let trio = Trio { a: 0, b: 1, away: 2 };
        let place = &self.bank.setting.places[0];
        Scene { trio, place, page: Page::default(), story: self }.direction(|stock| &mut stock.endings)
    }

    /// An order's own places come first and again and again.
    fn place(&mut self, number: u64) -> &'static Place {
        if !self.mentioned.is_empty() && (number == 1 || self.random.chance(30)) {
            self.mentioned[self.mentioned_deck.draw(&mut self.random)]
        } else {
            self.places.next(&mut self.random)
        }
    }
}

impl Matter {
    fn draw(bank: &'static Bank, random: &mut Random) -> Self {
        let setting = &bank.setting;
        let mut of = |list: &'static [String]| list[random.below(list.len())].as_str();
        Self {
            thing: of(&setting.things),
            deadline: of(&setting.deadlines),
            years: of(&setting.years),
            spot: of(&setting.spots),
        }
    }
}

/// One scene while it is written.
struct Scene<'s> {
    story: &'s mut Story,
    trio: Trio,
    place: &'static Place,
    page: Page,
}

impl Scene<'_> {
    fn heading(&mut self, number: u64, time: &Time) {
        let labels = &self.story.bank.labels;
        let side = if self.place.inside { &labels.inside } else { &labels.outside };
        let heading = self.story.stage.heading.replace("{number}", &number.to_string());
        let heading = heading.replace("{side}", side).replace("{name}", &self.place.name).replace("{time}", &time.name);
        self.page.paragraph(&format!("## {heading}"));
    }

    fn write(&mut self, plan: Plan) {
        let opening = self.opening();
        let entrance = self.direction(|stock| &mut stock.entrances);
        let topic = self.story.stock.topic(plan.act, &mut self.story.random);
        let want = self.exchange(|stock| &mut stock.topics[topic].want);
        let turn = self.exchange(|stock| &mut stock.topics[topic].turn);
        let exit = self.exit(plan.is_last);
        let parts = [&opening, &entrance, &want.page, &turn.page, &exit].map(Page::words);
        if self.page.words() + parts.iter().sum::<u64>() + SHORT > plan.words {
            return self.small(plan.words, &opening, [&want, &turn]);
        }
        self.page.append(&opening);
        self.page.append(&entrance);
        self.add(&want);
        let goal = plan.words.saturating_sub(turn.page.words() + exit.words() + SHORT);
        let slack = if plan.is_last { 0 } else { SLACK };
        self.read_aloud(goal + slack);
        self.resist(topic, goal + slack, !plan.is_last);
        if plan.is_last {
            self.meet(goal);
        }
        self.add(&turn);
        self.page.append(&exit);
    }

    /// What there is room for: a picture, what is wanted, how it turns, a little talk.
    fn small(&mut self, words: u64, opening: &Page, talks: [&Talk; 2]) {
        if (self.page.words() + opening.words()) * 2 <= words {
            self.page.append(opening);
        }
        for talk in talks {
            if self.page.words() + talk.page.words() + SHORT <= words {
                self.add(talk);
            }
        }
        self.meet(words);
    }

    /// Exchanges up to `most` words, so few that enough are left for the next scene of the topic; the first of them
    /// however long it is, if there must be one.
    fn resist(&mut self, topic: usize, most: u64, must: bool) {
        for count in 0..EXCHANGES {
            if count > 0 && self.story.stock.topics[topic].resist.is_used_up() {
                return;
            }
            let next = self.exchange(|stock| &mut stock.topics[topic].resist);
            let is_needed = must && count == 0;
            if !is_needed && self.page.words() + next.page.words() + SHORT > most {
                self.story.stock.topics[topic].resist.put_back();
                return;
            }
            if self.story.random.chance(60) {
                let beat = self.beat();
                self.page.append(&beat);
            }
            self.add(&next);
        }
    }

    /// The next sentence of the order, if there is one and it fits.
    fn read_aloud(&mut self, most: u64) {
        if self.story.sentences.is_empty() {
            return;
        }
        let reading = self.exchange(|stock| &mut stock.readings);
        if self.page.words() + reading.page.words() + SHORT <= most {
            self.add(&reading);
            self.story.sentences.pop();
        }
    }

    /// Fills up to nearly `goal` with talk, then with pauses.
    fn meet(&mut self, goal: u64) {
        while goal.saturating_sub(self.page.words()) > goal / 50 {
            let left = goal - self.page.words();
            let fits = |page: &Page| page.words() <= left;
            let mut aside = self.aside();
            for _ in 0..TRIES {
                if !fits(&aside) {
                    aside = self.aside();
                }
            }
            let pause = self.direction(|stock| &mut stock.pauses);
            match [aside, pause].into_iter().find(fits) {
                Some(page) => self.page.append(&page),
                None => return,
            }
            if left > ROOMY && self.story.random.chance(50) {
                let beat = self.beat();
                self.page.append(&beat);
            }
        }
    }

    /// Talk of two lines, which either of the two can begin.
    fn aside(&mut self) -> Page {
        let Trio { a, b, .. } = self.trio;
        if self.page.last_speaker() == Some(a) || (self.page.last_speaker() != Some(b) && self.story.random.chance(50))
        {
            (self.trio.a, self.trio.b) = (b, a);
        }
        let aside = self.exchange(|stock| &mut stock.asides).page;
        (self.trio.a, self.trio.b) = (a, b);
        aside
    }

    /// Adds an exchange, after a pause if the one who begins has just spoken: two cues of the same name in a row would
    /// read like a slip.
    fn add(&mut self, talk: &Talk) {
        if self.page.last_speaker() == Some(talk.first) {
            let pause = self.direction(|stock| &mut stock.pauses);
            self.page.append(&pause);
        }
        self.page.append(&talk.page);
    }

    fn opening(&mut self) -> Page {
        if self.place.inside {
            self.direction(|stock| &mut stock.inside)
        } else {
            self.direction(|stock| &mut stock.outside)
        }
    }

    fn beat(&mut self) -> Page {
        if self.place.inside && self.story.random.chance(35) {
            self.direction(|stock| &mut stock.indoor_beats)
        } else {
            self.direction(|stock| &mut stock.beats)
        }
    }

    fn exit(&mut self, is_last: bool) -> Page {
        let mut exit = if self.place.inside && self.story.random.chance(40) {
            self.direction(|stock| &mut stock.indoor_exits)
        } else {
            self.direction(|stock| &mut stock.exits)
        };
        if !is_last && self.story.random.chance(35) {
            let transition = self.direction(|stock| &mut stock.transitions);
            exit.append(&transition);
        }
        exit
    }

    /// The next phrase of a list; one that quotes the title only if it can be quoted.
    fn direction(&mut self, list: impl Fn(&mut Stock) -> &mut Supply<String>) -> Page {
        let Story { stock, random, title, .. } = &mut *self.story;
        let supply = list(stock);
        let mut phrase = supply.next(random);
        for _ in 0..supply.len() {
            if title.is_empty() && phrase.contains("{title}") {
                phrase = supply.next(random);
            }
        }
        self.directed(phrase)
    }

    /// A phrase as it stands around the dialogue; what begins with `@` the narrator says.
    fn directed(&mut self, phrase: &str) -> Page {
        let mut page = Page::default();
        for line in phrase.lines().filter(|line| !line.is_empty()) {
            let (is_narrated, line) = line.strip_prefix("@ ").map_or((false, line), |line| (true, line));
            let line = self.filled(line, |person| &person.full);
            if is_narrated {
                page.speech(&self.story.bank.labels.narrator, None, &line);
            } else {
                page.paragraph(&line);
            }
        }
        page
    }

    fn exchange(&mut self, list: impl FnOnce(&mut Stock) -> &mut Supply<Exchange>) -> Talk {
        let Story { stock, random, .. } = &mut *self.story;
        let exchange = list(stock).next(random);
        let Trio { a, b, .. } = self.trio;
        let of = |role| if role == Role::A { a } else { b };
        let mut talk = Talk { page: Page::default(), first: of(exchange.speeches[0].role) };
        for speech in &exchange.speeches {
            let words = self.filled(&speech.words, |person| &person.short);
            let speaker = of(speech.role);
            talk.page.speech(&self.story.cast.person(speaker).full, speech.manner.as_deref(), &words);
            talk.page.spoken_by(speaker);
        }
        talk
    }

    fn filled(&mut self, phrase: &str, form: fn(&Name) -> &String) -> String {
        let Story { cast, matter, title, sentences, random, .. } = &mut *self.story;
        let slots = Slots {
            a: form(cast.person(self.trio.a)),
            b: form(cast.person(self.trio.b)),
            c: form(cast.person(self.trio.away)),
            thing: matter.thing,
            deadline: matter.deadline,
            years: matter.years,
            spot: matter.spot,
            place: self.place.at.as_ref().unwrap_or(&self.place.name),
            title,
            sentence: sentences.last().map_or("", String::as_str),
        };
        let mut sentence = String::with_capacity(phrase.len() * 2);
        fill(phrase, &slots, random, &mut sentence);
        sentence
    }
}

/// An exchange with its names, and who begins it.
struct Talk {
    page: Page,
    first: usize,
}
