//! Saves every episode exactly once and numbers them without gaps, whatever other writers do.
//!
//! Chroma has no conditional write, but if an id is added several times, the first addition stays and the others change
//! nothing. So a number is claimed by adding its row and reading back who owns it. Numbers are tried in order, the next
//! only if the previous one is taken. An addition that arrives late, after its caller has given up, therefore either
//! finds its number taken or takes the number that the caller's next attempt will try. It cannot become a second
//! episode.

use generation_actors::ports::{EpisodeDraft, EpisodeError, EpisodeSummary};
use uuid::Uuid;

use super::{
    super::embedding::Embedder,
    api::{Api, Get, Row},
    collection::Collection,
    record::{Metadata, number_in, of_project, of_runs, row_id},
};

/// The most bytes of a script: larger ones delay all other requests for seconds.
const MAX_SCRIPT_BYTES: usize = 1024 * 1024;
/// Ids per page when scanning a project.
const IDS_PER_PAGE: usize = 10_000;
/// Numbers checked at once after another writer has taken one.
const AHEAD: u32 = 256;

/// Namespace of the runs of jobs and keys; changing it would duplicate episodes.
const NAMESPACE: Uuid = Uuid::from_u128(0x2b6a_4a31_70bc_4be5_8f3c_d1f0_5a0e_94b7);

/// Refuses a script that is too large.
pub(super) fn check_size(draft: &EpisodeDraft) -> Result<(), EpisodeError> {
    let length = draft.markdown.len();
    if length <= MAX_SCRIPT_BYTES {
        return Ok(());
    }
    let cause = format!("the script has {length} bytes; at most {MAX_SCRIPT_BYTES} can be saved");
    Err(EpisodeError::Refused(cause.into()))
}

pub(super) async fn save(
    api: &Api,
    collection: &Collection,
    embedder: &Embedder,
    draft: &EpisodeDraft,
) -> Result<EpisodeSummary, EpisodeError> {
    let run = Run::of(draft);
    if let Some(saved) = saved_before(api, collection, &run, draft).await? {
        return Ok(saved);
    }
    let vector = embedder.embed(format!("{}\n{}", draft.title, draft.markdown)).await?;
    let turn = collection.turn(&draft.project_id);
    let mut last = turn.lock().await;
    let mut number = match *last {
        Some(last) => last + 1,
        None => last_number(api, collection, &draft.project_id).await? + 1,
    };
    loop {
        // In this order: choose a number, look for an earlier save, add. An earlier save that is not visible yet can
        // only appear with this number or a later one, which this loop then reaches.
        if let Some(saved) = saved_before(api, collection, &run, draft).await? {
            return Ok(saved);
        }
        let metadata = Metadata::of(draft, &run.name, number);
        let id = row_id(&draft.project_id, number);
        let row = Row { id: &id, vector: &vector, document: &draft.markdown, metadata: &metadata };
        let added = api.add(&collection.id, row).await?;
        collection.checked_script(added, "saving an episode")?;
        let winner = whose(api, collection, &id).await?;
        *last = Some(number);
        if run.wrote(&winner) {
            return Ok(winner.into_summary());
        }
        number = next_free(api, collection, &draft.project_id, number).await?;
    }
}

/// The identity of a save: the same for every attempt to save the same script.
struct Run {
    name: String,
    /// Its name from when jobs and keys shared one namespace. A row with this name may belong to either, and counts as
    /// both.
    earlier: Option<String>,
}

impl Run {
    fn of(draft: &EpisodeDraft) -> Self {
        let Some(identity) = draft.identity() else { return Self { name: Uuid::new_v4().to_string(), earlier: None } };
        let derived = |name: &str| Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string();
        let project = &draft.project_id;
        // The length separates project and identity, whatever characters they contain.
        let earlier = format!("{}:{project}{identity}", project.len());
        Self { name: derived(&format!("{}:{earlier}", identity.kind())), earlier: Some(derived(&earlier)) }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [Some(&self.name), self.earlier.as_ref()].into_iter().flatten().map(String::as_str)
    }

    fn wrote(&self, row: &Metadata) -> bool {
        self.names().any(|name| name == row.run)
    }
}

async fn saved_before(
    api: &Api,
    collection: &Collection,
    run: &Run,
    draft: &EpisodeDraft,
) -> Result<Option<EpisodeSummary>, EpisodeError> {
    if draft.identity().is_none() {
        return Ok(None);
    }
    let get = Get { filter: Some(of_runs(run.names())), limit: Some(1), include: &["metadatas"], ..Get::default() };
    let mut found = collection.get(api, &get).await?.metadatas.unwrap_or_default();
    Ok(found.pop().flatten().map(|metadata| {
        let deleted = metadata.deleted;
        let summary = metadata.into_summary();
        // A deleted episode keeps only its id and number.
        if deleted { EpisodeSummary { title: draft.title.clone(), ..summary } } else { summary }
    }))
}

async fn whose(api: &Api, collection: &Collection, id: &String) -> Result<Metadata, EpisodeError> {
    let get = Get { ids: Some(std::slice::from_ref(id)), include: &["metadatas"], ..Get::default() };
    let mut found = collection.get(api, &get).await?.metadatas.unwrap_or_default();
    let missing = || EpisodeError::Unavailable(format!("the row {id:?} was added but cannot be read").into());
    found.pop().flatten().ok_or_else(missing)
}

/// The highest number of a project, or 0 if it has none. Reads only ids.
async fn last_number(api: &Api, collection: &Collection, project_id: &str) -> Result<u32, EpisodeError> {
    let mut last = 0;
    for page in 0.. {
        let filter = Some(of_project(project_id));
        let get = Get { filter, limit: Some(IDS_PER_PAGE), offset: page * IDS_PER_PAGE, ..Get::default() };
        let ids = collection.get(api, &get).await?.ids;
        last = ids.iter().filter_map(|id| number_in(id)).fold(last, u32::max);
        if ids.len() < IDS_PER_PAGE {
            break;
        }
    }
    Ok(last)
}

/// The first free number after `taken`.
async fn next_free(api: &Api, collection: &Collection, project_id: &str, taken: u32) -> Result<u32, EpisodeError> {
    let mut taken = taken;
    loop {
        let ids: Vec<String> = (1..=AHEAD).map(|ahead| row_id(project_id, taken + ahead)).collect();
        let found = collection.get(api, &Get { ids: Some(&ids), ..Get::default() }).await?.ids;
        let highest = found.iter().filter_map(|id| number_in(id)).max();
        match highest {
            Some(highest) if highest == taken + AHEAD => taken = highest,
            highest => return Ok(highest.unwrap_or(taken) + 1),
        }
    }
}
