//! What every episode store must do, whatever its backend. `episode_store_contract!` generates one test per function in
//! this module.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use generation_actors::{
    model::JobId,
    ports::{EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary},
};

/// A store that a test can reopen, as a restarted process would.
pub(crate) trait EpisodeStoreUnderTest {
    /// Opens the store, after closing any earlier instance for good.
    async fn open(&mut self) -> Arc<dyn EpisodeStore>;

    /// Whether it keeps the draft's time instead of using its own.
    fn keeps_times(&self) -> bool {
        true
    }
}

macro_rules! episode_store_contract {
    ($fixture:expr) => {
        $crate::episodes::contract::episode_store_contract! {
            $fixture;
            an_episode_is_read_back_as_it_was_saved
            numbers_start_at_one_in_each_project
            saving_a_job_twice_saves_it_once
            a_deleted_episode_is_not_saved_again
            a_clients_post_without_a_key_is_a_new_episode_each_time
            saving_with_a_clients_key_twice_saves_it_once
            a_key_that_looks_like_a_job_is_not_the_job
            concurrent_saves_get_every_number_once
            the_same_job_saved_concurrently_is_saved_once
            numbers_are_never_reused
            a_list_has_pages_by_number_and_a_total
            episodes_belong_to_their_project
            a_search_finds_what_an_episode_is_about
            any_text_is_stored_unchanged
            a_script_that_is_too_large_is_refused_for_good
            a_working_store_checks_out
        }
    };
    ($fixture:expr; $($name:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::episodes::contract::$name($fixture).await;
            }
        )+
    };
}
pub(crate) use episode_store_contract;

const PROJECT: &str = "프로젝트/1 '";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_000_000).expect("in range") + TimeDelta::seconds(seconds)
}

fn posted(project_id: &str) -> EpisodeDraft {
    EpisodeDraft {
        project_id: project_id.into(),
        job_id: None,
        key: None,
        title: "비 오는 밤".into(),
        markdown: "# 장면 1\n\n\"안녕\" 😀".into(),
        tokens: Some(1250),
        prompt_snapshot: Some("two friends".into()),
        model: Some("gpt-4".into()),
        created_at: at(0),
    }
}

fn written_by(job: JobId) -> EpisodeDraft {
    EpisodeDraft { job_id: Some(job), ..posted(PROJECT) }
}

async fn all(store: &Arc<dyn EpisodeStore>, project: &str) -> Vec<EpisodeSummary> {
    store.list(project, EpisodePage { limit: 1000, offset: 0 }).await.unwrap().0
}

pub(crate) async fn an_episode_is_read_back_as_it_was_saved(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let draft = written_by(JobId::new());
    let saved = store.save(draft.clone()).await.unwrap();
    assert_eq!((saved.number, saved.title.as_str()), (1, draft.title.as_str()));
    assert_eq!(saved.created_at == draft.created_at, fixture.keeps_times());
    let bare = EpisodeDraft { tokens: None, prompt_snapshot: None, model: None, ..posted(PROJECT) };
    let saved_bare = store.save(bare).await.unwrap();
    drop(store);
    let store = fixture.open().await;
    let found = store.get(PROJECT, &saved.id).await.unwrap().expect("saved");
    assert_eq!(found.summary, saved);
    assert_eq!(found.markdown, draft.markdown);
    assert_eq!((found.tokens, found.prompt_snapshot), (draft.tokens, draft.prompt_snapshot));
    let found = store.get(PROJECT, &saved_bare.id).await.unwrap().expect("saved");
    assert_eq!((found.tokens, found.prompt_snapshot), (None, None));
}

pub(crate) async fn numbers_start_at_one_in_each_project(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    for (project, number) in [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("A", 1)] {
        assert_eq!(store.save(posted(project)).await.unwrap().number, number, "{project}");
    }
}

pub(crate) async fn saving_a_job_twice_saves_it_once(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let job = JobId::new();
    let first = store.save(written_by(job)).await.unwrap();
    // The outbox retries at a different time.
    let again = EpisodeDraft { created_at: at(99), ..written_by(job) };
    assert_eq!(store.save(again.clone()).await.unwrap(), first);
    drop(store);
    let store = fixture.open().await;
    assert_eq!(store.save(again).await.unwrap(), first);
    assert_eq!(all(&store, PROJECT).await, [first]);
}

pub(crate) async fn a_deleted_episode_is_not_saved_again(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let job = JobId::new();
    let first = store.save(written_by(job)).await.unwrap();
    assert!(store.delete(PROJECT, &first.id).await.unwrap());
    assert_eq!(store.save(written_by(job)).await.unwrap(), first);
    assert_eq!(all(&store, PROJECT).await, []);
    assert_eq!(store.get(PROJECT, &first.id).await.unwrap(), None);
}

pub(crate) async fn a_clients_post_without_a_key_is_a_new_episode_each_time(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let (first, second) = (store.save(posted(PROJECT)).await.unwrap(), store.save(posted(PROJECT)).await.unwrap());
    assert_ne!(first.id, second.id);
    assert_eq!((first.number, second.number), (1, 2));
}

pub(crate) async fn saving_with_a_clients_key_twice_saves_it_once(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let keyed = |project| EpisodeDraft { key: Some("one".into()), ..posted(project) };
    let first = store.save(keyed(PROJECT)).await.unwrap();
    let again = EpisodeDraft { created_at: at(99), ..keyed(PROJECT) };
    assert_eq!(store.save(again).await.unwrap(), first);
    let elsewhere = store.save(keyed("other")).await.unwrap();
    assert_eq!((elsewhere.number, elsewhere.project_id.as_str()), (1, "other"));
    assert_ne!(elsewhere.id, first.id);
    let other_key = EpisodeDraft { key: Some("two".into()), ..posted(PROJECT) };
    assert_eq!(store.save(other_key).await.unwrap().number, 2);
}

pub(crate) async fn a_key_that_looks_like_a_job_is_not_the_job(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let (job, other_job) = (JobId::new(), JobId::new());
    let keyed = |job: JobId| EpisodeDraft { key: Some(job.to_string()), title: "posted".into(), ..posted(PROJECT) };
    let posted = store.save(keyed(job)).await.unwrap();
    let written = store.save(written_by(job)).await.unwrap();
    assert_eq!((posted.number, written.number), (1, 2));
    let written_first = store.save(written_by(other_job)).await.unwrap();
    let posted_second = store.save(keyed(other_job)).await.unwrap();
    assert_eq!((written_first.number, posted_second.number), (3, 4));
    drop(store);
    let store = fixture.open().await;
    for (draft, saved) in [(keyed(job), &posted), (written_by(job), &written), (keyed(other_job), &posted_second)] {
        assert_eq!(store.save(draft).await.unwrap(), *saved);
    }
    assert_eq!(all(&store, PROJECT).await, [posted, written, written_first, posted_second]);
}

pub(crate) async fn concurrent_saves_get_every_number_once(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let saved = join_all((0..50).map(|_| store.save(written_by(JobId::new())))).await;
    let numbers: BTreeSet<u32> = saved.into_iter().map(|saved| saved.unwrap().number).collect();
    assert_eq!(numbers, (1..=50).collect());
}

pub(crate) async fn the_same_job_saved_concurrently_is_saved_once(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let job = JobId::new();
    let saved = join_all((0..10).map(|_| store.save(written_by(job)))).await;
    let found = all(&store, PROJECT).await;
    assert_eq!(found.len(), 1);
    for saved in saved {
        assert_eq!(saved.unwrap(), found[0]);
    }
}

pub(crate) async fn numbers_are_never_reused(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    for _ in 0..3 {
        store.save(posted(PROJECT)).await.unwrap();
    }
    for episode in all(&store, PROJECT).await {
        assert!(store.delete(PROJECT, &episode.id).await.unwrap());
        assert!(!store.delete(PROJECT, &episode.id).await.unwrap());
    }
    drop(store);
    let store = fixture.open().await;
    assert_eq!(store.save(posted(PROJECT)).await.unwrap().number, 4);
}

pub(crate) async fn a_list_has_pages_by_number_and_a_total(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    for _ in 0..7 {
        store.save(posted(PROJECT)).await.unwrap();
    }
    for (limit, offset, expected) in
        [(3, 0, vec![1, 2, 3]), (3, 3, vec![4, 5, 6]), (3, 6, vec![7]), (3, 7, vec![]), (1000, 5, vec![6, 7])]
    {
        let (page, total) = store.list(PROJECT, EpisodePage { limit, offset }).await.unwrap();
        assert_eq!(page.iter().map(|episode| episode.number).collect::<Vec<_>>(), expected);
        assert_eq!(total, 7);
    }
    assert_eq!(store.list("unknown", EpisodePage { limit: 10, offset: 0 }).await.unwrap(), (Vec::new(), 0));
}

pub(crate) async fn episodes_belong_to_their_project(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let saved = store.save(posted(PROJECT)).await.unwrap();
    assert_eq!(store.get("other", &saved.id).await.unwrap(), None);
    assert!(!store.delete("other", &saved.id).await.unwrap());
    assert_eq!(store.get(PROJECT, "no-such-id").await.unwrap(), None);
    assert!(store.get(PROJECT, &saved.id).await.unwrap().is_some());
}

pub(crate) async fn a_search_finds_what_an_episode_is_about(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let scenes = [
        ("첫 만남", "비 오는 밤 카페에서 두 사람이 처음 만난다."),
        ("등대", "늙은 등대지기가 폭풍 속에서 배를 기다린다."),
        ("Heist", "Three thieves open a bank vault at dawn."),
    ];
    for (title, markdown) in scenes {
        store.save(EpisodeDraft { title: title.into(), markdown: markdown.into(), ..posted(PROJECT) }).await.unwrap();
    }
    let other = EpisodeDraft { markdown: scenes[1].1.into(), ..posted("other") };
    store.save(other).await.unwrap();
    let first = EpisodePage { limit: 1, offset: 0 };
    for (query, number) in [("카페", 1), ("등대지기", 2), ("Bank Vault", 3)] {
        let (found, total) = store.search(PROJECT, query, first).await.unwrap();
        assert_eq!(found.iter().map(|episode| episode.number).collect::<Vec<_>>(), [number], "{query}");
        assert!((1..=3).contains(&total), "{query}: {total}");
    }
    let beyond = EpisodePage { limit: 1000, offset: 3 };
    assert_eq!(store.search(PROJECT, "카페", beyond).await.unwrap().0, []);
    let lighthouse = store.search(PROJECT, "등대지기", first).await.unwrap().0.remove(0);
    store.delete(PROJECT, &lighthouse.id).await.unwrap();
    let rest = store.search(PROJECT, "등대지기", EpisodePage { limit: 10, offset: 0 }).await.unwrap().0;
    assert!(rest.iter().all(|episode| episode.number != lighthouse.number));
    assert_eq!(store.search("unknown", "카페", first).await.unwrap(), (Vec::new(), 0));
}

pub(crate) async fn any_text_is_stored_unchanged(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    for project in ["a:1", "a", "...", "%2F", "?#&=", "\u{202e}ltr", "😀", "'; DROP TABLE episodes; --", "\\", "{}"] {
        let title = format!("\"{project}\" \u{202e}שלום\u{202c} 'x' 👩‍👩‍👧 \u{feff}");
        let markdown = format!("{title}\u{0}\r\n\t\u{2028}<script>\u{1b}[0m");
        let draft = EpisodeDraft {
            title: title.clone(),
            markdown: markdown.clone(),
            prompt_snapshot: Some(markdown.clone()),
            ..posted(project)
        };
        let saved = store.save(draft).await.unwrap();
        assert_eq!((saved.number, saved.project_id.as_str()), (1, project));
        let found = store.get(project, &saved.id).await.unwrap().expect(project);
        assert_eq!((found.summary.title, &found.markdown), (title, &markdown));
        assert_eq!(found.prompt_snapshot.as_ref(), Some(&markdown));
        assert_eq!(all(&store, project).await, [saved]);
    }
}

pub(crate) async fn a_script_that_is_too_large_is_refused_for_good(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    let largest = EpisodeDraft { markdown: "a".repeat(1024 * 1024), ..posted(PROJECT) };
    let too_large = EpisodeDraft { markdown: "a".repeat(1024 * 1024 + 1), ..posted(PROJECT) };
    assert!(matches!(store.save(too_large).await, Err(EpisodeError::Refused(_))));
    assert_eq!(store.save(largest).await.unwrap().number, 1);
}

pub(crate) async fn a_working_store_checks_out(mut fixture: impl EpisodeStoreUnderTest) {
    let store = fixture.open().await;
    store.check().await.unwrap();
}
