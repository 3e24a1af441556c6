//! Words of an order, made fit to stand in a script.

use unicode_segmentation::UnicodeSegmentation;

const MOST_SENTENCES: usize = 40;

/// `text` on one line: white space collapsed, nothing in it that controls instead of shows.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let from = line.len();
        let gap = if line.is_empty() { "" } else { " " };
        line.push_str(gap);
        line.extend(word.chars().filter(|&c| is_shown(c)));
        if line.len() == from + gap.len() {
            line.truncate(from);
        }
    }
    line
}

/// Whether `c` is not one of the invisible characters that turn or hide what stands beside them. The joiners stay:
/// emoji and several scripts are spelt with them.
fn is_shown(c: char) -> bool {
    !matches!(c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{61c}' | '\u{ad}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The beginning of a line, at most so many words and characters, marked with `…` where it was cut, and escaped so that
/// Markdown shows what is written and makes nothing of it.
pub(crate) fn quoted(line: &str, most_words: usize, most_characters: usize) -> String {
    let mut quote = String::new();
    let mut words = 1;
    let mut before = ' ';
    let mut characters = line.chars().enumerate().peekable();
    while let Some((count, c)) = characters.next() {
        words += usize::from(c == ' ');
        if words > most_words || count == most_characters {
            quote.truncate(quote.trim_end().len());
            quote.push('…');
            break;
        }
        let after = characters.peek().map_or(' ', |&(_, c)| c);
        // An underscore inside a word means nothing to Markdown, and names often have one.
        let is_inside = c == '_' && before.is_alphanumeric() && after.is_alphanumeric();
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~') && !is_inside {
            quote.push('\\');
        }
        quote.push(c);
        before = c;
    }
    quote
}

/// Whole sentences of `text` that somebody can read aloud, escaped; at most [`MOST_SENTENCES`].
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let lines = text.lines().flat_map(UnicodeSegmentation::unicode_sentences).map(one_line);
    let mut sentences: Vec<String> = Vec::new();
    let mut begun = String::new();
    for part in lines {
        begun.push_str(&part);
        // `Dr. Kim` is no end of a sentence.
        let last = begun.rsplit(' ').next().unwrap_or_default();
        if last.ends_with('.') && last.len() <= 4 && last.starts_with(|c: char| c.is_ascii_uppercase()) {
            begun.push(' ');
            continue;
        }
        let sentence = std::mem::take(&mut begun);
        if is_readable(&sentence) && sentences.len() < MOST_SENTENCES {
            sentences.push(quoted(&sentence, usize::MAX, usize::MAX));
        }
    }
    sentences
}

fn is_readable(sentence: &str) -> bool {
    let words = sentence.split(' ').count();
    (8..=200).contains(&sentence.chars().count())
        && words <= 25
        && !sentence.ends_with([',', '-'])
        && !sentence.contains([':', '：', '“', '”', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_nothing_that_controls() {
        assert_eq!(one_line(" a\u{0}b\r\n\tc\u{202e}d \u{200b} e\u{2028}f\u{7f}"), "a b cd e f");
        assert_eq!(one_line("👩\u{200d}🚒 소방관"), "👩\u{200d}🚒 소방관");
        assert_eq!(one_line("\u{0}\n"), "");
    }

    #[test]
    fn a_quote_is_cut_at_words_and_at_characters() {
        assert_eq!(quoted("하나 둘 셋", 2, 99), "하나 둘…");
        assert_eq!(quoted("하나 둘", 2, 99), "하나 둘");
        assert_eq!(quoted("가나다라", 9, 3), "가나다…");
        assert_eq!(quoted("가 나", 9, 2), "가…");
        assert_eq!(quoted("", 9, 9), "");
    }

    #[test]
    fn a_quote_makes_no_markup() {
        assert_eq!(quoted("<b>*x*</b> [y](z) my_name _z", 9, 99), "\\<b\\>\\*x\\*\\</b\\> \\[y\\](z) my_name \\_z");
    }
}
