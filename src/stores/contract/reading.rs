//! What a job store tells of the jobs it holds.

use std::cmp::Reverse;

use generation_actors::{model::Status, ports::{EndedJob, EndedPage, KeyHolder}};

use super::*;

async fn all_ended(store: &Arc<dyn JobStore>, limit: usize) -> Vec<EndedJob> {
    let (mut jobs, mut after) = (Vec::new(), None);
    loop {
        let page = store.ended(after, limit).await.unwrap();
        assert!(page.jobs.len() <= limit);
        jobs.extend(page.jobs);
        after = page.next;
        if after.is_none() {
            return jobs;
        }
    }
}

pub(crate) async fn recovery_is_of_unfinished_jobs_oldest_first_and_raises_their_epochs_each_time(
    mut fixture: impl JobStoreUnderTest,
) {
    let store = fixture.open().await;
    let mut ids = Vec::new();
    for second in 0..20 {
        let job = NewJob { created_at: at(second), ..new_job() };
        ids.push(job.id);
        store.create(job).await.unwrap();
    }
    let ended = ids.remove(5);
    store.finish(ending(ended, 0, "", Outcome::Canceled)).await.unwrap();
    drop(store);
    for epoch in [2, 3] {
        // Each time in a new process: the raise before this one was durable.
        let store = fixture.open().await;
        let jobs = store.recover().await.unwrap();
        assert_eq!(jobs.iter().map(|job| job.accepted.id).collect::<Vec<_>>(), ids);
        assert!(jobs.iter().all(|job| job.last.epoch == Epoch(epoch)));
        assert_eq!(store.load(ended).await.unwrap().expect("held").last.epoch, Epoch::FIRST);
    }
}

pub(crate) async fn ended_jobs_are_told_in_pages_the_newest_ending_first(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    assert_eq!(store.ended(None, 10).await.unwrap(), EndedPage { jobs: vec![], next: None });
    let unfinished = created(&store).await;
    let outcomes = [
        (Outcome::Canceled, Status::Canceled, false),
        (failed(), Status::Failed, false),
        (Outcome::Completed { episode: None }, Status::Completed, false),
        (Outcome::Completed { episode: Some(episode(3)) }, Status::Completed, true),
    ];
    let mut expected = Vec::new();
    // Not in the order of their creation, and with all the digits a time may have or lack.
    for (index, seconds) in [30, 10, 40, 20, 50, 0, 60].into_iter().enumerate() {
        let at =
            if index % 2 == 0 { at(seconds) } else { DateTime::from_timestamp(at(seconds).timestamp(), 0).unwrap() };
        let (outcome, status, saved) = outcomes[index % outcomes.len()].clone();
        let id = created(&store).await;
        store.finish(Ending { at, ..ending(id, 0, "하나 둘", outcome) }).await.unwrap();
        expected.push((at, id, status, saved));
    }
    expected.sort_by_key(|(at, ..)| Reverse(*at));
    drop(store);
    let store = fixture.open().await;
    for limit in [1, 3, 7, 100] {
        let found = all_ended(&store, limit).await;
        let found: Vec<_> = found.into_iter().map(|job| (job.at, job.id, job.status, job.saved)).collect();
        assert_eq!(found, expected, "{limit} a page");
    }
    let brief = new_job().brief;
    let least = (brief.description.len() + brief.title.len() + "하나 둘".len()) as u64;
    assert!(all_ended(&store, 9).await.iter().all(|job| (least..least + 1000).contains(&job.bytes)));
    store.episode_saved(expected[0].1, episode(4)).await.unwrap();
    store.finish(ending(unfinished, 0, "", failed())).await.unwrap();
    assert_eq!(all_ended(&store, 2).await.len(), 8);
}

pub(crate) async fn jobs_that_ended_at_the_same_time_are_each_in_one_page(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let mut ids = Vec::new();
    for _ in 0..9 {
        let id = created(&store).await;
        store.finish(ending(id, 0, "", Outcome::Canceled)).await.unwrap();
        ids.push(id);
    }
    let mut found: Vec<JobId> = all_ended(&store, 2).await.into_iter().map(|job| job.id).collect();
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
}

pub(crate) async fn a_job_is_loaded_as_it_is_stored_finished_or_not(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    assert_eq!(store.load(JobId::new()).await.unwrap(), None);
    let job = new_job();
    store.create(job.clone()).await.unwrap();
    store.checkpoint(checkpoint(job.id, 0, "one ")).await.unwrap();
    let running = store.load(job.id).await.unwrap().expect("held");
    assert_eq!((running.accepted, running.ended), (job.clone(), None));
    assert_eq!(running.last, checkpoint(job.id, 0, "one "));
    store.finish(ending(job.id, 4, "two", Outcome::Canceled)).await.unwrap();
    let ended = store.load(job.id).await.unwrap().expect("held");
    assert_eq!(ended.last.text, "one two");
    assert_eq!(ended.ended, Some((MARK, at(60), Outcome::Canceled)));
    store.purge(vec![job.id]).await.unwrap();
    assert_eq!(store.load(job.id).await.unwrap(), None);
}

pub(crate) async fn a_key_is_held_by_the_newest_job_that_was_created_under_it(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let keyed = |digest: &str| {
        let idempotency = Some(IdempotencyKey { key: "key".into(), body_digest: digest.into() });
        NewJob { idempotency, ..new_job() }
    };
    let (earlier, later) = (keyed("a"), keyed("b"));
    assert_eq!(store.key_holder("key").await.unwrap(), None);
    for job in [&earlier, &later] {
        store.create(job.clone()).await.unwrap();
        store.finish(ending(job.id, 0, "", Outcome::Canceled)).await.unwrap();
        let holder = KeyHolder { job: job.id, body_digest: job.idempotency.as_ref().unwrap().body_digest.clone() };
        assert_eq!(store.key_holder("key").await.unwrap(), Some(holder));
    }
    assert_eq!(store.key_holder("other").await.unwrap(), None);
    store.purge(vec![later.id]).await.unwrap();
    assert_eq!(store.key_holder("key").await.unwrap().map(|holder| holder.job), Some(earlier.id));
    store.purge(vec![earlier.id]).await.unwrap();
    assert_eq!(store.key_holder("key").await.unwrap(), None);
}

pub(crate) async fn purged_jobs_are_forgotten_and_unknown_ids_are_ignored(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let mut purged = vec![JobId::new()];
    for _ in 0..250 {
        let job = new_job();
        purged.push(job.id);
        // Not awaited: order holds all the same.
        drop(store.create(job));
    }
    let kept = created(&store).await;
    store.checkpoint(checkpoint(purged[1], 0, "gone")).await.unwrap();
    store.checkpoint(checkpoint(kept, 0, "kept")).await.unwrap();
    store.purge(purged.clone()).await.unwrap();
    store.purge(Vec::new()).await.unwrap();
    assert!(store.load(purged[1]).await.unwrap().is_none());
    let found = after_restart(&mut fixture, store, kept).await;
    assert_eq!(found.last.text, "kept");
}
