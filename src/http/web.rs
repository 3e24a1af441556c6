//! The web page and its parts, built into the service.

use actix_web::{HttpResponse, http::header, web::Path};

use super::problem::Problem;

const INDEX: &str = include_str!("page/index.html");

/// What the page loads: name, type, content.
const ASSETS: &[(&str, &str, &str)] = &[
    ("address.js", JS, include_str!("page/address.js")),
    ("api.js", JS, include_str!("page/api.js")),
    ("app.js", JS, include_str!("page/app.js")),
    ("draft.js", JS, include_str!("page/draft.js")),
    ("elements.js", JS, include_str!("page/elements.js")),
    ("feed.js", JS, include_str!("page/feed.js")),
    ("form.js", JS, include_str!("page/form.js")),
    ("i18n.js", JS, include_str!("page/i18n.js")),
    ("icon.svg", SVG, include_str!("page/icon.svg")),
    ("job.js", JS, include_str!("page/job.js")),
    ("kept.js", JS, include_str!("page/kept.js")),
    ("lists.js", JS, include_str!("page/lists.js")),
    ("log.js", JS, include_str!("page/log.js")),
    ("models.js", JS, include_str!("page/models.js")),
    ("phrasebook.js", JS, include_str!("page/phrasebook.js")),
    ("poll.js", JS, include_str!("page/poll.js")),
    ("screenplay.js", JS, include_str!("page/screenplay.js")),
    ("service.js", JS, include_str!("page/service.js")),
    ("sheet.js", JS, include_str!("page/sheet.js")),
    ("stage.js", JS, include_str!("page/stage.js")),
    ("state.js", JS, include_str!("page/state.js")),
    ("storage.js", JS, include_str!("page/storage.js")),
    ("store.js", JS, include_str!("page/store.js")),
    ("style.css", CSS, include_str!("page/style.css")),
    ("texts.js", JS, include_str!("page/texts.js")),
    ("view.js", JS, include_str!("page/view.js")),
];
/// The service's own sentences: a page in one language shows jobs that were asked for in the other.
const SENTENCES: &[(&str, &str, &str)] = &[
    ("en.toml", TOML, include_str!("../../config/locales/en.toml")),
    ("ko.toml", TOML, include_str!("../../config/locales/ko.toml")),
];
const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TOML: &str = "application/toml; charset=utf-8";

/// Only the page's own parts run, and it talks to this service only: a script in a model's text would do nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /` and `/sse_test.html`
pub(super) async fn index() -> HttpResponse {
    page("text/html; charset=utf-8", INDEX)
}

/// `GET /assets/{name}`
pub(super) async fn asset(name: Path<String>) -> Result<HttpResponse, Problem> {
    match ASSETS.iter().chain(SENTENCES).find(|(known, ..)| *known == name.as_str()) {
        Some((_, content_type, content)) => Ok(page(content_type, content)),
        None => Err(Problem::NotFound),
    }
}

fn page(content_type: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        // Asked for again each time, so that a new version of the service never meets an old page.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(content)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_part_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/page");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let served: BTreeSet<String> = ASSETS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(files.filter(|name| name != "index.html").collect::<BTreeSet<_>>(), served);
    }
}
