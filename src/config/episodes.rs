//! `[episodes]`: where finished scripts are saved.

use std::time::Duration;

use secrecy::SecretString;

use super::document::{Document, Faulty, Refusal, Section};
use super::embedding::Embedding;
use super::parse::{self, duration, text_of};
use super::parse_url;
use super::value::Located;
use super::variables::{self, Environment};

/// Where finished scripts are saved.
#[derive(Debug, Clone)]
pub struct Episodes {
    /// What keeps them.
    pub kind: EpisodesKind,
    /// How long a job's completion waits for its episode to be saved, 10 ms–5 min.
    pub save_timeout: Duration,
}

/// What keeps the episodes.
#[derive(Debug, Clone)]
pub enum EpisodesKind {
    /// The job store's own database.
    Embedded,
    /// A Chroma server.
    Chroma(Box<Chroma>),
    /// Another server's Episode API.
    Remote(EpisodeApi),
}

/// A Chroma server and the collection in it.
#[derive(Debug, Clone)]
pub struct Chroma {
    /// The server's address, without a trailing slash.
    pub url: String,
    /// The token that the server, or a proxy in front of it, asks for: visible ASCII.
    pub token: Option<SecretString>,
    /// The header that carries the token.
    pub token_header: TokenHeader,
    /// The tenant, which must exist.
    pub tenant: String,
    /// The database, which must exist.
    pub database: String,
    /// The collection, created if missing; 3–512 of `A-Za-z0-9._-`.
    pub collection: String,
    /// What turns scripts into vectors.
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

/// An Episode API.
#[derive(Debug, Clone)]
pub struct EpisodeApi {
    /// What `/api/v1/projects/…` is appended to, without a trailing slash.
    pub url: String,
    /// The bearer token: visible ASCII.
    pub token: Option<SecretString>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Embedded,
    Chroma,
    Remote,
}

impl Episodes {
    pub(super) fn read(document: &mut Document, environment: &Environment) -> Result<Self, Faulty> {
        let mut section = document.section("episodes");
        let kind_origin = section.origin_of("kind");
        let kinds = [("embedded", Kind::Embedded), ("chroma", Kind::Chroma), ("remote", Kind::Remote)];
        let kind = section.read("kind", parse::one_of(&kinds));
        let timeouts = Duration::from_millis(10)..=Duration::from_secs(5 * 60);
        let save_timeout = section.read("save_timeout", duration(timeouts));
        let url = section.optional("url", parse_url::base_url);
        // A variable that no store reads need not be set.
        let token = match kind {
            Ok(Kind::Chroma | Kind::Remote) => variables::needed_secret(&mut section, "token_env", environment),
            Ok(Kind::Embedded) | Err(_) => section.optional("token_env", variables::name).map(|_| None),
        };
        let collection = Collection::read(&mut section);
        let embedding = Embedding::read(&mut section, environment, kind == Ok(Kind::Chroma));
        let (kind, url, token, collection, embedding) = (kind?, url?, token?, collection?, embedding?);
        let needed_url = |kind| {
            let reason = format!("episodes of kind \"{kind}\" need it");
            url.ok_or_else(|| section.fault("url", None, kind_origin, reason))
        };
        let kind = match kind {
            Kind::Embedded => EpisodesKind::Embedded,
            Kind::Chroma => {
                let Collection { token_header, tenant, database, name: collection } = collection;
                let url = needed_url("chroma")?;
                let chroma = Chroma { url, token, token_header, tenant, database, collection, embedding };
                EpisodesKind::Chroma(Box::new(chroma))
            }
            Kind::Remote => EpisodesKind::Remote(EpisodeApi { url: needed_url("remote")?, token }),
        };
        Ok(Self { kind, save_timeout: save_timeout? })
    }
}

/// The keys that only Chroma uses. They have defaults, so they are read whatever the kind.
struct Collection {
    token_header: TokenHeader,
    tenant: String,
    database: String,
    name: String,
}

impl Collection {
    fn read(section: &mut Section<'_>) -> Result<Self, Faulty> {
        let headers = [("authorization", TokenHeader::Authorization), ("x-chroma-token", TokenHeader::XChromaToken)];
        let token_header = section.read("token_header", parse::one_of(&headers));
        let tenant = section.read("tenant", text_of(1..=512));
        let database = section.read("database", text_of(1..=512));
        let name = section.read("collection", collection_name);
        Ok(Self { token_header: token_header?, tenant: tenant?, database: database?, name: name? })
    }
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
