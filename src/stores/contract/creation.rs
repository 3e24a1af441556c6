//! Creating jobs, and finding a job by its key.

use futures_util::future::join_all;
use generation_actors::ports::KeyHolder;

use super::*;

pub(crate) async fn a_new_job_is_stored_as_accepted(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let job = keyed("key-1", "digest");
    let claim = create(store.as_ref(), job.clone()).await;
    assert_eq!(claim.job, job.id);
    let found = after_restart(&mut fixture, store, job.id).await;
    assert_eq!(found, job.record(claim.epoch));
    let store = fixture.open().await;
    let holder = KeyHolder { job: job.id, body_digest: "digest".into() };
    assert_eq!(store.key_holder("key-1").await.unwrap(), Some(holder));
}

pub(crate) async fn a_job_is_created_once(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let job = new_job();
    let claim = create(store.as_ref(), job.clone()).await;
    write(&store, &claim, [checkpoint(0, "text")]).await;
    let id = job.id;
    let error = store.create(job, true).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Contradiction);
    assert_eq!(after_restart(&mut fixture, store, id).await.text(), "text");
}

pub(crate) async fn a_key_names_the_job_created_under_it(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let first = keyed("key", "body");
    let claim = create(store.as_ref(), first.clone()).await;
    for ended in [false, true] {
        if ended {
            finish(&store, &claim, ending(0, "", Outcome::Canceled)).await;
        }
        let (same, other) = (keyed("key", "body"), keyed("key", "another body"));
        assert_eq!(store.create(same.clone(), true).await.unwrap(), Created::Existing(first.id));
        assert_eq!(store.create(other.clone(), true).await.unwrap(), Created::KeyConflict(first.id));
        for refused in [same, other] {
            assert_eq!(store.load(refused.id).await.unwrap(), None, "nothing was recorded");
        }
    }
    create(store.as_ref(), keyed("another key", "body")).await;
    drop(store);
    let store = fixture.open().await;
    assert_eq!(store.create(keyed("key", "body"), true).await.unwrap(), Created::Existing(first.id));
}

pub(crate) async fn of_concurrent_creations_under_one_key_one_is_recorded(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let jobs: Vec<NewJob> = (0..50).map(|_| keyed("key", "body")).collect();
    let answers = join_all(jobs.iter().map(|job| store.create(job.clone(), true))).await;
    let answers: Vec<Created> = answers.into_iter().map(Result::unwrap).collect();
    let recorded: Vec<JobId> = unfinished(store.as_ref()).await.into_iter().map(|head| head.id).collect();
    assert_eq!(recorded.len(), 1);
    for (job, answer) in jobs.iter().zip(answers) {
        match answer {
            Created::Mine(claim) => assert_eq!((claim.job, job.id), (recorded[0], recorded[0])),
            Created::Queued => assert_eq!(job.id, recorded[0]),
            other => assert_eq!(other, Created::Existing(recorded[0])),
        }
    }
}

pub(crate) async fn a_key_is_held_for_as_long_as_its_job(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    assert_eq!(store.key_holder("key").await.unwrap(), None);
    let (earlier, later) = (keyed("key", "a"), keyed("key", "b"));
    for job in [&earlier, &later] {
        let claim = create(store.as_ref(), job.clone()).await;
        finish(&store, &claim, ending(0, "", Outcome::Canceled)).await;
        let body_digest = job.idempotency.clone().expect("it has a key").body_digest;
        assert_eq!(store.key_holder("key").await.unwrap(), Some(KeyHolder { job: job.id, body_digest }));
        assert_eq!(store.key_holder("other").await.unwrap(), None);
        store.purge(vec![job.id]).await.unwrap();
        assert_eq!(store.key_holder("key").await.unwrap(), None);
    }
}
