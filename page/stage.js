// Draws what surrounds the sheet: title, progress, connection, notices and the buttons.

import { jobAddress } from './address.js';
import { setText } from './elements.js';
import { stageView } from './view.js';

/** The part of the page that shows one job or one episode. */
export class Stage {
  #get;
  #sheet;
  #text = '';
  #title = '';

  /** `get` finds an element by its id. `say` is called with a notice's key and tone. */
  constructor(get, sheet, say) {
    this.#get = get;
    this.#sheet = sheet;
    get('copy').addEventListener('click', () => this.#copy(say));
    get('download').addEventListener('click', () => this.#download());
  }

  draw(state, speech) {
    const view = stageView(state);
    const get = this.#get;
    Object.assign(get('stage').dataset, { shows: view.shows, end: view.end, state: view.connection });
    this.#heading(view, speech);
    setText(get('connection'), speech.t(`state_${view.connection}`));
    get('bar').value = view.progress;
    this.#facts(view, speech);
    get('cancel').hidden = !view.canStop;
    get('cancel').disabled = view.stopping;
    get('save').hidden = !view.canSave;
    get('save').disabled = view.saving;
    get('drop').hidden = !state.developer || !view.canStop;
    get('drop').disabled = !view.canDrop;
    this.#alert(view.alert, state, speech);
    setText(get('note'), view.note ? speech.phrase(view.note.sentence) : '');
    get('note').dataset.tone = view.note?.tone ?? '';
    get('earlier').hidden = !view.earlier;
    if (view.earlier) get('earlier-link').href = jobAddress(view.earlier);
    get('prompt').hidden = !view.prompt;
    setText(get('prompt-text'), view.prompt);
    this.#paper(view.paper);
  }

  #heading({ title, meta, placeholder, shows }, speech) {
    const said = typeof title === 'string' ? title : speech.phrase(title);
    this.#title = said;
    setText(this.#get('title'), said);
    this.#get('title').title = said;
    setText(this.#get('meta'), meta.map((part) => (typeof part === 'string' ? part : speech.phrase(part))).join(' · '));
    this.#get('placeholder').hidden = !placeholder;
    const page = [shows === 'blank' ? '' : said, speech.t('appName')].filter(Boolean).join(' – ');
    if (document.title !== page) document.title = page;
  }

  #facts({ facts, counts }, speech) {
    for (const [id, fact] of Object.entries(facts)) {
      const blanks = fact?.seconds !== undefined ? { time: speech.duration(fact.seconds) } : fact?.blanks;
      setText(this.#get(id), fact ? speech.phrase({ ...fact, blanks }) : '');
    }
    setText(this.#get('counts'), counts.map((part) => speech.phrase(part)).join(' · '));
  }

  #alert(alert, { draft }, speech) {
    const get = this.#get;
    get('alert').hidden = !alert;
    setText(get('alert-text'), alert ? alert.sentences.map((part) => speech.phrase(part)).join(' ') : '');
    setText(get('alert-code'), alert?.code ?? '');
    get('retry').hidden = !alert?.retry;
    get('retry').disabled = draft.sending;
  }

  #paper(paper) {
    this.#sheet.show(paper);
    this.#text = paper.faded ? '' : paper.text;
    this.#get('copy').disabled = this.#get('download').disabled = this.#text === '';
  }

  async #copy(say) {
    try {
      await navigator.clipboard.writeText(this.#text);
      say('copied', 'good');
    } catch {
      say('notCopied', 'wait');
    }
  }

  #download() {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([this.#text], { type: 'text/markdown;charset=utf-8' }));
    link.download = `${this.#title.replace(/[\\/:*?"<>|\p{Cc}]+/gu, ' ').trim().slice(0, 80) || 'script'}.md`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
