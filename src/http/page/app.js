// The page: what is on the sheet is named by the address (#job_… or #episode/…), so that a reload keeps it.

import { ApiError, call, scriptText } from './api.js';
import { BriefForm } from './brief.js';
import { Feed } from './feed.js';
import { count, switchLanguage, t, translatePage } from './i18n.js';
import { ActiveJobs, Episodes } from './lists.js';
import { LogView } from './log.js';
import { Sheet } from './sheet.js';
import { Stage } from './stage.js';
import { recall, remember } from './storage.js';

const get = (id) => document.getElementById(id);
translatePage();

const sheet = new Sheet(get('scroller'), get('paper'), get('to-end'));
const log = new LogView(get('log'), get('events'), get('log-count'));
const stage = new Stage(get);
const narrow = matchMedia('(max-width: 899px)');

const feed = new Feed(
  {
    state: (name) => {
      stage.connection(name);
      log.add(feed.lastId, t(`state_${name}`), '', 'note');
    },
    progress: (event) => stage.progress(event),
    heartbeat: ({ status, queuePosition }) => stage.queue(status, queuePosition),
    text: (text, from, { wordCount, estimatedTokens }) => {
      sheet.show(text, from, true);
      stage.text(text);
      if (wordCount !== undefined) stage.counts(wordCount, estimatedTokens);
    },
    end: ended,
    entry: (id, name, data) => log.add(id, name, data),
    resumed: ({ id, length, added, seamless }) => {
      const said = [seamless ? 'note_resumed' : 'note_restarted', { id, length: count(length), added: count(added) }];
      stage.note(...said);
      log.add(id, t(...said), '', 'note');
    },
    lost: (error) => stage.lost(feed.job, error.status === 404 ? t('lostJob') : error.message),
  },
  recall('previews') === 'full' ? 'full' : 'delta',
);

const form = new BriefForm(get('brief-form'), ({ jobId }) => {
  if (narrow.matches) get('brief').open = false;
  location.hash = jobId;
  jobs.refresh();
});

const jobs = new ActiveJobs(get('jobs'), get('no-jobs'), (active) => {
  const job = active.find(({ jobId }) => jobId === feed.job);
  if (job?.status === 'queued') stage.queue(job.status, job.queuePosition);
});

const episodes = new Episodes(
  { heading: get('episodes-of'), list: get('episodes'), empty: get('no-episodes'), older: get('older'), dialog: get('ask') },
  (id) => location.hash.endsWith(encodeURIComponent(id)) && (location.hash = ''),
);

async function ended(name, { error, result }, text) {
  jobs.refresh();
  const jobId = feed.job;
  const script = text || (await scriptText(jobId));
  const job = await call('GET', `generations/${jobId}`).catch(() => null);
  if (feed.job !== jobId) return;
  sheet.show(script, text.length, false);
  stage.text(script);
  stage.ended(error?.code === 'JOB_CANCELED' ? 'canceled' : name, job?.currentStep);
  if (error) failed(error, jobId);
  else await finished(result, jobId);
}

async function finished({ wordCount, tokens, modelUsed, savedToEpisode, episodeId }, jobId) {
  stage.counts(wordCount, tokens, modelUsed);
  await episodes.show(form.projectId);
  if (feed.job !== jobId) return;
  const number = episodes.numberOf(episodeId);
  stage.note(savedToEpisode ? (number ? 'saved' : 'savedNoNumber') : 'notSaved', { number });
}

function failed({ code, message, retryable }, jobId) {
  const body = retryable ? BriefForm.bodyOf(jobId) : null;
  if (code === 'JOB_CANCELED') stage.say(message);
  else stage.alert(retryable && !body ? `${message} ${t('noRetryHere')}` : message, code, body && (() => form.send(body)));
}

async function follow(jobId) {
  stage.job();
  feed.follow(jobId);
  const job = await call('GET', `generations/${encodeURIComponent(jobId)}`).catch(() => null);
  if (feed.job === jobId && job) stage.about(job);
}

async function read(project, id) {
  stage.episode();
  try {
    const episode = await call('GET', `projects/${encodeURIComponent(project)}/episodes/${encodeURIComponent(id)}`);
    if (address().episode !== id) return;
    sheet.show(episode.script.markdown);
    stage.read(episode);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    stage.alert(error.code === 'NETWORK' ? t('readFailed') : error.message);
  }
}

function address() {
  const [kind, project, episode] = location.hash.slice(1).split('/').map(decodeURIComponent);
  return kind === 'episode' && episode ? { project, episode } : { job: kind };
}

function show() {
  const { job, project, episode } = address();
  jobs.mark(job);
  episodes.mark(episode);
  feed.close();
  sheet.clear();
  if (episode) read(project, episode);
  else if (job) follow(job);
  else stage.blank();
  if (narrow.matches && (job || episode)) get('stage').scrollIntoView();
}

get('cancel').addEventListener('click', async ({ currentTarget: button }) => {
  button.disabled = true;
  try {
    await call('DELETE', `generations/${encodeURIComponent(feed.job)}`);
  } catch {
    stage.alert(t('cancelFailed'));
  } finally {
    button.disabled = false;
  }
});
get('drop').addEventListener('click', () => {
  feed.drop();
  stage.note('note_dropped', { id: feed.lastId });
});
get('language').addEventListener('click', () => {
  switchLanguage();
  form.translate();
  stage.translate();
  jobs.refresh();
  episodes.show(form.projectId);
});
for (const radio of document.querySelectorAll('[name=previews]')) {
  radio.checked = radio.value === feed.mode;
  radio.addEventListener('change', () => {
    remember('previews', radio.value);
    feed.setMode(radio.value);
  });
}
get('brief-form').elements.projectId.addEventListener('change', () => episodes.show(form.projectId));
addEventListener('hashchange', show);

episodes.show(form.projectId);
show();
