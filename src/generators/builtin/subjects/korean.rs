//! Nouns of Korean sentences: words freed of their particles, unless they look like verbs.

use super::{super::particles::is_closed, words};

/// Particles that no noun's own last syllables are easily mistaken for, longest first.
const PARTICLES: &[&str] = &[
    "에게서",
    "으로서",
    "으로써",
    "에서는",
    "에서도",
    "이라는",
    "에게는",
    "에서",
    "에게",
    "한테",
    "까지",
    "부터",
    "처럼",
    "보다",
    "마다",
    "조차",
    "마저",
    "이나",
    "라는",
    "께서",
    "들이",
    "들은",
    "들을",
    "들의",
    "의",
    "에",
];

/// Particles that come only after a final consonant, or only without one.
const AFTER_CLOSED: &[&str] = &["으로", "은", "이", "을", "과"];
const AFTER_OPEN: &[&str] = &["로", "는", "가", "를", "와"];

/// Nouns whose last syllable is taken for a particle, or that end as verbs do.
const WHOLE: &[&str] = &[
    "고양이",
    "어린이",
    "호랑이",
    "원숭이",
    "늙은이",
    "젊은이",
    "제주도",
    "바다",
    "사진",
    "어른",
    "행운",
    "라면",
    "마을",
    "휴가",
    "피로",
    "미로",
    "위로",
    "가을",
    "노을",
    "작가",
    "화가",
    "아이",
    "아버지",
    "할아버지",
    "강아지",
    "누나",
    "도시",
    "아기",
    "공주",
    "우주",
    "아내",
    "막내",
    "거리",
    "편지",
    "장면",
    "회의",
    "주의",
    "창고",
    "사고",
    "광고",
    "휴게",
    "가게",
    "무게",
    "경찰서",
    "비서",
    "순서",
    "도서",
    "언어",
    "여자",
    "전화",
    "영화",
    "강도",
    "길이",
    "높이",
];

/// Words that order a script instead of telling what is in it, and words that mean nothing alone.
const EMPTY: &[&str] = &[
    "이야기",
    "대본",
    "드라마",
    "시나리오",
    "스크립트",
    "작품",
    "장르",
    "에피소드",
    "회차",
    "장면",
    "내용",
    "분량",
    "주제",
    "배경",
    "제목",
    "그리고",
    "하지만",
    "그러나",
    "그런데",
    "그래서",
    "어느",
    "어느날",
    "모든",
    "서로",
    "함께",
    "다시",
    "결국",
    "사이",
    "위해",
    "대한",
    "대해",
    "통해",
    "따라",
    "그것",
    "이것",
    "자신",
    "자기",
    "그녀",
    "우리",
    "때문",
    "하나",
    "이후",
    "이전",
    "동안",
    "가장",
    "매우",
    "아주",
    "정말",
    "점점",
    "갑자기",
    "처음",
    "마지막",
    "오늘",
    "내일",
    "어제",
    "요즘",
    "지금",
    "주인공",
    "등장",
    "인물",
    "새로",
    "몰래",
    "홀로",
    "혼자",
    "여러",
    "다른",
    "어떤",
    "무슨",
    "작성",
    "부탁",
    "스토리",
    "이번",
    "테스트",
    "사람",
    "사람들",
];

/// How verbs and adjectives end when three or more syllables are left.
const VERBAL: &[char] = &[
    '다', '요', '며', '면', '고', '게', '해', '려', '워', '져', '쳐', '록', '어', '한', '된', '던', '린', '긴', '킨',
    '힌', '낸', '온', '른', '운', '할', '될', '난', '는', '죠', '듯', '채', '켜', '본', '든', '인', '은', '을', '진',
    '친', '쓴', '둔', '군', '런', '럼', '써', '줘',
];

/// How they end when only two are.
const VERBAL_SHORT: &[char] =
    &['고', '다', '며', '한', '된', '던', '온', '른', '할', '될', '는', '은', '을', '큰', '긴', '채', '쓴', '본', '진'];

/// The last syllables of stems to which `는` makes an attribute (`내리는`), not a topic.
const STEMS: &[char] = &[
    '하', '되', '오', '나', '리', '기', '지', '치', '르', '우', '두', '보', '쓰', '크', '키', '히', '시', '추', '이',
    '내', '버', '려', '으', '어', '쳐', '져', '러', '라', '가', '주', '있', '없', '살', '꾸',
];

/// What stands before the `와` of verbs that come: `돌아와`, `다녀와`.
const COMING: &[char] = &['아', '어', '녀', '려', '러', '나', '데'];

pub(super) fn nouns(line: &str) -> Vec<String> {
    words(line).filter_map(|(word, _)| noun(word)).map(str::to_owned).collect()
}

fn noun(word: &str) -> Option<&str> {
    if !word.chars().all(|c| ('가'..='힣').contains(&c) || c.is_ascii_alphabetic()) {
        return None;
    }
    let stem = if WHOLE.contains(&word) { word } else { without_particle(word)? };
    let syllables = stem.chars().count();
    let last = stem.chars().next_back()?;
    let is_verbal =
        !WHOLE.contains(&stem) && if syllables > 2 { VERBAL.contains(&last) } else { VERBAL_SHORT.contains(&last) };
    let is_hangul = ('가'..='힣').contains(&last);
    (syllables >= 2 && is_hangul && !is_verbal && !EMPTY.contains(&stem)).then_some(stem)
}

/// `None` for a verb that only seems to end in one.
fn without_particle(word: &str) -> Option<&str> {
    let strip = |particle: &&str| word.strip_suffix(*particle).filter(|stem| stem.chars().count() >= 2);
    if let Some(stem) = PARTICLES.iter().find_map(strip) {
        return Some(stem);
    }
    for (particles, closed) in [(AFTER_CLOSED, true), (AFTER_OPEN, false)] {
        for particle in particles {
            // `로` also follows ㄹ, where `is_closed` says closed; such a word is left whole.
            let Some(stem) = word.strip_suffix(particle).filter(|stem| is_closed(stem) == closed) else { continue };
            let is_verb = match *particle {
                "는" => stem.ends_with(STEMS),
                "와" => stem.ends_with(COMING),
                _ => false,
            };
            // Of a noun of one syllable (`왕이`) too little would be left to tell what it is.
            return (WHOLE.contains(&stem) || !is_verb && stem.chars().count() >= 2).then_some(stem);
        }
    }
    // `찾는`, `걷는`: after a final consonant `는` is never a particle.
    (!word.ends_with('는')).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::nouns;

    #[test]
    fn nouns_come_without_particles_and_verbs_do_not_come() {
        for (line, expected) in [
            ("비 오는 밤, 형사 지수가 고향으로 돌아와 등대에서 사라진 동생을 찾는다.", "형사 지수 고향 등대 동생"),
            ("재벌 2세와 청소부의 사랑 이야기", "재벌 청소부 사랑"),
            ("고양이를 키우는 작가는 마을에서 비밀을 발견한다", "고양이 작가 마을 비밀"),
            ("왕이 사라진 밤, 궁녀는 휴가를 잃고 숲으로 간다", "궁녀 휴가"),
            ("써 주세요", ""),
        ] {
            assert_eq!(nouns(line).join(" "), expected, "{line}");
        }
    }
}
