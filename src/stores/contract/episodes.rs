//! The episode of a completed job.

use super::*;

async fn episode_of(store: &Arc<dyn JobStore>, id: JobId) -> EpisodeState {
    let found = held(store, id).await.head.end.expect("it has ended");
    let page = store.ended(None, 10).await.unwrap();
    let listed = page.jobs.into_iter().find(|job| job.id == id).expect("listed");
    assert_eq!(listed.episode, found.outcome.episode_status());
    found.outcome.episode().cloned().expect("it completed")
}

pub(crate) async fn an_episode_that_was_owed_is_noted(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    finish(&store, &claim, ending(0, "text", completed(EpisodeState::Owed))).await;
    assert_eq!(episode_of(&store, claim.job).await, EpisodeState::Owed);
    store.note_episode(claim.job, saved(4)).await.unwrap();
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!(found.head.end, Some(end(completed(saved(4)))));
}

pub(crate) async fn an_episode_is_noted_of_completed_jobs_only(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let (completing, canceled) = (created(&store).await, created(&store).await);
    store.note_episode(completing.job, saved(4)).await.unwrap();
    finish(&store, &completing, ending(0, "text", completed(EpisodeState::Owed))).await;
    assert_eq!(episode_of(&store, completing.job).await, EpisodeState::Owed);
    finish(&store, &canceled, ending(0, "text", Outcome::Canceled)).await;
    store.note_episode(canceled.job, saved(4)).await.unwrap();
    assert_eq!(after_restart(&mut fixture, store, canceled.job).await.head.end, Some(end(Outcome::Canceled)));
}

pub(crate) async fn a_refused_episode_may_be_owed_again_and_a_saved_one_is_final(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let claim = created(&store).await;
    finish(&store, &claim, ending(0, "text", completed(EpisodeState::Refused))).await;
    for noted in [EpisodeState::Owed, EpisodeState::Refused, EpisodeState::Owed, saved(4)] {
        store.note_episode(claim.job, noted.clone()).await.unwrap();
        assert_eq!(episode_of(&store, claim.job).await, noted);
    }
    let also_saved = created(&store).await;
    finish(&store, &also_saved, ending(0, "text", completed(saved(4)))).await;
    for noted in [EpisodeState::Owed, EpisodeState::Refused, saved(5)] {
        store.note_episode(also_saved.job, noted.clone()).await.unwrap();
        assert_eq!(episode_of(&store, also_saved.job).await, saved(4));
        store.note_episode(claim.job, noted).await.unwrap();
        assert_eq!(episode_of(&store, claim.job).await, saved(4));
    }
    let found = after_restart(&mut fixture, store, claim.job).await;
    assert_eq!(found.head.end, Some(end(completed(saved(4)))));
}
