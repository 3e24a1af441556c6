//! The contract of episode stores, on a real Chroma.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use generation_actors::ports::{EpisodeDraft, EpisodePage, EpisodeStore};
use generation_service::{
    config::{self, Embedding, TokenHeader},
    episodes::{ChromaEpisodes, Timeouts},
};

use crate::{
    episodes::contract::{EpisodeStoreUnderTest, episode_store_contract},
    harness::chroma::Chroma,
};

struct RealChroma(Chroma);

impl EpisodeStoreUnderTest for RealChroma {
    async fn open(&mut self) -> Arc<dyn EpisodeStore> {
        let settings = config::Chroma {
            url: self.0.url(),
            tenant: "default_tenant".into(),
            database: "default_database".into(),
            collection: "episodes".into(),
            token: None,
            token_header: TokenHeader::Authorization,
            embedding: Embedding::Hashing,
        };
        Arc::new(ChromaEpisodes::new(&settings, Timeouts::within(Duration::from_secs(20))))
    }
}

episode_store_contract!(RealChroma(Chroma::start()));

#[tokio::test]
async fn rows_of_an_earlier_version_are_recognised_by_job_and_by_key() {
    let mut fixture = RealChroma(Chroma::start());
    let store = fixture.open().await;
    store.check().await.unwrap();
    // As it named them, whether a job or a client's key had brought the script.
    fixture.0.python(
        "import uuid\n\
         episodes = client.get_collection('episodes', embedding_function=None)\n\
         namespace = uuid.UUID('2b6a4a31-70bc-4be5-8f3c-d1f05a0e94b7')\n\
         for number, identity in enumerate(['job_538a817528b44206aa0cc27669262023', 'a-clients-key'], 1):\n\
         \x20   run = str(uuid.uuid5(namespace, '3:old' + identity))\n\
         \x20   row = {'project_id': 'old', 'number': number, 'title': 't', 'created_at': '2026-01-02T03:04:05Z',\n\
         \x20          'run': run, 'deleted': False}\n\
         \x20   episodes.add(ids=[f'old:{number}'], embeddings=[[0.5] * 1024], documents=['m'], metadatas=[row])\n\
         print('{}')",
    );
    let draft = EpisodeDraft {
        project_id: "old".into(),
        job_id: None,
        key: None,
        title: "t".into(),
        markdown: "m".into(),
        tokens: None,
        prompt_snapshot: None,
        model: None,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
    };
    let job = "job_538a817528b44206aa0cc27669262023";
    let by_job = EpisodeDraft { job_id: Some(job.parse().unwrap()), ..draft.clone() };
    assert_eq!(store.save(by_job).await.unwrap().number, 1);
    // Another instance sends its jobs' ids as keys.
    for (key, number) in [(job, 1), ("a-clients-key", 2), ("another", 3)] {
        let by_key = EpisodeDraft { key: Some(key.into()), ..draft.clone() };
        assert_eq!(store.save(by_key).await.unwrap().number, number, "{key}");
    }
    assert_eq!(store.list("old", EpisodePage { limit: 10, offset: 0 }).await.unwrap().1, 3);
}
