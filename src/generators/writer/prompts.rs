//! Prompts: one template per script type, embedded from `config/prompts/`; the operator can replace them.

use std::{collections::BTreeMap, fs, path::Path};

use derive_more::{Display, Error};
use generation_actors::model::{Brief, Locale};
use minijinja::{Environment, UndefinedBehavior, context};

/// The template for script types without one of their own.
const DEFAULT: &str = "default";
const SUFFIX: &str = ".jinja";

const EMBEDDED: &[(&str, &str)] = &[
    ("default.jinja", include_str!("../../../config/prompts/default.jinja")),
    ("movie.jinja", include_str!("../../../config/prompts/movie.jinja")),
    ("sitcom.jinja", include_str!("../../../config/prompts/sitcom.jinja")),
    ("web_drama.jinja", include_str!("../../../config/prompts/web_drama.jinja")),
    ("audio_drama.jinja", include_str!("../../../config/prompts/audio_drama.jinja")),
];

/// The templates cannot be used; lists every error in every file.
#[derive(Debug, Display, Error)]
#[display("the prompt templates have errors:{}", errors.iter().map(|error| format!("\n  {error}")).collect::<String>())]
pub struct PromptError {
    errors: Vec<String>,
}

/// What a model is sent for one brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The model's role and how to write; nothing in it comes from a client.
    pub system: String,
    /// What to write about.
    pub user: String,
    /// The instruction to continue a text that was cut off.
    pub go_on: String,
}

/// All templates, compiled.
#[derive(Debug)]
pub struct Prompts(Environment<'static>);

impl Prompts {
    /// Loads the embedded templates; files in `folder` named `{script type}.jinja` replace them or add to them.
    ///
    /// # Errors
    /// A file cannot be read or does not compile, or a template lacks a block or uses an unknown variable.
    pub fn load(folder: Option<&Path>) -> Result<Self, PromptError> {
        let mut sources: BTreeMap<String, String> =
            EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut errors = Vec::new();
        if let Some(folder) = folder {
            read_folder(folder, &mut sources, &mut errors);
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let names: Vec<String> = sources.keys().cloned().collect();
        for (name, text) in sources {
            if let Err(error) = environment.add_template_owned(name.clone(), text) {
                errors.push(format!("{name}: {error}"));
            }
        }
        let prompts = Self(environment);
        if errors.is_empty() {
            errors.extend(names.iter().filter_map(|name| prompts.try_out(name).err()));
        }
        if errors.is_empty() { Ok(prompts) } else { Err(PromptError { errors }) }
    }

    /// Renders briefs of each kind: a template may fail on one and not on another (`{% if episode_number %}`).
    fn try_out(&self, name: &str) -> Result<(), String> {
        for (episode_number, description) in [(None, "Description"), (Some(1), "설명")] {
            let brief = Brief {
                project_id: "project".into(),
                episode_number,
                title: "Title".into(),
                description: description.into(),
                script_type: name.trim_end_matches(SUFFIX).to_owned(),
                model: String::new(),
                temperature: 0.7,
                length_target: 1000,
                locale: Locale::En,
            };
            self.render(name, &brief).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(())
    }

    /// Renders the prompt for `brief`.
    ///
    /// # Errors
    /// The template fails on this brief, though it rendered those that [`Prompts::load`] tried.
    pub fn prompt(&self, brief: &Brief) -> Result<Prompt, minijinja::Error> {
        let own = format!("{}{SUFFIX}", brief.script_type);
        let name = if self.0.get_template(&own).is_ok() { own } else { format!("{DEFAULT}{SUFFIX}") };
        self.render(&name, brief)
    }

    fn render(&self, name: &str, brief: &Brief) -> Result<Prompt, minijinja::Error> {
        let template = self.0.get_template(name)?;
        let mut rendered = template.render_captured(context! {
            title => &brief.title,
            description => &brief.description,
            script_type => &brief.script_type,
            episode_number => brief.episode_number,
            length_target => brief.length_target,
            language => language(&brief.description),
        })?;
        rendered.with_state_mut(|state| {
            let mut block = |name| state.render_block(name).map(|text| text.trim().to_owned());
            Ok(Prompt { system: block("system")?, user: block("user")?, go_on: block("continue")? })
        })
    }
}

fn read_folder(folder: &Path, sources: &mut BTreeMap<String, String>, errors: &mut Vec<String>) {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) => return errors.push(format!("{}: {error}", folder.display())),
    };
    for path in files.flatten().map(|file| file.path()) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(SUFFIX)) else {
            continue;
        };
        match fs::read_to_string(&path) {
            Ok(text) => drop(sources.insert(name.to_owned(), text)),
            Err(error) => errors.push(format!("{}: {error}", path.display())),
        }
    }
}

/// The majority of letters decides: a Korean description may name people and places in Latin letters. Any other language is
/// left to the model, which recognizes it better.
fn language(text: &str) -> &'static str {
    let hangul = text.chars().filter(|c| matches!(c, '가'..='힣' | 'ㄱ'..='ㆎ')).count();
    // A Hangul syllable stands for two or three Latin letters.
    let latin = text.chars().filter(char::is_ascii_alphabetic).count() / 2;
    if hangul > 0 && hangul >= latin { "Korean" } else { "the language of the description" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(script_type: &str, description: &str) -> Brief {
        Brief {
            project_id: "p".into(),
            episode_number: Some(3),
            title: "비의 {{ 제목 }}".into(),
            description: description.into(),
            script_type: script_type.into(),
            model: "m".into(),
            temperature: 0.7,
            length_target: 700,
            locale: Locale::Ko,
        }
    }

    #[test]
    fn each_script_type_has_its_form_and_others_have_the_default() {
        let prompts = Prompts::load(None).unwrap();
        let system = |script_type| prompts.prompt(&brief(script_type, "A cafe at night")).unwrap().system;
        assert!(system("sitcom").contains("situation comedy"));
        assert!(system("drama").contains("episode of a series"));
        assert_eq!(system("never_heard_of"), system("drama"));
        assert!(system("drama").contains("Write in the language of the description"));
        assert!(system("drama").contains("INT. CAFE - NIGHT") && system("drama").contains("about 700 words"));
    }

    #[test]
    fn what_a_client_sent_stands_in_the_users_part_only_and_is_no_template() {
        let prompts = Prompts::load(None).unwrap();
        let prompt = prompts.prompt(&brief("drama", "비 오는 밤의 작은 카페 {% block %}")).unwrap();
        assert!(prompt.user.contains("비의 {{ 제목 }}") && prompt.user.contains("카페 {% block %}"), "{}", prompt.user);
        assert!(prompt.user.contains("Episode: 3"));
        assert!(!prompt.system.contains("비의") && !prompt.system.contains("비 오는"));
        assert!(prompt.system.contains("S#1. 실내") && prompt.system.contains("Write in Korean"));
        assert!(prompt.go_on.contains("Continue"));
    }

    #[test]
    fn an_operators_folder_replaces_and_adds() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("opera.jinja"),
            "{% extends 'default.jinja' %}{% block form %}Let it be sung.{% endblock %}",
        )
        .unwrap();
        fs::write(
            folder.path().join("movie.jinja"),
            "{% block system %}S{% endblock %}{% block user %}U{% endblock %}{% block continue %}C{% endblock %}",
        )
        .unwrap();
        fs::write(folder.path().join("notes.txt"), "{% not a template").unwrap();
        let prompts = Prompts::load(Some(folder.path())).unwrap();
        assert!(prompts.prompt(&brief("opera", "x")).unwrap().system.contains("Let it be sung."));
        assert_eq!(prompts.prompt(&brief("movie", "x")).unwrap().user, "U");
    }

    #[test]
    fn every_broken_template_is_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.jinja"), "{% block system %}").unwrap();
        fs::write(folder.path().join("b.jinja"), "{{ }}").unwrap();
        let told = Prompts::load(Some(folder.path())).unwrap_err().to_string();
        assert!(told.contains("a.jinja") && told.contains("b.jinja"), "{told}");
        fs::remove_file(folder.path().join("a.jinja")).unwrap();
        fs::write(
            folder.path().join("b.jinja"),
            "{% extends 'default.jinja' %}{% block form %}{{ tilte }}{% endblock %}",
        )
        .unwrap();
        let told = Prompts::load(Some(folder.path())).unwrap_err().to_string();
        assert!(told.contains("b.jinja") && told.contains("undefined"), "{told}");
        fs::write(folder.path().join("b.jinja"), "no blocks").unwrap();
        assert!(Prompts::load(Some(folder.path())).is_err());
    }
}
