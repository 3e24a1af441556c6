use secrecy::ExposeSecret as _;

use super::super::{Embedding, EpisodesKind, TokenHeader};
use super::*;

#[test]
fn chroma_needs_its_address_and_nothing_more() {
    let settings = load("[episodes]\nkind = \"chroma\"\nurl = \"http://localhost:8001/\"", &[]).unwrap();
    let EpisodesKind::Chroma(chroma) = settings.episodes.kind else { panic!("{settings:?}") };
    assert_eq!((chroma.url.as_str(), chroma.collection.as_str()), ("http://localhost:8001", "episodes"));
    assert_eq!((chroma.tenant.as_str(), chroma.database.as_str()), ("default_tenant", "default_database"));
    assert!(chroma.token.is_none());
    assert_eq!(chroma.token_header, TokenHeader::Authorization);
    assert!(matches!(chroma.embedding, Embedding::Hashing));
    for kind in ["chroma", "remote"] {
        let faults = faults(&format!("[episodes]\nkind = \"{kind}\""), &[]);
        assert_eq!(faults, [format!("episodes.url (test.toml:2): episodes of kind \"{kind}\" need it")]);
    }
}

#[test]
fn the_embedder_can_be_written_as_a_section_inline_and_in_a_variable() {
    let chroma = "[episodes]\nkind = \"chroma\"\nurl = \"http://c\"\n";
    let inline = format!("{chroma}embedding = {{ kind = \"openai\", base_url = \"http://e/v1\", model = \"m\" }}");
    let section = format!("{chroma}[episodes.embedding]\nkind = \"openai\"\nbase_url = \"http://e/v1\"\nmodel = \"m\"");
    let variable = ("GENERATION__EPISODES__EMBEDDING", r#"{ kind = "openai", base_url = "http://e/v1", model = "m" }"#);
    for (file, variables) in [(inline.as_str(), &[][..]), (&section, &[]), (chroma, &[variable])] {
        let EpisodesKind::Chroma(chroma) = load(file, variables).unwrap().episodes.kind else { panic!("{file}") };
        let Embedding::OpenAi(embedding) = chroma.embedding else { panic!("{file}") };
        assert_eq!((embedding.base_url.as_str(), embedding.model.as_str()), ("http://e/v1", "m"));
        assert_eq!((embedding.api_key.is_none(), embedding.max_characters), (true, 8000));
    }
}

#[test]
fn faults_of_an_embedder_are_named_in_full() {
    let written = "[episodes]\nkind = \"chroma\"\nurl = \"http://c\"\n[episodes.embedding]\n";
    let faults = |more: &str| faults(&format!("{written}{more}"), &[]);
    assert_eq!(
        faults("kind = \"openai\"\nmodle = \"m\""),
        [
            "episodes.embedding.base_url (test.toml:5): embeddings of kind \"openai\" need it",
            "episodes.embedding.model (test.toml:5): embeddings of kind \"openai\" need it",
            "episodes.embedding.modle (test.toml:6): unknown key; did you mean model?",
        ]
    );
    assert!(faults("kind = \"magic\"")[0].starts_with("episodes.embedding.kind = \"magic\""));
    let table = self::faults("[episodes]\nembedding = \"hashing\"", &[]);
    assert!(table[0].contains("must be a table"), "{table:?}");
}

#[test]
fn tokens_come_from_variables_that_are_set() {
    let remote = "[episodes]\nkind = \"remote\"\nurl = \"http://r\"\ntoken_env = \"EPISODES_TOKEN\"";
    let settings = load(remote, &[("EPISODES_TOKEN", "hunter2\n")]).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let EpisodesKind::Remote(api) = settings.episodes.kind else { panic!("another kind") };
    assert_eq!(api.token.unwrap().expose_secret(), "hunter2");
    assert_eq!(faults(remote, &[]), ["episodes.token_env (test.toml:4): the variable EPISODES_TOKEN is not set"]);
    let pasted = faults("[episodes]\ntoken_env = \"hunter2\"", &[]);
    assert!(!pasted[0].contains("hunter2"), "{pasted:?}");
}

#[test]
fn a_collections_name_is_one_that_chroma_takes() {
    for wrong in ["ab", "a b", "-abc", "abc.", "대본집"] {
        let faults = faults(&format!("[episodes]\ncollection = \"{wrong}\""), &[]);
        assert!(faults[0].starts_with("episodes.collection"), "{wrong}: {faults:?}");
    }
}

#[test]
fn a_wrong_kind_does_not_make_the_other_keys_unknown() {
    let faults = faults("[episodes]\nkind = \"chorma\"\nurl = \"http://c\"\ntoken_env = \"EPISODES_TOKEN\"", &[]);
    assert_eq!(faults, ["episodes.kind = \"chorma\" (test.toml:2): must be \"embedded\", \"chroma\" or \"remote\""]);
}
