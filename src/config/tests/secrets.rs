//! Secrets show nowhere: neither in the settings, nor in what is said of settings that are wrong.

use super::*;

/// Every variable that holds a secret, and the file that names them all.
const SECRETS: [(&str, &str); 3] =
    [("PROVIDER_KEY", "hunter2-provider"), ("STORE_TOKEN", "hunter2-store"), ("EMBEDDING_KEY", "hunter2-embedding")];
const PROVIDER: &str = "[[providers]]\nname = \"p\"\nkind = \"openai\"\nmodels = [\"*\"]\nbase_url = \"http://p\"\n\
                        api_key_env = \"PROVIDER_KEY\"\n";
const CHROMA: &str = "[episodes]\nkind = \"chroma\"\nurl = \"http://c\"\ntoken_env = \"STORE_TOKEN\"\n\
                      [episodes.embedding]\nkind = \"openai\"\nbase_url = \"http://e\"\nmodel = \"m\"\n\
                      api_key_env = \"EMBEDDING_KEY\"\n";
const REMOTE: &str = "[episodes]\nkind = \"remote\"\nurl = \"http://r\"\ntoken_env = \"STORE_TOKEN\"\n";

#[test]
fn debug_output_of_all_settings_shows_that_secrets_are_set_but_not_what_they_are() {
    for (episodes, set) in [(CHROMA, 3), (REMOTE, 2)] {
        let settings = load(&format!("{PROVIDER}{episodes}"), &SECRETS).unwrap();
        for shown in [format!("{settings:?}"), format!("{settings:#?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert_eq!(shown.matches("REDACTED").count(), set, "{shown}");
        }
    }
}

#[test]
fn faults_elsewhere_show_no_secret() {
    for broken in ["[server]\nport = \"x\"\n", "[log]\nlevel = \"loud\"\n", "[episode]\nkind = 1\n", "= 1\n"] {
        for episodes in [CHROMA, REMOTE] {
            let faults = load(&format!("{broken}{PROVIDER}{episodes}"), &SECRETS).unwrap_err();
            assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
        }
    }
}

#[test]
fn secrets_written_where_their_variable_should_be_named_are_not_shown() {
    let misplaced = [
        CHROMA.replace("STORE_TOKEN", "hunter2"),
        CHROMA.replace("EMBEDDING_KEY", "hunter2"),
        CHROMA.replace("token_env = \"STORE_TOKEN\"", "token = \"hunter2\""),
        CHROMA.replace("api_key_env = \"EMBEDDING_KEY\"", "api_key = \"hunter2\""),
        CHROMA.replace("http://c", "http://me:hunter2@c"),
        REMOTE.replace("http://r", "http://r?token=hunter2"),
        REMOTE.replace("\"STORE_TOKEN\"", "hunter2"),
        PROVIDER.replace("PROVIDER_KEY", "hunter2"),
    ];
    for content in misplaced {
        let faults = load(&content, &SECRETS).unwrap_err();
        assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
    }
    let variables = [
        ("GENERATION__EPISODES__TOKEN_ENV", "hunter2"),
        ("GENERATION__EPISODES__TOKEN", "hunter2"),
        ("GENERATION__EPISODES__EMBEDDING", "hunter2"),
        ("GENERATION__EPISODES", "hunter2"),
    ];
    for variable in variables {
        let faults = load("", &[variable]).unwrap_err();
        assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
    }
}

#[test]
fn secrets_that_no_header_can_carry_are_refused_and_not_shown() {
    for wrong in ["hunter 2", "hunter\t2", "비밀hunter"] {
        for (variable, key) in
            [("STORE_TOKEN", "episodes.token_env"), ("EMBEDDING_KEY", "episodes.embedding.api_key_env")]
        {
            let variables = SECRETS.map(|(name, secret)| if name == variable { (name, wrong) } else { (name, secret) });
            let faults = faults(CHROMA, &variables);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with(key) && faults[0].contains(variable), "{faults:?}");
            assert!(!faults[0].contains("hunter"), "{faults:?}");
        }
    }
}
