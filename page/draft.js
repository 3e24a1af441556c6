// The form for a new script: its fields, the example and undo, and the service's errors about it.

export const EXAMPLES = {
  ko: {
    description:
      '문 닫기 직전의 을지로 필름 현상소. 주인 윤재는 20년 전 맡겨지고 아무도 찾아가지 않은 필름 한 통을 현상한다. 사진 속에는 열여덟 살의 자신과, 얼굴이 기억나지 않는 한 사람이 서 있다. 그날 저녁, 비를 피해 들어온 손님 해인이 그 필름의 보관증을 내민다.',
    title: '비 그친 뒤의 서울',
    projectId: 'seoul-after-rain',
    scriptType: 'drama',
    model: '',
    temperature: '0.7',
    lengthTarget: '600',
  },
  en: {
    description:
      'A film lab in Euljiro, about to close for good. Its owner, Yunjae, develops a roll that was left with him twenty years ago and never collected. In the pictures he is eighteen, and beside him stands someone whose face he cannot place. That evening a stranger, Haein, comes in out of the rain and holds out the claim ticket.',
    title: 'Seoul After Rain',
    projectId: 'seoul-after-rain',
    scriptType: 'drama',
    model: '',
    temperature: '0.7',
    lengthTarget: '600',
  },
};

const NAMES = Object.keys(EXAMPLES.ko);
const NUMBERS = new Set(['temperature', 'lengthTarget']);
const REQUIRED = new Set(['projectId', 'description']);

/** The form as it opens: with the fields of the last visit, or with the example on the first visit. */
export function openedDraft(language, saved) {
  const known = (fields) => Object.fromEntries(NAMES.map((name) => [name, String(fields[name] ?? '')]));
  return {
    fields: saved?.fields ? known(saved.fields) : EXAMPLES[language],
    before: saved?.before ? known(saved.before) : null,
    pending: saved?.pending ?? null,
    sending: false,
    faults: {},
    problem: null,
  };
}

/** The part of the form that is stored across reloads. */
export function savedDraft({ fields, before, pending }) {
  return { fields, before, pending };
}

/** The form after an event. `language` is the page's language before the event. */
export function reduceDraft(draft, event, language) {
  return Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type](draft, event, language) : draft;
}

const EVENTS = {
  typed: (draft, { field, value }) => {
    if (draft.fields[field] === value) return draft;
    const { [field]: _, ...faults } = draft.faults;
    return { ...draft, fields: { ...draft.fields, [field]: value }, faults };
  },

  // Undo restores what the example replaced.
  example: (draft, _, language) => {
    const before = same(draft.fields, EXAMPLES[language]) ? draft.before : draft.fields;
    return { ...draft, fields: EXAMPLES[language], before, faults: {}, problem: null };
  },

  undo: (draft, _, language) => {
    if (!draft.before) return draft;
    const before = same(draft.fields, EXAMPLES[language]) ? null : draft.fields;
    return { ...draft, fields: draft.before, before, faults: {}, problem: null };
  },

  // Fields that still hold the example follow the page's language.
  language: (draft, { language: next }, language) => {
    const follow = ([name, value]) => [name, value === EXAMPLES[language][name] ? EXAMPLES[next][name] : value];
    return { ...draft, fields: Object.fromEntries(Object.entries(draft.fields).map(follow)) };
  },

  // After a lost response, sending the same body again with the same key gives the same job.
  sending: (draft, { pending, retryOf }) => ({ ...draft, pending, sending: true, ...(retryOf ? {} : { faults: {}, problem: null }) }),

  sent: (draft, { retryOf }) => ({ ...draft, pending: null, sending: false, before: retryOf ? draft.before : null, faults: {}, problem: null }),

  refused: (draft, { error, retryOf }) => {
    const pending = error.code === 'NETWORK' ? draft.pending : null;
    const next = { ...draft, pending, sending: false };
    if (retryOf) return next;
    const here = error.details.filter(({ field }) => NAMES.includes(field));
    const faults = Object.fromEntries(here.map(({ field, message }) => [field, message]));
    return { ...next, faults, problem: { ...error, details: error.details.filter(({ field }) => !NAMES.includes(field)) } };
  },

  reached: (draft) => (isOutdated(draft.problem) ? { ...draft, problem: null } : draft),

  retryDue: (draft) => (draft.problem?.retryAfter ? { ...draft, problem: { ...draft.problem, retryAfter: 0 } } : draft),
};

/** Whether any response from the service shows that an earlier error is over: it was unreachable, or it was restarting. */
export function isOutdated(error) {
  // A service that is shutting down still responds, so this error stays until its retry time.
  return error?.code === 'NETWORK' || (error?.code === 'SHUTTING_DOWN' && error.retryAfter === 0);
}

/** The request body for the fields. A value that is not a number is sent as it is, and the service reports it. */
export function bodyOf(fields) {
  const body = {};
  for (const name of NAMES) {
    const value = fields[name].trim();
    if (value === '' && !REQUIRED.has(name)) continue;
    body[name] = NUMBERS.has(name) && /^[-+]?\d*\.?\d+$/.test(value) ? Number(value) : value;
  }
  return body;
}

function same(one, other) {
  return NAMES.every((name) => one[name] === other[name]);
}
