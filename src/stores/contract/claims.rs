//! Which owner may write a job.

use futures_util::future::join_all;

use super::*;

fn next(epoch: Epoch) -> Epoch {
    Epoch(epoch.0 + 1)
}

pub(crate) async fn a_claim_begins_the_next_epoch_with_everything_stored(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let first = created(&store).await;
    write(&store, &first, [checkpoint(0, "one ")]).await;
    drop(store);
    let mut seen = first.epoch;
    // Each time in a new process: the previous claim was durable.
    for _ in 0..2 {
        let store = fixture.open().await;
        let stored = held(&store, first.job).await;
        assert_eq!(stored.head.epoch, seen, "a restart alone raises nothing");
        let (claim, record) = store.claim(first.job, seen).await.unwrap().expect("unfinished");
        assert_eq!((claim.job, claim.epoch), (first.job, next(seen)));
        // Stores of several nodes count how often.
        let attempts = record.head.attempts;
        let head = JobHead { epoch: next(seen), attempts, ..stored.head.clone() };
        assert_eq!(record, JobRecord { head, ..stored });
        assert_eq!(held(&store, first.job).await, record);
        seen = claim.epoch;
    }
}

pub(crate) async fn a_claim_from_an_outdated_epoch_changes_nothing(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let (claim, ended) = (created(&store).await, created(&store).await);
    finish(&store, &ended, ending(0, "", failed())).await;
    let (held_before, ended_before) = (held(&store, claim.job).await, held(&store, ended.job).await);
    for seen in [Epoch(claim.epoch.0 - 1), next(claim.epoch)] {
        assert_eq!(store.claim(claim.job, seen).await.unwrap(), None);
    }
    assert_eq!(store.claim(ended.job, ended.epoch).await.unwrap(), None);
    assert_eq!(store.claim(JobId::new(), Epoch::FIRST).await.unwrap(), None);
    assert_eq!(held(&store, claim.job).await, held_before);
    assert_eq!(held(&store, ended.job).await, ended_before);
    write(&store, &claim, [checkpoint(0, "still mine")]).await;
    assert_eq!(after_restart(&mut fixture, store, claim.job).await.text(), "still mine");
}

pub(crate) async fn of_concurrent_claims_one_succeeds(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let first = created(&store).await;
    let claims = join_all((0..20).map(|_| store.claim(first.job, first.epoch))).await;
    let won: Vec<Claim> = claims.into_iter().filter_map(|claim| Some(claim.unwrap()?.0)).collect();
    assert_eq!(won.len(), 1);
    write(&store, &won[0], [checkpoint(0, "text")]).await;
    assert_eq!(held(&store, first.job).await.head.epoch, next(first.epoch));
}

pub(crate) async fn a_former_owner_can_neither_checkpoint_nor_finish(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let former = created(&store).await;
    write(&store, &former, [checkpoint(0, "kept")]).await;
    drop(store);
    let store = fixture.open().await;
    let (claim, _) = store.claim(former.job, former.epoch).await.unwrap().expect("unfinished");
    assert_eq!(store.checkpoint(&former, checkpoint(0, "stale")).await.unwrap(), Written::Fenced);
    assert_eq!(store.finish(&former, ending(0, "stale", failed())).await.unwrap(), Written::Fenced);
    assert_eq!(store.release(former, checkpoint(0, "stale")).await.unwrap(), Written::Fenced);
    write(&store, &claim, [checkpoint(4, " on")]).await;
    assert_eq!(held(&store, former.job).await.head.end, None);
    finish(&store, &claim, ending(7, "", Outcome::Canceled)).await;
    assert_eq!(store.finish(&former, ending(0, "stale", failed())).await.unwrap(), Written::Fenced);
    let found = after_restart(&mut fixture, store, former.job).await;
    assert_eq!((found.text().as_str(), found.head.end), ("kept on", Some(end(Outcome::Canceled))));
}

pub(crate) async fn a_released_job_continues_elsewhere(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let first = created(&store).await;
    write(&store, &first, [checkpoint(0, "one ")]).await;
    assert_eq!(store.release(first, checkpoint(4, "two ")).await.unwrap(), Written::Done);
    let found = after_restart(&mut fixture, store, first.job).await;
    let store = fixture.open().await;
    let (claim, record) = store.claim(first.job, found.head.epoch).await.unwrap().expect("free");
    assert_eq!((record.text().as_str(), claim.epoch), ("one two ", next(first.epoch)));
    write(&store, &claim, [checkpoint(8, "three")]).await;
    assert_eq!(held(&store, first.job).await.text(), "one two three");
}

pub(crate) async fn an_owner_that_was_overruled_is_fenced(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let owner = created(&store).await;
    write(&store, &owner, [checkpoint(0, "so far")]).await;
    let overruled = store.overrule(owner.job, owner.epoch, end(Outcome::Canceled)).await;
    assert_eq!(overruled.unwrap(), Written::Done);
    assert_eq!(store.checkpoint(&owner, checkpoint(6, " on")).await.unwrap(), Written::Fenced);
    assert_eq!(store.finish(&owner, ending(6, " on", failed())).await.unwrap(), Written::Fenced);
    assert_eq!(store.claim(owner.job, next(owner.epoch)).await.unwrap(), None);
    let found = after_restart(&mut fixture, store, owner.job).await;
    assert_eq!((found.text().as_str(), found.progress), ("so far", 42));
    assert_eq!((found.head.epoch, found.head.end), (next(owner.epoch), Some(end(Outcome::Canceled))));
}

pub(crate) async fn overruling_from_an_outdated_epoch_changes_nothing(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let (owner, ended) = (created(&store).await, created(&store).await);
    finish(&store, &ended, ending(0, "text", failed())).await;
    let cases = [(owner.job, next(owner.epoch)), (ended.job, ended.epoch), (JobId::new(), Epoch::FIRST)];
    for (job, seen) in cases {
        assert_eq!(store.overrule(job, seen, end(Outcome::Canceled)).await.unwrap(), Written::Fenced);
    }
    let found = held(&store, ended.job).await.head;
    assert_eq!((found.epoch, found.end), (ended.epoch, Some(end(failed()))));
    write(&store, &owner, [checkpoint(0, "still mine")]).await;
    assert_eq!(after_restart(&mut fixture, store, owner.job).await.head.end, None);
}

pub(crate) async fn an_unknown_job_cannot_be_written(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    store.purge(vec![claim.job]).await.unwrap();
    assert_eq!(store.checkpoint(&claim, checkpoint(0, "text")).await.unwrap(), Written::Fenced);
    assert_eq!(store.finish(&claim, ending(0, "text", failed())).await.unwrap(), Written::Fenced);
    store.note_episode(claim.job, saved(1)).await.unwrap();
    assert_eq!(store.load(claim.job).await.unwrap(), None);
    assert_eq!(unfinished(store.as_ref()).await, []);
}
