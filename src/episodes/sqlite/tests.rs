use std::{fs, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use generation_actors::ports::{EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;
use tokio::time::timeout;
use unicode_normalization::UnicodeNormalization;

use super::{SqliteEpisodes, index};
use crate::{
    episodes::contract::{EpisodeStoreUnderTest, episode_store_contract},
    sqlite::Database,
};

struct Folder {
    folder: TempDir,
    database: Option<Database>,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None }
    }

    /// A data folder written by a program of format 1.
    fn of_format_1() -> Self {
        let folder = Self::new();
        fs::copy("tests/fixtures/format-1.db", folder.folder.path().join("generation.db")).unwrap();
        folder
    }

    fn episodes(&mut self) -> SqliteEpisodes {
        if let Some(database) = self.database.take() {
            database.close();
        }
        let database = self.database.insert(Database::open(self.folder.path()).unwrap());
        SqliteEpisodes::new(database.clone())
    }
}

impl EpisodeStoreUnderTest for Folder {
    async fn open(&mut self) -> Arc<dyn EpisodeStore> {
        Arc::new(self.episodes())
    }
}

episode_store_contract!(Folder::new());

/// The same tests with every episode indexed as soon as it is saved.
mod indexed {
    use super::*;

    struct Indexed(Folder);

    impl EpisodeStoreUnderTest for Indexed {
        async fn open(&mut self) -> Arc<dyn EpisodeStore> {
            let episodes = self.0.episodes();
            tokio::spawn(episodes.clone().keep_indexed());
            Arc::new(episodes)
        }
    }

    episode_store_contract!(Indexed(Folder::new()));
}

const ALL: EpisodePage = EpisodePage { limit: 1000, offset: 0 };

fn draft(project_id: &str, title: &str, markdown: &str) -> EpisodeDraft {
    EpisodeDraft {
        project_id: project_id.into(),
        job_id: None,
        key: None,
        title: title.into(),
        markdown: markdown.into(),
        tokens: None,
        prompt_snapshot: None,
        model: None,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

async fn index_all(episodes: &SqliteEpisodes) {
    while episodes.database.write(0, index::step).await.unwrap() {}
}

async fn numbers(episodes: &SqliteEpisodes, project_id: &str, query: &str) -> Vec<u32> {
    let (found, total) = episodes.search(project_id, query, ALL).await.unwrap();
    assert_eq!(found.len() as u64, total);
    found.iter().map(|episode| episode.number).collect()
}

/// Defines what a search finds.
fn contains_every_word(title: &str, markdown: &str, query: &str) -> bool {
    let folded = |text: &str| text.nfkc().collect::<String>().to_lowercase();
    let text = folded(&format!("{title}\n{markdown}"));
    folded(query).split_whitespace().all(|word| text.contains(word))
}

fn few_letters() -> impl Strategy<Value = String> {
    let letter =
        prop::sample::select("가나다\u{1100}\u{1161}aAａbİΣσ'\"*-0 \n\u{3000}\u{0}😀".chars().collect::<Vec<_>>());
    vec(letter, 0..12).prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn search_finds_what_contains_every_word_whether_indexed_or_not(
        texts in vec((few_letters(), few_letters(), prop::bool::ANY), 1..8),
        queries in vec(few_letters(), 1..20),
        deleted in 0..8_usize,
        in_the_index in 0..9_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut folder = Folder::new();
            let episodes = folder.episodes();
            let project = |other: bool| if other { "b" } else { "a" };
            let mut kept = Vec::new();
            for (position, (title, markdown, other)) in texts.iter().enumerate() {
                let saved = episodes.save(draft(project(*other), title, markdown)).await.unwrap();
                if position < in_the_index {
                    index_all(&episodes).await;
                }
                // The next one then reuses its row.
                if position == deleted {
                    episodes.delete(project(*other), &saved.id).await.unwrap();
                } else {
                    kept.push((saved.number, title, markdown, *other));
                }
            }
            for query in &queries {
                for other in [false, true] {
                    let expected = kept.iter().filter(|(_, title, markdown, theirs)| {
                        *theirs == other && contains_every_word(title, markdown, query)
                    });
                    let expected: Vec<u32> = expected.map(|(number, ..)| *number).collect();
                    assert_eq!(numbers(&episodes, project(other), query).await, expected, "{query:?} in {texts:?}");
                }
            }
        });
    }
}

#[tokio::test]
async fn a_search_of_indexed_episodes_has_pages_and_a_total() {
    let mut folder = Folder::new();
    let episodes = folder.episodes();
    for number in 0..30 {
        let word = if number % 3 == 0 { "등대" } else { "카페" };
        episodes.save(draft("p", "제목", &format!("늙은 {word}에서"))).await.unwrap();
        // Some are in the index and some are not.
        if number == 14 {
            index_all(&episodes).await;
        }
    }
    for (query, total) in [("등대", 10), ("카페에", 20), ("대", 10), ("늙은 등대", 10), ("대등", 0)] {
        let page = EpisodePage { limit: 4, offset: 2 };
        let (found, counted) = episodes.search("p", query, page).await.unwrap();
        assert_eq!(counted, total, "{query}");
        let expected: Vec<_> = numbers(&episodes, "p", query).await.into_iter().skip(2).take(4).collect();
        assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn words_of_any_length_are_found_where_they_occur_and_nowhere_else() {
    let mut folder = Folder::new();
    let episodes = folder.episodes();
    episodes.save(draft("p", "가나 나다", "비밀의 카페에서, \"둘이\" 만난다. İstanbul")).await.unwrap();
    index_all(&episodes).await;
    for found in
        ["비", "밀", "의", "비밀", "밀의", "카페", "비밀의", "\"", ",", "\"둘이\"", "둘이 카페", "만난다.", "i\u{307}s"]
    {
        assert_eq!(numbers(&episodes, "p", found).await, [1], "{found}");
    }
    // Pairs from two words do not make a third, and the letters of a word do not make the word.
    for missing in ["가나다", "나나", "밀비", "의카", "둘이만난다", "비밀 없다", "*", "\"비밀\""] {
        assert_eq!(numbers(&episodes, "p", missing).await, [0; 0], "{missing}");
    }
}

#[tokio::test]
async fn words_are_found_in_any_composition_and_width() {
    let mut folder = Folder::new();
    let episodes = folder.episodes();
    let decomposed: String = "카페".nfd().collect();
    for title in ["카페", &decomposed] {
        episodes.save(draft("p", title, "ＦＵＬＬ\u{a0}ﾊﾝ full")).await.unwrap();
    }
    for in_the_index in [false, true] {
        if in_the_index {
            index_all(&episodes).await;
        }
        for found in ["카페", &decomposed, "FULL", "Ｆｕｌｌ", "카페\u{3000}ハン", "ﾊﾝ\u{a0}full"] {
            assert_eq!(numbers(&episodes, "p", found).await, [1, 2], "{found}, in the index: {in_the_index}");
        }
    }
}

#[tokio::test]
async fn the_longest_query_is_answered() {
    let mut folder = Folder::new();
    let episodes = folder.episodes();
    let words: Vec<String> = ('가'..).take(1000).map(|letter| format!("{letter}{letter}")).collect();
    episodes.save(draft("p", "t", &words.join(" "))).await.unwrap();
    index_all(&episodes).await;
    assert_eq!(numbers(&episodes, "p", &words.join(" ")).await, [1]);
    assert_eq!(numbers(&episodes, "p", &words.concat()).await, [0; 0]);
}

#[tokio::test]
async fn a_search_over_its_read_limit_succeeds_once_enough_is_indexed() {
    let mut folder = Folder::new();
    let episodes = SqliteEpisodes { read_limit: 512 * 1024, ..folder.episodes() };
    let script = "가나다라 ".repeat(6_000);
    for number in 0..10 {
        episodes.save(draft("p", &format!("등대 {number}"), &script)).await.unwrap();
    }
    episodes.save(draft("other", "등대", "짧다")).await.unwrap();
    let refused = episodes.search("p", "등대", ALL).await;
    let Err(EpisodeError::Unavailable(cause)) = refused else { panic!("{refused:?}") };
    assert!(cause.to_string().contains("still being made"), "{cause}");
    assert_eq!(numbers(&episodes, "other", "등대").await, [1]);
    // Each is larger than one step.
    for _ in 0..4 {
        episodes.database.write(0, index::step).await.unwrap();
    }
    assert_eq!(numbers(&episodes, "p", "등대").await, (1..=10).collect::<Vec<_>>());
    // One that is indexed and one that is read.
    assert_eq!(numbers(&episodes, "p", "등대 2").await, [3]);
    assert_eq!(numbers(&episodes, "p", "등대 7").await, [8]);
}

#[tokio::test]
async fn saved_episodes_are_indexed_automatically() {
    let mut folder = Folder::of_format_1();
    let episodes = folder.episodes();
    let left = |episodes: &SqliteEpisodes| {
        let sql = "SELECT (SELECT count(*) FROM episodes_to_index), (SELECT count(*) FROM episode_search)";
        episodes.database.read(move |connection| {
            Ok(connection.query_row(sql, [], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?)))?)
        })
    };
    assert_eq!(left(&episodes).await.unwrap(), (4, 0));
    let indexing = tokio::spawn(episodes.clone().keep_indexed());
    for count in 4..6 {
        let all = async { while left(&episodes).await.unwrap() != (0, count) {} };
        timeout(Duration::from_secs(20), all).await.unwrap();
        episodes.save(draft("p", "t", "m")).await.unwrap();
    }
    indexing.abort();
}

/// The answers of the old program when it saved the fixture's episodes.
const JOB: (&str, &str, u32) = ("job_538a817528b44206aa0cc27669262023", "0a35d67a-7887-5f07-9621-29abf36c2084", 1);
const DELETED: (&str, &str, u32) = ("job_2bd6dd536d714c4498ceb1c6c639b8c8", "e916ae27-3294-5bc5-aabd-9dbc63d5e510", 2);
const KEY: (&str, &str, u32) = ("a-clients-key", "dcde8c4f-be05-59bf-b262-a11cbef840e0", 3);
const OTHER_INSTANCE: (&str, &str, u32) =
    ("job_0123456789ab4def8123456789abcdef", "823f4964-2448-5531-9c2a-cb1c2aa33b30", 4);

#[tokio::test]
async fn episodes_of_an_earlier_version_keep_their_ids_and_are_not_saved_again() {
    let mut folder = Folder::of_format_1();
    let episodes = folder.episodes();
    let before = episodes.list("old", ALL).await.unwrap();
    let ids: Vec<_> = before.0.iter().map(|episode| (episode.id.as_str(), episode.number)).collect();
    let without_identity = ("2cc86939-eaf0-4ea5-8b13-d7efc459aa4c", 5);
    assert_eq!(ids, [(JOB.1, 1), (KEY.1, 3), (OTHER_INSTANCE.1, 4), without_identity]);
    let again = |saved: EpisodeSummary| (saved.id, saved.number);
    // A row that looks like a job's may come from this instance or from another one, which sends job ids as keys.
    for (job, id, number) in [JOB, DELETED, OTHER_INSTANCE] {
        // A job that is saved again has the text it had before.
        let text = episodes.get("old", id).await.unwrap().map_or_else(|| "m".to_owned(), |episode| episode.markdown);
        let by_job = EpisodeDraft { job_id: Some(job.parse().unwrap()), ..draft("old", "t", &text) };
        assert_eq!(again(episodes.save(by_job).await.unwrap()), (id.to_owned(), number));
    }
    for (key, id, number) in [JOB, DELETED, KEY, OTHER_INSTANCE] {
        let by_key = EpisodeDraft { key: Some(key.into()), ..draft("old", "t", "m") };
        assert_eq!(again(episodes.save(by_key).await.unwrap()), (id.to_owned(), number));
    }
    assert_eq!(episodes.list("old", ALL).await.unwrap(), before);
    for indexed in [false, true] {
        if indexed {
            index_all(&episodes).await;
        }
        assert_eq!(numbers(&episodes, "old", "등대 폭풍").await, [3]);
        assert_eq!(numbers(&episodes, "old", "BANK vault").await, [4]);
    }
}

#[tokio::test]
async fn a_clients_key_of_an_earlier_version_does_not_block_the_job_of_that_id() {
    let mut folder = Folder::of_format_1();
    let episodes = folder.episodes();
    let (job, id, number) = OTHER_INSTANCE;
    // The key's episode exists, with a client's text. The job's own script was never saved.
    let by_job = EpisodeDraft { job_id: Some(job.parse().unwrap()), ..draft("old", "t", "the job's own script") };
    let saved = episodes.save(by_job.clone()).await.unwrap();
    assert_ne!((saved.id.as_str(), saved.number), (id, number));
    assert_eq!(episodes.get("old", &saved.id).await.unwrap().unwrap().markdown, "the job's own script");
    assert_eq!(episodes.save(by_job).await.unwrap(), saved);
    let by_key = EpisodeDraft { key: Some(job.into()), ..draft("old", "t", "m") };
    let client = episodes.save(by_key).await.unwrap();
    assert_eq!((client.id.as_str(), client.number), (id, number));
}
