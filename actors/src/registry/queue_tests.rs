use proptest::prelude::*;

use super::*;

fn admit_all(queue: &mut FairQueue) -> Vec<JobId> {
    std::iter::from_fn(|| queue.admit()).collect()
}

#[test]
fn a_thousand_jobs_of_one_project_do_not_delay_the_first_of_another() {
    let mut queue = FairQueue::new(10, 10_000);
    let crowd: Vec<JobId> = (0..1000).map(|_| JobId::new()).collect();
    for job in &crowd {
        queue.push(*job, "crowd");
    }
    let first = admit_all(&mut queue);
    assert_eq!(first, crowd[..10]);
    let single = JobId::new();
    queue.push(single, "single");
    assert_eq!(queue.positions()[0], (single, 1));
    queue.leave(first[0]);
    assert_eq!(queue.admit(), Some(single));
}

#[test]
fn projects_share_the_slots_evenly() {
    let mut queue = FairQueue::new(9, 100);
    let mut owner = HashMap::new();
    for project in ["a", "b", "c"] {
        for _ in 0..20 {
            let job = JobId::new();
            owner.insert(job, project);
            queue.push(job, project);
        }
    }
    let admitted = admit_all(&mut queue);
    for project in ["a", "b", "c"] {
        assert_eq!(admitted.iter().filter(|job| owner[job] == project).count(), 3);
    }
}

#[test]
fn the_bound_counts_free_slots_as_room() {
    let mut queue = FairQueue::new(2, 3);
    for _ in 0..5 {
        queue.room_for(1).expect("room");
        queue.push(JobId::new(), "p");
        queue.admit();
    }
    assert_eq!((queue.streaming(), queue.waiting()), (2, 3));
    assert_eq!(queue.room_for(1), Err(QueueFull));
}

#[test]
fn a_project_that_frees_a_slot_goes_behind_projects_already_waiting() {
    let mut queue = FairQueue::new(3, 100);
    let streaming: Vec<JobId> = ["a", "b", "c"].map(|project| push(&mut queue, project)).to_vec();
    assert_eq!(admit_all(&mut queue), streaming);
    for project in ["a", "b", "c"] {
        push(&mut queue, project);
    }
    let single = push(&mut queue, "single");
    assert_eq!(queue.positions()[0], (single, 1));
    for ended in streaming {
        queue.leave(ended);
    }
    assert_eq!(queue.admit(), Some(single));
}

#[test]
fn a_long_job_does_not_starve_the_next_job_of_its_project() {
    let mut queue = FairQueue::new(2, 100);
    push(&mut queue, "long");
    let mut short = push(&mut queue, "short");
    admit_all(&mut queue);
    let next = push(&mut queue, "long");
    for _ in 0..2 {
        push(&mut queue, "short");
    }
    assert_eq!(queue.positions()[0], (next, 1));
    queue.leave(std::mem::replace(&mut short, next));
    assert_eq!(queue.admit(), Some(next));
}

#[test]
fn jobs_behind_a_canceled_job_move_up_one_turn() {
    let mut queue = FairQueue::new(0, 100);
    let of = |queue: &mut FairQueue, project| [(); 3].map(|()| push(queue, project));
    let ([_, a2, a3], [b1, b2, b3]) = (of(&mut queue, "a"), of(&mut queue, "b"));
    let first = queue.positions()[0].0;
    queue.leave(first);
    let order: Vec<JobId> = queue.positions().into_iter().map(|(job, _)| job).collect();
    assert_eq!(order, [a2, b1, a3, b2, b3]);
}

fn push(queue: &mut FairQueue, project: &str) -> JobId {
    let job = JobId::new();
    queue.push(job, project);
    job
}

const PROJECTS: [&str; 4] = ["a", "b", "c", "d"];

/// Departures: a streaming job ends or a waiting one is canceled (`None`: neither).
type Departures = Vec<(bool, Option<prop::sample::Index>)>;

fn departures() -> impl Strategy<Value = Departures> {
    prop::collection::vec((any::<bool>(), any::<Option<prop::sample::Index>>()), 0..120)
}

/// A queue after arrivals and ends in any order, and its streaming jobs.
fn busy_queue(slots: usize, history: &[(usize, bool)]) -> (FairQueue, Vec<JobId>) {
    let mut queue = FairQueue::new(slots, 1000);
    let mut streaming: Vec<JobId> = Vec::new();
    for (project, ends) in history {
        push(&mut queue, PROJECTS[*project]);
        if *ends && !streaming.is_empty() {
            queue.leave(streaming.remove(streaming.len() / 2));
        }
        streaming.extend(admit_all(&mut queue));
    }
    (queue, streaming)
}

proptest! {
    #[test]
    fn jobs_are_admitted_in_the_announced_order_whichever_slots_become_free(
        slots in 1usize..5,
        history in prop::collection::vec((0usize..4, any::<bool>()), 1..60),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 200),
    ) {
        let (mut queue, mut streaming) = busy_queue(slots, &history);
        let announced: Vec<JobId> = queue.positions().into_iter().map(|(job, _)| job).collect();
        let mut went: Vec<JobId> = Vec::new();
        for end in ends {
            if streaming.is_empty() {
                break;
            }
            queue.leave(streaming.remove(end.index(streaming.len())));
            let admitted = admit_all(&mut queue);
            went.extend(&admitted);
            streaming.extend(admitted);
        }
        prop_assert_eq!(went, announced);
    }

    #[test]
    fn no_job_is_set_back_by_the_end_or_cancel_of_another(
        slots in 1usize..5,
        history in prop::collection::vec((0usize..4, any::<bool>()), 1..60),
        departures in departures(),
    ) {
        let (mut queue, mut streaming) = busy_queue(slots, &history);
        for (of_waiting, which) in departures {
            let before: HashMap<JobId, u32> = queue.positions().into_iter().collect();
            let waiting: Vec<JobId> = queue.positions().into_iter().map(|(job, _)| job).collect();
            let from = if of_waiting { &waiting } else { &streaming };
            let Some(which) = which.filter(|_| !from.is_empty()) else { continue };
            let gone = from[which.index(from.len())];
            streaming.retain(|job| *job != gone);
            queue.leave(gone);
            for (job, position) in queue.positions() {
                prop_assert!(position <= before[&job], "from {} to {position}", before[&job]);
            }
            streaming.extend(admit_all(&mut queue));
        }
    }

    #[test]
    fn waiting_projects_take_turns(lines in prop::collection::vec(1usize..12, 4)) {
        let mut queue = FairQueue::new(1, 1000);
        let mut owner = HashMap::new();
        for (project, jobs) in PROJECTS.iter().zip(&lines) {
            for _ in 0..*jobs {
                owner.insert(push(&mut queue, project), *project);
            }
        }
        let mut served: HashMap<&str, usize> = HashMap::new();
        while let Some(job) = queue.admit() {
            *served.entry(owner[&job]).or_default() += 1;
            queue.leave(job);
            let count = |project: &&str| served.get(project).copied().unwrap_or(0);
            let waits = |(project, jobs): &(&&str, &usize)| count(project) < **jobs;
            let waiting: Vec<usize> = PROJECTS.iter().zip(&lines).filter(waits).map(|(project, _)| count(project)).collect();
            if let (Some(least), Some(most)) = (waiting.iter().min(), waiting.iter().max()) {
                prop_assert!(most - least <= 1, "{served:?}");
            }
        }
    }

    #[test]
    fn every_job_is_admitted_once_in_the_order_of_positions(jobs in prop::collection::vec((0usize..4, 0usize..3), 1..80)) {
        let mut queue = FairQueue::new(4, 1000);
        let mut alive = Vec::new();
        let mut admitted = std::collections::HashSet::new();
        for (project, act) in jobs {
            let job = push(&mut queue, PROJECTS[project]);
            let announced = queue.positions().into_iter().find(|(other, _)| *other == job).map(|(_, place)| place);
            prop_assert_eq!(queue.position_of_newest(PROJECTS[project]), announced);
            alive.push(job);
            if act == 1 {
                let gone = alive.remove(alive.len() / 2);
                queue.leave(gone);
                admitted.insert(gone);
            }
            if act == 2 {
                let expected = queue.positions().first().map(|(job, _)| *job);
                let next = queue.admit();
                if let Some(job) = next {
                    prop_assert_eq!(Some(job), expected);
                    prop_assert!(admitted.insert(job), "admitted twice");
                    alive.retain(|other| *other != job);
                    queue.leave(job);
                }
            }
        }
        while let Some(job) = queue.admit() {
            prop_assert!(admitted.insert(job));
            queue.leave(job);
        }
        prop_assert_eq!((queue.waiting(), queue.streaming(), queue.jobs.len(), queue.projects.len(), queue.heads.len()), (0, 0, 0, 0, 0));
    }
}
