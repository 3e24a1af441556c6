//! Which files there are.

/// A file's path below `banks/` and its text.
pub(super) type File = (&'static str, &'static str);

/// The files of one language.
pub(super) struct Files {
    pub(super) labels: File,
    pub(super) names: File,
    pub(super) setting: File,
    pub(super) screen: File,
    pub(super) audio: File,
    pub(super) talk: File,
    pub(super) situations: &'static [File],
}

macro_rules! file {
    ($path:expr) => {
        ($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/banks/", $path)))
    };
}

macro_rules! language {
    ($folder:literal, [$($situation:literal),+ $(,)?]) => {
        Files {
            labels: file!(concat!($folder, "/labels.toml")),
            names: file!(concat!($folder, "/names.toml")),
            setting: file!(concat!($folder, "/setting.toml")),
            screen: file!(concat!($folder, "/screen.toml")),
            audio: file!(concat!($folder, "/audio.toml")),
            talk: file!(concat!($folder, "/talk.toml")),
            situations: &[$(file!(concat!($folder, "/situations/", $situation, ".toml"))),+],
        }
    };
}

macro_rules! languages {
    ($($name:ident: $folder:literal),+; $situations:tt) => {
        $(pub(super) static $name: Files = language!($folder, $situations);)+
    };
}

languages! {
    KOREAN: "ko", ENGLISH: "en";
    [
        "reunion", "favour", "question", "discovery", "plan", "memory", "leaving", "suspicion", "waiting", "quarrel",
        "truth", "apology", "choice", "return", "meal", "rumour", "lesson", "shelter", "news", "morning",
        "parting",
    ]
}
