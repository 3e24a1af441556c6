//! Where the text ended at each version, so that delta previews can resume.

/// The end of the text at one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub version: u64,
    pub bytes: usize,
    /// The same position in UTF-16 units.
    pub utf16: usize,
}

/// The most marks kept. Beyond it every second mark is dropped. A reader then resumes from an earlier mark: some text
/// is sent twice, but the result is the same script (`text.slice(0, offset) + delta`).
const MAX_MARKS: usize = 4096;

/// One mark for every version in which the text grew, oldest first.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<Mark>);

impl Marks {
    pub(super) fn push(&mut self, mark: Mark) {
        if self.0.len() >= MAX_MARKS {
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.0.push(mark);
    }

    /// Returns the newest mark at or before `version`: a reader of everything up to `version` has seen that text.
    pub(super) fn at(&self, version: u64) -> Mark {
        let after = self.0.partition_point(|mark| mark.version <= version);
        after.checked_sub(1).map_or_else(Mark::default, |at| self.0[at])
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.0.capacity() * size_of::<Mark>()
    }

    /// Releases spare memory once no more marks will be added.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_bounded_and_never_point_past_the_version() {
        let mut marks = Marks::default();
        for version in 1..=50_000u64 {
            marks.push(Mark { version: version * 2, bytes: version as usize, utf16: version as usize });
        }
        assert!(marks.0.len() <= MAX_MARKS);
        assert_eq!(marks.at(100_000).bytes, 50_000);
        assert_eq!(marks.at(1), Mark::default());
        for version in (1..100_000).step_by(997) {
            assert!(marks.at(version).version <= version);
        }
    }
}
