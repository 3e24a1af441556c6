//! The contract on real servers, one and three.

use std::{rc::Rc, sync::Arc, time::Duration};

use generation_testkit::nats::Nats;

use super::*;
use crate::stores::contract::{JobStoreUnderTest, job_store_contract};

/// Servers, with a prefix of its own for each fixture on them.
struct OnNats {
    servers: Rc<Nats>,
    prefix: String,
}

impl OnNats {
    fn one() -> Self {
        Self { servers: Rc::new(Nats::one()), prefix: "gen".into() }
    }

    fn three() -> impl FnMut() -> Self {
        let servers = Rc::new(Nats::three());
        let mut fixtures = 0;
        move || {
            fixtures += 1;
            Self { servers: Rc::clone(&servers), prefix: format!("gen{fixtures}") }
        }
    }

    fn settings(&self) -> NatsStore {
        NatsStore {
            urls: self.servers.urls().split(',').map(|url| url.parse().unwrap()).collect(),
            prefix: self.prefix.clone(),
            replicas: self.servers.count(),
            max_bytes: 64 << 20,
            lease: Duration::from_secs(10),
        }
    }
}

impl JobStoreUnderTest for OnNats {
    async fn open(&mut self) -> Arc<dyn JobStore> {
        Arc::new(NatsJobs::connect(self.settings(), Duration::from_secs(3600)).await.unwrap())
    }
}

mod one {
    use super::*;

    job_store_contract!(each, OnNats::one());
}

mod three {
    use super::*;

    job_store_contract!(in_turn, OnNats::three());
}
