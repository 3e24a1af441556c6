//! Query parameters. A query string as such is never an error: of repeated parameters the first counts, and unknown
//! ones are ignored.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{faults::Fields, problem::Problem};

/// The checked parameters of a request.
#[derive(Debug)]
pub(super) struct Query<T>(pub T);

impl<T: Fields> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut fields = Map::new();
        for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
            fields.entry(name).or_insert_with(|| value.into());
        }
        ready(T::read(Value::Object(fields)).map(Self).map_err(Problem::from))
    }
}

/// The first value of a parameter.
pub(super) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use deserr::Deserr;

    use super::*;
    use crate::http::{
        faults::Faults,
        field::{Cursor, Digits},
    };

    #[derive(Debug, Deserr)]
    #[deserr(error = Faults)]
    struct Page {
        #[deserr(default)]
        limit: Option<Digits<1, 10>>,
        #[deserr(default)]
        cursor: Option<Cursor>,
        #[deserr(default)]
        offset: Option<Digits<0, 10>>,
        #[deserr(default)]
        name: Option<String>,
    }

    impl Fields for Page {
        const NAMES: &'static [&'static str] = &["limit", "cursor", "offset", "name"];
    }

    async fn read(uri: &str) -> Result<Page, Problem> {
        let request = TestRequest::with_uri(uri).to_http_request();
        Query::extract(&request).await.map(|Query(page)| page)
    }

    #[actix_web::test]
    async fn parameters_are_decoded_and_the_first_of_each_name_counts() {
        let request = TestRequest::with_uri("/?a=%ED%95%9C+1&a=2&b&&=x").to_http_request();
        assert_eq!(parameter(&request, "a").as_deref(), Some("한 1"));
        assert_eq!(parameter(&request, "b").as_deref(), Some(""));
        assert_eq!(parameter(&request, "c"), None);
        let page = read("/?name=%ED%95%9C+1&name=2&offset=7&offset=x&&=x&other").await.expect("valid");
        assert_eq!(page.name.as_deref(), Some("한 1"));
        assert_eq!(page.offset, Some(Digits(7)));
        assert_eq!((page.limit, page.cursor), (None, None));
    }

    #[actix_web::test]
    async fn all_faults_are_found() {
        let Err(Problem::Invalid(faults)) = read("/?cursor=x&limit=0&offset=7").await else { panic!("faults") };
        assert_eq!(faults.fields(), ["limit", "cursor"]);
    }
}
