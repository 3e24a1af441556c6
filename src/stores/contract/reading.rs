//! Reading jobs back.

use std::cmp::Reverse;

use generation_actors::{
    model::{EpisodeStatus, Status},
    ports::{EndedJob, EndedPage},
};

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

pub(crate) async fn changes_lists_the_unfinished_jobs_oldest_first_until_caught_up(
    mut fixture: impl JobStoreUnderTest,
) {
    let store = fixture.open().await;
    assert_eq!(unfinished(store.as_ref()).await, []);
    let mut claims = Vec::new();
    // More than one page of any store.
    for second in 0..300 {
        claims.push(create(store.as_ref(), NewJob { created_at: at(second), ..new_job() }).await);
    }
    let (ended, purged) = (claims.remove(5), claims.remove(100));
    write(&store, &claims[7], [checkpoint(0, "text")]).await;
    finish(&store, &ended, ending(0, "", Outcome::Canceled)).await;
    store.purge(vec![purged.job]).await.unwrap();
    drop(store);
    // Reading changes nothing: each new process finds the same epoch.
    for _ in 0..2 {
        let store = fixture.open().await;
        let heads = unfinished(store.as_ref()).await;
        assert_eq!(
            heads.iter().map(|head| head.id).collect::<Vec<_>>(),
            claims.iter().map(|claim| claim.job).collect::<Vec<_>>()
        );
        assert_eq!((heads[7].started_at, heads[8].started_at), (Some(at(1)), None));
        assert!(heads.iter().all(|head| head.end.is_none() && head.epoch == claims[0].epoch));
        assert_eq!(heads[42], held(&store, claims[42].job).await.head);
    }
}

pub(crate) async fn ended_jobs_are_listed_in_pages_newest_end_first(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    assert_eq!(store.ended(None, 10).await.unwrap(), EndedPage { jobs: vec![], next: None });
    let running = created(&store).await;
    let outcomes = [
        (Outcome::Canceled, Status::Canceled, None),
        (failed(), Status::Failed, None),
        (completed(EpisodeState::Owed), Status::Completed, Some(EpisodeStatus::Owed)),
        (completed(EpisodeState::Refused), Status::Completed, Some(EpisodeStatus::Refused)),
        (completed(saved(3)), Status::Completed, Some(EpisodeStatus::Saved)),
    ];
    let mut expected = Vec::new();
    // Not in the order of creation, and with more and fewer fractional digits.
    for (index, seconds) in [30, 10, 40, 20, 50, 0, 60].into_iter().enumerate() {
        let at =
            if index % 2 == 0 { at(seconds) } else { DateTime::from_timestamp(at(seconds).timestamp(), 0).unwrap() };
        let (outcome, status, episode) = outcomes[index % outcomes.len()].clone();
        let claim = created(&store).await;
        finish(&store, &claim, Ending { last: checkpoint(0, "하나 둘"), end: End { at, ..end(outcome) } }).await;
        expected.push((at, claim.job, status, episode));
    }
    expected.sort_by_key(|(at, ..)| Reverse(*at));
    drop(store);
    let store = fixture.open().await;
    for limit in [1, 3, 7, 100] {
        let found = all_ended(&store, limit).await;
        let found: Vec<_> = found.into_iter().map(|job| (job.at, job.id, job.status, job.episode)).collect();
        assert_eq!(found, expected, "{limit} a page");
    }
    let brief = new_job().brief;
    let least = (brief.description.len() + brief.title.len() + "하나 둘".len()) as u64;
    assert!(all_ended(&store, 9).await.iter().all(|job| (least..least + 1000).contains(&job.bytes)));
    // A claim belongs to the process that made it.
    let (running, _) = store.claim(running.job, running.epoch).await.unwrap().expect("unfinished");
    finish(&store, &running, ending(0, "", failed())).await;
    assert_eq!(all_ended(&store, 2).await.len(), 8);
}

pub(crate) async fn jobs_that_ended_at_the_same_time_are_on_exactly_one_page_each(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let mut ids = Vec::new();
    for _ in 0..9 {
        let claim = created(&store).await;
        finish(&store, &claim, ending(0, "", Outcome::Canceled)).await;
        ids.push(claim.job);
    }
    let mut found: Vec<JobId> = all_ended(&store, 2).await.into_iter().map(|job| job.id).collect();
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
}

pub(crate) async fn a_job_is_loaded_as_stored_finished_or_not(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    assert_eq!(store.load(JobId::new()).await.unwrap(), None);
    let claim = created(&store).await;
    write(&store, &claim, [checkpoint(0, "one ")]).await;
    let running = held(&store, claim.job).await;
    assert_eq!((running.text().as_str(), &running.head.end, running.text_complete), ("one ", &None, false));
    finish(&store, &claim, ending(4, "two", Outcome::Canceled)).await;
    let ended = held(&store, claim.job).await;
    assert_eq!((ended.text().as_str(), ended.head.end), ("one two", Some(end(Outcome::Canceled))));
    store.purge(vec![claim.job]).await.unwrap();
    assert_eq!(store.load(claim.job).await.unwrap(), None);
}

pub(crate) async fn purged_jobs_are_forgotten_and_unknown_ids_are_ignored(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let mut purged = vec![JobId::new()];
    for _ in 0..250 {
        let job = new_job();
        purged.push(job.id);
        // Not awaited: the writes are applied in order all the same.
        drop(store.create(job, true));
    }
    let (gone, kept) = (created(&store).await, created(&store).await);
    purged.push(gone.job);
    write(&store, &gone, [checkpoint(0, "gone")]).await;
    write(&store, &kept, [checkpoint(0, "kept")]).await;
    store.purge(purged.clone()).await.unwrap();
    store.purge(Vec::new()).await.unwrap();
    for id in [purged[1], gone.job] {
        assert_eq!(store.load(id).await.unwrap(), None);
    }
    let found = after_restart(&mut fixture, store, kept.job).await;
    assert_eq!(found.text(), "kept");
}
