//! Turns a [`Problem`] into an answer. The language is chosen here, and causes are logged here, each in this one place.

use std::time::Duration;

use actix_web::{
    Error, HttpResponse, HttpResponseBuilder, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
    web::Data,
};
use generation_actors::model::Cause;

use super::{
    language,
    problem::{Answer, Problem},
    wire::{ErrorBody, ErrorObject},
};
use crate::locales::{Locales, Texts};

/// The `Retry-After` of an answer when something is temporarily down or full.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Answers every problem: from handlers, extractors and inner middleware, and panics, which the inner `CatchPanic`
/// turns into errors. Everything else passes through unchanged, event streams included.
///
/// # Errors
/// The answer itself, when the request is no longer available to respond to.
pub async fn answer_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // Taken before routing: the router cannot modify a request that has a second owner.
    let locales = request.app_data::<Data<Locales>>().cloned().expect("every route is configured with the sentences");
    let texts = locales.texts(language::locale(&request));
    let what = format!("{} {}", request.method(), request.uri().path());
    let response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => return Err(answer(&error, &what, texts).into()),
    };
    match response.response().error().map(|error| answer(error, &what, texts)) {
        Some(answer) => Ok(response.into_response(answer.error_response())),
        None => Ok(response.map_into_boxed_body()),
    }
}

/// The answer to `error`. `what` is the method and path for the log; the path names the job.
fn answer(error: &Error, what: &str, texts: &Texts) -> Answer {
    let unexpected;
    let problem = match error.as_error::<Problem>() {
        Some(problem) => problem,
        None => {
            unexpected = Problem::Internal(Cause::from(error.to_string()));
            &unexpected
        }
    };
    if problem.is_ours() {
        log::error!("{what}: {problem}");
    }
    problem.answer(texts)
}

/// A success that must not be cached.
pub(super) fn uncached() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

impl ResponseError for Answer {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER.as_secs()));
        }
        response.json(ErrorBody {
            error: ErrorObject { details: &self.details, ..ErrorObject::new(self.code, &self.message) },
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App,
        dev::ServiceFactory,
        http::header::{ACCEPT_LANGUAGE, HeaderMap},
        middleware::from_fn,
        test::{self, TestRequest},
        web,
    };
    use actix_web_lab::middleware::CatchPanic;
    use generation_actors::{model::Locale, ports::StoreError, registry::CreateError};
    use serde_json::Value;

    use super::*;
    use crate::http::rule::Rule;

    async fn breaks() -> &'static str {
        panic!("a fault for this test")
    }

    async fn fails() -> Result<&'static str, Problem> {
        Err(CreateError::Store(StoreError::unavailable("a secret cause")).into())
    }

    async fn refuses() -> Result<&'static str, Problem> {
        Err(Problem::fault("limit", Rule::Integer))
    }

    async fn takes_get_only() -> Result<&'static str, Problem> {
        Err(Problem::MethodNotAllowed { allow: "GET" })
    }

    /// An error from the framework, which is not a [`Problem`].
    async fn wants(_: web::Path<u32>) -> &'static str {
        "never"
    }

    fn app() -> App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>,
    > {
        App::new()
            .app_data(Data::from(Locales::embedded()))
            .wrap(CatchPanic::default())
            .wrap(from_fn(answer_problems))
            .route("/breaks", web::get().to(breaks))
            .route("/fails", web::get().to(fails))
            .route("/refuses", web::get().to(refuses))
            .route("/wants/{number}", web::get().to(wants))
            .service(web::resource("/reads").default_service(web::to(takes_get_only)))
            .route("/works", web::get().to(|| async { "works" }))
    }

    async fn ask(path: &str, language: &str) -> (StatusCode, HeaderMap, Value) {
        let request = TestRequest::with_uri(path).insert_header((ACCEPT_LANGUAGE, language)).to_request();
        let response = test::call_service(&test::init_service(app()).await, request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, serde_json::from_slice(&test::read_body(response).await).expect("JSON"))
    }

    fn is(headers: &HeaderMap, name: header::HeaderName, value: &str) -> bool {
        headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
    }

    #[actix_web::test]
    async fn a_panic_is_answered_as_an_error_and_the_next_request_is_served() {
        let app = test::init_service(app()).await;
        let error = test::try_call_service(&app, TestRequest::with_uri("/breaks").to_request()).await;
        let response = error.err().map(|error| error.error_response()).expect("an error");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let Ok(body) = actix_web::body::to_bytes(response.into_body()).await else { panic!("a body") };
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["error"]["code"], "GENERATION_ERROR");
        let works = test::call_and_read_body(&app, TestRequest::with_uri("/works").to_request()).await;
        assert_eq!(works, "works");
    }

    #[actix_web::test]
    async fn a_problem_is_answered_in_the_requests_language_without_its_cause() {
        let locales = Locales::embedded();
        for locale in [Locale::En, Locale::Ko] {
            let (language, texts) = (locale.to_string(), locales.texts(locale));
            let (status, headers, body) = ask("/fails", &language).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(is(&headers, header::RETRY_AFTER, "5"));
            assert_eq!(body["error"]["message"], texts.errors.store_unavailable);
            assert!(!body.to_string().contains("secret"), "{body}");
            let (status, _, body) = ask("/refuses", &language).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(body["error"]["details"][0]["field"], "limit");
            assert_eq!(body["error"]["details"][0]["message"], texts.faults.not_an_integer);
        }
    }

    #[actix_web::test]
    async fn refusals_of_the_framework_and_default_services_have_the_same_shape() {
        let (status, _, body) = ask("/wants/none", "en").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body["error"]["code"], "GENERATION_ERROR");
        let (status, headers, body) = ask("/reads", "en").await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(is(&headers, header::ALLOW, "GET"));
        assert_eq!(body["error"]["code"], "METHOD_NOT_ALLOWED");
    }
}
