//! A fault of ours in a handler is answered like any other error, not by a connection that breaks.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};

use super::{Context, language};

/// Stands outside `CatchPanic`, which turns a panic into an error without words. Handlers answer their own errors
/// themselves, so what comes through here is nobody's answer.
///
/// # Errors
/// The same failure in the contract's shape.
pub async fn answer_panics(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // Taken before routing: a copy of the request would keep the router from writing to it.
    let (context, locale) = (request.app_data::<Data<Context>>().cloned(), language::locale(&request));
    let what = format!("{} {}", request.method(), request.path());
    next.call(request).await.map_err(|error| {
        log::error!("{what} was answered with an internal error: {error}");
        match context {
            Some(context) => context.locales.http(locale).internal().into(),
            None => error,
        }
    })
}

#[cfg(test)]
mod tests {
    use actix_web::{App, http::StatusCode, middleware::from_fn, test, web};
    use actix_web_lab::middleware::CatchPanic;

    use super::*;

    async fn breaks() -> &'static str {
        panic!("a fault for this test")
    }

    #[actix_web::test]
    async fn a_panic_is_answered_as_an_error_and_the_next_request_is_served() {
        let app = App::new()
            .wrap(CatchPanic::default())
            .wrap(from_fn(answer_panics))
            .route("/breaks", web::get().to(breaks))
            .route("/works", web::get().to(|| async { "works" }));
        let app = test::init_service(app).await;
        let error = test::try_call_service(&app, test::TestRequest::with_uri("/breaks").to_request()).await;
        assert_eq!(
            error.err().map(|error| error.as_response_error().status_code()),
            Some(StatusCode::INTERNAL_SERVER_ERROR)
        );
        let works = test::call_and_read_body(&app, test::TestRequest::with_uri("/works").to_request()).await;
        assert_eq!(works, "works");
    }
}
