//! Scripts of any length in two languages, with characters that are expensive to encode: quotes, line breaks, wide
//! characters.

use generation_actors::model::Locale;

/// A language of scripts.
pub(crate) struct Language {
    /// The name used in benchmark ids.
    pub(crate) name: &'static str,
    /// The locale of the job.
    pub(crate) locale: Locale,
    scene: &'static str,
}

pub(crate) const LANGUAGES: [Language; 2] = [
    Language {
        name: "english",
        locale: Locale::En,
        scene: "INT. NIGHT BUS - RAIN\n\nMINA\n(to the driver)\n\"Is this the last one?\"\n\nDRIVER\n\"It has been the last one \
                for eleven years. Sit down, please.\"\n\nShe stays standing. A shoebox tied with string drips on the floor \
                between them, and neither of them looks at it.\n\n",
    },
    Language {
        name: "korean",
        locale: Locale::Ko,
        scene: "실내. 심야 버스 - 비\n\n미나\n(기사에게)\n\"이게 막차예요?\"\n\n기사\n\"십일 년째 막차입니다. 앉으세요.\"\n\n\
                미나는 앉지 않는다. 끈으로 묶은 신발 상자에서 물이 떨어지고, 두 사람 모두 그쪽을 보지 않는다.\n\n",
    },
];

impl Language {
    /// A script of `bytes` bytes, or slightly fewer so that the last character fits.
    pub(crate) fn script(&self, bytes: usize) -> String {
        let mut script = String::with_capacity(bytes);
        for character in self.scene.chars().cycle() {
            if script.len() + character.len_utf8() > bytes {
                return script;
            }
            script.push(character);
        }
        script
    }
}
