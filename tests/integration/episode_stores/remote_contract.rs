//! The contract of episode stores, through the Episode API of another instance of the service.

use std::{sync::Arc, time::Duration};

use generation_actors::ports::EpisodeStore;
use generation_service::episodes::{RemoteEpisodes, RemoteOptions};

use crate::{
    episodes::contract::{EpisodeStoreUnderTest, episode_store_contract},
    harness::service::Service,
};

struct OtherInstance(Service);

impl EpisodeStoreUnderTest for OtherInstance {
    async fn open(&mut self) -> Arc<dyn EpisodeStore> {
        let options = RemoteOptions {
            url: self.0.url(""),
            token: None,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
        };
        Arc::new(RemoteEpisodes::new(&options))
    }

    fn keeps_times(&self) -> bool {
        false
    }
}

episode_store_contract!(OtherInstance(Service::start()));
