//! Whatever readers had seen before a crash: they end with the text that the service keeps.

use std::time::Duration;

use serde_json::json;

use super::unhurried;
use crate::harness::{
    brief, brief_with,
    proxy::Proxy,
    reader::Reader,
    service::Service,
    sse::Event,
    upstream::{Step, Upstream, complete, refuse},
    wait,
};

const MODES: [&str; 3] = ["", "?preview=delta", "?preview=full"];

fn assert_ends_with_the_script(service: &Service, id: &str, readers: Vec<Reader>) {
    let script = service.script(id);
    for mut reader in readers {
        let (before, end) = (reader.text(), reader.follow());
        let text = end.data["result"]["markdown"].as_str().map_or_else(|| reader.text(), str::to_owned);
        assert_eq!(text, script, "{id} ended with {}, its reader had {} bytes before", end.name, before.len());
    }
}

#[test]
fn readers_of_a_job_canceled_after_a_power_cut_end_with_the_text_that_was_kept() {
    // With the first nothing but the beginning of the job is durable, with the second some of what was read.
    for checkpoints in ["1m", "150ms"] {
        let mut service = unhurried().env("GENERATION__JOBS__CHECKPOINT_INTERVAL", checkpoints).start();
        let id = service.create(&brief_with(json!({ "lengthTarget": 600 })));
        let mut readers = MODES.map(|query| service.reader(&id, query));
        for (reader, bytes) in readers.iter_mut().zip([300, 600, 900]) {
            reader.connect_for_text(bytes);
        }
        service.kill9();
        service.restart();
        service.cancel(&id);
        service.wait_for(&id, "canceled");
        // Only now do they come back.
        readers.iter_mut().for_each(|reader| reader.moved_to(service.address()));
        assert_ends_with_the_script(&service, &id, readers.into());
    }
}

#[test]
fn readers_of_a_job_that_failed_without_a_word_after_a_power_cut_forget_what_they_had() {
    let upstream = Upstream::start(|number| match number {
        0 => vec![Step::Head, Step::Text("A beginning. ".into()), Step::Stall],
        _ => refuse(401, "invalid_api_key"),
    });
    let mut service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "1m").start();
    let id = service.create(&brief());
    let mut readers = MODES.map(|query| service.reader(&id, query));
    for reader in &mut readers {
        reader.connect_for_text(13);
    }
    service.kill9();
    service.restart();
    service.wait_for(&id, "failed");
    assert_eq!(service.script(&id), "");
    readers.iter_mut().for_each(|reader| reader.moved_to(service.address()));
    assert_ends_with_the_script(&service, &id, readers.into());
}

#[test]
fn readers_end_with_the_script_after_several_power_cuts_whatever_becomes_of_their_jobs() {
    let mut service = unhurried()
        .env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "200ms")
        .env("GENERATION__JOBS__TIMEOUT", "2s")
        .start();
    let brief = |length: usize| brief_with(json!({ "lengthTarget": length }));
    let ids: Vec<_> = [250, 400, 2000, 2000, 300, 2000].map(|length| service.create(&brief(length))).into();
    let mut readers: Vec<Vec<Reader>> =
        ids.iter().map(|id| MODES.map(|query| service.reader(id, query)).into()).collect();
    for (cut, id) in ids.iter().take(4).enumerate() {
        // Whoever has read last has some text that is not durable yet.
        for (number, of_job) in readers.iter_mut().enumerate() {
            for (mode, reader) in of_job.iter_mut().enumerate().filter(|(_, reader)| reader.terminal.is_none()) {
                reader.connect_for_text(reader.text().len() + 20 * ((cut + number + mode) % 4));
            }
        }
        service.kill9();
        service.restart();
        readers.iter_mut().flatten().for_each(|reader| reader.moved_to(service.address()));
        if cut % 2 == 1 {
            service.cancel(id);
        }
    }
    let over = |id: &String| !matches!(service.job(id)["status"].as_str(), Some("queued" | "streaming"));
    wait::until("all jobs to be over", || ids.iter().all(over).then_some(()));
    for (id, readers) in ids.iter().zip(readers) {
        assert_ends_with_the_script(&service, id, readers);
    }
}

/// The ids of a stream but the last, each with whether a reader has all of the text once it has seen that event.
fn points(events: &[Event]) -> Vec<(String, bool)> {
    let (_terminal, before) = events.split_last().expect("events");
    let last_preview = before.iter().rposition(|event| event.name == "preview").expect("there is text");
    let id = |event: &Event| event.id.clone().expect("an id");
    before.iter().enumerate().map(|(at, event)| (id(event), at >= last_preview)).collect()
}

#[test]
fn an_ended_job_shows_a_reader_that_comes_back_what_it_missed_and_nothing_else_also_after_a_restart() {
    for (steps, ended) in [(vec![Step::Cut], "failed"), (vec![Step::Finish("stop"), Step::Done], "completed")] {
        let upstream = Upstream::start(move |_| {
            let texts = ["First. ", "Second. ", "Third."].map(|piece| Step::Text(piece.into()));
            let slowly = texts.into_iter().flat_map(|text| [text, Step::Pause(Duration::from_millis(60))]);
            [Step::Head].into_iter().chain(slowly).chain(steps.clone()).collect()
        });
        let mut service =
            Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "20ms").start();
        let id = service.create(&brief());
        let (events, _) = service.events(&id, "").rest();
        assert_eq!(service.script(&id), "First. Second. Third.");
        assert_shows_what_was_missed(&service, &id, &events, ended);
        service.kill9();
        service.restart();
        assert_shows_what_was_missed(&service, &id, &events, ended);
    }
}

/// `events` are all that a reader has got who was there all the time.
fn assert_shows_what_was_missed(service: &Service, id: &str, events: &[Event], ended: &str) {
    let (script, terminal) = (service.script(id), events.last().expect("events"));
    assert_eq!(terminal.name, ended);
    for query in MODES {
        let (fresh, _) = service.events(id, query).rest();
        assert_eq!(fresh.last(), Some(&Event { retry: fresh[fresh.len() - 1].retry, ..terminal.clone() }));
        let previews = &fresh[..fresh.len() - 1];
        if ended == "completed" {
            assert_eq!(previews, [], "the terminal event has the text");
        } else {
            assert_eq!(previews.len(), 1);
            let data = &previews[0].data;
            assert_eq!(
                (data["markdown"].as_str().or(data["delta"].as_str()), &data["isPartial"]),
                (Some(&*script), &json!(true))
            );
        }
        for (seen, has_all) in points(events) {
            let (rest, _) = service.resume(id, query, &seen).rest();
            let missed = !has_all && (ended == "failed" || query == "?preview=delta");
            let previews = rest.iter().filter(|event| event.name == "preview").count();
            assert_eq!(previews, usize::from(missed), "{ended}, after {seen} with {query}");
            assert_eq!(rest.last().expect("events").id, terminal.id);
        }
    }
}

#[test]
fn a_stop_leaves_alone_what_was_complete_before_a_power_cut_and_waits_again() {
    let keeper = Service::start();
    let proxy = Proxy::to(keeper.address());
    proxy.hold_answers_to("POST /api/v1/projects/");
    let upstream = Upstream::start(|_| complete(["All of it."]));
    let mut service = Service::builder().upstream(&upstream).remote(&proxy.url()).save_timeout("5m").start();
    let ids = [(); 2].map(|()| service.create(&brief()));
    // Saving comes after the whole text is durable.
    wait::until("both scripts to reach the store", || (keeper.episodes("project-1").len() == 2).then_some(()));
    service.kill9();
    service.set_env("GENERATION__JOBS__MAX_STREAMING", "1");
    service.restart();
    let of_waiting = |id: &&String| service.job(id)["status"] == "queued";
    let waiting = wait::until("one of them to wait", || ids.iter().find(of_waiting));
    service.cancel(waiting);
    assert_eq!(service.job(waiting)["status"], "streaming", "it is being saved, without waiting for its turn");
    proxy.let_answers_go();
    for id in &ids {
        let job = service.wait_for(id, "completed");
        assert_eq!((&job["savedToEpisode"], service.script(id).as_str()), (&json!(true), "All of it."));
    }
    assert_eq!(keeper.episodes("project-1").len(), 2, "each is saved once");
}
