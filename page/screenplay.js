// Parses a script's text into the parts of a screenplay. Uses no DOM, so it can be tested without a browser.

/** Characters. A longer stanza is closed early, so that one more word never means parsing the whole script again. */
const MAX_LINES = 40;
const MAX_CHARACTERS = 4000;

const SCENE =
  /^(?:(?:INT|EXT|EST|I\/E)[./\s]|[Ii]nt\.|[Ee]xt\.|[Ss]\s?#\s*\d|#\d|(?:씬|장면)\s*#?\d|(?:SCENE|Scene)\s+#?\d|(?:실내|실외)[.:])/;
const OPENING = /^(?:FADE IN|페이드\s?인|F\.\s?I\.?)[.:]?$/i;
const TRANSITION =
  /^\(?(?:(?:FADE|CUT|DISSOLVE|(?:SMASH|MATCH|JUMP|HARD) CUT|WIPE|IRIS) (?:TO|IN|OUT|BACK)\b[A-Z ]*|(?:FADE|CUT|DISSOLVE|WIPE)(?=[.:])|(?:SMASH|MATCH|JUMP|HARD) CUT|[A-Z ]+ TO(?=:)|페이드\s?(?:아웃|인)|디졸브|컷\s?투|암전|F\.\s?[IO]\.?)[.:]?\)?$/;
const CLOSING = /^[-–—\s(（]*(?:THE END|FIN|END|끝|막)[-–—\s.)）]*$/;
const ACT = /^(?:(?:ACT|EPISODE|PART|CHAPTER|TITLE)\b|제?\s?\d+\s?(?:막|장|화|부|회))/i;
const RULE = /^(?:([-*_])(?:\s*\1){2,}|={3,})$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(?:[-*+•]|(\d{1,3})[.)])\s+(.+)$/;
const ASIDE = /^[(（].*[)）]$/;
const EXTENSION = /\s*([(（][^()（）]{1,40}[)）])$/;
const LABELS = new Set(
  (
    'title subtitle logline genre character characters setting location time date theme tone premise synopsis author draft writtenby basedon note notes cast model length episode project ' +
    '제목 부제 로그라인 장르 등장인물 인물 배경 장소 시간 때 날짜 주제 톤 기획의도 시놉시스 줄거리 작가 원작 극본 참고 비고 안내 설명 모델 분량 목표분량 프로젝트 에피소드'
  ).split(' '),
);
const LATIN_NAME = /^[A-Z][A-Z0-9 .'’#&/-]{0,30}$/;
const TITLE_NAME = /^[A-Z][a-z’']+(?: [A-Z][a-z’']+)?$/;
const HANGUL_NAME = /^\p{Script=Hangul}[\p{Script=Hangul}\d]{0,7}(?: [\p{Script=Hangul}\d]{1,4})?$/u;
const SPOKEN = /^(\*\*)?([\p{L}][\p{L}\p{N} .'’·-]{0,24}?)\s*([(（][^()（）]{1,40}[)）])?(\*\*)?\s*[:：](\*\*)?(?!\d)\s*(.*)$/u;
const COLUMNS = /^(\p{Script=Hangul}[\p{Script=Hangul}\d]{0,5}(?:\s?\([^)]{1,12}\))?)(?:\t+| {2,})(\S.*)$/u;

/** A growing script as stanzas of blocks. An update parses again only from the stanza in which the text changed. */
export class Screenplay {
  /** Each stanza is `{ blocks, carry, closedAt }`. A block is `{ kind, text }`, and more for some kinds. */
  stanzas = [];

  /** Takes the whole `text`, unchanged before `from`; returns the index of the first stanza that may differ. */
  update(text, from = 0) {
    let kept = this.stanzas.length;
    while (kept > 0 && this.stanzas[kept - 1].closedAt > from) kept -= 1;
    this.stanzas.length = kept;
    let carry = kept > 0 ? this.stanzas[kept - 1].carry : false;
    const start = kept > 0 ? this.stanzas[kept - 1].closedAt : 0;
    for (const { lines, closedAt } of split(text, start)) {
      const stanza = { ...readStanza(lines, carry), closedAt };
      carry = stanza.carry;
      this.stanzas.push(stanza);
    }
    return kept;
  }
}

/** All blocks of a text, parsed in one pass. */
export function parseScreenplay(text) {
  const script = new Screenplay();
  script.update(text);
  return script.stanzas.flatMap((stanza) => stanza.blocks);
}

function* split(text, from) {
  let lines = [];
  let size = 0;
  for (let at = from; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    let end = newline < 0 ? text.length : newline;
    let next = newline < 0 ? text.length : newline + 1;
    const long = end - at > MAX_CHARACTERS;
    if (long) next = end = cut(text, at);
    const line = text.slice(at, end).replace(/\r$/, '');
    const blank = line.trim() === '';
    if (!blank) {
      lines.push(line);
      size += line.length;
    }
    at = next;
    const full = lines.length >= MAX_LINES || size >= MAX_CHARACTERS;
    if (lines.length > 0 && (blank || long || (full && newline >= 0))) {
      // A blank line without a line break may still get words.
      yield { lines, closedAt: newline >= 0 || long ? at : Infinity };
      lines = [];
      size = 0;
    }
  }
  if (lines.length > 0) yield { lines, closedAt: Infinity };
}

function cut(text, at) {
  const space = text.lastIndexOf(' ', at + MAX_CHARACTERS - 1);
  const end = space > at ? space + 1 : at + MAX_CHARACTERS;
  return text.charCodeAt(end) >> 10 === 0x37 ? end + 1 : end;
}

function readStanza(lines, carry) {
  const blocks = [];
  let speaking = carry;
  const put = (kind, text, more) => blocks.push({ kind, text, ...more });
  const extend = (kind, text) => {
    const last = blocks.at(-1);
    if (last?.kind === kind) last.text += `\n${text}`;
    else put(kind, text);
  };
  lines.forEach((raw, index) => {
    const line = raw.trim();
    if (line.startsWith('```')) return;
    const whole = structure(line, index + 1 === lines.length);
    if (whole) {
      speaking = false;
      blocks.push(whole);
      return;
    }
    const cue = spoken(line) ?? columns(line) ?? alone(line, index, lines, speaking);
    if (cue) {
      put('cue', cue.name);
      if (cue.aside) put('aside', cue.aside);
      if (cue.words) put('dialogue', cue.words);
      speaking = true;
    } else if (speaking && ASIDE.test(unwrapped(line))) put('aside', unwrapped(line));
    else if (speaking) extend('dialogue', line);
    else if (ITEM.test(line)) put('item', ITEM.exec(line)[2], { marker: ITEM.exec(line)[1] ? `${ITEM.exec(line)[1]}.` : '•' });
    else extend('action', line);
  });
  // Only a cue without any dialogue yet stays open after a blank line.
  const lastKind = blocks.at(-1)?.kind;
  return { blocks, carry: speaking && (lastKind === 'cue' || lastKind === 'aside' || lines.length >= MAX_LINES) };
}

/** A line that is recognised by itself, in any context. A character may be called Fin and speak, too. */
function structure(line, last) {
  if (RULE.test(line)) return { kind: 'rule', text: '' };
  const heading = HEADING.exec(line);
  const bare = unwrapped(heading ? heading[2] : line);
  if (SCENE.test(bare)) return { kind: 'scene', text: bare };
  if (OPENING.test(bare)) return { kind: 'opening', text: bare };
  if (TRANSITION.test(bare)) return { kind: 'transition', text: bare };
  if (last && CLOSING.test(bare)) return { kind: 'centered', text: bare };
  if (heading) return { kind: heading[1].length === 1 ? 'title' : 'heading', text: bare };
  if (bare !== line && ACT.test(bare)) return { kind: 'heading', text: bare };
  const centered = /^>\s*(.*?)\s*<$/.exec(line);
  if (centered) return { kind: 'centered', text: centered[1] };
  const quote = /^>\s?(.*)$/.exec(line);
  if (quote) return { kind: 'note', text: quote[1] };
  return null;
}

/** `NAME (aside): words`. A label of the title page (`Location: …`) is not a speaker. */
function spoken(line) {
  const [, open, name, aside, , , words] = SPOKEN.exec(line) ?? [];
  if (!name || isLabel(name)) return null;
  const named = open || LATIN_NAME.test(name) || TITLE_NAME.test(name) || HANGUL_NAME.test(name);
  return named ? { name, aside, words: words.replace(/^\*\*\s*/, '') } : null;
}

/** The Korean layout: the name, a wide gap, the words. */
function columns(line) {
  const [, name, words] = COLUMNS.exec(line) ?? [];
  return name ? { name, words } : null;
}

function isLabel(name) {
  return LABELS.has(name.toLowerCase().replaceAll(' ', ''));
}

/** A name on a separate line. */
function alone(line, index, lines, speaking) {
  const bare = unwrapped(line);
  const name = bare.replace(EXTENSION, '').trim();
  const cue = { name: bare };
  if (!name || isLabel(name) || ACT.test(name) || /[.!?]$/.test(name)) return null;
  const size = name.split(' ').length;
  if (bare !== line) return size <= 3 && /^[\p{L}][\p{L}\p{N} .'’·-]{0,23}$/u.test(name) ? cue : null;
  // Short lines below a name are its dialogue.
  if (index > 0 || speaking) return null;
  if (LATIN_NAME.test(name)) return size <= 4 ? cue : null;
  const sentence = size > 1 && /[다요죠까음함]$/.test(name);
  return HANGUL_NAME.test(name) && !sentence && index + 1 < lines.length ? cue : null;
}

function unwrapped(text) {
  const [, , inner] = /^(\*{1,3}|_{1,3})(?=\S)(.*\S)\1$/.exec(text) ?? [];
  return inner !== undefined && !inner.includes('**') ? inner : text;
}

const MARKED = /\*\*\*(?=\S)([^]*?\S)\*\*\*|(\*\*|__)(?=\S)([^]*?\S)\2|(?<![\p{L}\p{N}*_])([*_])(?=[^\s*_])([^*_]*?[^\s*_])\4(?![\p{L}\p{N}*])/u;

/** Text with Markdown emphasis as runs `{ text, bold, italic }`. `open` text may still get its closing mark. */
export function inlineRuns(text, open = false, style = { bold: false, italic: false }) {
  const runs = [];
  let rest = hidden(text);
  if (open) rest = closed(rest);
  for (let found = MARKED.exec(rest); found; found = MARKED.exec(rest)) {
    if (found.index > 0) runs.push({ text: plain(rest.slice(0, found.index)), ...style });
    const [whole, both, , bold, , italic] = found;
    const inner = { bold: style.bold || Boolean(both ?? bold), italic: style.italic || Boolean(both ?? italic) };
    runs.push(...inlineRuns(both ?? bold ?? italic, false, inner));
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) runs.push({ text: plain(rest), ...style });
  return runs;
}

/** Hides a mark that waits for its closing half, so that it does not flicker while the text grows. */
function closed(text) {
  const pairs = (part) => part.split('**').length - 1;
  if (pairs(text) % 2 === 0) return text;
  const body = text.replace(/\*+$/, '');
  return pairs(body) % 2 === 0 ? body : `${body}**`;
}

/** Characters that Markdown takes literally after a backslash. */
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
/** The first of as many noncharacters, which no text may contain. */
const STAND_INS = 0xfdd0;

/** Replaces escaped characters, so that they are not read as marks. */
function hidden(text) {
  return text.replace(/\\([!-/:-@[-`{-~])/g, (_, sign) => String.fromCharCode(STAND_INS + PUNCTUATION.indexOf(sign)));
}

/** Restores the escaped characters, without their backslashes. */
function plain(text) {
  return text.replace(/[\ufdd0-\ufdef]/g, (stand) => PUNCTUATION[stand.charCodeAt(0) - STAND_INS]);
}
