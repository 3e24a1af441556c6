//! The contract on real servers, one and three.

use std::{rc::Rc, sync::Arc, time::Duration};

use generation_testkit::nats::Nats;

use super::*;
use crate::{
    config::NatsLogin,
    stores::contract::{JobStoreUnderTest, job_store_contract},
};

/// The shortest that the settings allow, so that deaths are noticed soon.
const LEASE: Duration = Duration::from_secs(1);

/// Servers, with a prefix of its own for each fixture on them.
pub(super) struct OnNats {
    pub(super) servers: Rc<Nats>,
    prefix: String,
}

impl OnNats {
    pub(super) fn one() -> Self {
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

    /// A node on these servers.
    pub(super) async fn node(&self) -> NatsJobs {
        NatsJobs::connect(self.settings(), Duration::from_secs(3600)).await.unwrap()
    }

    fn settings(&self) -> NatsStore {
        NatsStore {
            urls: self.servers.urls().split(',').map(|url| url.parse().unwrap()).collect(),
            prefix: self.prefix.clone(),
            replicas: self.servers.count(),
            max_bytes: 64 << 20,
            lease: LEASE,
            login: NatsLogin::Open,
            ca_file: None,
        }
    }
}

impl JobStoreUnderTest for OnNats {
    async fn open(&mut self) -> Arc<dyn JobStore> {
        Arc::new(self.node().await)
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

mod nodes {
    use futures_util::TryStreamExt as _;
    use generation_actors::model::JobHead;
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::stores::contract::{checkpoint, create, new_job};

    /// More than the longest wait of the tests' deadlines would need.
    const LIMIT: Duration = Duration::from_secs(20);

    type Changes = LocalBoxStream<'static, Result<Change, StoreError>>;

    /// The changes after those that were there at first.
    async fn caught_up(node: &NatsJobs) -> Changes {
        let mut changes = node.changes();
        while next(&mut changes).await != Change::CaughtUp {}
        changes
    }

    async fn next(changes: &mut Changes) -> Change {
        let change = timeout(LIMIT, changes.try_next()).await.expect("a change in time");
        change.unwrap().expect("changes never end")
    }

    async fn head(changes: &mut Changes) -> (JobHead, Option<NodeId>) {
        match next(changes).await {
            Change::Head { head, owner } => (*head, owner),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_job_is_seen_by_another_node_as_it_is_created_begun_released_and_ended() {
        let on = OnNats::one();
        let (here, there) = (on.node().await, on.node().await);
        let mut changes = caught_up(&there).await;
        let job = new_job();
        let claim = create(&here, job.clone()).await;
        let (seen, owner) = head(&mut changes).await;
        assert_eq!((seen.id, seen.started_at, owner), (job.id, None, Some(here.node())));
        here.checkpoint(&claim, checkpoint(0, "text")).await.unwrap();
        let (seen, _) = head(&mut changes).await;
        assert_eq!(seen.started_at, checkpoint(0, "").started_at);
        here.release(claim, checkpoint(4, "")).await.unwrap();
        let (seen, owner) = head(&mut changes).await;
        assert_eq!(owner, None);
        let (claim, record) = there.claim(job.id, seen.epoch).await.unwrap().expect("free");
        assert_eq!(record.text(), "text");
        assert_eq!(head(&mut changes).await.1, Some(there.node()));
        let end = End {
            mark: generation_actors::model::EndMark { event_seq: 1, text_version: 1 },
            at: job.created_at,
            outcome: generation_actors::model::Outcome::Canceled,
        };
        there.finish(&claim, Ending { last: checkpoint(4, ""), end: end.clone() }).await.unwrap();
        assert_eq!(head(&mut changes).await.0.end, Some(end));
        assert_eq!(here.load(job.id).await.unwrap().map(|record| record.text()), Some("text".into()));
    }

    #[tokio::test]
    async fn a_job_offered_to_all_nodes_is_claimed_by_one() {
        let on = OnNats::one();
        let (here, there) = (on.node().await, on.node().await);
        let job = new_job();
        assert_eq!(here.create(job.clone(), false).await.unwrap(), Created::Queued);
        let claims = [here.claim(job.id, Epoch::FIRST), there.claim(job.id, Epoch::FIRST)];
        let claims = join_all(claims).await;
        assert_eq!(claims.into_iter().filter(|claim| claim.as_ref().unwrap().is_some()).count(), 1);
    }

    #[tokio::test]
    async fn a_node_without_beats_is_called_gone_within_two_leases_and_its_job_goes_on_elsewhere() {
        let on = OnNats::one();
        let (here, there) = (on.node().await, on.node().await);
        let claim = create(&here, new_job()).await;
        here.checkpoint(&claim, checkpoint(0, "so far")).await.unwrap();
        let mut changes = caught_up(&there).await;
        // Long enough for the other node to trust its own connection.
        let began = Instant::now();
        while began.elapsed() < 2 * LEASE {
            assert!(timeout(LEASE / 4, changes.try_next()).await.is_err(), "nobody has died");
        }
        let (dead, died) = (here.node(), Instant::now());
        drop(here);
        assert_eq!(next(&mut changes).await, Change::OwnerGone(dead));
        log::info!("noticed after {:?}", died.elapsed());
        let (mine, record) = there.claim(claim.job, claim.epoch).await.unwrap().expect("claimable");
        assert_eq!((record.text().as_str(), mine.epoch.0), ("so far", claim.epoch.0 + 1));
        assert_eq!(head(&mut changes).await.1, Some(there.node()));
    }

    #[tokio::test]
    async fn an_engine_that_stood_still_lets_nobody_look_dead() {
        let mut on = OnNats::one();
        let (here, there) = (on.node().await, on.node().await);
        let claim = create(&here, new_job()).await;
        let mut changes = caught_up(&there).await;
        let began = Instant::now();
        while began.elapsed() < 2 * LEASE {
            assert!(timeout(LEASE / 4, changes.try_next()).await.is_err(), "nobody has died");
        }
        let servers = Rc::get_mut(&mut on.servers).expect("not shared");
        servers.freeze(0);
        // Every beat has outlived its lease when the engine wakes up.
        assert!(timeout(2 * LEASE, changes.try_next()).await.is_err());
        servers.thaw(0);
        let written = here.checkpoint(&claim, checkpoint(0, "still mine")).await.unwrap();
        assert_eq!(written, Written::Done);
        let (seen, owner) = head(&mut changes).await;
        assert_eq!((seen.id, owner), (claim.job, Some(here.node())));
        assert!(timeout(3 * LEASE, changes.try_next()).await.is_err(), "nobody has died");
    }
}
