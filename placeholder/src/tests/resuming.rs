use super::{ENGLISH, KOREAN, order, text};
use crate::{Part, Writer};

#[test]
fn parts_are_in_order() {
    let parts: Vec<Part> = Writer::new().unwrap().draft(&order(KOREAN, 1200)).map(|block| block.part).collect();
    let mut order = parts.clone();
    order.dedup();
    assert_eq!(order, [Part::Front, Part::Scene, Part::LastScene, Part::Ending], "{parts:?}");
}

#[test]
fn an_interrupted_draft_ends_in_the_very_text() {
    for request in [KOREAN, ENGLISH] {
        let order = order(request, 700);
        let whole = text(&order);
        for at in (0..=whole.len()).filter(|&at| whole.is_char_boundary(at)).step_by(7).chain([whole.len()]) {
            let (written, rest) = whole.split_at(at);
            let resumed: String =
                Writer::new().unwrap().resume(&order, written.to_owned()).map(|block| block.text).collect();
            assert_eq!(resumed, rest, "from {at}");
        }
    }
}

#[test]
fn a_text_of_another_version_goes_on_with_a_whole_scene_and_gets_its_ending() {
    let order = order(KOREAN, 1500);
    let whole = text(&order);
    let resumed = |written: String| -> String {
        Writer::new().unwrap().resume(&order, written).map(|block| block.text).collect()
    };
    let rest = resumed(format!("다른 판본이 쓴 글.{}", &whole[..whole.floor_char_boundary(whole.len() / 2)]));
    assert!(rest.starts_with("\n\n## S#"), "{rest}");
    assert!(whole.ends_with(rest.trim_start()) && rest.ends_with("(끝)\n"));
    let beyond = resumed("다른 글 ".repeat(10_000));
    assert!(beyond.ends_with("FADE OUT.\n\n(끝)\n") && !beyond.contains("## "), "{beyond}");
}
