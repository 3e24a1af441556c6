//! Requests to a running service.

use serde_json::Value;

use super::Service;
use crate::{
    http::{Request, Response},
    sse::{Reader, Stream},
    wait,
};

impl Service {
    /// Sends a request on its own connection.
    pub fn send(&self, request: &Request) -> Response {
        request.send(self.address())
    }

    /// Sends a `GET`.
    pub fn get(&self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    /// Sends a `POST` that creates a job.
    pub fn post(&self, body: &Value) -> Response {
        self.send(&Request::new("POST", "/api/v1/generations").json(body))
    }

    /// Creates a job and returns its id.
    ///
    /// # Panics
    /// The job is refused.
    #[track_caller]
    pub fn create(&self, body: &Value) -> String {
        self.post(body).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned()
    }

    /// The status object of a job.
    ///
    /// # Panics
    /// There is no such job.
    #[track_caller]
    pub fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/generations/{id}")).expect(200).json()
    }

    /// Waits until a job reaches `status`, and returns its status object.
    ///
    /// # Panics
    /// It ends in another status, or does not get there within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_for(&self, id: &str, status: &str) -> Value {
        wait::until(&format!("{id} to be {status}"), || {
            let job = self.job(id);
            let now = job["status"].as_str().expect("a status").to_owned();
            assert!(now == status || matches!(&*now, "queued" | "streaming"), "wanted {status}: {job}");
            (now == status).then_some(job)
        })
    }

    /// Waits until the job has some text.
    ///
    /// # Panics
    /// There is none within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_for_text(&self, id: &str) {
        wait::until("the first text", || (self.job(id)["wordCount"].as_u64()? > 0).then_some(()));
    }

    /// A job's text so far, or the final text.
    ///
    /// # Panics
    /// There is no such job.
    #[track_caller]
    pub fn script(&self, id: &str) -> String {
        self.get(&format!("/api/v1/generations/{id}/script")).expect(200).text().to_owned()
    }

    /// Cancels a job.
    ///
    /// # Panics
    /// The answer is not 204.
    #[track_caller]
    pub fn cancel(&self, id: &str) {
        self.send(&Request::new("DELETE", &format!("/api/v1/generations/{id}"))).expect(204);
    }

    /// The service's figures.
    ///
    /// # Panics
    /// The service does not answer.
    #[track_caller]
    pub fn stats(&self) -> Value {
        self.get("/api/v1/generations/_stats").expect(200).json()
    }

    /// The saved episodes of a project.
    ///
    /// # Panics
    /// They cannot be read.
    #[track_caller]
    pub fn episodes(&self, project: &str) -> Vec<Value> {
        let body = self.get(&format!("/api/v1/projects/{project}/episodes")).expect(200).json();
        body["episodes"].as_array().expect("a list of episodes").clone()
    }

    /// Opens an event stream. `query` starts with `?` or is empty.
    ///
    /// # Panics
    /// The response is not an event stream.
    #[track_caller]
    pub fn events(&self, id: &str, query: &str) -> Stream {
        Stream::open(self.address(), &Request::get(&format!("/api/v1/generations/{id}/events{query}")))
    }

    /// Opens an event stream as a client that last saw the event `last`.
    ///
    /// # Panics
    /// The response is not an event stream.
    #[track_caller]
    pub fn resume(&self, id: &str, query: &str, last: &str) -> Stream {
        let request = Request::get(&format!("/api/v1/generations/{id}/events{query}"));
        Stream::open(self.address(), &request.header("Last-Event-ID", last))
    }

    /// A reconnecting client.
    pub fn reader(&self, id: &str, query: &str) -> Reader {
        Reader::new(self.address(), id, query)
    }
}
