//! URLs and origins as configuration accepts them.

use url::Url;

use super::document::Refusal;
use super::parse::text;
use super::value::Located;

/// An absolute http(s) URL without credentials, query or fragment. A trailing slash is dropped.
pub(super) fn base_url(located: &Located) -> Result<String, Refusal> {
    let text = text(located)?;
    let text = text.trim_end_matches('/');
    plain_url(located, text).map(|()| text.into())
}

/// As [`base_url`], but a trailing slash is refused: others append paths to the text as it stands.
pub(super) fn public_url(located: &Located) -> Result<String, Refusal> {
    let text = text(located)?;
    plain_url(located, &text)?;
    if text.ends_with('/') {
        return Err(Refusal::of(located, "must not end with a slash"));
    }
    Ok(text)
}

fn plain_url(located: &Located, text: &str) -> Result<(), Refusal> {
    let refuse = |reason: &str| refuse(located, text, reason);
    let absolute = "must be an absolute URL such as \"https://example.com\"";
    // The parser repairs blanks, backslashes and missing slashes silently; what is written is what is used.
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(refuse(absolute));
    }
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return Err(refuse(absolute));
    }
    let url = Url::parse(text).map_err(|error| refuse(&format!("{absolute}: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("must not contain a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("must have neither a query nor a fragment"));
    }
    Ok(())
}

/// Shows the value only if it cannot hold a secret: neither credentials nor a query.
fn refuse(located: &Located, text: &str, reason: &str) -> Refusal {
    if text.contains(['@', '?']) { Refusal::hidden(reason) } else { Refusal::of(located, reason) }
}

/// An origin exactly as browsers send it in `Origin`, or `*`.
pub(super) fn origin(located: &Located) -> Result<String, Refusal> {
    let text = text(located)?;
    if text == "*" || sent_by_browsers(&text).as_deref() == Some(text.as_str()) {
        return Ok(text);
    }
    let suggestion = sent_by_browsers(&text).unwrap_or_else(|| "https://app.example.com".into());
    let reason = format!("each must be \"*\" or an origin as browsers send it, such as \"{suggestion}\"");
    Err(refuse(located, &text, &reason))
}

/// The origin of a URL in the form browsers send it; custom schemes (desktop shells) have none of their own in the standard.
fn sent_by_browsers(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let origin = url.origin();
    if origin.is_tuple() {
        return Some(origin.ascii_serialization());
    }
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{}://{host}{port}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fault::Origin;
    use crate::config::value::Value;

    fn written(text: &str) -> Located {
        Located { value: Value::Text(text.into()), origin: Origin::Default }
    }

    #[test]
    fn base_url_loses_its_last_slash() {
        assert_eq!(base_url(&written("https://api.openai.com/v1/")).unwrap(), "https://api.openai.com/v1");
        assert_eq!(base_url(&written("http://[::1]:11434/v1")).unwrap(), "http://[::1]:11434/v1");
    }

    #[test]
    fn anything_but_a_plain_absolute_url_is_refused() {
        for wrong in [
            "",
            "/v1",
            "example.com",
            "ftp://example.com",
            "https:/example.com",
            "https://",
            "https://a b",
            "https://example.com?x=1",
            "https://example.com/#x",
            "https://user@example.com",
            " https://example.com",
        ] {
            assert!(base_url(&written(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn credentials_in_a_url_are_not_shown() {
        let refusal = base_url(&written("https://me:hunter2@example.com/v1")).unwrap_err();
        assert_eq!(refusal, Refusal::hidden("must not contain a user name or password"));
        assert_eq!(base_url(&written("redis://me:hunter2@example.com")).unwrap_err().found, None);
        assert_eq!(base_url(&written("https://me:hunter2@example.com?x")).unwrap_err().found, None);
    }

    #[test]
    fn public_url_keeps_a_path_and_refuses_a_last_slash() {
        assert_eq!(public_url(&written("https://example.com/scripts")).unwrap(), "https://example.com/scripts");
        assert!(public_url(&written("https://example.com/")).is_err());
    }

    #[test]
    fn origins_are_compared_as_browsers_send_them() {
        for right in ["*", "https://app.example.com", "http://localhost:5173", "http://[::1]:3000", "tauri://localhost"]
        {
            assert_eq!(origin(&written(right)).as_deref(), Ok(right));
        }
        for (wrong, suggestion) in [
            ("https://app.example.com/", "\"https://app.example.com\""),
            ("https://App.example.com:443", "\"https://app.example.com\""),
            ("app.example.com", "\"https://app.example.com\""),
            ("null", "\"https://app.example.com\""),
        ] {
            let refusal = origin(&written(wrong)).unwrap_err();
            assert!(refusal.reason.ends_with(suggestion), "{wrong}: {refusal:?}");
        }
    }
}
