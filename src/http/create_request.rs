//! The body of `POST /api/v1/generations`, checked (the table of the contract).

use generation_actors::model::{Brief, Locale};
use serde_json::Value;

use super::{error::FieldFault, fields::Fields};
use crate::locales::FaultTexts;

/// A checked request; the model's name is still to be resolved.
#[derive(Debug, PartialEq)]
pub(super) struct CreateRequest {
    project_id: String,
    description: String,
    title: Option<String>,
    episode_number: Option<u32>,
    script_type: String,
    pub model: Option<String>,
    temperature: f64,
    length_target: u32,
}

impl CreateRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// All faults.
    pub(super) fn read(body: &Value, texts: &FaultTexts) -> Result<Self, Vec<FieldFault>> {
        let mut fields = Fields::of(body, texts)?;
        let project_id = fields.required_text("projectId", 128);
        let project_id = fields.without_control("projectId", project_id);
        let project_id = fields.nameable("projectId", project_id);
        let description = fields.required_text("description", 32_000);
        let title = fields.text("title", 300);
        let title = fields.without_control("title", title);
        let episode_number = fields.integer("episodeNumber", 1, i32::MAX as u32);
        let script_type = fields.name("scriptType", 64);
        let model = fields.text("model", 128);
        let model = fields.without_control("model", model);
        let temperature = fields.number("temperature", 0.0, 2.0);
        let length_target = fields.integer("lengthTarget", 1, 50_000);
        let (Some(project_id), Some(description)) = (project_id, description) else { return Err(fields.faults()) };
        let faults = fields.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            project_id: project_id.to_owned(),
            description: description.to_owned(),
            title: title.map(str::to_owned),
            episode_number,
            script_type: script_type.unwrap_or("drama").to_owned(),
            model: model.map(str::to_owned),
            temperature: temperature.unwrap_or(0.7),
            length_target: length_target.unwrap_or(1000),
        })
    }

    /// The brief, with the model's resolved name.
    pub(super) fn into_brief(self, model: String, locale: Locale) -> Brief {
        let title = self.title.unwrap_or_else(|| match self.episode_number {
            Some(number) => format!("{} - Ep. {number}", self.project_id),
            None => self.project_id.clone(),
        });
        Brief {
            project_id: self.project_id,
            episode_number: self.episode_number,
            title,
            description: self.description,
            script_type: self.script_type,
            model,
            temperature: self.temperature,
            length_target: self.length_target,
            locale,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::locales::Locales;

    fn read(body: &Value) -> Result<CreateRequest, Vec<FieldFault>> {
        CreateRequest::read(body, &Locales::embedded().http(Locale::En).faults)
    }

    fn faulty_fields(body: &Value) -> Vec<&'static str> {
        read(body).expect_err("faults").into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn the_originals_example_is_taken_as_it_is() {
        let request = read(&json!({
            "projectId": "project-123", "episodeNumber": 1, "title": "Episode Title",
            "description": "Script description/prompt", "scriptType": "drama", "model": "gpt-4",
            "temperature": 0.7, "lengthTarget": 1000
        }))
        .expect("valid");
        assert_eq!(request.model.as_deref(), Some("gpt-4"));
        assert_eq!(request.into_brief("gpt-4".into(), Locale::Ko).title, "Episode Title");
    }

    #[test]
    fn what_is_left_out_or_null_has_its_default() {
        let brief = |body| read(&body).expect("valid").into_brief("m".into(), Locale::Ko);
        let least = brief(json!({"projectId": "p", "description": "d", "title": null, "extra": [1]}));
        assert_eq!((least.title.as_str(), least.temperature, least.length_target), ("p", 0.7, 1000));
        assert_eq!(least.script_type, "drama");
        assert_eq!(brief(json!({"projectId": "p", "description": "d", "episodeNumber": 3})).title, "p - Ep. 3");
    }

    #[test]
    fn all_faults_are_told_at_once() {
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
        fn any_values_are_either_within_bounds_or_told(values in prop::collection::vec(json_value(), 8)) {
            let names = ["projectId", "description", "title", "episodeNumber", "scriptType", "model", "temperature", "lengthTarget"];
            let body: Value = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
            match read(&body) {
                Ok(request) => {
                    prop_assert!((0.0..=2.0).contains(&request.temperature));
                    prop_assert!((1..=50_000).contains(&request.length_target));
                    prop_assert!(!request.project_id.trim().is_empty());
                }
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }
    }
}
