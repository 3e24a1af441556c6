// The sheet of paper: a screenplay as elements. A model's text becomes text nodes, never markup.

import { element } from './elements.js';
import { Screenplay, inlineRuns } from './screenplay.js';

const ELEMENTS = { title: 'h3', heading: 'h4', scene: 'h4', rule: 'hr' };
/** Stanzas per leaf. The browser skips the layout of leaves that are out of view. */
const LEAF = 40;
const NEAR_BOTTOM = 60;

/** Shows a growing text, changing only what is new, and keeps its end in view for a reader who is at the end. */
export class Sheet {
  #scroller;
  #paper;
  #jump;
  #script = new Screenplay();
  #name = '';
  #text = '';
  #changed = 0;
  #live = false;
  #faded = false;
  #wasLive = false;
  #frame = 0;
  #nodes = [];
  #following = true;
  #top = 0;

  constructor(scroller, paper, jump) {
    this.#scroller = scroller;
    this.#paper = paper;
    this.#jump = jump;
    scroller.addEventListener('scroll', () => this.#look(), { passive: true });
    // A notice above shrinks the sheet, and leaves get their final height only when they are laid out.
    const settled = new ResizeObserver(() => this.#live && this.#following && this.#scrollToEnd());
    settled.observe(scroller);
    settled.observe(paper);
    jump.addEventListener('click', () => {
      this.#following = true;
      this.#scrollToEnd();
      scroller.focus({ preventScroll: true });
    });
  }

  /** Shows the whole text of `name`. `live`: more text is coming. `faded`: it is the text of an earlier attempt. */
  show({ name, text, live, faded }) {
    if (name === this.#name && text === this.#text && live === this.#live && faded === this.#faded) return;
    const from = commonLength(this.#text, text);
    if (name !== this.#name) {
      this.#scroller.scrollTop = 0;
      this.#following = true;
      this.#wasLive = false;
    }
    this.#name = name;
    this.#changed = this.#frame ? Math.min(this.#changed, from) : from;
    this.#text = text;
    this.#live = live;
    this.#faded = faded;
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render() {
    this.#frame = 0;
    const first = this.#script.update(this.#text, this.#changed);
    for (const node of this.#nodes.splice(first)) node.remove();
    while (this.#paper.childElementCount > Math.ceil(first / LEAF)) this.#paper.lastElementChild.remove();
    const { stanzas } = this.#script;
    for (let index = first; index < stanzas.length; index += 1) {
      if (index % LEAF === 0) this.#paper.append(element('div', 'leaf'));
      const stanza = element('div', 'stanza');
      const open = this.#live && index === stanzas.length - 1;
      stanza.append(...stanzas[index].blocks.map((block) => blockElement(block, open)));
      this.#paper.lastElementChild.append(stanza);
      this.#nodes.push(stanza);
    }
    this.#paper.lang = /\p{Script=Hangul}/u.test(this.#text.slice(0, 2000)) ? 'ko' : 'en';
    this.#paper.classList.toggle('live', this.#live);
    this.#paper.classList.toggle('faded', this.#faded);
    this.#paper.parentElement.classList.toggle('blank', this.#text === '');
    if (this.#following && (this.#live || this.#wasLive)) this.#scrollToEnd();
    else this.#look();
    this.#wasLive = this.#live;
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    // Scrolling up stops following. A text that grows does not, although its end moves away.
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
    this.#jump.hidden = this.#following || !this.#live;
  }

  #scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = true;
  }
}

function blockElement({ kind, text, marker }, open) {
  const node = element(ELEMENTS[kind] ?? 'p', kind);
  if (marker) node.dataset.marker = marker;
  for (const run of inlineRuns(text, open)) {
    let part = document.createTextNode(run.text);
    if (run.bold) part = wrapped('strong', part);
    if (run.italic) part = wrapped('em', part);
    node.append(part);
  }
  return node;
}

function wrapped(name, child) {
  const node = document.createElement(name);
  node.append(child);
  return node;
}

/** The length of the common beginning of two texts. Usually the new text continues the old one. */
function commonLength(before, after) {
  if (after.startsWith(before)) return before.length;
  const most = Math.min(before.length, after.length);
  let length = 0;
  while (length < most && before.charCodeAt(length) === after.charCodeAt(length)) length += 1;
  return length;
}
