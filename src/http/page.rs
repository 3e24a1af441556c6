//! Serves the web page in `page/`, which is embedded in the binary.

use std::borrow::Cow;

use actix_web::{HttpResponse, http::header, web};
use bytes::Bytes;
use rust_embed::Embed;

use super::problem::Problem;

/// `index.html` and everything it loads.
#[derive(Embed)]
#[folder = "page/"]
struct Page;

/// The service's own messages, which the page translates into the reader's language.
#[derive(Embed)]
#[folder = "config/locales/"]
struct Locales;

const INDEX: &str = "index.html";

/// Scripts and styles load from this service only, and the page connects to nothing else. A script inside a model's
/// text cannot run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /` and `/sse_test.html`
pub(super) async fn index() -> Result<HttpResponse, Problem> {
    response(INDEX).ok_or(Problem::NotFound)
}

/// `GET /assets/{name}`
pub(super) async fn asset(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let asset = Some(name.as_str()).filter(|name| *name != INDEX).and_then(response);
    asset.ok_or(Problem::NotFound)
}

fn response(name: &str) -> Option<HttpResponse> {
    let file = Page::get(name).or_else(|| Locales::get(name))?;
    let content = match file.data {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(read) => Bytes::from(read),
    };
    let response = HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type(name)?))
        // Browsers revalidate every time, so an old page never runs against a new version of the service.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(content);
    Some(response)
}

/// `None` for a file type the page does not use.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "toml" => Some("application/toml; charset=utf-8"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_page_has_its_content_type() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let files: BTreeSet<String> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(Page::iter().collect::<BTreeSet<_>>(), files.iter().map(Cow::from).collect());
        assert!(files.contains(INDEX));
        for name in files.iter().map(String::as_str).chain(["en.toml", "ko.toml"]) {
            assert!(response(name).is_some(), "{name}");
        }
    }
}
