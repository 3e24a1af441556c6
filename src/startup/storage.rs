//! Opens the configured job store.

use std::sync::Arc;

use generation_actors::{
    model::NodeId,
    ports::{Alone, JobStore, Peers},
};

use super::Failure;
use crate::{
    config::{NatsStore, Settings, StoreKind},
    sqlite::Database,
    stores::{NatsJobs, SqliteJobs},
};

/// Where jobs are kept, and who else works on them.
pub(super) struct Storage {
    pub(super) jobs: Arc<dyn JobStore>,
    pub(super) peers: Arc<dyn Peers>,
    /// This node among several; `None` if it is alone.
    pub(super) node: Option<NodeId>,
    /// The database in the data folder, if there is one.
    pub(super) database: Option<Database>,
}

pub(super) async fn open(settings: &Settings) -> Result<Storage, Failure> {
    Ok(match &settings.store.kind {
        StoreKind::Sqlite => {
            let database = Database::open(&settings.server.data_dir)?;
            let jobs = Arc::new(SqliteJobs::new(database.clone()));
            Storage { jobs, peers: Arc::new(Alone), node: None, database: Some(database) }
        }
        StoreKind::Nats(nats) => {
            let retention = settings.jobs.registry.retention;
            let jobs = NatsJobs::connect(NatsStore::clone(nats), retention).await?;
            let (peers, node) = (Arc::new(jobs.peers()), Some(jobs.node()));
            Storage { jobs: Arc::new(jobs), peers, node, database: None }
        }
    })
}
