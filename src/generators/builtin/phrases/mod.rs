//! What the drafts are made of, one module per language; no logic in here.
//!
//! A phrase is a small template. `[one|another]` is one of several wordings, drawn by seed; `{…}` is filled in:
//! `{a}` who speaks or acts, `{b}` whom it concerns, `{c}` somebody who is not there, `{t}` and `{u}` subjects of the
//! brief (`{T}` begins a sentence), `{x}` the thing that the scene keeps in view, `{place}` where it plays.
//! Korean adds particles by their form after a final consonant (`{은}`, `{이}`, `{을}`, `{과}`, `{으로}`, `{아}`,
//! `{이야}`, `{이라}`), which take the form that what stands before them asks for, and `{a_}`, `{b_}`, `{c_}`, the
//! familiar forms of the names.

mod english;
mod korean;

pub(super) use english::ENGLISH;
pub(super) use korean::KOREAN;

/// The material of one language.
pub(super) struct Phrases {
    pub(super) labels: Labels,
    /// First names; a cast draws from them.
    pub(super) names: &'static [&'static str],
    /// One sentence about a person, for the list of the cast.
    pub(super) traits: &'static [&'static str],
    pub(super) places: &'static [Place],
    pub(super) times: &'static [Time],
    pub(super) things: &'static [&'static str],
    /// Subjects for briefs that name none.
    pub(super) subjects: &'static [&'static str],
    /// How a scene inside looks when it begins.
    pub(super) inside: &'static [&'static str],
    /// How a scene outside looks when it begins.
    pub(super) outside: &'static [&'static str],
    /// `{a}` is there, `{b}` comes.
    pub(super) entrances: &'static [&'static str],
    /// What people do while they talk.
    pub(super) actions: &'static [&'static str],
    /// What they do only between walls.
    pub(super) indoor_actions: &'static [&'static str],
    /// The shortest actions, to end a draft on the very length.
    pub(super) pauses: &'static [&'static str],
    /// How a scene is left.
    pub(super) exits: &'static [&'static str],
    /// How a room is left.
    pub(super) indoor_exits: &'static [&'static str],
    /// The last picture.
    pub(super) endings: &'static [&'static str],
    /// How something is said.
    pub(super) manners: &'static [&'static str],
    /// Words before a line now and then.
    pub(super) leads: &'static [&'static str],
    pub(super) transitions: &'static [&'static str],
    pub(super) exchanges: &'static [Exchange],
}

/// The fixed words of the page.
pub(super) struct Labels {
    /// That this is a placeholder, and how to get a real model.
    pub(super) notice: &'static str,
    pub(super) kind: &'static str,
    pub(super) premise: &'static str,
    pub(super) subjects: &'static str,
    pub(super) cast: &'static str,
    pub(super) fade_in: &'static str,
    pub(super) fade_out: &'static str,
    pub(super) the_end: &'static str,
    /// Before the number of a scene; English headings have none.
    pub(super) scene: Option<&'static str>,
    pub(super) inside: &'static str,
    pub(super) outside: &'static str,
    /// Script types by the names that requests give them.
    pub(super) kinds: &'static [(&'static str, &'static str)],
}

/// Where a scene can play.
pub(super) struct Place {
    /// A brief that has one of these words is given this place.
    pub(super) keys: &'static [&'static str],
    pub(super) inside: bool,
    pub(super) name: &'static str,
}

/// When a scene can play.
pub(super) struct Time {
    /// A brief that has one of these words begins at this time.
    pub(super) keys: &'static [&'static str],
    pub(super) name: &'static str,
}

/// Something that two people have to say to each other: any opening goes with any answer and any close.
pub(super) struct Exchange {
    /// The quarters of a script in which it has its place, first and last, from 0.
    pub(super) quarters: (usize, usize),
    pub(super) moment: Moment,
    /// `{a}` says it to `{b}`.
    pub(super) openings: &'static [&'static str],
    /// Said back: `{a}` is now who answers.
    pub(super) answers: &'static [&'static str],
    /// By whom the opening was said.
    pub(super) closes: &'static [&'static str],
}

/// Where in a scene something can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// When two people meet for the first time in a script.
    Meeting,
    /// Anywhere.
    Any,
    /// As the last thing in a scene.
    Parting,
}
