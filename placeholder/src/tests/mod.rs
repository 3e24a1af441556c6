//! The whole writer: what a draft says, how long it is, how it resumes.

mod content;
mod length;
mod repetition;
mod resuming;

use crate::{Order, Writer};

const KOREAN: (&str, &str) = (
    "등대의 밤 - 1화",
    "비 오는 밤, 형사 지수가 고향으로 돌아와 등대에서 사라진 동생을 찾는다. 마을 사람들은 비밀을 숨기고 있다.",
);
const ENGLISH: (&str, &str) = (
    "The Keeper - Ep. 1",
    "A retired detective returns to her hometown to find the missing lighthouse keeper. The village hides a family secret.",
);

fn order<'a>((title, description): (&'a str, &'a str), words: u32) -> Order<'a> {
    Order { title, description, script_type: "drama", episode_number: Some(1), temperature: 0.7, words }
}

fn audio<'a>(brief: (&'a str, &'a str), words: u32) -> Order<'a> {
    Order { script_type: "audio_drama", ..order(brief, words) }
}

fn text(order: &Order<'_>) -> String {
    Writer::new().unwrap().draft(order).map(|block| block.text).collect()
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

const NARRATORS: [&str; 2] = ["해설", "NARRATOR"];

/// Who speaks and what they say, in order, the narrator too.
fn speeches(text: &str) -> Vec<(&str, &str)> {
    let spoken = text.split("\n\n").filter_map(|paragraph| {
        let (name, line) = paragraph.strip_prefix("**")?.split_once("**  \n")?;
        let line = if line.starts_with('(') { line.split_once(")  \n")?.1 } else { line };
        Some((name, line))
    });
    spoken.collect()
}
