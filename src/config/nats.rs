//! The keys of `[store]` for NATS JetStream, the job store that several instances share.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::ServerAddr;
use secrecy::SecretString;

use super::document::{Faulty, Refusal, Section};
use super::parse::{self, duration, integer, list, text_of};
use super::value::Located;
use super::variables::{self, Environment};

/// The most names that one prefix can have: it is part of every subject and every stream's name.
const PREFIX_LENGTH: usize = 32;

/// How to use NATS JetStream as the job store.
#[derive(Debug, Clone)]
pub struct NatsStore {
    /// Where its servers are, at least one. No address has credentials.
    pub urls: Vec<ServerAddr>,
    /// What the names of everything on the servers begin with: `a`–`z`, digits and `-`.
    pub prefix: String,
    /// How many servers keep each job, 1, 3 or 5.
    pub replicas: usize,
    /// The most bytes that jobs may take on each server, 1 MiB–16 TiB.
    pub max_bytes: u64,
    /// A node that says nothing for this long is considered dead, 1 s–1 min.
    pub lease: Duration,
    /// How to log in.
    pub login: NatsLogin,
    /// A certificate authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// How to log in to NATS.
#[derive(Debug, Clone, Default)]
pub enum NatsLogin {
    /// The servers let everybody in.
    #[default]
    Open,
    /// A name and its password.
    User(String, SecretString),
    /// A token.
    Token(SecretString),
    /// A credentials file, as `nsc` makes it.
    File(PathBuf),
}

impl NatsStore {
    /// Where its servers are, for people.
    pub fn addresses(&self) -> String {
        let address = |url: &ServerAddr| format!("{}:{}", url.host(), url.port());
        self.urls.iter().map(address).collect::<Vec<_>>().join(", ")
    }

    /// Reads the keys, and returns the store if it is `wanted`.
    pub(super) fn read(
        section: &mut Section<'_>,
        environment: &Environment,
        wanted: bool,
    ) -> Result<Option<Self>, Faulty> {
        let kind_origin = section.origin_of("kind");
        let urls = section.optional("urls", list(url));
        let prefix = section.read("prefix", prefix);
        let replicas = section.read("replicas", integer(1..=5));
        let max_bytes = section.read("max_bytes", integer(1 << 20..=16 << 40));
        let lease = section.read("lease", duration(Duration::from_secs(1)..=Duration::from_secs(60)));
        let login = NatsLogin::read(section, environment, wanted);
        let ca_file = section.optional("ca_file", parse::path);
        let urls = urls?;
        let store = Self {
            urls: urls.clone().unwrap_or_default(),
            prefix: prefix?,
            replicas: replicas?,
            max_bytes: max_bytes?,
            lease: lease?,
            login: login?,
            ca_file: ca_file?,
        };
        if !wanted {
            return Ok(None);
        }
        if store.urls.is_empty() {
            let reason = "a store of kind \"nats\" needs it, such as [\"nats://127.0.0.1:4222\"]".to_owned();
            return Err(section.fault("urls", None, kind_origin, reason));
        }
        Ok(Some(store))
    }
}

impl NatsLogin {
    fn read(section: &mut Section<'_>, environment: &Environment, wanted: bool) -> Result<Self, Faulty> {
        let user = section.optional("user", text_of(1..=256));
        let file = section.optional("credentials_file", parse::path);
        // A variable that no store reads need not be set.
        let mut secret = |key| {
            if wanted {
                variables::needed_secret(section, key, environment)
            } else {
                section.optional(key, variables::name).map(|_| None)
            }
        };
        let (password, token) = (secret("password_env"), secret("token_env"));
        match (user?, password?, token?, file?) {
            (None, None, None, None) => Ok(Self::Open),
            (Some(user), Some(password), None, None) => Ok(Self::User(user, password)),
            (None, None, Some(token), None) => Ok(Self::Token(token)),
            (None, None, None, Some(file)) => Ok(Self::File(file)),
            _ if !wanted => Ok(Self::Open),
            _ => {
                let origin = section.origin_of("kind");
                let reason = "give either user with password_env, or token_env, or credentials_file".to_owned();
                Err(section.fault("user", None, origin, reason))
            }
        }
    }
}

fn url(located: &Located) -> Result<ServerAddr, Refusal> {
    let text = parse::text(located)?;
    let address = text.parse::<ServerAddr>();
    let address = address.ok().filter(|_| text.starts_with("nats://") || text.starts_with("tls://"));
    match address {
        Some(address) if address.has_user_pass() => {
            Err(Refusal::hidden("each must be without credentials; set user and password_env instead"))
        }
        Some(address) => Ok(address),
        None => {
            Err(Refusal::hidden("each must be a URL such as \"nats://127.0.0.1:4222\" or \"tls://nats.example.com\""))
        }
    }
}

fn prefix(located: &Located) -> Result<String, Refusal> {
    let text = text_of(1..=PREFIX_LENGTH)(located)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.chars().all(fits) { Ok(text) } else { Err(Refusal::of(located, "may have only a-z, 0-9 and -")) }
}
