//! `[episodes]`: where finished scripts are saved.

use std::time::Duration;

use super::document::{Document, Faulty, Refusal, Section};
use super::fault::Origin;
use super::parse::{self, duration, integer, text_of};
use super::parse_url;
use super::secret::Secret;
use super::value::Located;
use super::variables::{self, Environment};

/// Where finished scripts are saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Episodes {
    /// What keeps them.
    pub kind: EpisodesKind,
    /// How long a job's completion waits for its episode to be saved, 10 ms–5 min.
    pub save_timeout: Duration,
}

/// What keeps the episodes.
#[derive(Debug, Clone, PartialEq)]
pub enum EpisodesKind {
    /// The job store's own database.
    Embedded,
    /// A Chroma server.
    Chroma(Box<Chroma>),
    /// Somebody else's Episode API.
    Remote {
        /// What its paths are appended to; without a slash at the end.
        url: String,
        /// Its bearer token.
        token: Option<Secret>,
    },
}

/// A Chroma server and the collection in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chroma {
    /// Its address; without a slash at the end.
    pub url: String,
    /// What it, or the proxy before it, asks for.
    pub token: Option<Secret>,
    /// The header that carries the token.
    pub token_header: TokenHeader,
    /// The tenant, which exists.
    pub tenant: String,
    /// The database, which exists.
    pub database: String,
    /// The collection, made when it is missing; 3–512 of `A-Za-z0-9._-`.
    pub collection: String,
    /// What makes the vectors.
    pub embedding: Embedding,
}

/// The header that carries Chroma's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenHeader {
    /// `Authorization: Bearer …`.
    Authorization,
    /// `X-Chroma-Token: …`.
    XChromaToken,
}

/// What makes the vectors that episodes are found by.
#[derive(Debug, Clone, PartialEq)]
pub enum Embedding {
    /// The service itself.
    Hashing,
    /// A server with OpenAI's `/embeddings`.
    OpenAi {
        /// What `/embeddings` is appended to; without a slash at the end.
        base_url: String,
        /// The model's name.
        model: String,
        /// Its key, if it wants one.
        api_key: Option<Secret>,
        /// Characters of a script that are sent, at least 1.
        max_characters: usize,
    },
}

#[derive(Clone, Copy)]
enum Kind {
    Embedded,
    Chroma,
    Remote,
}

#[derive(Clone, Copy)]
enum EmbeddingKind {
    Hashing,
    OpenAi,
}

impl Episodes {
    pub(super) fn read(document: &mut Document, environment: &Environment) -> Result<Self, Faulty> {
        let mut section = document.section("episodes");
        let written_at = section.origin_of("kind");
        let kinds = [("embedded", Kind::Embedded), ("chroma", Kind::Chroma), ("remote", Kind::Remote)];
        let kind = section.read("kind", parse::one_of(&kinds));
        let timeouts = Duration::from_millis(10)..=Duration::from_secs(5 * 60);
        let save_timeout = section.read("save_timeout", duration(timeouts));
        let url = section.optional("url", parse_url::base_url);
        let chroma = read_chroma(&mut section, environment, matches!(kind, Ok(Kind::Chroma)));
        let kind = match kind? {
            Kind::Embedded => {
                section.optional("token_env", variables::name)?;
                chroma?;
                url?;
                EpisodesKind::Embedded
            }
            Kind::Chroma => {
                let token = variables::needed_secret(&mut section, "token_env", environment);
                let url = needed_url(&mut section, url, "chroma", written_at);
                EpisodesKind::Chroma(Box::new(Chroma { url: url?, token: token?, ..chroma? }))
            }
            Kind::Remote => {
                let token = variables::needed_secret(&mut section, "token_env", environment);
                let url = needed_url(&mut section, url, "remote", written_at);
                chroma?;
                EpisodesKind::Remote { url: url?, token: token? }
            }
        };
        Ok(Self { kind, save_timeout: save_timeout? })
    }
}

fn needed_url(
    section: &mut Section<'_>,
    url: Result<Option<String>, Faulty>,
    kind: &str,
    written_at: Origin,
) -> Result<String, Faulty> {
    url?.ok_or_else(|| section.fault("url", None, written_at, format!("episodes of kind \"{kind}\" need it")))
}

/// The keys that Chroma alone reads, without url and token; the rest of the section may leave them as they are.
fn read_chroma(section: &mut Section<'_>, environment: &Environment, used: bool) -> Result<Chroma, Faulty> {
    let headers = [("authorization", TokenHeader::Authorization), ("x-chroma-token", TokenHeader::XChromaToken)];
    let token_header = section.read("token_header", parse::one_of(&headers));
    let tenant = section.read("tenant", text_of(1..=512));
    let database = section.read("database", text_of(1..=512));
    let collection = section.read("collection", collection_name);
    let embedding = read_embedding(section, environment, used);
    Ok(Chroma {
        url: String::new(),
        token: None,
        token_header: token_header?,
        tenant: tenant?,
        database: database?,
        collection: collection?,
        embedding: embedding?,
    })
}

fn read_embedding(section: &mut Section<'_>, environment: &Environment, used: bool) -> Result<Embedding, Faulty> {
    let mut section = section.table("embedding", "episodes.embedding")?;
    let written_at = section.origin_of("kind");
    let kinds = [("hashing", EmbeddingKind::Hashing), ("openai", EmbeddingKind::OpenAi)];
    let kind = section.read("kind", parse::one_of(&kinds));
    let base_url = section.optional("base_url", parse_url::base_url);
    let model = section.optional("model", text_of(1..=128));
    let max_characters = section.read_or("max_characters", 8000, integer(1..=1_000_000));
    let used = used && matches!(kind, Ok(EmbeddingKind::OpenAi));
    let api_key = if used {
        variables::needed_secret(&mut section, "api_key_env", environment)
    } else {
        section.optional("api_key_env", variables::name).map(|_| None)
    };
    let (base_url, model, max_characters, api_key) = (base_url?, model?, max_characters?, api_key?);
    if let EmbeddingKind::Hashing = kind? {
        return Ok(Embedding::Hashing);
    }
    let mut needed = |key, value: Option<String>| {
        let reason = "embeddings of kind \"openai\" need it".to_owned();
        value.ok_or_else(|| section.fault(key, None, written_at.clone(), reason))
    };
    let (base_url, model) = (needed("base_url", base_url), needed("model", model));
    Ok(Embedding::OpenAi { base_url: base_url?, model: model?, api_key, max_characters })
}

fn collection_name(located: &Located) -> Result<String, Refusal> {
    let name = text_of(3..=512)(located)?;
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if !fits || !edge(name.chars().next()) || !edge(name.chars().next_back()) {
        let reason = "must be made of letters, digits, '.', '_' and '-', and begin and end with a letter or digit";
        return Err(Refusal::of(located, reason));
    }
    Ok(name)
}
