//! The whole generator: its text, and how it comes.

mod streaming;
mod text;

use generation_actors::model::{Brief, Locale};

use super::composer::Composer;

const KOREAN: (&str, &str) = (
    "등대의 밤 - 1화",
    "비 오는 밤, 형사 지수가 고향으로 돌아와 등대에서 사라진 동생을 찾는다. 마을 사람들은 비밀을 숨기고 있다.",
);
const ENGLISH: (&str, &str) = (
    "The Keeper - Ep. 1",
    "A retired detective returns to her hometown to find the missing lighthouse keeper. The village hides a family secret.",
);

fn brief((title, description): (&str, &str), length_target: u32) -> Brief {
    Brief {
        project_id: "project-1".into(),
        episode_number: Some(1),
        title: title.into(),
        description: description.into(),
        script_type: "drama".into(),
        model: "gpt-4".into(),
        temperature: 0.7,
        length_target,
        locale: Locale::Ko,
    }
}

fn text(brief: &Brief) -> String {
    Composer::new(brief).map(|block| block.text).collect()
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}
