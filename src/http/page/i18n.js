// The page's sentences in Korean and English, and which of the two is shown.

const TEXTS = {
  ko: {
    appName: '대본 작업실',
    otherLanguage: 'English',
    newScript: '새 대본',
    projectId: '프로젝트',
    episodeNumberField: '회차',
    title: '제목',
    description: '이야기',
    scriptType: '대본 유형',
    model: '모델',
    temperature: '온도 (0–2)',
    lengthTarget: '분량 (단어)',
    write: '대본 쓰기',
    refill: '예시로 채우기',
    activeJobs: '쓰고 있는 대본',
    noJobs: '지금 쓰고 있는 대본이 없습니다.',
    moreJobs: '그 밖에 {count}개 더 있습니다.',
    episodes: '저장된 에피소드',
    noEpisodes: '아직 저장된 에피소드가 없습니다.',
    older: '이전 에피소드 더 보기',
    delete: '삭제',
    deleteEpisode: '{title} 삭제',
    deleteQuestion: '{number}화 ‘{title}’을(를) 삭제할까요? 되돌릴 수 없습니다.',
    keep: '그대로 두기',
    episodeNumber: '{number}화',
    listUnreachable: '서비스에 연결할 수 없어 목록을 새로 고치지 못했습니다. 잠시 후 다시 시도합니다.',
    blankTitle: '빈 종이',
    blankText: '이야기를 적고 ‘대본 쓰기’를 누르면, 쓰이는 대로 여기에 나타납니다.',
    sheet: '대본',
    toEnd: '지금 쓰는 곳으로 ↓',
    progress: '진행률',
    remaining: '약 {time} 남음',
    minutes: '{minutes}분 {seconds}초',
    seconds: '{seconds}초',
    words: '{words}단어',
    tokens: '{tokens}토큰',
    queuedAt: '대기 {position}번째',
    cancel: '쓰기 중단',
    copy: '복사',
    copied: '복사했습니다.',
    notCopied: '복사하지 못했습니다. 내려받기를 이용해 주세요.',
    download: '.md 내려받기',
    drop: '연결 끊어 보기',
    state_idle: '연결 없음',
    state_connecting: '연결 중',
    state_live: '실시간',
    state_dropped: '끊음',
    state_reconnecting: '다시 연결 중',
    state_closed: '닫힘',
    state_ended: '끝남 · 연결 닫힘',
    log: '이벤트 기록',
    logHint: '최근 200개, 새것부터',
    previews: '미리보기 방식',
    delta: '바뀐 부분만 (delta)',
    full: '매번 전체 (full)',
    note_dropped: '{id}까지 받고 연결을 끊었습니다. 작업은 서버에서 계속됩니다.',
    note_resumed: '{id}부터 이어받았습니다. {length}자까지 그대로 두고 {added}자를 빠짐도 겹침도 없이 이었습니다.',
    note_restarted: '{id} 이후를 이어받을 수 없어 처음부터 다시 받았습니다. 지금 보이는 글은 온전합니다.',
    note_reconnecting: '연결이 끊겨 다시 연결하고 있습니다. 작업은 서버에서 계속되며, 연결되면 이어서 보여 줍니다.',
    saved: '완성했습니다. {number}화로 저장했습니다.',
    savedNoNumber: '완성해 에피소드로 저장했습니다.',
    notSaved: '완성했지만 에피소드로는 저장하지 못했습니다. 복사하거나 내려받아 보관해 주세요.',
    retry: '같은 내용으로 다시 쓰기',
    noRetryHere: '이 창에서 시작하지 않은 작업이라 같은 내용으로 다시 요청할 수 없습니다.',
    lostJob: '작업을 찾을 수 없습니다. 끝난 지 오래되어 정리되었거나 잘못된 주소입니다.',
    noConnection: '서비스에 연결할 수 없습니다. 서비스가 켜져 있는지 확인하고 다시 눌러 주세요. 두 번 눌러도 작업은 하나만 만들어집니다.',
    badAnswer: '서비스의 답을 읽을 수 없습니다. 사이의 프록시가 답했을 수 있습니다. 잠시 후 다시 눌러 주세요.',
    cancelFailed: '중단 요청이 전해지지 않았습니다. 연결을 확인하고 다시 눌러 주세요.',
    readFailed: '에피소드를 읽지 못했습니다. 연결을 확인하고 목록에서 다시 눌러 주세요.',
    fixFields: '표시된 {count}개 항목을 고쳐 주세요.',
    retryAfter: '{seconds}초 뒤에 다시 시도해 주세요.',
    prompt: '이 대본의 이야기',
    reading: '{project} · {number}화',
  },
  en: {
    appName: 'The Writing Desk',
    otherLanguage: '한국어',
    newScript: 'New script',
    projectId: 'Project',
    episodeNumberField: 'Episode',
    title: 'Title',
    description: 'Story',
    scriptType: 'Script type',
    model: 'Model',
    temperature: 'Temperature (0–2)',
    lengthTarget: 'Length (words)',
    write: 'Write the script',
    refill: 'Use the example',
    activeJobs: 'Being written',
    noJobs: 'No script is being written right now.',
    moreJobs: 'And {count} more.',
    episodes: 'Saved episodes',
    noEpisodes: 'No episode has been saved yet.',
    older: 'Show earlier episodes',
    delete: 'Delete',
    deleteEpisode: 'Delete {title}',
    deleteQuestion: 'Delete episode {number}, “{title}”? This cannot be undone.',
    keep: 'Keep it',
    episodeNumber: 'Episode {number}',
    listUnreachable: 'The service cannot be reached, so this list is not up to date. Trying again shortly.',
    blankTitle: 'A blank page',
    blankText: 'Describe the story and press “Write the script”. It appears here as it is written.',
    sheet: 'Script',
    toEnd: 'To where it is being written ↓',
    progress: 'Progress',
    remaining: 'about {time} left',
    minutes: '{minutes} min {seconds} s',
    seconds: '{seconds} s',
    words: '{words} words',
    tokens: '{tokens} tokens',
    queuedAt: 'number {position} in the queue',
    cancel: 'Stop writing',
    copy: 'Copy',
    copied: 'Copied.',
    notCopied: 'Copying did not work. Please download the script instead.',
    download: 'Download .md',
    drop: 'Drop the connection',
    state_idle: 'not connected',
    state_connecting: 'connecting',
    state_live: 'live',
    state_dropped: 'dropped',
    state_reconnecting: 'reconnecting',
    state_closed: 'closed',
    state_ended: 'ended, closed',
    log: 'Event log',
    logHint: 'the last 200, newest first',
    previews: 'Previews',
    delta: 'only what changed (delta)',
    full: 'all of it each time (full)',
    note_dropped: 'Connection dropped after {id}. The job goes on at the server.',
    note_resumed: 'Resumed from {id}: the {length} characters were kept and {added} added, without a gap or a repeat.',
    note_restarted: 'Could not resume after {id}, so the text was taken from the beginning. What you see is whole.',
    note_reconnecting: 'The connection was lost and is being restored. The job goes on at the server and continues here.',
    saved: 'Finished and saved as episode {number}.',
    savedNoNumber: 'Finished and saved as an episode.',
    notSaved: 'Finished, but not saved as an episode. Copy or download the script to keep it.',
    retry: 'Write it again',
    noRetryHere: 'This job was not started in this window, so it cannot be asked for again from here.',
    lostJob: 'There is no such job: it ended long ago and was cleaned up, or the address is wrong.',
    noConnection: 'The service cannot be reached. Check that it is running and press again. Pressing twice still makes one job.',
    badAnswer: 'The answer could not be read; a proxy in between may have given it. Press again in a moment.',
    cancelFailed: 'The request to stop did not get through. Check the connection and press again.',
    readFailed: 'The episode could not be read. Check the connection and choose it again.',
    fixFields: 'Please correct the fields marked below ({count}).',
    retryAfter: 'Try again in {seconds} s.',
    prompt: 'The story behind this script',
    reading: '{project} · episode {number}',
  },
};
const KEPT = 'language';

let current = localStorage.getItem(KEPT) ?? (/^en\b/i.test(navigator.language ?? '') ? 'en' : 'ko');

/** `ko` or `en`. */
export function language() {
  return current;
}

/** The sentence named `key` with its blanks filled in. */
export function t(key, blanks = {}) {
  return (TEXTS[current][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => blanks[name] ?? '');
}

/** Puts the page into the present language. */
export function translatePage() {
  document.documentElement.lang = current;
  document.title = t('appName');
  for (const node of document.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}

/** Changes to the other language and remembers it. */
export function switchLanguage() {
  current = current === 'ko' ? 'en' : 'ko';
  localStorage.setItem(KEPT, current);
  translatePage();
}

/** Seconds as a person says them. */
export function duration(seconds) {
  const rest = { minutes: Math.floor(seconds / 60), seconds: seconds % 60 };
  return t(rest.minutes > 0 ? 'minutes' : 'seconds', rest);
}

/** A number with its separators. */
export function count(number) {
  return Number(number).toLocaleString(current);
}
