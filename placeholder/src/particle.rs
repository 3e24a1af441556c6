//! Korean particles, whose form depends on the sound before them.

/// The particle `form` (as it is after a final consonant, such as `은`) in the form that fits after `before`.
/// `None` if there is no such particle.
pub(crate) fn after(before: &str, form: &str) -> Option<&'static str> {
    let (closed, open) = match form {
        "은" => ("은", "는"),
        "이" => ("이", "가"),
        "을" => ("을", "를"),
        "과" => ("과", "와"),
        "아" => ("아", "야"),
        "이야" => ("이야", "야"),
        "이라" => ("이라", "라"),
        "이다" => ("이다", "다"),
        "으로" => ("으로", "로"),
        _ => return None,
    };
    Some(match ending(before) {
        Ending::Open => open,
        Ending::Rieul if form == "으로" => open,
        Ending::Rieul | Ending::Closed => closed,
    })
}

/// Whether the last letter of `word` is spoken with a consonant at its end.
pub(crate) fn is_closed(word: &str) -> bool {
    !matches!(ending(word), Ending::Open)
}

enum Ending {
    Open,
    /// Closed by `ㄹ`, which some particles treat as open.
    Rieul,
    Closed,
}

fn ending(word: &str) -> Ending {
    let Some(last) = word.chars().rev().find(|c| c.is_alphanumeric()) else { return Ending::Open };
    match last {
        '가'..='힣' => match (u32::from(last) - u32::from('가')) % 28 {
            0 => Ending::Open,
            8 => Ending::Rieul,
            _ => Ending::Closed,
        },
        // As the digits are read: 일, 칠, 팔; 영, 삼, 육.
        '1' | '7' | '8' => Ending::Rieul,
        '0' | '3' | '6' => Ending::Closed,
        'l' | 'L' | 'r' | 'R' => Ending::Rieul,
        'm' | 'M' | 'n' | 'N' => Ending::Closed,
        _ => Ending::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_follow_the_final_consonant() {
        for (word, form, expected) in [
            ("지훈", "은", "은"),
            ("수아", "은", "는"),
            ("편지", "을", "를"),
            ("사진", "을", "을"),
            ("등대", "이", "가"),
            ("비밀", "이", "이"),
            ("지훈", "아", "아"),
            ("수아", "아", "야"),
            ("서울", "으로", "로"),
            ("부산", "으로", "으로"),
            ("바다", "으로", "로"),
            ("서울", "과", "과"),
            ("친구", "과", "와"),
            ("2026", "을", "을"),
            ("KBS", "을", "를"),
            ("등대'", "이", "가"),
            ("!", "은", "는"),
        ] {
            assert_eq!(after(word, form), Some(expected), "{word} + {form}");
        }
        assert_eq!(after("지훈", "까지"), None);
    }
}
