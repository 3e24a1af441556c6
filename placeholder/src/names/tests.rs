use super::given;
use crate::banks::embedded;

/// The names in `text`, in the full form.
fn names(text: &str) -> Vec<String> {
    given(text, embedded().unwrap()).into_iter().map(|name| name.full).collect()
}

#[test]
fn names_with_evidence_are_found() {
    for (text, expected) in [
        ("주인공: 지민", &["지민"][..]),
        ("등장인물: 지민(28, 소심한 작가), 현우 - 편집자, 윤슬\n배경: 제주", &["지민", "현우", "윤슬"]),
        ("주인공은 등대지기다. 주인공: 은퇴한 형사 민수", &["민수"]),
        ("민수(35)와 태겸(29세, 기자)이 만난다", &["민수", "태겸"]),
        ("지민과 현우가 만난다", &["지민", "현우"]),
        ("지민이는 현우에게 편지를 쓴다", &["지민", "현우"]),
        ("형사 지수가 고향으로 돌아온다", &["지수"]),
        ("지민과 보라가 여행을 떠난다", &["지민", "보라"]),
        ("김민수와 이지은이 결혼한다", &["김민수", "이지은"]),
        ("Mina와 Joon이 서울에서 만난다", &["Mina", "Joon"]),
        ("Characters: Mina Park and Joon", &["Mina Park", "Joon"]),
        ("Cast: Zephyr (52), Quill, and the baker Odile", &["Zephyr", "Quill", "Odile"]),
        ("Mina and Joon meet in a cafe", &["Mina", "Joon"]),
        ("Emma Stone's brother Theo is late", &["Emma Stone", "Theo"]),
        ("A chef named Tomoko hires detective Mara Quinn", &["Tomoko", "Mara Quinn"]),
        ("Anna and June open a bakery", &["Anna", "June"]),
        ("Marisol, 34, comes home", &["Marisol"]),
        ("Its owner, Yunjae, develops a roll. A stranger, Haein, comes in.", &["Yunjae", "Haein"]),
        ("Marie et Jean ouvrent une boulangerie", &["Marie", "Jean"]),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn words_that_are_no_names_are_left_alone() {
    for text in [
        "비 오는 밤, 두 사람이 카페에서 비밀을 나눈다",
        "주가 지수를 예측하는 보라색 고양이, 미래의 바다와 하늘",
        "엄마와 딸이, 형사와 범인이 만난다. 시즌(2), 남자(35), 엄마(52)",
        "기자 출신의 탐정이 사건을 수사한다. 의사 아버지가 반대한다",
        "지우는 방법을 모르는 사람, 연수를 받는 의사가 있다",
        "주인공: 은퇴한 형사",
        "장르: 스릴러. 배경: 서울",
        "수영을 배우는 소년과 연주를 멈춘 피아니스트",
        "A retired detective returns to her hometown in Virginia in April. Grace is what she hopes for.",
        "Protagonist: A retired detective",
        "Netflix and Amazon compete for the rights. On Monday, The Times calls.",
        "Genre: Romance. Setting: Paris",
        "Will the village forgive? Hope is all they have.",
        "雨の夜、二人は古い駅で再会する。",
        "",
    ] {
        assert_eq!(names(text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn somebody_is_named_once_and_by_the_given_name() {
    let given = given("김민수는 형사다. 민수는 혼자 산다. 등장인물: 김민수", embedded().unwrap());
    let forms: Vec<(&str, &str)> = given.iter().map(|name| (name.full.as_str(), name.short.as_str())).collect();
    assert_eq!(forms, [("김민수", "민수")]);
}

#[test]
fn there_are_no_more_people_than_a_draft_can_keep_apart() {
    let text = "등장인물: 지민, 현우, 민수, 서연, 하은, 도윤, 유진, 은호, 소담, 준서";
    assert_eq!(names(text).len(), 8);
}
