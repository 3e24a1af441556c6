//! Checkpoints, parts and outcomes.

use futures_util::future::join_all;

use super::*;

/// A checkpoint of the given part.
fn of_part(part: u32, offset: usize, text: &str) -> Checkpoint {
    Checkpoint { part: PartNumber(part), ..checkpoint(offset, text) }
}

fn parts(record: &JobRecord) -> Vec<&str> {
    record.parts.iter().map(|part| part.text.as_str()).collect()
}

pub(crate) async fn a_checkpoint_is_stored_and_writing_it_twice_changes_nothing(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let job = new_job();
    let claim = create(store.as_ref(), job.clone()).await;
    let last = Checkpoint { text_complete: true, ..checkpoint(9, "b\u{0}😀") };
    write(&store, &claim, [checkpoint(0, "장면 1 "), checkpoint(8, "1a"), last.clone(), last.clone()]).await;
    let found = after_restart(&mut fixture, store, job.id).await;
    assert_eq!(parts(&found), ["장면 11b\u{0}😀"]);
    let accepted = job.record(claim.epoch);
    let expected = JobRecord {
        head: JobHead { started_at: last.started_at, ..accepted.head },
        progress: last.progress,
        model_used: last.model_used,
        usage: last.usage,
        parts: found.parts.clone(),
        text_complete: true,
    };
    assert_eq!(found, expected);
}

pub(crate) async fn a_checkpoint_replaces_everything_after_its_offset(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    let writes = [(0, "가나다"), (9, "라마"), (3, "xyz"), (5, "!")];
    write(&store, &claim, writes.map(|(offset, text)| checkpoint(offset, text))).await;
    assert_eq!(after_restart(&mut fixture, store, claim.job).await.text(), "가xy!");
}

pub(crate) async fn a_checkpoint_that_would_leave_a_hole_is_refused(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    write(&store, &claim, [checkpoint(0, "가나")]).await;
    // Past the end, and inside a character.
    for offset in [7, 4] {
        let refused = Checkpoint { progress: 99, ..checkpoint(offset, "x") };
        let error = store.checkpoint(&claim, refused).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Contradiction);
    }
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!((found.text().as_str(), found.progress), ("가나", 42));
}

pub(crate) async fn a_job_without_text_has_no_parts(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    assert_eq!(held(&store, claim.job).await.parts, []);
    write(&store, &claim, [checkpoint(0, "")]).await;
    assert_eq!(held(&store, claim.job).await.parts, []);
    write(&store, &claim, [checkpoint(0, "text"), checkpoint(0, "")]).await;
    finish(&store, &claim, ending(0, "", Outcome::Canceled)).await;
    assert_eq!(after_restart(&mut fixture, store, claim.job).await.parts, []);
}

pub(crate) async fn a_checkpoint_belongs_to_a_part(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    let writes = [(0, 0, "하나 "), (0, 7, "둘"), (1, 0, "셋 "), (1, 4, "넷"), (1, 4, "넷"), (2, 0, "끝")];
    write(&store, &claim, writes.map(|(part, offset, text)| of_part(part, offset, text))).await;
    let last = of_part(2, 3, ".");
    finish(&store, &claim, Ending { last, end: end(completed(EpisodeState::Owed)) }).await;
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!(parts(&found), ["하나 둘", "셋 넷", "끝."]);
    assert_eq!(found.text(), "하나 둘셋 넷끝.");
}

pub(crate) async fn a_part_may_be_rewritten_and_its_neighbours_stay(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    write(&store, &claim, [of_part(0, 0, "one"), of_part(1, 0, "two"), of_part(2, 0, "three")]).await;
    write(&store, &claim, [of_part(1, 1, "op"), of_part(1, 3, "!"), of_part(0, 2, "")]).await;
    assert_eq!(parts(&held(&store, claim.job).await), ["on", "top!", "three"]);
    write(&store, &claim, [of_part(1, 0, ""), of_part(2, 5, " 4")]).await;
    assert_eq!(parts(&held(&store, claim.job).await), ["on", "", "three 4"]);
    for offset in [1, 4] {
        store.checkpoint(&claim, of_part(1, offset, "x")).await.unwrap_err();
    }
    write(&store, &claim, [of_part(1, 0, "new"), of_part(2, 0, "")]).await;
    assert_eq!(parts(&after_restart(&mut fixture, store, claim.job).await), ["on", "new"]);
}

pub(crate) async fn a_part_beyond_the_next_one_is_refused(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    for beyond in [1, 2, u32::MAX] {
        let error = store.checkpoint(&claim, of_part(beyond, 0, "x")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Contradiction);
    }
    write(&store, &claim, [of_part(0, 0, "one")]).await;
    let refused = Ending { last: of_part(2, 0, "x"), end: end(failed()) };
    store.finish(&claim, refused).await.unwrap_err();
    store.checkpoint(&claim, of_part(1, 1, "x")).await.unwrap_err();
    write(&store, &claim, [of_part(1, 0, "two")]).await;
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!((parts(&found), &found.head.end), (vec!["one", "two"], &None));
}

pub(crate) async fn dropped_futures_are_written_in_the_order_of_the_calls(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    let pieces: Vec<String> = (0..200).map(|n| format!("{n} ")).collect();
    let mut offset = 0;
    for piece in &pieces {
        drop(store.checkpoint(&claim, checkpoint(offset, piece)));
        offset += piece.len();
    }
    drop(store.finish(&claim, ending(offset, "end", Outcome::Canceled)));
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!(found.text(), pieces.concat() + "end");
    assert!(found.head.end.is_some());
}

pub(crate) async fn concurrent_jobs_do_not_mix(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let writing = (0..64).map(|n| {
        let store = Arc::clone(&store);
        async move {
            let claim = created(&store).await;
            for round in 0..5 {
                let text = format!("{n:03}");
                write(&store, &claim, [checkpoint(round * text.len(), &text)]).await;
            }
            (claim.job, format!("{n:03}").repeat(5))
        }
    });
    let written = join_all(writing).await;
    drop(store);
    let store = fixture.open().await;
    assert_eq!(unfinished(store.as_ref()).await.len(), written.len());
    for (id, text) in written {
        assert_eq!(held(&store, id).await.text(), text);
    }
}

pub(crate) async fn a_checkpoint_after_the_end_changes_nothing(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    finish(&store, &claim, ending(0, "the end", Outcome::Canceled)).await;
    let late = Checkpoint { progress: 99, ..checkpoint(0, "more") };
    assert_eq!(store.checkpoint(&claim, late).await.unwrap(), Written::Fenced);
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!((found.text().as_str(), found.progress), ("the end", 42));
    assert_eq!(found.head.epoch, claim.epoch);
}

pub(crate) async fn the_first_ending_wins(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    write(&store, &claim, [checkpoint(0, "once ")]).await;
    let first = ending(5, "ended", failed());
    let mut second = ending(0, "other", Outcome::Canceled);
    second.end = End { mark: EndMark { event_seq: 20, text_version: 4 }, at: at(99), ..second.end };
    for ending in [first.clone(), first, second] {
        finish(&store, &claim, ending).await;
    }
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!((found.text().as_str(), found.head.end), ("once ended", Some(end(failed()))));
}

pub(crate) async fn every_outcome_is_stored(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let codes = [
        FailureCode::GenerationError,
        FailureCode::TokenLimitExceeded,
        FailureCode::ModelUnavailable,
        FailureCode::ModelRefused,
        FailureCode::RequestRefused,
        FailureCode::TimeoutError,
    ];
    let episodes = [EpisodeState::Owed, EpisodeState::Refused, saved(3)];
    let mut outcomes: Vec<Outcome> = codes.map(Outcome::Failed).to_vec();
    outcomes.push(Outcome::Canceled);
    outcomes.extend(episodes.map(completed));
    let mut ids = Vec::new();
    for outcome in &outcomes {
        let claim = created(&store).await;
        finish(&store, &claim, ending(0, "", outcome.clone())).await;
        ids.push(claim.job);
    }
    drop(store);
    let store = fixture.open().await;
    for (id, outcome) in ids.into_iter().zip(outcomes) {
        assert_eq!(held(&store, id).await.head.end, Some(end(outcome)));
    }
}

pub(crate) async fn an_ending_that_cannot_place_its_text_changes_nothing(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    write(&store, &claim, [checkpoint(0, "abc")]).await;
    store.finish(&claim, ending(99, "rest", completed(EpisodeState::Owed))).await.unwrap_err();
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!((found.text().as_str(), found.head.end), ("abc", None));
}
