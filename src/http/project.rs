//! The project named in the path.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use percent_encoding::percent_decode_str;

use super::{field::ProjectId, problem::Problem, rule::Rule};

/// The decoded path segment, not yet checked to be a valid project name.
#[derive(Debug)]
pub(super) struct ProjectSegment(pub String);

/// A valid project name.
#[derive(Debug)]
pub(super) struct Project(pub String);

impl FromRequest for ProjectSegment {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(segment(request).map(Self))
    }
}

impl FromRequest for Project {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let checked = segment(request)
            .and_then(|name| ProjectId::checked(name).map_err(|rule| Problem::fault("projectId", rule)));
        ready(checked.map(|ProjectId(name)| Self(name)))
    }
}

/// The router replaces invalid UTF-8 in a segment, so decode the segment from the original request line.
fn segment(request: &HttpRequest) -> Result<String, Problem> {
    let mut segments = request.uri().path().split('/').skip_while(|segment| *segment != "projects");
    let name = segments.nth(1).ok_or(Problem::NotFound)?;
    let name = percent_decode_str(name).decode_utf8().map_err(|_| Problem::fault("projectId", Rule::Utf8))?;
    Ok(name.into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    async fn project(name: &str) -> Result<String, Problem> {
        let request = TestRequest::with_uri(&format!("/api/v1/projects/{name}/episodes")).to_http_request();
        Project::extract(&request).await.map(|Project(name)| name)
    }

    #[actix_web::test]
    async fn a_project_name_is_decoded_exactly_once() {
        for (name, expected) in [("a%2Fb%252F..", "a/b%2F.."), ("%EB%8B%A4", "다"), ("...", "..."), ("a+b", "a+b")] {
            assert_eq!(project(name).await.expect(name), expected);
        }
    }

    #[actix_web::test]
    async fn an_invalid_project_name_is_reported() {
        for (name, expected) in [
            ("%ff", Rule::Utf8),
            ("a%ED%95", Rule::Utf8),
            ("%00", Rule::WithoutControlCharacters),
            ("%2e%2E", Rule::NotADotSegment),
            ("%20", Rule::NotBlank),
        ] {
            let Err(Problem::Invalid(faults)) = project(name).await else { panic!("{name} is taken") };
            assert_eq!(faults, crate::http::faults::Faults::one("projectId", expected), "{name}");
        }
    }
}
