use super::*;
use crate::{
    model::Status,
    ports::StoreError,
    testing::{Mood, Op, Reader},
};

#[actix::test]
async fn the_bounds_of_streaming_and_queued_jobs_hold() {
    let harness = harness_with(RegistrySettings { max_streaming: 2, max_queued: 3, ..settings() });
    let mut feeds = Vec::new();
    for title in ["a", "b", "c", "d", "e"] {
        feeds.push(harness.create(title).await);
    }
    let refused = harness.try_create(brief_of("project-1", "f"), None).await;
    assert_eq!(refused.map(|_| ()), Err(CreateError::QueueFull));
    let runs = [harness.generator.run().await, harness.generator.run().await];
    assert_eq!(harness.count(), JobCounts { queued: 3, streaming: 2, ..JobCounts::default() });

    runs[0].text("whole").finish();
    harness.generator.run().await;
    harness.create("f").await;
    for feed in &feeds {
        harness.cancel(feed).await;
    }
    assert_eq!(harness.generator.open().1, 2, "never more than two at once");
}

#[actix::test]
async fn creations_in_progress_count_as_queued() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, max_queued: 1, ..settings() });
    harness.jobs.set(Op::Create, Mood::Hangs);
    let pending = futures_util::future::join(harness.create("a"), harness.create("b"));
    tokio::pin!(pending);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut pending).await.is_err());
    let refused = harness.try_create(brief_of("project-1", "c"), None).await;
    assert_eq!(refused.map(|_| ()), Err(CreateError::QueueFull));
    harness.jobs.set(Op::Create, Mood::Works);
    soon(pending).await;
}

#[actix::test]
async fn many_jobs_of_one_project_do_not_delay_the_first_of_another() {
    let harness = harness_with(RegistrySettings { max_streaming: 2, ..settings() });
    let mut crowd = Vec::new();
    for _ in 0..20 {
        crowd.push(harness.create_in("crowd", "crowd").await);
    }
    let single = harness.create_in("single", "single").await;
    assert_eq!(single.view().queue_position, Some(1), "the position is known immediately");
    harness.until("the other jobs learn their new position", || crowd[2].view().queue_position == Some(2)).await;
    assert_eq!(crowd[19].view().queue_position, Some(19));
    assert_eq!(crowd[0].view().queue_position, None, "it streams");
    let runs = [harness.generator.run().await, harness.generator.run().await];
    runs[0].text("whole").finish();
    assert_eq!(harness.generator.run().await.title, "single");
    assert_eq!(single.view().queue_position, None);
}

#[actix::test]
async fn estimates_include_the_wait_and_are_shown_when_it_changes() {
    let harness = harness_with(RegistrySettings { max_streaming: 2, ..settings() });
    let created = |n: &str| harness.try_create(brief_of("project-1", n), None);
    let first = created("1").await.expect("accepted");
    let own = first.feed.view().remaining_seconds.expect("it is not over");
    assert_eq!((first.estimated_seconds, created("2").await.expect("accepted").estimated_seconds), (own, own));
    // The third and fourth each wait for one of the two slots; the fifth waits for the third.
    let third = created("3").await.expect("accepted");
    let fourth = created("4").await.expect("accepted");
    let fifth = created("5").await.expect("accepted");
    let estimates = [&third, &fourth, &fifth].map(|job| job.estimated_seconds);
    assert_eq!(estimates, [own + own, own + own, own + 2 * own]);
    assert_eq!(fifth.feed.view().remaining_seconds, Some(own + 2 * own));

    let mut reader = Reader::new(&fifth.feed);
    assert_eq!(reader.event("progress").await.data["estimatedTime"], own + 2 * own);
    harness.cancel(&third.feed).await;
    assert_eq!(reader.event("progress").await.data["estimatedTime"], own + own, "it moved up");
    harness.cancel(&fourth.feed).await;
    harness.cancel(&first.feed).await;
    harness.until("it streams", || fifth.feed.view().status == Status::Streaming).await;
    assert_eq!(fifth.feed.view().remaining_seconds, Some(own));
}

#[actix::test]
async fn a_queued_job_learns_the_measured_speed_of_its_model() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, ..settings() });
    let first = harness.create("1").await;
    let second = harness.create("2").await;
    let third = harness.create("3").await;
    let own = second.view().remaining_seconds.expect("it waits") / 2;
    let run = harness.generator.run().await;
    run.text("one ");
    harness.until("it has begun", || first.text().0.as_str() == "one ").await;
    harness.clock.advance(2);
    // Far faster than the assumed speed of an unknown model.
    run.text(&"word ".repeat(400)).finish();
    harness.until("the second streams", || second.view().status == Status::Streaming).await;
    assert!(second.view().remaining_seconds < Some(own), "its own time");
    harness.until("the third knows as well", || third.view().remaining_seconds < Some(own)).await;
}

#[actix::test]
async fn the_same_key_and_body_return_the_same_job_and_another_body_conflicts() {
    let harness = harness();
    let create = |digest| harness.try_create(brief_of("project-1", "a"), key("k", digest));
    let first = create("1").await.expect("accepted");
    let again = create("1").await.expect("found");
    assert_eq!((first.existing, again.existing), (false, true));
    assert_eq!(id(&first.feed), id(&again.feed));
    assert_eq!(create("2").await.map(|_| ()), Err(CreateError::IdempotencyConflict));
    harness.cancel(&first.feed).await;
    assert_eq!(id(&create("1").await.expect("found").feed), id(&first.feed), "also after it has ended");
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::Created(_))), 1);
}

#[actix::test]
async fn the_key_of_a_job_that_is_being_forgotten_finds_no_job_and_no_room_in_a_full_queue() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, max_queued: 0, ..settings() });
    let create = || harness.try_create(brief_of("project-1", "a"), key("k", "1"));
    let forgotten = create().await.expect("accepted").feed;
    harness.cancel(&forgotten).await;
    harness.jobs.set(Op::Purge, Mood::Hangs);
    harness.later(3700).await;
    let running = harness.create("b").await;
    assert_eq!(create().await.map(|_| ()), Err(CreateError::QueueFull));
    harness.cancel(&running).await;
    harness.jobs.set(Op::Purge, Mood::Works);
    let new = create().await.expect("there is room");
    assert!(!new.existing && id(&new.feed) != id(&forgotten));
}

#[actix::test]
async fn a_creation_waits_for_a_pending_one_with_the_same_key() {
    let harness = harness();
    harness.jobs.set(Op::Create, Mood::Hangs);
    let create = || harness.try_create(brief_of("project-1", "a"), key("k", "1"));
    let both = futures_util::future::join(create(), create());
    tokio::pin!(both);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut both).await.is_err());
    harness.jobs.set(Op::Create, Mood::Works);
    let (first, second) = soon(both).await;
    let (first, second) = (first.expect("accepted"), second.expect("found"));
    assert_eq!((first.existing, second.existing), (false, true));
    assert_eq!(id(&first.feed), id(&second.feed));
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::Created(_))), 1);
}

#[actix::test]
async fn a_creation_continues_when_its_client_has_left() {
    let harness = harness();
    harness.jobs.set(Op::Create, Mood::Hangs);
    let create = || harness.try_create(brief_of("project-1", "a"), key("k", "1"));
    assert!(tokio::time::timeout(Duration::from_secs(1), create()).await.is_err());
    harness.jobs.set(Op::Create, Mood::Works);
    harness.generator.run().await;
    assert!(create().await.expect("accepted").existing);
}

#[actix::test]
async fn a_failed_creation_fails_all_waiters_and_releases_its_key_and_place() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, max_queued: 0, ..settings() });
    harness.jobs.set(Op::Create, Mood::Hangs);
    let create = || harness.try_create(brief_of("project-1", "a"), key("k", "1"));
    let both = futures_util::future::join(create(), create());
    tokio::pin!(both);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut both).await.is_err());
    harness.jobs.set(Op::Create, Mood::Fails);
    let (first, second) = soon(both).await;
    for failed in [first, second] {
        assert!(matches!(failed, Err(CreateError::Store(StoreError { .. }))));
    }
    assert!(harness.generator.started().is_none());
    harness.jobs.set(Op::Create, Mood::Works);
    assert!(!create().await.expect("accepted").existing);
}

#[actix::test]
async fn a_failed_creation_that_may_be_in_the_store_is_purged() {
    let harness = harness();
    harness.jobs.set(Op::Create, Mood::Hangs);
    let failed = harness.try_create(brief_of("project-1", "a"), None).await;
    assert!(matches!(failed, Err(CreateError::Store(_))), "a creation fails if the store does not answer");
    let Happened::CreateCalled(job) = harness.journal.until(1, |h| matches!(h, Happened::CreateCalled(_))).await else {
        unreachable!()
    };
    harness.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
}

#[actix::test]
async fn unfinished_jobs_are_listed_newest_first_and_by_project() {
    let harness = harness();
    let mut feeds = Vec::new();
    for (project, title) in [("p", "a"), ("q", "b"), ("p", "c"), ("p", "d")] {
        feeds.push(harness.create_in(project, title).await);
    }
    harness.cancel(&feeds[3]).await;
    let list = |project: Option<&str>, limit, before| {
        harness.registry.active(&ListActive { project: project.map(str::to_owned), limit, before })
    };
    let titles = |page: &Page| page.jobs.iter().map(|(_, view)| view.brief.title.clone()).collect::<Vec<_>>();
    let first = list(None, 2, None);
    assert_eq!((titles(&first), first.total), (vec!["c".into(), "b".into()], 3));
    let second = list(None, 2, first.next);
    assert_eq!((titles(&second), second.next), (vec!["a".into()], None));
    let of_p = list(Some("p"), 9, None);
    assert_eq!((titles(&of_p), of_p.total), (vec!["c".into(), "a".into()], 2));
}
