//! The contract of episode stores, through the Episode API of another instance of the service.

use std::{sync::Arc, time::Duration};

use generation_actors::ports::EpisodeStore;
use generation_service::{
    config::EpisodeApi,
    episodes::{RemoteEpisodes, Timeouts},
};

use crate::{
    episodes::contract::{EpisodeStoreUnderTest, episode_store_contract},
    harness::service::Service,
};

struct OtherInstance(Service);

impl EpisodeStoreUnderTest for OtherInstance {
    async fn open(&mut self) -> Arc<dyn EpisodeStore> {
        let settings = EpisodeApi { url: self.0.url(""), token: None };
        Arc::new(RemoteEpisodes::new(&settings, Timeouts::within(Duration::from_secs(20))))
    }

    fn keeps_times(&self) -> bool {
        false
    }
}

episode_store_contract!(OtherInstance(Service::start()));
