use std::sync::Arc;

use generation_actors::ports::EpisodeStore;
use tempfile::TempDir;

use super::SqliteEpisodes;
use crate::{
    episodes::contract::{EpisodeStoreUnderTest, episode_store_contract},
    sqlite::Database,
};

struct Folder {
    folder: TempDir,
    database: Option<Database>,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None }
    }
}

impl EpisodeStoreUnderTest for Folder {
    async fn open(&mut self) -> Arc<dyn EpisodeStore> {
        self.database = None;
        let database = self.database.insert(Database::open(self.folder.path()).unwrap());
        Arc::new(SqliteEpisodes::new(database.clone()))
    }
}

episode_store_contract!(Folder::new());
