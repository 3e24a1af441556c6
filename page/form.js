// Draws the form for a new script and reports what the user does in it.

import { EXAMPLES } from './draft.js';
import { element, setText } from './elements.js';
import { defaultModel, isPlaceholder, takesAnyName } from './models.js';
import { refusal } from './view.js';

/** The form. `on` has the callbacks `typed(field, value)`, `projectChosen`, `example`, `undo` and `send`. */
export class Form {
  #form;
  #get;

  constructor(get, on) {
    this.#get = get;
    this.#form = get('brief-form');
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      on.send();
    });
    const typed = ({ target: { name, value } }) => on.typed(name, value);
    this.#form.addEventListener('input', typed);
    // The browser or a tool can fill in a field without typing, which fires only `change`.
    this.#form.addEventListener('change', (event) => {
      typed(event);
      if (event.target.name === 'projectId') on.projectChosen();
    });
    get('example').addEventListener('click', () => on.example());
    get('undo').addEventListener('click', () => {
      on.undo();
      // The focused button is gone, so move the focus.
      if (get('undo').hidden) get('f-description').focus();
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
    });
  }

  draw({ draft, models }, speech) {
    this.#models(models, draft.fields.model, speech);
    for (const name of Object.keys(EXAMPLES.ko)) {
      const field = this.#field(name);
      if (field.value !== draft.fields[name]) field.value = draft.fields[name];
      this.#fault(field, draft.faults[name], speech);
    }
    this.#get('submit').disabled = draft.sending;
    this.#get('undo').hidden = !draft.before;
    this.#banner(draft, speech);
  }

  /** Scrolls to what the error is about, and focuses it. */
  goToProblem() {
    this.#get('brief').open = true;
    const marked = this.#form.querySelector('[aria-invalid=true]');
    (marked ?? this.#get('submit')).focus();
    if (marked) return;
    for (const id of ['submit', 'banner']) this.#get(id).scrollIntoView({ block: 'nearest' });
  }

  #banner({ problem, faults }, speech) {
    const count = Object.keys(faults).length;
    const marked = problem && count > 0 && problem.details.length === 0;
    // Once the user has changed every marked field, nothing is left to correct.
    const done = problem && count === 0 && problem.code === 'VALIDATION_ERROR' && problem.details.length === 0;
    const sentences = !problem || done ? [] : marked ? [{ key: 'fixFields', blanks: { count } }] : refusal(problem);
    const banner = this.#get('banner');
    banner.hidden = sentences.length === 0;
    setText(banner, sentences.map((part) => speech.phrase(part)).join(' '));
  }

  /** Shows a field's error below the field. */
  #fault(field, message, speech) {
    const id = `fault-${field.name}`;
    const shown = document.getElementById(id);
    const helped = field.dataset.help ?? '';
    if (!message) {
      shown?.remove();
      field.removeAttribute('aria-invalid');
      describe(field, helped);
      return;
    }
    const text = shown ?? element('p', 'fault');
    text.id = id;
    setText(text, speech.said(message));
    if (!shown || field.nextElementSibling !== text) field.after(text);
    field.setAttribute('aria-invalid', 'true');
    describe(field, [id, helped].filter(Boolean).join(' '));
  }

  /** Shows the models: as a closed list if no other name can be requested, otherwise as suggestions. */
  #models(models, chosen, speech) {
    const [choice, free] = [this.#get('model-choice'), this.#get('f-model')];
    const open = takesAnyName(models);
    const used = open ? free : choice;
    if (used.hidden) {
      [choice.hidden, free.hidden] = [open, !open];
      [choice.name, free.name] = open ? ['', 'model'] : ['model', ''];
      this.#get('model-label').htmlFor = used.id;
    }
    const standard = defaultModel(models);
    const names = (models?.models ?? []).map(({ name }) => name);
    free.placeholder = standard ? speech.t('defaultModel', { model: standard }) : speech.t('defaultModelUnknown');
    options(this.#get('models'), names.map((name) => [name, name]));
    if (!open) {
      const kept = chosen && !names.includes(chosen) ? [[chosen, chosen]] : [];
      options(choice, [['', free.placeholder], ...names.filter((name) => name !== standard || name === chosen).map((name) => [name, name]), ...kept]);
    }
    const placeholder = isPlaceholder(models, chosen);
    this.#get('model-help').hidden = !placeholder;
    used.dataset.help = placeholder ? 'model-help' : '';
  }

  #field(name) {
    return this.#form.elements[name];
  }
}

function describe(field, ids) {
  if (ids) field.setAttribute('aria-describedby', ids);
  else field.removeAttribute('aria-describedby');
}

function options(list, wanted) {
  const same = list.children.length === wanted.length && wanted.every(([value, label], index) => list.children[index].value === value && list.children[index].textContent === label);
  if (same) return;
  list.replaceChildren(
    ...wanted.map(([value, label]) => {
      const option = element('option', '', label);
      option.value = value;
      return option;
    }),
  );
}
