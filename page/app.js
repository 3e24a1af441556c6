// The page: one state that is drawn after every event, and the actions that follow a change.

import { jobAddress, readAddress } from './address.js';
import { bodyOf, savedDraft } from './draft.js';
import { Feed } from './feed.js';
import { Form } from './form.js';
import { preferred, speech, translatePage } from './i18n.js';
import { isOver } from './job.js';
import { changesOfKept } from './kept.js';
import { Lists } from './lists.js';
import { LogView } from './log.js';
import { Poll } from './poll.js';
import { Service } from './service.js';
import { Sheet } from './sheet.js';
import { Stage } from './stage.js';
import { bodyOfJob, initial } from './state.js';
import { forget, onElsewhere, recall, recallAll, recallHere, remember, rememberHere } from './storage.js';
import { Store } from './store.js';

const get = (id) => document.getElementById(id);
/** Seconds. `setTimeout` takes at most 24 days. */
const LONGEST = 86_400;
const narrow = matchMedia('(max-width: 899px)');
/** One key per job: a window that stored the whole list would overwrite what another window stores at the same time. */
const SCRIPT = 'script/';

const chosen = recall('language');
const saved = recallAll(SCRIPT);
// Earlier versions of the page stored the whole list here.
const listed = recall('scripts');
const store = new Store(
  initial({
    language: chosen === 'ko' || chosen === 'en' ? chosen : preferred(navigator.language),
    online: navigator.onLine,
    developer: recall('developer') === true,
    previews: recall('previews') === 'full' ? 'full' : 'delta',
    draft: recallHere('draft'),
    kept: [...saved, ...(Array.isArray(listed) ? listed : [])],
  }),
);
const dispatch = (event) => store.dispatch(event);
const service = new Service(store);
const feed = new Feed(dispatch, store.state.previews);
const poll = new Poll(service, dispatch);

const stage = new Stage(get, new Sheet(get('scroller'), get('paper'), get('to-end')), (key, tone) => dispatch({ type: 'notice', key, tone }));
const form = new Form(get, {
  typed: (field, value) => dispatch({ type: 'typed', field, value }),
  projectChosen: () => dispatch({ type: 'projectChosen' }),
  example: () => dispatch({ type: 'example' }),
  undo: () => dispatch({ type: 'undo' }),
  send: () => order(bodyOf(store.state.draft.fields)),
});
const lists = new Lists(get, {
  remove: askToDelete,
  dismiss: (jobId) => dispatch({ type: 'forgotten', jobId }),
  older: () => service.episodes(true),
});
const log = new LogView(get, () => log.draw(store.state, words(store.state)));

let spoken = null;
/** Turns messages into text in the page's language. */
function words({ language, phrases }) {
  if (spoken?.language !== language || spoken.phrases !== phrases) spoken = { ...speech(language, phrases), phrases };
  return spoken;
}

function draw(state, before) {
  const say = words(state);
  if (state.language !== before?.language) translatePage(say);
  for (const view of [stage, form, lists, log]) view.draw(state, say);
  get('developer').checked = state.developer;
  for (const radio of document.querySelectorAll('[name=previews]')) radio.checked = radio.value === state.previews;
}

/** Does what a change requires apart from drawing. */
function act(state, before, event) {
  if (state.address !== before.address) open(state);
  if (state.episodes.projectId !== before.episodes.projectId) service.episodes();
  if (state.previews !== before.previews) feed.setMode(state.previews);
  if (state.online && !before.online) {
    feed.wake();
    poll.now();
  }
  if (state.job && state.job.jobId === before.job?.jobId) follow(state.job, before.job, state);
  if (state.draft.problem !== before.draft.problem) later(state.draft.problem);
  if (state.retry?.error !== before.retry?.error) later(state.retry?.error);
  keep(state, before, event);
}

function open({ address }) {
  feed.close();
  if (address.kind === 'job') {
    feed.follow(address.jobId);
    service.status(address.jobId);
  }
  if (address.kind === 'episode') service.episode(address);
  if (narrow.matches && address.kind !== 'blank') get('stage').scrollIntoView();
}

function follow(job, before, { episodes }) {
  if (job.connection === 'live' && before.connection !== 'live') poll.now();
  const justSaved = job.episode && !before.episode;
  if (justSaved && episodes.projectId === job.projectId) service.episodes();
  if (!isOver(job) || isOver(before)) return;
  poll.now();
  if (job.status === 'lost') return;
  service.status(job.jobId);
  if (!job.text) service.script(job.jobId);
}

function later(problem) {
  if (problem?.retryAfter > 0) setTimeout(() => dispatch({ type: 'retryDue' }), Math.min(problem.retryAfter, LONGEST) * 1000);
}

/** Stores in this browser what must survive a reload. */
function keep(state, before, event) {
  for (const key of ['language', 'developer', 'previews']) if (state[key] !== before[key]) remember(key, state[key]);
  // Do not write back what another window stored: it may have changed again since.
  if (state.kept !== before.kept && event.type !== 'keptElsewhere') storeKept(before.kept, state.kept);
  const { fields, before: undone, pending } = state.draft;
  if (fields !== before.draft.fields || undone !== before.draft.before || pending !== before.draft.pending) rememberHere('draft', savedDraft(state.draft));
}

function storeKept(before, kept) {
  const { changed, removed } = changesOfKept(before, kept);
  for (const entry of changed) remember(SCRIPT + entry.jobId, entry);
  for (const { jobId } of removed) forget(SCRIPT + jobId);
}

/** Shows what a hash names. `pushState` fires no `hashchange`, so the address is dispatched here. */
function goTo(hash) {
  history.pushState(null, '', hash);
  dispatch({ type: 'address', address: readAddress(hash) });
}

async function order(body, retryOf = null) {
  const jobId = await service.order(body, retryOf);
  if (!jobId) {
    if (!retryOf) form.goToProblem();
    return;
  }
  if (narrow.matches) get('brief').open = false;
  goTo(jobAddress(jobId));
  get('title').focus({ preventScroll: true });
  poll.now();
}

function askToDelete({ id, title, number }) {
  const { t } = words(store.state);
  const { projectId } = store.state.episodes;
  const dialog = get('ask');
  get('ask-question').textContent = t('deleteQuestion', { title, number });
  get('ask-delete').onclick = async () => {
    dialog.close();
    if (!(await service.deleteEpisode(projectId, id))) return;
    get('episodes-heading').focus();
    if (store.state.address.id === id) goTo('#');
  };
  get('ask-keep').onclick = () => dialog.close();
  dialog.showModal();
}

get('cancel').addEventListener('click', () => {
  service.stop(store.state.job.jobId);
  // The focused button is about to be hidden, so move the focus.
  get('title').focus({ preventScroll: true });
});
get('retry').addEventListener('click', () => {
  const { jobId } = store.state.job;
  order(bodyOfJob(store.state, jobId), jobId);
});
get('save').addEventListener('click', () => {
  service.save(store.state.job.jobId);
  get('title').focus({ preventScroll: true });
});
get('drop').addEventListener('click', () => feed.drop());
get('language').addEventListener('click', () => dispatch({ type: 'language', language: store.state.language === 'ko' ? 'en' : 'ko' }));
get('developer').addEventListener('change', ({ target }) => dispatch({ type: 'developer', developer: target.checked }));
for (const radio of document.querySelectorAll('[name=previews]')) radio.addEventListener('change', () => dispatch({ type: 'previews', previews: radio.value }));
for (const name of ['online', 'offline']) addEventListener(name, () => dispatch({ type: 'online', online: name === 'online' }));
addEventListener('hashchange', () => dispatch({ type: 'address', address: readAddress(location.hash) }));
onElsewhere(SCRIPT, (jobId, entry) => dispatch({ type: 'keptElsewhere', jobId, entry }));

store.listen(draw);
store.listen(act);
draw(store.state, null);
storeKept(saved.filter((entry) => typeof entry?.jobId === 'string'), store.state.kept);
forget('scripts');
dispatch({ type: 'address', address: readAddress(location.hash) });
service.phrases();
service.models();
service.episodes();
poll.now();
service.kept(true);
