use secrecy::ExposeSecret as _;

use super::super::{ChatServer, ModelPattern, OpenAi, ProviderKind, TokensField};
use super::*;

const LOCAL: &str =
    "[models]\ndefault = \"llama\"\n[[providers]]\nname = \"local\"\nkind = \"openai\"\nmodels = [\"llama\"]\n";

fn openai(settings: &Settings) -> &OpenAi {
    match &settings.providers[0].kind {
        ProviderKind::OpenAi(openai) => openai,
        ProviderKind::Builtin { .. } => panic!("{:?}", settings.providers),
    }
}

fn server(settings: &Settings) -> &ChatServer {
    &openai(settings).server
}

#[test]
fn provider_without_its_key_is_kept_inactive_and_serves_nothing() {
    for variables in [&[][..], &[("OPENAI_API_KEY", "")], &[("OPENAI_API_KEY", " \n")]] {
        let settings = load("", variables).unwrap();
        assert!(!settings.providers[0].active);
        assert!(!settings.providers[0].serves("gpt-4"));
        assert_eq!(server(&settings).api_key_env.as_deref(), Some("OPENAI_API_KEY"));
        assert!(settings.providers[1].serves("gpt-4"));
    }
}

#[test]
fn key_makes_its_provider_active_and_is_never_shown() {
    let settings = load("", &[("OPENAI_API_KEY", "sk-hunter2\n")]).unwrap();
    assert!(settings.providers[0].serves("gpt-4") && settings.providers[0].serves("o3"));
    assert!(!settings.providers[0].serves("builtin"));
    assert_eq!(server(&settings).api_key.as_ref().unwrap().expose_secret(), "sk-hunter2");
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn provider_that_names_no_key_is_active_without_one() {
    let settings = load(
        &format!(
            "{LOCAL}base_url = \"http://localhost:11434/v1/\"\nmax_tokens = 9\ntokens_field = \"max_completion_tokens\""
        ),
        &[],
    )
    .unwrap();
    assert!(settings.providers[0].serves("llama"));
    let openai = openai(&settings);
    assert_eq!(openai.server.base_url, "http://localhost:11434/v1");
    assert!(openai.server.api_key.is_none());
    assert_eq!(openai.server.max_tokens, Some(9));
    assert_eq!(openai.tokens_field, Some(TokensField::MaxCompletionTokens));
}

#[test]
fn named_variable_overrides_the_base_url() {
    let settings = load("", &[("OPENAI_BASE_URL", "http://localhost:1/v1/")]).unwrap();
    assert_eq!(server(&settings).base_url, "http://localhost:1/v1");
    assert_eq!(server(&load("", &[("OPENAI_BASE_URL", "")]).unwrap()).base_url, "https://api.openai.com/v1");
    let faults = faults("", &[("OPENAI_BASE_URL", "localhost")]);
    assert!(
        faults[0].starts_with("providers[0].base_url = \"localhost\" (environment variable OPENAI_BASE_URL)"),
        "{faults:?}"
    );
    let named_only = format!("{LOCAL}base_url_env = \"LOCAL_URL\"");
    assert!(load(&named_only, &[("LOCAL_URL", "http://localhost:1")]).is_ok());
    assert!(self::faults(&named_only, &[])[0].contains("LOCAL_URL is not set"));
}

#[test]
fn secrets_in_the_wrong_place_are_not_shown() {
    let misplaced = format!(
        "{LOCAL}base_url = \"https://me:hunter2@example.com\"\napi_key_env = \"sk-hunter2\"\napi_key = \"hunter2\""
    );
    let faults =
        load(&misplaced, &[("GENERATION__STORE__PASSWORD", "hunter2"), ("GENERATION__AUTH", "hunter2")]).unwrap_err();
    assert_eq!(faults.iter().count(), 5, "{faults}");
    assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
    let faults =
        load("", &[("OPENAI_API_KEY", "sk hunter2"), ("OPENAI_BASE_URL", "http://x?key=hunter2")]).unwrap_err();
    assert_eq!(faults.iter().count(), 2, "{faults}");
    assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
    let broken = load("", &[("GENERATION__PROVIDERS", "[{ api_key_env = hunter2 }]")]).unwrap_err();
    assert!(!broken.to_string().contains("hunter2"), "{broken}");
    let broken = load("[[providers]]\napi_key_env = hunter2", &[]).unwrap_err();
    assert!(!broken.to_string().contains("hunter2"), "{broken}");
}

#[test]
fn default_model_must_be_served_by_an_active_provider() {
    let provider = "[models]\ndefault = \"b\"\n[[providers]]\nname = \"a\"\nkind = \"builtin\"\nmodels = [\"a\"]\n";
    assert_eq!(faults(provider, &[]), ["models.default = \"b\" (test.toml:2): no active provider serves it"]);
    let inactive = format!("{LOCAL}base_url = \"http://localhost\"\napi_key_env = \"LOCAL_KEY\"");
    assert_eq!(
        faults(&inactive, &[]),
        [
            "models.default = \"llama\" (test.toml:2): only the provider \"local\" serves it, which is inactive: set the variable LOCAL_KEY"
        ]
    );
    assert!(load(&inactive, &[("LOCAL_KEY", "k")]).is_ok());
    assert_eq!(
        faults("", &[("GENERATION__PROVIDERS", "[]")]),
        ["providers (environment variable GENERATION__PROVIDERS): there must be at least one provider"]
    );
}

#[test]
fn somebody_must_be_active_and_the_fault_says_how() {
    let bare = "[[providers]]\nname = \"a\"\nkind = \"openai\"\nmodels = [\"*\"]\nbase_url = \"http://x\"\napi_key_env = \"A_KEY\"\n";
    assert_eq!(faults(bare, &[]), ["providers (test.toml:1): no provider is active: set the variable A_KEY"]);
    let none = load(bare, &[("A_KEY", "k")]).unwrap();
    assert_eq!(none.default_model(), None, "the only provider has no default, which the start tells");
}

#[test]
fn jobs_that_name_no_model_get_the_default_of_the_first_active_provider() {
    let default = |variables: &[(&str, &str)]| load("", variables).unwrap().default_model().map(str::to_owned);
    assert_eq!(default(&[]).as_deref(), Some("builtin"));
    let of_openai = default(&[("OPENAI_API_KEY", "k")]).unwrap();
    assert!(of_openai.starts_with("gpt-"), "{of_openai}");
    let named = [("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", " my-tuned-model\n")];
    assert_eq!(default(&named).as_deref(), Some("my-tuned-model"));
    assert!(load("", &named).unwrap().providers[0].serves("my-tuned-model"), "though no pattern names it");
    assert_eq!(default(&[("OPENAI_MODEL", "m")]).as_deref(), Some("builtin"), "without its key it takes no part");
    let chosen = [("OPENAI_API_KEY", "k"), ("GENERATION__MODELS__DEFAULT", "o3")];
    assert_eq!(default(&chosen).as_deref(), Some("o3"));
    let too_long = "m".repeat(129);
    let faults = faults("", &[("OPENAI_MODEL", &too_long), ("OPENAI_API_KEY", "k")]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("providers[0].default_model = "), "{faults:?}");
    assert!(faults[0].contains("(environment variable OPENAI_MODEL)"), "{faults:?}");
}

#[test]
fn another_server_serves_every_name_and_has_the_default_that_its_variable_names() {
    let elsewhere = [("OPENAI_API_KEY", "x"), ("OPENAI_BASE_URL", "http://localhost:11434/v1")];
    let settings = load("", &elsewhere).unwrap();
    assert_eq!(settings.providers[0].models, [ModelPattern::Prefix(String::new())]);
    assert_eq!(settings.default_model(), None);
    let named = load("", &[elsewhere[0], elsewhere[1], ("OPENAI_MODEL", "qwen3:8b")]).unwrap();
    assert_eq!(named.default_model(), Some("qwen3:8b"));
    let same = load("", &[elsewhere[0], ("OPENAI_BASE_URL", "https://api.openai.com/v1/")]).unwrap();
    assert_eq!(same.providers[0].models.len(), 3, "it is the server they were written for");
    assert!(same.default_model().is_some());
}

#[test]
fn names_are_unique() {
    let provider = "[[providers]]\nname = \"a\"\nkind = \"builtin\"\nmodels = [\"*\"]\n";
    assert_eq!(
        faults(&provider.repeat(2), &[]),
        ["providers[1].name = \"a\" (test.toml:6): another provider has this name already"]
    );
}

#[test]
fn faulty_providers_do_not_hide_each_other() {
    let faults = faults(
        "[[providers]]\nname = \"a b\"\nkind = \"builtin\"\nmodels = [\"*\"]\nretries = 1\n\
         [[providers]]\nkind = \"magic\"\nname = \"b\"\nmodels = [\"a*b\"]\nbase_url = \"kept quiet\"\nbase_ulr = 1\n\
         [[providers]]\nname = \"c\"\nkind = \"openai\"\nbase_url = \"http://x\"\nhead = \"1s\"\nretries = 11\nwords_per_second = 1\n",
        &[],
    );
    let keys: Vec<_> = faults.iter().map(|fault| fault.split_whitespace().next().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "providers[0].name",
            "providers[0].retries",
            "providers[1].models",
            "providers[1].kind",
            "providers[2].models",
            "providers[2].words_per_second",
            "providers[2].retries",
            "providers[1].base_ulr",
            "providers[2].head"
        ],
        "{faults:#?}"
    );
    assert!(
        faults[7].ends_with("did you mean base_url?") && faults[8].ends_with("did you mean head_timeout?"),
        "{faults:#?}"
    );
}
