//! What becomes of scripts in a real Chroma, seen by the service and by Chroma's own client.

use serde_json::{Value, json};

use super::{
    PROJECT, assert_asks_for_an_operator, assert_each_once, assert_kept, create_jobs, save_now, wait_until_saved,
};
use crate::harness::{brief_with, chroma::Chroma, http::Request, service::Service, wait};

#[test]
fn fifty_jobs_at_once_get_the_numbers_from_one_to_fifty() {
    let chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).start();
    let jobs = create_jobs(&service, 50);
    for job in &jobs {
        wait_until_saved(&service, job);
    }
    assert_each_once(&service, &jobs);
}

#[test]
fn two_services_at_once_share_the_numbers_of_a_project() {
    let chroma = Chroma::start();
    let services = [(); 2].map(|()| Service::builder().chroma(&chroma.url()).start());
    let jobs: Vec<Vec<String>> = std::thread::scope(|scope| {
        let creating = services.each_ref().map(|service| {
            let address = service.address();
            scope.spawn(move || {
                let create = |number| {
                    let brief = brief_with(json!({ "title": format!("Episode {number}") }));
                    let created = Request::new("POST", "/api/v1/generations").json(&brief).send(address).expect(201);
                    created.json()["jobId"].as_str().expect("a jobId").to_owned()
                };
                (0..25).map(create).collect()
            })
        });
        creating.into_iter().map(|creating| creating.join().expect("all are created")).collect()
    });
    for (service, jobs) in services.iter().zip(&jobs) {
        for job in jobs {
            wait_until_saved(service, job);
        }
    }
    for service in &services {
        assert_eq!(super::numbers(&service.episodes(PROJECT)), (1..=50).collect::<Vec<_>>());
    }
}

#[test]
fn chromas_own_client_reads_what_the_service_saved() {
    let chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).start();
    let title = "\"비밀\" \u{202e}שלום\u{202c} 'x'; DROP 👩‍👩‍👧";
    let id = service.create(&brief_with(json!({ "title": title, "projectId": "a:1/..%2F" })));
    let job = wait_until_saved(&service, &id);
    let rows = chroma.rows();
    assert_eq!(rows["ids"], json!(["a:1/..%2F:1"]));
    assert_eq!(rows["documents"], json!([service.script(&id)]));
    let metadata = &rows["metadatas"][0];
    for (key, expected) in [
        ("project_id", json!("a:1/..%2F")),
        ("number", json!(1)),
        ("title", json!(title)),
        ("tokens", job["tokens"].clone()),
        ("job_id", json!(id)),
        ("model", json!("builtin")),
    ] {
        assert_eq!(metadata[key], expected, "{key} in {metadata}");
    }
    assert!(metadata["created_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{metadata}");
    assert!(metadata["prompt_snapshot"].as_str().is_some_and(|prompt| prompt.contains("비 오는 밤")), "{metadata}");
    let collection =
        chroma.python("print(json.dumps(client.get_collection('episodes', embedding_function=None).metadata))");
    assert_eq!(collection, json!({ "embedder": "hashing-v1", "dimension": 1024 }));
    // As the README shows it.
    let found = chroma.python(
        "episodes = client.get_collection('episodes', embedding_function=None)\n\
         found = episodes.get(where={'$and': [{'project_id': 'a:1/..%2F'}, {'deleted': False}]})\n\
         print(json.dumps([[m['number'], m['title'], d] for m, d in zip(found['metadatas'], found['documents'])]))",
    );
    assert_eq!(found, json!([[1, title, service.script(&id)]]));
    let path = "/api/v1/projects/a%3A1%2F..%252F/episodes";
    let found = service.get(&format!("{path}/a%3A1%2F..%252F%3A1")).expect(200).json();
    assert_eq!((&found["title"], &found["script"]["markdown"]), (&json!(title), &rows["documents"][0]));
}

#[test]
fn a_posted_episode_can_be_found_read_and_deleted_and_its_number_stays_taken() {
    let chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).start();
    let path = format!("/api/v1/projects/{PROJECT}/episodes");
    let post = |title: &str, markdown: &str| {
        let body = json!({ "title": title, "script": { "markdown": markdown } });
        service.send(&Request::new("POST", &path).json(&body))
    };
    post("카페", "비 오는 밤 카페에서 두 사람이 만난다.").expect(201);
    let lighthouse = post("등대", "등대지기가 폭풍 속에서 배를 기다린다.").expect(201);
    let url = lighthouse.header("location").expect("Location").to_owned();
    service.get(&url).expect(200);
    let query = "%EB%93%B1%EB%8C%80%EC%A7%80%EA%B8%B0"; // 등대지기
    let found = service.get(&format!("{path}?query={query}&limit=1")).expect(200).json();
    assert_eq!(found["episodes"][0]["title"], "등대");
    service.get(&format!("{path}?query=")).expect_error(422, "VALIDATION_ERROR");
    service.send(&Request::new("DELETE", &url)).expect(204);
    service.send(&Request::new("DELETE", &url)).expect_error(404, "NOT_FOUND");
    service.get(&url).expect_error(404, "NOT_FOUND");
    assert_eq!(post("Next", "Next").expect(201).json()["number"], 3);
    let rows = chroma.rows();
    assert_eq!(rows["documents"][1], "", "nothing of a deleted script stays: {rows}");
    assert_eq!(rows["metadatas"][1]["title"], "");
}

#[test]
fn a_script_beyond_a_megabyte_is_refused_by_name() {
    let chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).start();
    let path = format!("/api/v1/projects/{PROJECT}/episodes");
    for markdown in ["a".repeat(2 * 1024 * 1024), "가".repeat(500_000)] {
        let body = json!({ "title": "Long", "script": { "markdown": markdown } });
        service.send(&Request::new("POST", &path).json(&body)).expect_error(422, "VALIDATION_ERROR");
    }
    assert_eq!(service.episodes(PROJECT), Vec::<Value>::new());
}

#[test]
fn a_collection_of_another_embedder_keeps_the_scripts_until_another_is_named() {
    let chroma = Chroma::start();
    chroma.python(
        "collection = client.create_collection('episodes', embedding_function=None)\n\
         collection.add(ids=['x'], embeddings=[[1, 2, 3]], documents=['x'])\nprint('{}')",
    );
    let mut service = Service::builder().chroma(&chroma.url()).start();
    wait::until("the log to say why", || {
        let log = service.log();
        (log.contains("with 3 dimensions") && log.contains("episodes.collection")).then_some(())
    });
    let ready = service.get("/health/ready").expect(200).json();
    assert_eq!(ready, json!({ "status": "ready", "degraded": ["episodes"] }));
    let job = create_jobs(&service, 1).remove(0);
    assert_eq!(service.wait_for(&job, "completed")["savedToEpisode"], false);
    let script = service.script(&job);
    assert_asks_for_an_operator(&service);
    assert_kept(&service, &job);
    service.stop();
    let service = Service::builder()
        .chroma(&chroma.url())
        .data(service.data())
        .env("GENERATION__EPISODES__COLLECTION", "episodes-2")
        .start();
    wait_until_saved(&service, &job);
    assert_eq!(service.script(&job), script);
    assert_each_once(&service, &[job]);
}

#[test]
fn a_missing_database_is_said_at_the_start_and_keeps_the_scripts() {
    let chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).env("GENERATION__EPISODES__DATABASE", "nowhere").start();
    wait::until("the log to say why", || {
        let log = service.log();
        (log.contains("misconfigured") && log.contains("nowhere")).then_some(())
    });
    let job = create_jobs(&service, 1).remove(0);
    service.wait_for(&job, "completed");
    assert_asks_for_an_operator(&service);
    assert_kept(&service, &job);
    chroma.python(
        "from chromadb import AdminClient\n\
         AdminClient(client.get_settings()).create_database('nowhere')\nprint('{}')",
    );
    assert!(save_now(&service, &job)["episodeId"].is_string());
}

#[test]
fn an_empty_collection_made_by_somebody_else_is_taken_over_and_made_quick() {
    let chroma = Chroma::start();
    chroma.python(
        "client.create_collection('episodes', embedding_function=None, metadata={'note': 'ours'})\nprint('{}')",
    );
    let service = Service::builder().chroma(&chroma.url()).start();
    wait::until("the collection to be opened", || service.log().contains("hnsw.sync_threshold 1000").then_some(()));
    let jobs = create_jobs(&service, 1);
    wait_until_saved(&service, &jobs[0]);
    let collection = chroma.python(
        "collection = client.get_collection('episodes', embedding_function=None)\n\
         print(json.dumps([collection.metadata, collection.configuration_json['hnsw']['sync_threshold']]))",
    );
    assert_eq!(collection, json!([{ "note": "ours", "embedder": "hashing-v1", "dimension": 1024 }, 2]));
}
