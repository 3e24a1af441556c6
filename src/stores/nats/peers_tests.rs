//! Two nodes that talk through a real server.

use std::{rc::Rc, sync::Arc, time::Duration};

use generation_actors::{
    job::JobState,
    model::{JobUpdate, NewJob},
    ports::{Ask, Live, NoAnswer, OwnerReply, Peers as _},
};
use tokio::{
    task::LocalSet,
    time::{Instant, timeout},
};

use super::{tests::OnNats, *};
use crate::stores::contract::new_job;

/// For what comes in milliseconds.
const LIMIT: Duration = Duration::from_secs(10);

fn update(job: &NewJob, version: u64) -> Live {
    let view = JobState::restore(job.record(Epoch::FIRST)).view();
    let delta = format!("{version} ");
    let offset = 2 * (version as usize - 1);
    Live::Update(Arc::new(JobUpdate {
        job: job.id,
        epoch: Epoch::FIRST,
        version,
        view: Arc::new(view),
        offset,
        delta,
        end: None,
    }))
}

#[tokio::test]
async fn a_follower_hears_what_the_owner_publishes_of_that_job_in_order() {
    let on = OnNats::one();
    let (here, there) = (on.node().await, on.node().await);
    let (job, other) = (new_job(), new_job());
    let head = job.record(Epoch::FIRST).head;
    let mut heard = there.peers().follow(&head);
    // Publishing is never awaited, so the first message may come before the subscription.
    let first = async {
        loop {
            here.peers().publish(&update(&job, 1));
            if let Ok(live) = timeout(Duration::from_millis(50), heard.next()).await {
                return live;
            }
        }
    };
    assert_eq!(timeout(LIMIT, first).await.unwrap(), Some(update(&job, 1)));
    for version in 2..=9 {
        here.peers().publish(&update(&other, version));
        here.peers().publish(&update(&job, version));
    }
    let mark = Live::Mark { job: job.id, epoch: Epoch::FIRST, version: 9, length: 18 };
    here.peers().publish(&mark);
    let mut expected = 2;
    loop {
        let live = timeout(LIMIT, heard.next()).await.unwrap().unwrap();
        // Sent more than once above.
        if live == update(&job, 1) {
            continue;
        }
        if live == mark {
            break;
        }
        assert_eq!(live, update(&job, expected));
        expected += 1;
    }
    assert_eq!(expected, 10);
}

#[tokio::test]
async fn the_owner_is_asked_and_nobody_else() {
    let on = OnNats::one();
    let (here, there, third) = (on.node().await, on.node().await, on.node().await);
    let head = new_job().record(Epoch::FIRST).head;
    let ask = Ask::Get { job: head.id, epoch: Epoch(1), version: 2, length: 3 };
    let view = Arc::new(JobState::restore(new_job().record(Epoch::FIRST)).view());
    let view =
        Arc::new(generation_actors::model::JobView { id: head.id, brief: Arc::clone(&head.brief), ..(*view).clone() });
    let state =
        OwnerReply::State { epoch: Epoch(1), version: 7, view, offset: 3, text: "글".repeat(100_000), more: true };
    let (mut asked, mut not_asked) = (here.peers().asked(), third.peers().asked());
    let answered = state.clone();
    LocalSet::new()
        .run_until(async {
            tokio::task::spawn_local(async move {
                while let Some((found, reply)) = asked.next().await {
                    assert_eq!(found, ask);
                    reply.send(answered.clone()).unwrap();
                }
            });
            // Until the owner listens, the engine says at once that nobody does.
            let reply = async {
                loop {
                    if let Ok(reply) = there.peers().ask(here.node(), &head, ask).await {
                        return reply;
                    }
                }
            };
            assert_eq!(timeout(LIMIT, reply).await.unwrap(), state);
        })
        .await;
    assert!(timeout(Duration::from_millis(1), not_asked.next()).await.is_err());
    let gone = here.node();
    drop(here);
    let began = Instant::now();
    assert_eq!(there.peers().ask(gone, &head, ask).await, Err(NoAnswer));
    assert!(began.elapsed() < Duration::from_secs(1), "the engine knows that nobody listens");
}

#[tokio::test]
async fn an_engine_that_stands_still_holds_up_no_publisher() {
    let mut on = OnNats::one();
    let here = on.node().await;
    let (peers, job) = (here.peers(), new_job());
    let servers = Rc::get_mut(&mut on.servers).expect("not shared");
    servers.freeze(0);
    let began = Instant::now();
    for version in 1..=20_000 {
        peers.publish(&update(&job, version));
    }
    assert!(began.elapsed() < LIMIT, "some are lost instead");
    let head = job.record(Epoch::FIRST).head;
    let ask = Ask::Cancel { job: job.id, epoch: Epoch::FIRST };
    let asking = peers.ask(here.node(), &head, ask);
    assert_eq!(timeout(LIMIT, asking).await.expect("a deadline of its own"), Err(NoAnswer));
    servers.thaw(0);
}
