//! A Chroma that is down, slow, killed or replaced: every script is saved in the end, and saved once.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    PROJECT, assert_asks_for_an_operator, assert_each_once, assert_kept, create_jobs, numbers, save_now,
    wait_until_saved,
};
use crate::harness::{chroma::Chroma, http::Request, proxy::Proxy, service::Service, wait};

#[test]
fn a_chroma_that_is_down_holds_nothing_up_and_gets_the_scripts_when_it_is_back() {
    let mut chroma = Chroma::down();
    let mut service = Service::builder().chroma(&chroma.url()).start();
    let ready = service.get("/health/ready").expect(200).json();
    assert_eq!(ready, json!({ "status": "ready", "degraded": ["episodes"] }));
    let jobs = create_jobs(&service, 3);
    for job in &jobs {
        assert_eq!(service.wait_for(job, "completed")["savedToEpisode"], false);
    }
    assert_eq!(service.stats()["episodes"]["pending"], 3);
    service.get(&format!("/api/v1/projects/{PROJECT}/episodes")).expect_error(503, "GENERATION_ERROR");
    // What is owed outlives the process.
    service.kill9();
    service.restart();
    chroma.run();
    service.send(&Request::new("POST", &format!("/api/v1/generations/{}/episode", jobs[0]))).expect(202);
    for job in &jobs {
        assert!(wait_until_saved(&service, job)["episodeId"].is_string());
    }
    assert_each_once(&service, &jobs);
    assert_eq!(service.get("/health/ready").expect(200).json(), json!({ "status": "ready" }));
}

#[test]
fn an_answer_that_comes_too_late_saves_nothing_twice() {
    let chroma = Chroma::start();
    let proxy = Proxy::to(chroma.address());
    let service = Service::builder().chroma(&proxy.url()).save_timeout("500ms").start();
    let first = create_jobs(&service, 1);
    wait_until_saved(&service, &first[0]);
    proxy.hold_answers_to("/add ");
    let late = create_jobs(&service, 4);
    for job in &late {
        assert_eq!(service.wait_for(job, "completed")["savedToEpisode"], false);
    }
    proxy.wait_until_held();
    proxy.let_answers_go();
    for job in &late {
        wait_until_saved(&service, job);
    }
    assert_each_once(&service, &[first, late].concat());
}

#[test]
fn a_chroma_killed_in_mid_write_twenty_times_loses_and_doubles_nothing() {
    let mut chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).start();
    let mut jobs = Vec::new();
    for round in 0..20 {
        let before = service.stats()["jobs"]["completed"].as_u64();
        jobs.extend(create_jobs(&service, 4));
        // Cut at another point of the writing each time.
        let begun = Instant::now();
        wait::until("a job to come to its end, or the time to cut", || {
            let ended = service.stats()["jobs"]["completed"].as_u64() > before;
            (ended || begun.elapsed() > Duration::from_millis(5 * round)).then_some(())
        });
        chroma.kill9();
        chroma.remove_torn_indexes();
        chroma.run();
    }
    for job in &jobs {
        service.wait_for(job, "completed");
        // A script that failed in many rounds would be tried again within a minute by itself.
        let try_now = Request::new("POST", &format!("/api/v1/generations/{job}/episode"));
        wait::until(&format!("{job} to be saved"), || (service.send(&try_now).status() == 200).then_some(()));
    }
    assert_each_once(&service, &jobs);
    assert_eq!(chroma.rows()["ids"].as_array().expect("ids").len(), jobs.len());
}

#[test]
fn a_collection_that_vanishes_is_made_again() {
    let chroma = Chroma::start();
    let service = Service::builder().chroma(&chroma.url()).start();
    let first = create_jobs(&service, 2);
    first.iter().for_each(|job| drop(wait_until_saved(&service, job)));
    chroma.python("client.delete_collection('episodes')\nprint('{}')");
    let second = create_jobs(&service, 2);
    second.iter().for_each(|job| drop(wait_until_saved(&service, job)));
    assert_eq!(numbers(&service.episodes(PROJECT)), [1, 2]);
}

#[test]
fn a_wrong_collection_found_late_keeps_the_scripts_and_is_said_so() {
    let mut chroma = Chroma::start();
    chroma.python(
        "client.create_collection('episodes', embedding_function=None, metadata={'embedder': 'other', 'dimension': 3})\n\
         print('{}')",
    );
    chroma.kill9();
    let service = Service::builder().chroma(&chroma.url()).start();
    chroma.run();
    let jobs = create_jobs(&service, 1);
    service.wait_for(&jobs[0], "completed");
    assert_asks_for_an_operator(&service);
    assert_kept(&service, &jobs[0]);
    let log = service.log();
    assert!(log.contains("made by the embedder other with 3 dimensions"), "{log}");
    chroma.python("client.delete_collection('episodes')\nprint('{}')");
    save_now(&service, &jobs[0]);
}
