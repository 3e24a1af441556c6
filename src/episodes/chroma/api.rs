//! The calls of Chroma's HTTP API (v2) that the store uses.

use generation_actors::ports::EpisodeError;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::json_client::{JsonClient, Reply, segment},
    record::Metadata,
};

/// One database of a Chroma server.
pub(super) struct Api {
    client: JsonClient,
    server: String,
    collections: String,
}

/// A collection as the server describes it.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    pub(super) id: String,
    pub(super) metadata: Option<Value>,
    /// The length of the vectors; absent before the first one.
    pub(super) dimension: Option<usize>,
    #[serde(default)]
    configuration_json: Value,
}

impl Description {
    /// How many changes accumulate before the index is written.
    pub(super) fn sync_threshold(&self) -> Option<u64> {
        self.configuration_json["hnsw"]["sync_threshold"].as_u64()
    }
}

/// A row to add.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) vector: &'a [f32],
    pub(super) document: &'a str,
    pub(super) metadata: &'a Metadata,
}

/// Which rows to get, and which columns.
#[derive(Debug, Default, Serialize)]
pub(super) struct Get<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ids: Option<&'a [String]>,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
    /// `metadatas`, `documents`; empty for ids alone.
    pub(super) include: &'static [&'static str],
}

/// Rows in the order they were added, with one column for each that was requested.
#[derive(Debug, Deserialize)]
pub(super) struct Rows {
    pub(super) ids: Vec<String>,
    #[serde(default)]
    pub(super) metadatas: Option<Vec<Option<Metadata>>>,
    #[serde(default)]
    pub(super) documents: Option<Vec<Option<String>>>,
}

#[derive(Deserialize)]
struct Neighbours {
    ids: Vec<Vec<String>>,
}

impl Api {
    /// `server` has no trailing slash.
    pub(super) fn new(client: JsonClient, server: &str, tenant: &str, database: &str) -> Self {
        let (tenant, database) = (segment(tenant), segment(database));
        Self {
            client,
            server: server.to_owned(),
            collections: format!("{server}/api/v2/tenants/{tenant}/databases/{database}/collections"),
        }
    }

    /// Whether the server answers.
    pub(super) async fn heartbeat(&self) -> Result<(), EpisodeError> {
        let reply = self.client.get(&format!("{}/api/v2/heartbeat", self.server)).await?;
        if reply.status.is_success() { Ok(()) } else { Err(reply.error("Chroma's heartbeat")) }
    }

    /// The collection of that name, if it exists.
    pub(super) async fn find(&self, name: &str) -> Result<Option<Description>, EpisodeError> {
        let reply = self.client.get(&format!("{}/{}", self.collections, segment(name))).await?;
        if reply.status == StatusCode::NOT_FOUND { Ok(None) } else { reply.json("finding the collection").map(Some) }
    }

    /// Creates the collection, or finds the one that another client has just created.
    pub(super) async fn make(&self, name: &str, metadata: Value) -> Result<Description, EpisodeError> {
        // With the server's default thresholds, each addition processes up to 1000 earlier ones again.
        let index = json!({ "hnsw": { "space": "cosine", "sync_threshold": 2, "batch_size": 2 } });
        let body = json!({ "name": name, "get_or_create": true, "configuration": index, "metadata": metadata });
        self.client.json(Method::POST, &self.collections, &body, &[]).await?.json("making the collection")
    }

    /// Changes a collection's settings or metadata.
    pub(super) async fn change(&self, id: &str, change: Value) -> Result<(), EpisodeError> {
        let reply = self.client.json(Method::PUT, &format!("{}/{id}", self.collections), &change, &[]).await?;
        if reply.status.is_success() { Ok(()) } else { Err(reply.error("changing the collection")) }
    }

    /// Adds a row unless its id is taken. The answer does not tell which of the two happened.
    pub(super) async fn add(&self, collection: &str, row: Row<'_>) -> Result<Reply, EpisodeError> {
        let body = json!({
            "ids": [row.id],
            "embeddings": [row.vector],
            "documents": [row.document],
            "metadatas": [row.metadata],
        });
        self.call(collection, "add", &body).await
    }

    /// Updates a row's document and the given keys of its metadata.
    pub(super) async fn update(
        &self,
        collection: &str,
        id: &str,
        document: &str,
        metadata: Value,
    ) -> Result<Reply, EpisodeError> {
        let body = json!({ "ids": [id], "documents": [document], "metadatas": [metadata] });
        self.call(collection, "update", &body).await
    }

    pub(super) async fn get(&self, collection: &str, get: &Get<'_>) -> Result<Reply, EpisodeError> {
        self.call(collection, "get", get).await
    }

    /// The rows nearest to a vector, nearest first.
    pub(super) async fn query(
        &self,
        collection: &str,
        vector: &[f32],
        filter: Value,
        most: usize,
    ) -> Result<Reply, EpisodeError> {
        let body = json!({ "query_embeddings": [vector], "n_results": most, "where": filter, "include": [] });
        self.call(collection, "query", &body).await
    }

    async fn call<T: Serialize>(&self, collection: &str, verb: &str, body: &T) -> Result<Reply, EpisodeError> {
        self.client.json(Method::POST, &format!("{}/{collection}/{verb}", self.collections), body, &[]).await
    }
}

/// The ids in the answer of a query.
pub(super) fn nearest(reply: &Reply) -> Result<Vec<String>, EpisodeError> {
    let neighbours: Neighbours = reply.json("searching")?;
    Ok(neighbours.ids.into_iter().next().unwrap_or_default())
}
