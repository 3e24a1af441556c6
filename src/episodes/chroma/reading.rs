//! Lists, single episodes, search and deletion in Chroma.

use std::collections::HashMap;

use generation_actors::ports::{Episode, EpisodeError, EpisodePage, EpisodeSummary};

use super::{
    super::embedding::Embedder,
    api::{Api, Get, nearest},
    collection::Collection,
    record::{Metadata, living, number_in, tombstone},
};

/// Ids per page when scanning a project.
const IDS_PER_PAGE: usize = 10_000;
/// Rows per request when reading metadata, which includes long prompts.
const ROWS_PER_READ: usize = 100;

pub(super) async fn list(
    api: &Api,
    collection: &Collection,
    project_id: &str,
    page: EpisodePage,
) -> Result<(Vec<EpisodeSummary>, u64), EpisodeError> {
    let mut ids = living_ids(api, collection, project_id).await?;
    ids.sort_by_key(|id| number_in(id));
    let total = ids.len() as u64;
    Ok((summaries(api, collection, &slice(ids, page)).await?, total))
}

pub(super) async fn search(
    api: &Api,
    collection: &Collection,
    embedder: &Embedder,
    project_id: &str,
    query: &str,
    page: EpisodePage,
) -> Result<(Vec<EpisodeSummary>, u64), EpisodeError> {
    let total = living_ids(api, collection, project_id).await?.len();
    if page.offset as usize >= total {
        return Ok((Vec::new(), total as u64));
    }
    let vector = embedder.embed(query.to_owned()).await?;
    let most = total.min(page.offset as usize + page.limit as usize);
    let found = api.query(&collection.id, &vector, living(project_id), most).await?;
    let ids = nearest(&collection.checked(found, "searching")?)?;
    Ok((summaries(api, collection, &slice(ids, page)).await?, total as u64))
}

pub(super) async fn get(
    api: &Api,
    collection: &Collection,
    project_id: &str,
    id: &str,
) -> Result<Option<Episode>, EpisodeError> {
    let ids = [id.to_owned()];
    let rows = Get { ids: Some(&ids), include: &["metadatas", "documents"], ..Get::default() };
    let rows = collection.get(api, &rows).await?;
    let metadata = rows.metadatas.into_iter().flatten().next().flatten();
    let Some(metadata) = metadata.filter(|row| is_living(row, project_id)) else { return Ok(None) };
    Ok(Some(Episode {
        markdown: rows.documents.into_iter().flatten().next().flatten().unwrap_or_default(),
        tokens: metadata.tokens,
        prompt_snapshot: metadata.prompt_snapshot.clone(),
        summary: metadata.into_summary(),
    }))
}

/// Leaves a tombstone. Returns false if there was no such episode.
pub(super) async fn delete(
    api: &Api,
    collection: &Collection,
    project_id: &str,
    id: &str,
) -> Result<bool, EpisodeError> {
    let turn = collection.turn(project_id);
    let _alone = turn.lock().await;
    let ids = [id.to_owned()];
    let rows = collection.get(api, &Get { ids: Some(&ids), include: &["metadatas"], ..Get::default() }).await?;
    let row = rows.metadatas.into_iter().flatten().next().flatten();
    if !row.is_some_and(|row| is_living(&row, project_id)) {
        return Ok(false);
    }
    let updated = api.update(&collection.id, id, "", tombstone()).await?;
    collection.checked(updated, "deleting an episode")?;
    Ok(true)
}

fn is_living(row: &Metadata, project_id: &str) -> bool {
    !row.deleted && row.project_id == project_id
}

fn slice(ids: Vec<String>, page: EpisodePage) -> Vec<String> {
    ids.into_iter().skip(page.offset as usize).take(page.limit as usize).collect()
}

async fn living_ids(api: &Api, collection: &Collection, project_id: &str) -> Result<Vec<String>, EpisodeError> {
    let mut ids = Vec::new();
    loop {
        let get =
            Get { filter: Some(living(project_id)), limit: Some(IDS_PER_PAGE), offset: ids.len(), ..Get::default() };
        let page = collection.get(api, &get).await?.ids;
        let full = page.len() == IDS_PER_PAGE;
        ids.extend(page);
        if !full {
            return Ok(ids);
        }
    }
}

/// The list entries of these rows, in this order.
async fn summaries(api: &Api, collection: &Collection, ids: &[String]) -> Result<Vec<EpisodeSummary>, EpisodeError> {
    let mut found = HashMap::new();
    for ids in ids.chunks(ROWS_PER_READ) {
        let rows = collection.get(api, &Get { ids: Some(ids), include: &["metadatas"], ..Get::default() }).await?;
        for (id, metadata) in rows.ids.into_iter().zip(rows.metadatas.unwrap_or_default()) {
            // `None` if deleted after its id was read.
            if let Some(metadata) = metadata.filter(|metadata| !metadata.deleted) {
                found.insert(id, metadata.into_summary());
            }
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
