//! People, places, light and what is done without a word.

use super::super::{Place, Time};

pub(super) const TRAITS: &[&str] = &[
    "Answers with silence first. Only {t} makes that voice shake.",
    "Gets through the day on jokes and very little [sleep|truth].",
    "Stood closer to {t} than anyone, and told no one.",
    "Was once [left behind|the one who left]. Swore it would never happen again.",
    "Writes everything down and shows it to [nobody|almost nobody].",
    "Learned to apologise [late|too late], and is out of practice.",
    "Leaves the room when {t} comes up. Nobody has asked why.",
    "The one they all trust, and [the loneliest|the most tired] of them.",
    "Back for [three days|a week|a month]. Has not unpacked.",
    "Quick with numbers. Wrong every time about [people|{t}].",
];

pub(super) const PLACES: &[Place] = &[
    Place { keys: &["cafe", "coffee", "barista"], inside: true, name: "CORNER CAFE" },
    Place { keys: &["hospital", "doctor", "nurse", "patient"], inside: true, name: "HOSPITAL CORRIDOR" },
    Place { keys: &["police", "detective", "murder", "cop"], inside: true, name: "INTERVIEW ROOM" },
    Place { keys: &["school", "teacher", "student", "classroom"], inside: true, name: "EMPTY CLASSROOM" },
    Place { keys: &["office", "startup", "company", "boss"], inside: true, name: "DARKENED OFFICE" },
    Place { keys: &["restaurant", "chef", "kitchen", "cook"], inside: true, name: "RESTAURANT KITCHEN" },
    Place {
        keys: &["bookshop", "bookstore", "writer", "novelist", "library"],
        inside: true,
        name: "SECOND-HAND BOOKSHOP",
    },
    Place { keys: &["court", "lawyer", "judge", "trial"], inside: true, name: "COURTHOUSE HALLWAY" },
    Place { keys: &["theatre", "theater", "actor", "actress", "stage"], inside: true, name: "DRESSING ROOM" },
    Place { keys: &["radio", "broadcast", "podcast"], inside: true, name: "RADIO BOOTH" },
    Place {
        keys: &["house", "home", "family", "mother", "father", "sister", "brother"],
        inside: true,
        name: "OLD LIVING ROOM",
    },
    Place { keys: &["apartment", "flat", "roommate"], inside: true, name: "ATTIC APARTMENT" },
    Place { keys: &["space", "robot", "spaceship", "ship", "android"], inside: true, name: "CONTROL ROOM" },
    Place { keys: &["king", "queen", "castle", "palace"], inside: true, name: "CANDLELIT ARCHIVE" },
    Place { keys: &["shop", "store"], inside: true, name: "ALL-NIGHT STORE" },
    Place { keys: &["photo", "photographer", "photograph"], inside: true, name: "DARKROOM" },
    Place { keys: &["train"], inside: true, name: "LAST TRAIN" },
    Place { keys: &["hotel", "motel", "inn"], inside: true, name: "HOTEL LOBBY" },
    Place { keys: &["car", "garage", "driver"], inside: true, name: "PARKING GARAGE" },
    Place { keys: &["bar", "pub"], inside: true, name: "BAR AFTER CLOSING" },
    Place { keys: &["bus"], inside: false, name: "BUS STOP" },
    Place { keys: &["lighthouse", "keeper"], inside: false, name: "FOOT OF THE LIGHTHOUSE" },
    Place {
        keys: &["sea", "island", "beach", "harbor", "harbour", "coast", "fishing"],
        inside: false,
        name: "BREAKWATER",
    },
    Place { keys: &["market"], inside: false, name: "BEHIND THE MARKET" },
    Place { keys: &["roof", "rooftop"], inside: false, name: "ROOFTOP" },
    Place { keys: &["bridge", "river"], inside: false, name: "BRIDGE" },
    Place { keys: &["park", "garden"], inside: false, name: "PARK BENCH" },
    Place { keys: &["football", "baseball", "soccer"], inside: false, name: "PLAYING FIELD" },
    Place { keys: &["village", "town", "hometown", "farm"], inside: false, name: "EDGE OF TOWN" },
    Place { keys: &["forest", "mountain", "woods"], inside: false, name: "FOREST PATH" },
    Place { keys: &["station"], inside: false, name: "STATION SQUARE" },
    Place { keys: &["street", "alley", "city"], inside: false, name: "ALLEY UNDER A STREETLAMP" },
    Place { keys: &["funeral", "grave", "cemetery"], inside: false, name: "CEMETERY GATE" },
];

pub(super) const TIMES: &[Time] = &[
    Time { keys: &["night", "midnight"], name: "NIGHT" },
    Time { keys: &["dawn"], name: "DAWN" },
    Time { keys: &["morning", "breakfast"], name: "MORNING" },
    Time { keys: &["evening", "sunset", "dusk"], name: "EVENING" },
    Time { keys: &["afternoon", "noon", "lunch"], name: "DAY" },
];

pub(super) const INSIDE: &[&str] = &[
    "One [fluorescent tube|old lamp] [flickers|holds out] over the room. {a} sits with a back turned to the [window|door].",
    "Only [a clock|a refrigerator|rain on glass] can be heard. {a} turns the {x} [over and over|slowly in both hands].",
    "Two [chairs|empty cups] face each other. {a} [moves one of them closer|leaves one of them be].",
    "[Light|Cold air] comes in under the door. {a}, alone, does not switch on a lamp.",
    "On the [wall|table], a faint trace of {t}. {a} follows it with a fingertip.",
    "[Dust|Sunlight|Steam] moves through the air. {a} has the face of someone waiting for [a person|an answer].",
    "{a} puts the {x} into a [drawer|bag|pocket], then takes it out again.",
    "Outside, [a car|somebody with a torch] passes. {a} watches the light until it is gone.",
    "[Plates|Paper cups|Files] nobody has cleared. {a} finds a place among them for the {x}.",
    "A [radio|television] murmurs. At the mention of {t}, {a} [turns it down|looks up].",
    "{a} lifts the phone, dials [nothing|all but the last digit] and puts it back.",
    "Half-packed boxes. On the topmost lies the {x}. {a} saves that first.",
];

pub(super) const OUTSIDE: &[&str] = &[
    "[Wind|Fog|Thin rain] goes through. {a} pulls a [collar|coat] tight.",
    "[A dog|A far siren|Traffic like surf]. {a} stands holding the {x}.",
    "On the [wet ground|long shadows], footsteps [stop|come nearer]. {a} does not turn round.",
    "The lamps go [on|out], one by one. {a} is alone.",
    "A [newspaper|bunch of flowers|paper cup] someone dropped rolls by. {a} stops it with one foot.",
    "[Clouds hang|Smoke hangs] low. {a} looks for a long time toward {t}.",
    "{a} has been [walking|running] and stops. Breath [shows white|comes hard].",
    "A [bird|plastic bag] lifts into the air. Only {a}'s eyes follow.",
    "The crowd has [gone|thinned]. {a} takes out the {x} and checks the date on it.",
    "The [vending machine|traffic light] lights half of {a}'s face.",
];

pub(super) const ENTRANCES: &[&str] = &[
    "{b} arrives [unannounced|soaked|out of breath]. {a} [keeps looking|looks away].",
    "Footsteps. {b} stops [a few paces off|on the other side]. The {x} lies between them.",
    "{b} brings [a bag of bread|two paper cups|a bundle of papers]. {a} makes a little room.",
    "Somebody says {a}'s name. It is {b}.",
    "Without a word {b} comes and sits [beside|across from] {a}.",
    "{b} was here first. {a} sees it only now and [smiles, embarrassed|goes stiff].",
    "{b} comes closer, sees the {x} and [hesitates|slows down].",
    "From far off {b} raises a hand. {a} [does not wave back|half waves back].",
];

pub(super) const ACTIONS: &[&str] = &[
    "{a} sets the {x} down, hard.",
    "With one shoe {a} draws [a line|a circle] nobody can see.",
    "{b} turns a sentence into a [sigh|cough].",
    "{a} picks a [thread|leaf] off {b}'s sleeve.",
    "A [cat|cold draught] passes between the two of them.",
    "Instead of answering, {a} looks [up|into the distance|down].",
    "{b} almost [smiles|gets up].",
    "{a} studies {b}'s [hands|eyes|shoulders] [for a moment|without hurry].",
    "{a} pushes the {x} toward {b}.",
    "{b} takes the {x} and, without looking, [pockets it|hands it back].",
    "{a} [turns away|takes one step back]. {b} does not follow.",
    "{b} moves in close, [elbows on knees|chin in one hand].",
    "{a} takes a sip of [water|cold coffee]. The hand shakes.",
    "Somewhere [laughter|a door|a child crying]. They lose the thread.",
    "{a} is about to speak, then [bites it back|shakes it off].",
    "{b} reads what is written on the {x}, [soundlessly|slowly].",
    "{a} checks the [time|phone]. {b} does not miss it.",
    "The [smile|colour] goes out of {b}'s face.",
    "{a} picks up a coat, [puts it on|holds it], and stays.",
    "For a second {c} appears behind them, [slows down|looks over], and is gone.",
    "{a} and {b} begin to speak at once, and stop at once.",
    "{b} wipes [a cheek|both eyes] with the flat of a hand.",
    "The {x} falls. {a} [leaves it|bends down for it slowly].",
    "{a} unfolds a [worn|crumpled] note. All it says is: {t}.",
    "For the first time {b} looks {a} straight in the eye.",
    "[Far away|Close by] a train passes. They wait until it has.",
    "{b} laughs. {a} [joins in|gives in]. It does not last.",
    "{b} turns over an envelope marked with a few words: {t}.",
    "Rain [begins|stops]. {a} holds out a palm to make sure.",
    "Looking for words, {a} spins the {x}.",
    "{a}'s shadow reaches {b}'s shoes.",
];

pub(super) const INDOOR_ACTIONS: &[&str] = &[
    "A phone rings. [Nobody picks it up|Twice, then it stops].",
    "The [curtain|light] stirs once. Both [pretend not to notice|look that way].",
    "{a} [gets up|walks a few steps] and turns the light [on|off].",
    "{a} fills {b}'s glass [to the brim|halfway].",
    "{b} gets as far as [three steps|the door] and comes back.",
    "{a} [opens|draws] the curtain. The room changes colour.",
    "[Steps|Water in a pipe] upstairs. Both look at the ceiling.",
    "{b} leans on the wall and [slides down it slowly|folds both arms].",
    "{a} closes the drawers, [one by one|without a sound].",
];

pub(super) const EXITS: &[&str] = &[
    "{b} leaves first. {a} [lets it happen|almost calls out].",
    "The {x} remains. We stay on it longer than is comfortable.",
    "They walk off in different directions. [One of them looks|Neither looks] back.",
    "In one pocket, {a}'s hand closes round the {x}.",
    "{a} looks where {b} has gone, then [walks the other way|follows after all].",
    "A call. The display says {c}. {a} [takes it|lets it ring].",
    "{a} and {b} stand side by side, looking at the same thing.",
    "{a} writes one line in a notebook: {t}, look again.",
];

pub(super) const INDOOR_EXITS: &[&str] = &[
    "{a} switches off the light. [Breathing|Footsteps] in the dark.",
    "The door falls shut. Only now does {a} [breathe|sit down].",
    "One hand on the doorknob, {b} looks back once, and [goes|shuts the door].",
];

pub(super) const ENDINGS: &[&str] = &[
    "{a} puts the {x} back where it belongs. [Light|Wind] passes over it.",
    "{a} and {b} walk on without a word. Little by little they fall into step.",
    "Nobody is left. Where they stood lies the {x}, like a memory of {t}.",
    "For the first time, {a} smiles without effort. Slowly the picture turns white.",
];
