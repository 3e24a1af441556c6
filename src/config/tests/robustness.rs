use proptest::prelude::*;

use super::*;
use crate::config::layers::DEFAULTS;

/// Values of every type, some of them nearly right.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        "[0-9]{0,25}(ms|s|m|h|d|y)?".prop_map(|text| format!("\"{text}\"")),
        "(https?://)?[a-z@:?#/\\[\\]%*.0-9]{0,20}".prop_map(|text| format!("\"{text}\"")),
        "\\PC{0,20}".prop_map(|text| format!("{text:?}")),
        "\\PC{0,20}",
        Just("[[], {}, 1, \"*\"]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("1979-05-27T07:32:00Z".to_owned()),
    ]
}

/// The defaults with one line's value replaced.
fn mutated() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    (0..lines.len(), value()).prop_map(move |(chosen, value)| {
        let replaced = |(index, line): (usize, &&str)| match line.split_once(" = ") {
            Some((key, _)) if index == chosen => format!("{}= {value}\n", key.trim_start_matches('#').to_owned() + " "),
            _ => format!("{line}\n"),
        };
        lines.iter().enumerate().map(replaced).collect()
    })
}

fn never_silent(result: Result<Settings, Faults>) {
    if let Err(faults) = result {
        assert!(faults.iter().count() > 0);
        assert_eq!(faults.to_string().lines().count(), faults.iter().count() + 1, "{faults}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_as_a_file_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        never_silent(Settings::from_layers(&Cli::default(), Some(file(bytes)), &environment(&[])));
    }

    #[test]
    fn arbitrary_text_as_a_file_never_panics(text in "[\\[\\]{}=\"'#.,a-z0-9\n _-]{0,200}") {
        never_silent(load(&text, &[]));
    }

    #[test]
    fn arbitrary_values_never_panic_and_are_either_taken_or_refused(content in mutated()) {
        never_silent(load(&content, &[]));
    }

    #[test]
    fn arbitrary_variables_never_panic(
        name in "(SERVER__HOST|SERVER__PORT|PROVIDERS|SSE__RETRY|CORS__ALLOWED_ORIGINS|[A-Za-z_]{0,12})",
        value in value(),
    ) {
        never_silent(load("", &[(&format!("GENERATION__{name}"), &value), ("OPENAI_BASE_URL", &value), ("OPENAI_API_KEY", &value)]));
    }
}
