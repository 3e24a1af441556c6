//! The body of `POST /api/v1/generations`, as the contract's table defines it.

use deserr::Deserr;
use generation_actors::model::{Brief, Locale};

use super::{
    faults::{Faults, Fields},
    field::{Integer, Line, Name, ProjectId, Temperature, Text},
};

/// A checked request. Its model name is not resolved yet.
#[derive(Debug, PartialEq, Deserr)]
#[deserr(error = Faults, rename_all = camelCase)]
pub(super) struct CreateRequest {
    project_id: ProjectId,
    description: Text<32_000>,
    #[deserr(default)]
    title: Option<Line<300>>,
    #[deserr(default)]
    episode_number: Option<Integer<1, { i32::MAX as u32 }>>,
    #[deserr(default)]
    script_type: Option<Name<64>>,
    #[deserr(default)]
    model: Option<Line<128>>,
    #[deserr(default)]
    temperature: Option<Temperature>,
    #[deserr(default)]
    length_target: Option<Integer<1, 50_000>>,
}

impl Fields for CreateRequest {
    const NAMES: &'static [&'static str] =
        &["projectId", "description", "title", "episodeNumber", "scriptType", "model", "temperature", "lengthTarget"];
}

impl CreateRequest {
    /// The model that the request names, if any.
    pub(super) fn model(&self) -> Option<&str> {
        self.model.as_ref().map(|Line(model)| model.as_str())
    }

    /// Builds the brief, with the resolved model name.
    pub(super) fn into_brief(self, model: String, locale: Locale) -> Brief {
        let ProjectId(project_id) = self.project_id;
        let episode_number = self.episode_number.map(|Integer(number)| number);
        let title = match (self.title, episode_number) {
            (Some(Line(title)), _) => title,
            (None, Some(number)) => format!("{project_id} - Ep. {number}"),
            (None, None) => project_id.clone(),
        };
        Brief {
            project_id,
            episode_number,
            title,
            description: self.description.0,
            script_type: self.script_type.map_or_else(|| "drama".to_owned(), |Name(name)| name),
            model,
            temperature: self.temperature.map_or(0.7, |Temperature(temperature)| temperature),
            length_target: self.length_target.map_or(1000, |Integer(words)| words),
            locale,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<CreateRequest, Faults> {
        CreateRequest::read(body.clone())
    }

    fn faulty_fields(body: &Value) -> Vec<String> {
        read(body).expect_err("faults").fields().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_contracts_example_is_accepted_unchanged() {
        let request = read(&json!({
            "projectId": "project-123", "episodeNumber": 1, "title": "Episode Title",
            "description": "Script description/prompt", "scriptType": "drama", "model": "gpt-4",
            "temperature": 0.7, "lengthTarget": 1000
        }))
        .expect("valid");
        assert_eq!(request.model(), Some("gpt-4"));
        assert_eq!(request.into_brief("gpt-4".into(), Locale::Ko).title, "Episode Title");
    }

    #[test]
    fn omitted_and_null_fields_have_their_defaults() {
        let brief = |body| read(&body).expect("valid").into_brief("m".into(), Locale::Ko);
        let least = brief(json!({"projectId": "p", "description": "d", "title": null, "extra": [1]}));
        assert_eq!((least.title.as_str(), least.temperature, least.length_target), ("p", 0.7, 1000));
        assert_eq!(least.script_type, "drama");
        assert_eq!(brief(json!({"projectId": "p", "description": "d", "episodeNumber": 3})).title, "p - Ep. 3");
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let fields = faulty_fields(&json!({
            "projectId": " \t", "description": 5, "title": "", "episodeNumber": 0, "scriptType": "Drama!",
            "model": "a\u{7}", "temperature": 2.1, "lengthTarget": 1.5
        }));
        let all = [
            "projectId",
            "description",
            "title",
            "episodeNumber",
            "scriptType",
            "model",
            "temperature",
            "lengthTarget",
        ];
        assert_eq!(fields, all);
        assert_eq!(faulty_fields(&json!({})), ["projectId", "description"]);
        assert_eq!(faulty_fields(&json!([])), ["body"]);
        for project in [".", ".."] {
            assert_eq!(faulty_fields(&json!({"projectId": project, "description": "d"})), ["projectId"]);
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let body = |length: usize| json!({"projectId": "가".repeat(length), "description": "d"});
        read(&body(128)).expect("128 characters");
        assert_eq!(faulty_fields(&body(129)), ["projectId"]);
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Value::from))
    }

    proptest! {
        #[test]
        fn any_value_is_within_bounds_or_reported(values in prop::collection::vec(json_value(), 8)) {
            let names = ["projectId", "description", "title", "episodeNumber", "scriptType", "model", "temperature", "lengthTarget"];
            let body: Value = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
            match read(&body) {
                Ok(request) => {
                    let brief = request.into_brief("m".into(), Locale::En);
                    prop_assert!((0.0..=2.0).contains(&brief.temperature));
                    prop_assert!((1..=50_000).contains(&brief.length_target));
                    prop_assert!(!brief.project_id.trim().is_empty());
                }
                Err(faults) => prop_assert!(!faults.fields().is_empty()),
            }
        }
    }
}
