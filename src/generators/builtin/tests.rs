//! The whole generator.

use super::composer::Composer;
use generation_actors::job::Brief;
use generation_actors::wording::Locale;

fn brief(title: &str, description: &str, length_target: u32) -> Brief {
    Brief {
        project_id: "project-1".into(),
        episode_number: Some(1),
        title: title.into(),
        description: description.into(),
        script_type: "drama".into(),
        model: "builtin".into(),
        temperature: 0.7,
        length_target,
        locale: Locale::Ko,
    }
}

#[test]
fn sample() {
    let korean = (
        "등대의 밤 - 1화",
        "비 오는 밤, 형사 지수가 고향으로 돌아와 등대에서 사라진 동생을 찾는다. 마을 사람들은 비밀을 숨기고 있다.",
    );
    let english = (
        "The Keeper - Ep. 1",
        "A retired detective returns to her hometown to find the missing lighthouse keeper. The village hides a family secret.",
    );
    for (title, description) in [korean, english] {
        for target in [10, 50, 120, 1000] {
            let text: String = Composer::new(&brief(title, description, target)).map(|b| b.text).collect();
            eprintln!("=== {target} -> {}\n{text}", text.split_whitespace().count());
        }
        for target in [5000u32, 50_000] {
            let now = std::time::Instant::now();
            let text: String = Composer::new(&brief(title, description, target)).map(|b| b.text).collect();
            eprintln!("=== {target} -> {} {:?} {} bytes", text.split_whitespace().count(), now.elapsed(), text.len());
        }
    }
}
