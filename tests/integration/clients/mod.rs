//! How the service asks other servers: models, embeddings, Chroma, the Episode API, each against servers that bend HTTP.

mod deadlines;
mod framing;
mod own_api;
mod proxies;
mod reuse;
mod strangers;

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use generation_actors::{
    model::{Brief, Locale},
    ports::{EpisodePage, EpisodeStore as _, GenerationRequest, Piece, ScriptGenerator as _},
};
use generation_service::{
    config::{self, ChatServer, Embedding, EpisodeApi, OpenAi, OpenAiEmbedding, TokenHeader, TokensField},
    episodes::{ChromaEpisodes, RemoteEpisodes, Timeouts},
    generators::{Prompts, ScriptWriter, openai},
};
use serde_json::json;

use crate::harness::raw::{Act, Asked, answer, send};

/// What every client brings back when all is well.
const TEXT: &str = "비 오는 밤";
const PATIENT: Duration = Duration::from_secs(20);

/// Everything in the service that asks another server.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Client {
    Chat,
    /// Chat with a server that ignores `stream` and answers with one message.
    PlainChat,
    Embeddings,
    Chroma,
    EpisodeApi,
}

const CLIENTS: [Client; 5] = [Client::Chat, Client::PlainChat, Client::Embeddings, Client::Chroma, Client::EpisodeApi];

impl Client {
    /// Media type and body of the right answer to a request of this client.
    fn right_answer(self, asked: &Asked) -> (&'static str, String) {
        let json = |value: serde_json::Value| ("application/json", value.to_string());
        match self {
            Self::Chat => {
                let delta = json!({ "choices": [{ "delta": { "content": TEXT } }] });
                let stop = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": { "completion_tokens": 3 } });
                ("text/event-stream", format!("data: {delta}\n\ndata: {stop}\n\ndata: [DONE]\n\n"))
            }
            Self::PlainChat => json(
                json!({ "choices": [{ "message": { "content": TEXT }, "finish_reason": "stop" }], "usage": { "completion_tokens": 3 } }),
            ),
            Self::Embeddings => json(json!({ "data": [{ "embedding": [0.6, 0.8] }] })),
            Self::Chroma => json(self.chroma(asked)),
            Self::EpisodeApi => json(json!({ "id": "e", "number": 1, "title": "t", "script": { "markdown": TEXT } })),
        }
    }

    /// Whether this is a request of the client itself, not of one that it needs besides.
    fn asks(self, asked: &Asked) -> bool {
        self != Self::Embeddings || asked.line().contains("/embeddings")
    }

    /// What a server does that treats this client's requests with `form`, and all others well.
    fn served(self, asked: &Asked, form: impl Fn(&str, &str) -> Vec<Act>) -> Vec<Act> {
        if self.asks(asked) {
            let (kind, body) = self.right_answer(asked);
            return form(kind, &body);
        }
        vec![send(answer("200 OK", "application/json", &self.chroma(asked).to_string()))]
    }

    /// A collection with one episode, called [`TEXT`].
    fn chroma(self, asked: &Asked) -> serde_json::Value {
        if asked.line().starts_with("GET ") {
            let (embedder, dimension) = if self == Self::Embeddings { ("openai:m", 2) } else { ("hashing-v1", 1024) };
            return json!({ "id": "c", "metadata": { "embedder": embedder, "dimension": dimension } });
        }
        let metadata = json!({ "project_id": "p", "number": 1, "title": TEXT, "created_at": "2026-01-02T03:04:05Z" });
        json!({ "ids": ["p:1"], "metadatas": [metadata] })
    }

    /// One call to the server at `url`, with a new client.
    async fn ask(self, url: &str, connect: Duration, limit: Duration) -> Result<String, String> {
        let page = EpisodePage { limit: 1, offset: 0 };
        match self {
            Self::Chat | Self::PlainChat => chat(url, connect, limit).await,
            Self::Embeddings | Self::Chroma => {
                let store = ChromaEpisodes::new(&self.chroma_settings(url), Timeouts { connect, request: limit });
                let found = store.list("p", page).await.map_err(|error| error.to_string())?;
                Ok(found.0.first().map(|episode| episode.title.clone()).unwrap_or_default())
            }
            Self::EpisodeApi => {
                let store = episode_api(url, connect, limit);
                let found = store.get("p", "e").await.map_err(|error| error.to_string())?;
                Ok(found.map(|episode| episode.markdown).unwrap_or_default())
            }
        }
    }

    fn chroma_settings(self, url: &str) -> config::Chroma {
        let embedding =
            OpenAiEmbedding { base_url: format!("{url}/v1"), model: "m".into(), api_key: None, max_characters: 100 };
        config::Chroma {
            url: url.to_owned(),
            tenant: "t".into(),
            database: "d".into(),
            collection: "episodes".into(),
            token: None,
            token_header: TokenHeader::Authorization,
            embedding: match self {
                Self::Embeddings => Embedding::OpenAi(embedding),
                _ => Embedding::Hashing,
            },
        }
    }
}

fn episode_api(url: &str, connect: Duration, limit: Duration) -> RemoteEpisodes {
    let settings = EpisodeApi { url: url.to_owned(), token: None };
    RemoteEpisodes::new(&settings, Timeouts { connect, request: limit })
}

fn generator(url: &str, connect: Duration, limit: Duration) -> ScriptWriter {
    let server = ChatServer {
        base_url: format!("{url}/v1"),
        api_key_env: None,
        api_key: None,
        max_tokens: None,
        connect_timeout: connect,
        head_timeout: limit,
        first_token_timeout: limit,
        idle_timeout: limit,
        retries: 0,
    };
    let settings = OpenAi { server, tokens_field: Some(TokensField::MaxTokens) };
    ScriptWriter::new(openai("test", &settings), Arc::new(Prompts::load(None).expect("the embedded prompts")))
}

fn order() -> GenerationRequest {
    let brief = Brief {
        project_id: "p".into(),
        episode_number: None,
        title: "t".into(),
        description: "d".into(),
        script_type: "drama".into(),
        model: "m".into(),
        temperature: 0.7,
        length_target: 10,
        locale: Locale::Ko,
    };
    GenerationRequest { brief: Arc::new(brief), written: String::new() }
}

async fn chat(url: &str, connect: Duration, limit: Duration) -> Result<String, String> {
    let mut pieces = generator(url, connect, limit).generate(order());
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        match piece.map_err(|failure| failure.to_string())? {
            Piece::Text(more) => text.push_str(&more),
            Piece::End(_) => return Ok(text),
            _ => {}
        }
    }
    Err("no end".to_owned())
}

/// Waits for a condition while other tasks of this thread go on.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENT, waiting).await.unwrap_or_else(|_| panic!("waited {PATIENT:?} in vain for {what}"));
}
