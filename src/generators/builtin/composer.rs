//! Lays a draft out, one block at a time.

use generation_actors::model::{Brief, Step};

use super::{cast::Cast, draft::Draft, front, material::Material, scene::Scenes};

/// A part of a draft that is written in one go: what stands before the first scene, a scene, or the end.
pub(super) struct Block {
    pub(super) step: Step,
    /// Never empty; all but the last end in a blank line.
    pub(super) text: String,
}

/// The blocks of one draft, each made when it is asked for.
///
/// They depend on the brief alone, and together have the words that it asks for: within 10 % from 50 words up. A shorter
/// draft has a title, the notice, one heading and the ending, which is some 30 words, and more only if it fits.
pub(super) struct Composer {
    material: Material,
    cast: Cast,
    scenes: Scenes,
    front: Option<Draft>,
    ending: Option<Draft>,
    /// Words that the blocks before the ending shall have.
    goal: u64,
    words: u64,
    scene: u64,
    scene_count: u64,
}

/// About how many words a scene has; Korean says as much in fewer.
const WORDS_PER_SCENE: u64 = 230;
/// Drafts below this length end without a last picture.
const PICTURED: u64 = 100;

impl Composer {
    pub(super) fn new(brief: &Brief) -> Self {
        let mut material = Material::of(brief);
        let cast = Cast::new(&mut material);
        let mut scenes = Scenes::new(&mut material);
        let front = front::page(&mut material, &cast);
        let ending = ending(&mut material, &cast, &mut scenes);
        let goal = material.target.saturating_sub(ending.words());
        let scene_count = (goal.saturating_sub(front.words()) / WORDS_PER_SCENE).max(1);
        Self { material, cast, scenes, front: Some(front), ending: Some(ending), goal, words: 0, scene: 0, scene_count }
    }

    fn next_scene(&mut self) -> Draft {
        let left = self.goal.saturating_sub(self.words);
        let scenes_left = self.scene_count - self.scene;
        let mut share = left / scenes_left;
        if scenes_left > 1 {
            // Scenes as even as bricks read like a machine's.
            share = share * (75 + self.material.random.below(51) as u64) / 100;
        }
        let quarter = (self.scene * 4 / self.scene_count) as usize;
        self.scene += 1;
        self.scenes.write(&mut self.material, &self.cast, self.scene, quarter, share, scenes_left == 1)
    }
}

impl Iterator for Composer {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let (step, draft) = if let Some(front) = self.front.take() {
            (Step::OutliningScenes, front)
        } else if self.scene < self.scene_count {
            let is_last = self.scene + 1 == self.scene_count;
            let step = if is_last && self.scene > 0 { Step::WritingEnding } else { Step::WritingDialogue };
            (step, self.next_scene())
        } else {
            let mut text = self.ending.take()?.into_text();
            text.truncate(text.trim_end().len());
            text.push('\n');
            return Some(Block { step: Step::WritingEnding, text });
        };
        self.words += draft.words();
        Some(Block { step, text: draft.into_text() })
    }
}

fn ending(material: &mut Material, cast: &Cast, scenes: &mut Scenes) -> Draft {
    let mut ending = Draft::default();
    if material.target >= PICTURED {
        let picture = scenes.last_picture(material, cast);
        ending.paragraph(&picture);
    }
    ending.paragraph(material.phrases.labels.fade_out);
    if material.target >= PICTURED {
        ending.paragraph(material.phrases.labels.the_end);
    }
    ending
}
