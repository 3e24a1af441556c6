//! Which optional parameters a request carries: those the protocol expects the model to take, minus those the server refused.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::objection::Objection;

/// The most models remembered. Clients choose model names, so without a bound they would choose our memory use too.
const REMEMBERED: usize = 1_000;

/// The optional parameters of one request. Each has one or more names on the wire: the first is sent, the others are tried if a
/// server refuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::generators) struct Parameters(Vec<&'static [&'static str]>);

impl Parameters {
    /// Lists each parameter by its names; none is without a name.
    pub(in crate::generators) fn new(parameters: impl IntoIterator<Item = &'static [&'static str]>) -> Self {
        Self(parameters.into_iter().collect())
    }

    /// Whether a parameter is sent under this name.
    pub(in crate::generators) fn sends(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Gives in to an objection; false if the request did not carry the parameter, so that another attempt is pointless. Each
    /// objection removes a name, so a request changes at most as many times as there are names.
    pub(super) fn give_in(&mut self, objection: Objection) -> bool {
        let Some(position) = self.position(objection.parameter) else { return false };
        match &self.0[position][1..] {
            // A refused value would be refused under the other name too.
            others if objection.lasting && !others.is_empty() => self.0[position] = others,
            _ => {
                self.0.remove(position);
            }
        }
        true
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|names| names.first() == Some(&name))
    }
}

/// What the models of one provider were found to refuse, kept until the process ends.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Parameters>>);

impl Memory {
    /// Returns what to send to this model: `expected` until it refuses something.
    pub(super) fn recall(&self, model: &str, expected: impl FnOnce() -> Parameters) -> Parameters {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).cloned();
        known.unwrap_or_else(expected)
    }

    /// Records a lasting objection. A full memory starts over: all it does is save requests.
    pub(super) fn remember(&self, model: &str, objection: Objection, expected: impl FnOnce() -> Parameters) {
        if !objection.lasting {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(model) {
            known.clear();
        }
        // Another run may have recorded the same objection: then there is nothing left to give in to.
        known.entry(model.to_owned()).or_insert_with(expected).give_in(objection);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["max_tokens", "max_completion_tokens", "temperature", "stream_options"];

    fn all() -> Parameters {
        Parameters::new([&["max_tokens", "max_completion_tokens"][..], &["temperature"], &["stream_options"]])
    }

    /// The name under which the limit is sent.
    fn limit(parameters: &Parameters) -> Option<&'static str> {
        NAMES[..2].iter().copied().find(|name| parameters.sends(name))
    }

    #[test]
    fn the_limit_goes_from_one_name_to_the_other_and_then_away() {
        let mut parameters = all();
        assert!(parameters.give_in(Objection { parameter: "max_tokens", lasting: true }));
        assert_eq!(limit(&parameters), Some("max_completion_tokens"));
        assert!(!parameters.give_in(Objection { parameter: "max_tokens", lasting: true }), "sent no more");
        assert!(parameters.give_in(Objection { parameter: "max_completion_tokens", lasting: true }));
        assert_eq!(limit(&parameters), None);

        let mut parameters = all();
        assert!(parameters.give_in(Objection { parameter: "max_tokens", lasting: false }));
        assert_eq!(limit(&parameters), None, "a number too large is too large under any name");
        assert!(parameters.sends("temperature") && parameters.sends("stream_options"));
    }

    #[test]
    fn what_lasts_is_remembered_by_model_within_a_bound() {
        let memory = Memory::default();
        let objection = Objection { parameter: "max_tokens", lasting: true };
        memory.remember("a", objection, all);
        memory.remember("a", objection, all);
        memory.remember("b", Objection { lasting: false, ..objection }, all);
        assert_eq!(limit(&memory.recall("a", all)), Some("max_completion_tokens"));
        assert_eq!(limit(&memory.recall("b", all)), Some("max_tokens"));
        for number in 0..3 * REMEMBERED {
            memory.remember(&format!("model-{number}"), objection, all);
        }
        assert!(memory.0.lock().unwrap().len() <= REMEMBERED);
    }

    proptest! {
        #[test]
        fn objections_come_to_an_end(objections in prop::collection::vec((0usize..4, any::<bool>()), 0..40)) {
            let mut parameters = all();
            let given_in = objections
                .into_iter()
                .filter(|(index, lasting)| {
                    parameters.give_in(Objection { parameter: NAMES[*index], lasting: *lasting })
                })
                .count();
            prop_assert!(given_in <= 4);
        }
    }
}
