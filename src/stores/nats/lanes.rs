//! One write after another for each job, and jobs beside each other.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use futures_util::future::LocalBoxFuture;
use generation_actors::model::JobId;
use tokio_util::task::TaskTracker;

type Work = LocalBoxFuture<'static, ()>;

/// What waits for its turn, by job. A job is in the map while one of its writes runs.
#[derive(Clone, Default)]
pub(super) struct Lanes {
    waiting: Rc<RefCell<HashMap<JobId, VecDeque<Work>>>>,
    running: TaskTracker,
}

impl Lanes {
    /// Runs work after all earlier work of its job. To be called in a `LocalSet`.
    pub(super) fn push(&self, job: JobId, work: Work) {
        if let Some(waiting) = self.waiting.borrow_mut().get_mut(&job) {
            waiting.push_back(work);
            return;
        }
        self.waiting.borrow_mut().insert(job, VecDeque::from([work]));
        let lanes = self.clone();
        self.running.spawn_local(async move {
            while let Some(work) = lanes.next(job) {
                work.await;
            }
        });
    }

    fn next(&self, job: JobId) -> Option<Work> {
        let mut waiting = self.waiting.borrow_mut();
        let work = waiting.get_mut(&job)?.pop_front();
        if work.is_none() {
            waiting.remove(&job);
        }
        work
    }

    /// Waits until everything has run.
    pub(super) async fn empty(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::oneshot, task::LocalSet};

    use super::*;

    #[tokio::test]
    async fn work_of_a_job_runs_in_order_and_does_not_hold_up_others() {
        let lanes = Lanes::default();
        let log = Rc::new(RefCell::new(Vec::new()));
        let (slow, other) = (JobId::new(), JobId::new());
        let (go, gate) = oneshot::channel::<()>();
        let note = |name: &'static str| {
            let log = Rc::clone(&log);
            move || log.borrow_mut().push(name)
        };
        LocalSet::new()
            .run_until(async {
                let first = note("first");
                lanes.push(slow, Box::pin(async move { gate.await.map(|()| first()).unwrap_or_default() }));
                let second = note("second");
                lanes.push(slow, Box::pin(async move { second() }));
                let third = note("other");
                lanes.push(
                    other,
                    Box::pin(async move {
                        third();
                        go.send(()).unwrap();
                    }),
                );
                lanes.empty().await;
            })
            .await;
        assert_eq!(*log.borrow(), ["other", "first", "second"]);
        assert!(lanes.waiting.borrow().is_empty());
    }
}
