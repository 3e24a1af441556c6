//! Chooses the language of an answer: Korean, unless the request prefers English.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{AcceptLanguage, Header, Preference},
};
use generation_actors::model::Locale;

use super::problem::Problem;

/// The requester's language. A job keeps its creator's language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Language(pub Locale);

impl FromRequest for Language {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(locale(request))))
    }
}

/// The supported language that `Accept-Language` ranks highest.
pub(super) fn locale(request: &impl HttpMessage) -> Locale {
    let Ok(accepted) = AcceptLanguage::parse(request) else { return Locale::default() };
    accepted
        .ranked()
        .into_iter()
        .find_map(|preference| match preference {
            Preference::Any => Some(Locale::default()),
            Preference::Specific(tag) if tag.primary_language() == "en" => Some(Locale::En),
            Preference::Specific(tag) if tag.primary_language() == "ko" => Some(Locale::Ko),
            Preference::Specific(_) => None,
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT_LANGUAGE, test::TestRequest};

    use super::*;

    #[test]
    fn the_highest_ranked_supported_language_wins() {
        for (header, expected) in [
            ("en", Locale::En),
            ("en-US,en;q=0.9", Locale::En),
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Locale::Ko),
            ("en;q=0.5, ko;q=0.9", Locale::Ko),
            ("fr, en;q=0.3", Locale::En),
            ("fr", Locale::Ko),
            ("*", Locale::Ko),
            ("", Locale::Ko),
            (";;;=", Locale::Ko),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT_LANGUAGE, header)).to_http_request();
            assert_eq!(locale(&request), expected, "{header}");
        }
        assert_eq!(locale(&TestRequest::default().to_http_request()), Locale::Ko);
    }
}
