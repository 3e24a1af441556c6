use super::super::{OpenAi, ProviderKind, TokensField};
use super::*;

const LOCAL: &str =
    "[models]\ndefault = \"llama\"\n[[providers]]\nname = \"local\"\nkind = \"openai\"\nmodels = [\"llama\"]\n";

fn openai(settings: &Settings) -> &OpenAi {
    match &settings.providers[0].kind {
        ProviderKind::OpenAi(openai) => openai,
        ProviderKind::Builtin { .. } => panic!("{:?}", settings.providers),
    }
}

#[test]
fn provider_without_its_key_is_kept_inactive_and_serves_nothing() {
    for variables in [&[][..], &[("OPENAI_API_KEY", "")], &[("OPENAI_API_KEY", " \n")]] {
        let settings = load("", variables).unwrap();
        assert!(!settings.providers[0].active);
        assert!(!settings.providers[0].serves("gpt-4"));
        assert_eq!(openai(&settings).api_key_env.as_deref(), Some("OPENAI_API_KEY"));
        assert!(settings.providers[1].serves("gpt-4"));
    }
}

#[test]
fn key_makes_its_provider_active_and_is_never_shown() {
    let settings = load("", &[("OPENAI_API_KEY", "sk-hunter2\n")]).unwrap();
    assert!(settings.providers[0].serves("gpt-4") && settings.providers[0].serves("o3"));
    assert!(!settings.providers[0].serves("builtin"));
    assert_eq!(openai(&settings).api_key.as_ref().unwrap().expose(), "sk-hunter2");
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
    assert_eq!(openai.base_url, "http://localhost:11434/v1");
    assert_eq!((&openai.api_key, openai.max_tokens), (&None, Some(9)));
    assert_eq!(openai.tokens_field, TokensField::MaxCompletionTokens);
}

#[test]
fn named_variable_overrides_the_base_url() {
    let settings = load("", &[("OPENAI_BASE_URL", "http://localhost:1/v1/")]).unwrap();
    assert_eq!(openai(&settings).base_url, "http://localhost:1/v1");
    assert_eq!(openai(&load("", &[("OPENAI_BASE_URL", "")]).unwrap()).base_url, "https://api.openai.com/v1");
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
    let provider = "[[providers]]\nname = \"a\"\nkind = \"builtin\"\nmodels = [\"a\"]\n";
    assert_eq!(faults(provider, &[]), ["models.default = \"builtin\" (default): no active provider serves it"]);
    let inactive = format!("{LOCAL}base_url = \"http://localhost\"\napi_key_env = \"LOCAL_KEY\"");
    assert_eq!(
        faults(&inactive, &[]),
        [
            "models.default = \"llama\" (test.toml:2): only the provider \"local\" serves it, which is inactive: set the variable LOCAL_KEY"
        ]
    );
    assert!(load(&inactive, &[("LOCAL_KEY", "k")]).is_ok());
    assert_eq!(faults("", &[("GENERATION__PROVIDERS", "[]")]).len(), 1);
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
