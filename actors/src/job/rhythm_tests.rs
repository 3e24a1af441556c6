use proptest::prelude::*;

use super::*;

/// One simulated run of a job: when it showed text, wrote checkpoints and so on, since its start.
#[derive(Debug, Default)]
struct Played {
    previews: Vec<Duration>,
    /// With or without text.
    shows: Vec<Duration>,
    checkpoints: Vec<Duration>,
    end: Option<Duration>,
    /// The longest time a piece of text waited to be shown.
    longest_unshown: Duration,
    /// The longest time a piece of text waited to be made durable.
    longest_unstored: Duration,
    wakes: usize,
}

/// A simulated actor: its timer fires `late`, and pieces of text arrive at any time.
struct Shell {
    start: Instant,
    late: Duration,
    rhythm: Rhythm,
    armed: Instant,
    unshown_since: Option<Instant>,
    unstored_since: Option<Instant>,
    played: Played,
}

impl Shell {
    fn show(&mut self, now: Instant) {
        let at = now - self.start;
        if let Some(since) = self.unshown_since {
            self.played.previews.push(at);
            self.played.longest_unshown = self.played.longest_unshown.max(now - since);
        }
        self.played.shows.push(at);
        self.rhythm.shown(now, self.unshown_since.take().is_some());
    }

    fn store(&mut self, now: Instant) {
        let waited = self.unstored_since.take().map_or(Duration::ZERO, |since| now - since);
        self.played.longest_unstored = self.played.longest_unstored.max(waited);
    }

    fn fire(&mut self) {
        self.played.wakes += 1;
        let now = self.armed + self.late;
        let due = self.rhythm.due(now);
        if due.end {
            self.store(now);
            self.played.end = Some(now - self.start);
            return;
        }
        if due.show {
            self.show(now);
        }
        if due.checkpoint {
            self.store(now);
            self.played.checkpoints.push(now - self.start);
        }
        assert!(self.rhythm.next() > now, "nothing is overdue");
        self.armed = self.rhythm.next();
    }

    fn piece(&mut self, now: Instant) {
        let Rhythm { checkpoint, deadline, written, .. } = self.rhythm;
        self.unshown_since.get_or_insert(now);
        self.unstored_since.get_or_insert(now);
        if self.rhythm.may_show_text(now) {
            self.show(now);
        }
        assert_eq!(self.rhythm.deadline, deadline, "a piece does not move it");
        assert!(self.rhythm.checkpoint == checkpoint || !written, "a piece does not move it, except the first");
        assert!(self.rhythm.next() >= self.armed, "the timer would fire too late");
    }
}

#[derive(Debug, Clone, Copy)]
struct Times {
    preview: Duration,
    checkpoint: Duration,
    timeout: Duration,
    late: Duration,
}

/// Simulates a job up to its deadline. A piece arrives after each of `gaps`, repeatedly.
fn play(times: Times, gaps: &[Duration]) -> Played {
    let start = Instant::now();
    let rhythm = Rhythm::new(start, times.preview, times.checkpoint, times.timeout);
    let armed = rhythm.next();
    let mut shell = Shell {
        start,
        late: times.late,
        rhythm,
        armed,
        unshown_since: None,
        unstored_since: None,
        played: Played::default(),
    };
    let mut piece = start;
    for gap in gaps.iter().cycle() {
        piece += *gap;
        while shell.played.end.is_none() && shell.armed + times.late <= piece {
            shell.fire();
        }
        if shell.played.end.is_some() {
            break;
        }
        shell.piece(piece);
    }
    shell.played
}

fn times() -> impl Strategy<Value = Times> {
    let interval = || prop_oneof![10u64..100, 100u64..2000, Just(500), Just(1000), Just(20_000)];
    (interval(), interval(), 10u64..30_000, 0u64..12).prop_map(|(preview, checkpoint, timeout, late)| Times {
        preview: Duration::from_millis(preview),
        checkpoint: Duration::from_millis(checkpoint),
        timeout: Duration::from_millis(timeout),
        late: Duration::from_millis(late),
    })
}

/// Pieces in step with the previews, far faster, far slower, and at random.
fn gaps(preview: Duration) -> impl Strategy<Value = Vec<Duration>> {
    let in_step = (1u32..1000).prop_map(move |pieces| vec![(preview / pieces).max(Duration::from_micros(100))]);
    let anyhow = prop::collection::vec((100u64..3_000_000).prop_map(Duration::from_micros), 1..40);
    prop_oneof![in_step, Just(vec![preview]), Just(vec![Duration::from_millis(1)]), anyhow]
}

proptest! {
    #[test]
    fn nothing_is_late_whatever_the_timing_of_pieces(
        (times, gaps) in times().prop_flat_map(|times| (Just(times), gaps(times.preview)))
    ) {
        let played = play(times, &gaps);
        let end = played.end.expect("the deadline always falls due");
        prop_assert!((times.timeout..=times.timeout + times.late).contains(&end), "ended at {:?}", end);

        let no_later = |done: &[Duration], interval: Duration| {
            let all = [Duration::ZERO].into_iter().chain(done.iter().copied()).chain([end]).collect::<Vec<_>>();
            all.windows(2).all(|two| two[1] - two[0] <= interval + times.late)
        };
        prop_assert!(no_later(&played.shows, times.preview), "{:?}", played.shows);
        prop_assert!(played.longest_unshown <= times.preview + times.late, "{:?}", played.longest_unshown);
        prop_assert!(played.longest_unstored <= times.checkpoint + times.late, "{:?}", played.longest_unstored);
        prop_assert!(played.checkpoints.windows(2).all(|two| two[1] - two[0] + SLACK >= times.checkpoint));

        let allowed = SLACK.min(times.preview / 4);
        for (number, (first, later)) in played.previews.iter().zip(played.previews.iter().skip(1)).enumerate() {
            prop_assert!(*later - *first + allowed >= times.preview, "previews at {:?} and {:?}", first, later);
            let least = times.preview * (number as u32 + 1);
            prop_assert!(*later + allowed >= played.previews[0] + least, "more than one preview per interval");
        }
    }
}

const DEFAULTS: Times = Times {
    preview: Duration::from_millis(500),
    checkpoint: Duration::from_secs(1),
    timeout: Duration::from_secs(120),
    late: Duration::from_millis(4),
};

#[test]
fn previews_do_not_drift_although_every_timer_is_late() {
    let played = play(DEFAULTS, &[Duration::from_millis(30)]);
    assert_eq!((played.previews.len(), played.checkpoints.len()), (240, 119));
    // One timer was armed before the first text, which is shown without it; the last one is for the deadline.
    // Checkpoints need no timers of their own.
    assert_eq!(played.wakes, 1 + 239 + 1);
}

#[test]
fn text_of_a_slow_model_is_shown_immediately() {
    let played = play(DEFAULTS, &[Duration::from_millis(730)]);
    assert_eq!(played.longest_unshown, Duration::ZERO);
}

#[test]
fn a_silent_model_costs_one_timer_per_interval() {
    let played = play(DEFAULTS, &[Duration::from_secs(1000)]);
    assert_eq!((played.previews.len(), played.shows.len()), (0, 239));
}
