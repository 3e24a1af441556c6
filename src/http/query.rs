//! Query parameters, read so that nothing in a query string is an error by itself: what is repeated counts once,
//! what is unknown is ignored.

use std::str::FromStr;

use actix_web::HttpRequest;
use url::form_urlencoded;

use super::error::FieldFault;
use crate::locales::FaultTexts;

/// The first value of a parameter.
pub(super) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Takes parameters and collects what is wrong with them.
pub(super) struct QueryFields<'a> {
    request: &'a HttpRequest,
    texts: &'a FaultTexts,
    faults: Vec<FieldFault>,
}

impl<'a> QueryFields<'a> {
    pub(super) fn of(request: &'a HttpRequest, texts: &'a FaultTexts) -> Self {
        Self { request, texts, faults: Vec::new() }
    }

    /// What was found wrong.
    pub(super) fn faults(self) -> Vec<FieldFault> {
        self.faults
    }

    /// Text of 1 to `max` characters that is not blank.
    pub(super) fn text(&mut self, field: &'static str, max: usize) -> Option<String> {
        let text = parameter(self.request, field)?;
        let message = if text.trim().is_empty() {
            self.texts.blank.clone()
        } else if text.chars().nth(max).is_some() {
            self.texts.too_long.replace("{max}", &max.to_string())
        } else {
            return Some(text);
        };
        self.faults.push(FieldFault { field, message });
        None
    }

    /// A whole number from `min` to `max`.
    pub(super) fn integer(&mut self, field: &'static str, min: u32, max: u32) -> Option<u32> {
        let text = parameter(self.request, field)?;
        let number = text.parse().ok().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let message = self.texts.out_of_range.replace("{min}", &min.to_string()).replace("{max}", &max.to_string());
            self.faults.push(FieldFault { field, message });
        }
        number
    }

    /// Anything that reads itself from text; `fault` says what it must be.
    pub(super) fn parsed<T: FromStr>(&mut self, field: &'static str, fault: &str) -> Option<T> {
        let parsed = parameter(self.request, field)?.parse().ok();
        if parsed.is_none() {
            self.faults.push(FieldFault { field, message: fault.to_owned() });
        }
        parsed
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::locales::Locales;

    #[test]
    fn parameters_are_decoded_and_the_first_of_a_name_counts() {
        let request = TestRequest::with_uri("/?a=%ED%95%9C+1&a=2&b&&=x").to_http_request();
        assert_eq!(parameter(&request, "a").as_deref(), Some("한 1"));
        assert_eq!(parameter(&request, "b").as_deref(), Some(""));
        assert_eq!(parameter(&request, "c"), None);
    }

    #[test]
    fn all_faults_are_found() {
        let locales = Locales::embedded();
        let texts = &locales.http(generation_actors::model::Locale::En).faults;
        let request = TestRequest::with_uri("/?limit=0&cursor=x&offset=7").to_http_request();
        let mut query = QueryFields::of(&request, texts);
        assert_eq!(query.integer("limit", 1, 10), None);
        assert_eq!(query.parsed::<u64>("cursor", "bad"), None);
        assert_eq!(query.integer("offset", 0, 10), Some(7));
        assert_eq!(query.integer("absent", 0, 10), None);
        let fields: Vec<_> = query.faults().iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["limit", "cursor"]);
    }
}
