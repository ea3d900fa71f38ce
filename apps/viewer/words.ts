import type { Locale, Words } from '@tidewall/browser-contracts';

/** Every text of the pages, in both languages; `{name}` stands for what is filled in. */
export const WORDS = {
  tagline: { zh: '实时数据大屏', en: 'Live data big screens' },
  screens: { zh: '大屏', en: 'Screens' },
  topics: { zh: '主题', en: 'Topics' },
  elements: { zh: '{count} 个组件', en: '{count} elements' },
  oneElement: { zh: '1 个组件', en: '1 element' },
  allScreens: { zh: '全部大屏', en: 'All screens' },
  loading: { zh: '正在读取…', en: 'Reading…' },
  thumbnailFailed: { zh: '预览不可用', en: 'No preview' },

  signIn: { zh: '登录', en: 'Sign in' },
  signOut: { zh: '退出', en: 'Sign out' },
  userName: { zh: '用户名', en: 'User name' },
  password: { zh: '密码', en: 'Password' },
  wrongPassword: { zh: '用户名或密码不正确', en: 'The name or the password is wrong' },
  usedLink: {
    zh: '这个链接已经失效。请在服务器上运行 tidewall users setup 获取新的链接。',
    en: 'This link is not good any more. Run "tidewall users setup" on the machine of the server for a new one.',
  },
  tooManyTries: { zh: '输错次数过多，请稍后再试', en: 'Too many wrong passwords from here; try again in a while' },
  signInBy: { zh: '使用 {by} 登录', en: 'Sign in with {by}' },
  providerElsewhere: {
    zh: '这次登录不是在此浏览器中开始的，或已超过十分钟。请重新登录。',
    en: 'This sign-in was not begun in this browser, or more than ten minutes ago. Sign in again.',
  },
  providerUsed: {
    zh: '这次登录的结果已经用过，或来得太迟。请重新登录。',
    en: 'What this sign-in brought back was used before, or came too late. Sign in again.',
  },
  providerDenied: {
    zh: '{by} 没有同意这次登录。请重试，或联系 {by} 的管理员。',
    en: '{by} did not agree to this sign-in. Try again, or ask whoever runs {by}.',
  },
  providerAnswer: {
    zh: '{by} 的回答不能接受。请重新登录；若再次出现，请联系本服务器的管理员，原因在服务器日志中。',
    en: 'What {by} answered is not taken. Sign in again; if it comes back, tell whoever runs this server: its log says why.',
  },
  providerUnreachable: {
    zh: '暂时无法联系 {by}。请稍后重试；若一直如此，请联系本服务器的管理员，原因在服务器日志中。',
    en: '{by} cannot be asked just now. Try again in a moment; if it stays so, tell whoever runs this server: its log says why.',
  },
  providerBusy: { zh: '同时登录的人太多，请稍后重试。', en: 'Too many people sign in at once. Try again in a moment.' },
  providerInternal: {
    zh: '登录时服务器出错。请重试；若再次出现，请联系本服务器的管理员，原因在服务器日志中。',
    en: 'The server failed while you signed in. Try again; if it comes back, tell whoever runs it: its log says why.',
  },
  sharePassword: { zh: '查看这个大屏需要密码', en: 'This screen asks for a password' },
  shareOpen: { zh: '查看', en: 'Show it' },
  shareWrongPassword: { zh: '密码不正确', en: 'The password is wrong' },
  shareGone: {
    zh: '这个链接不存在或已失效，请索取新的链接。',
    en: 'This link leads nowhere, or not any more. Ask for a new one.',
  },
  shareNotFromHere: { zh: '这个链接不能从这里打开', en: 'This link cannot be opened from here' },
  shareUsedUp: {
    zh: '这个链接的打开次数已用完，请索取新的链接。',
    en: 'This link was opened as often as it may be. Ask for a new one.',
  },
  setUp: { zh: '创建管理员', en: 'Make the first admin' },
  setUpMore: {
    zh: '密码至少 10 个字符。这个链接只能用一次。',
    en: 'The password has at least 10 characters. This link is good once.',
  },
  noAdmin: {
    zh: '还没有管理员：请打开服务器启动时打印的链接，或在服务器上运行 tidewall users setup。',
    en: 'There is no admin yet: open the link that the server printed when it started, or run "tidewall users setup" on its machine.',
  },
  noScreensForYou: { zh: '没有您可以查看的大屏', en: 'There is no screen that you may see' },

  noScreens: { zh: '还没有大屏', en: 'No screens yet' },
  screenStep: {
    zh: '一个大屏就是一个 JSON 文件。把它存为 {file}（默认目录），刷新本页即可看到，无需重启：',
    en: 'A screen is one JSON file. Save it as {file} (the default folder) and reload this page; no restart is needed:',
  },
  lostScreenStep: {
    zh: '一个大屏就是一个 JSON 文件。把它存为 {file}（默认目录），它会自动出现在这里：',
    en: 'A screen is one JSON file. Save it as {file} (the default folder) and it shows up here by itself:',
  },

  push: { zh: '推送数据', en: 'Push data' },
  pushMore: {
    zh: '任何能发 HTTP 的程序都可以推送。绑定该主题的组件会在下一帧更新。',
    en: 'Anything that speaks HTTP can push. Elements bound to the topic change in the next frame.',
  },
  copy: { zh: '复制', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },

  noTopics: {
    zh: '还没有主题：推送第一条数据，它就会出现在这里。',
    en: 'No topics yet: push the first data and it shows up here.',
  },
  moreTopics: { zh: '另有 {count} 个', en: '{count} more' },
  topic: { zh: '主题', en: 'Topic' },
  kind: { zh: '类型', en: 'Kind' },
  rate: { zh: '频率', en: 'Rate' },
  watchers: { zh: '观看', en: 'Watching' },
  freshness: { zh: '新鲜度', en: 'Freshness' },
  source: { zh: '数据源', en: 'Source' },
  resting: { zh: '无人观看，已暂停', en: 'resting until watched' },
  never: { zh: '尚无数据', en: 'no data yet' },
  agoWord: { zh: '{age} 前', en: '{age} ago' },

  unknownScreen: { zh: '没有大屏“{id}”', en: 'There is no screen "{id}"' },
  unknownScreenMore: {
    zh: '地址可能有误，它的文件可能有错（服务器日志会指出位置），或者它已被删除。它一出现，本页就会显示。',
    en: 'The address may be wrong, its file may be (the log of the server says where), or it was taken away. Once it is there, it is shown here.',
  },
  thereAre: { zh: '现有大屏：', en: 'There are:' },
  addIt: { zh: '添加这个大屏', en: 'Add this screen' },

  unreachable: { zh: '无法连接服务器', en: 'The server cannot be reached' },
  noAnswer: { zh: '服务器没有回答', en: 'The server does not answer' },
  refused: { zh: '服务器返回 {status}', en: 'The server answers {status}' },
  unreadable: { zh: '无法读懂服务器的回答', en: 'What the server answers cannot be read' },
  because: { zh: '原因: {reason}', en: '{reason}' },
  retrying: { zh: '正在重试…', en: 'Trying again…' },
  oldList: { zh: '以下是 {age} 前的状态', en: 'This is how it was {age} ago' },

  connecting: { zh: '正在连接', en: 'Connecting' },
  reconnecting: { zh: '正在重连', en: 'Reconnecting' },
  linkLost: { zh: '连接已断开', en: 'Link lost' },
  nextTry: { zh: '{seconds} 秒后重试', en: 'next try in {seconds} s' },
  closed: { zh: '连接已结束', en: 'The link has ended' },
  linkBroke: { zh: '连接中断', en: 'the link broke' },
  serverStops: { zh: '服务器正在停止', en: 'the server stops' },
  nothingHeard: { zh: '收不到服务器的数据', en: 'nothing is heard from the server' },

  themeButton: { zh: '切换配色（T）', en: 'Next theme (T)' },
  languageButton: { zh: 'English（L）', en: '中文 (L)' },
  fullScreenButton: { zh: '全屏（F）', en: 'Full screen (F)' },
  healthButton: { zh: '数据健康（?）', en: 'Data health (?)' },
  close: { zh: '关闭', en: 'Close' },

  health: { zh: '数据健康', en: 'Data health' },
  healthKeys: { zh: 'F 全屏 · T 配色 · L 语言 · ? 本面板', en: 'F full screen · T theme · L language · ? this panel' },
  element: { zh: '组件', en: 'Element' },
  state: { zh: '状态', en: 'State' },
  age: { zh: '数据年龄', en: 'Age' },
  latency: { zh: '推送到显示', en: 'Push to paint' },

  waiting: { zh: '等待', en: 'waiting' },
  ok: { zh: '正常', en: 'ok' },
  quiet: { zh: '静默', en: 'quiet' },
  late: { zh: '迟', en: 'late' },
  stale: { zh: '过期', en: 'stale' },
  failed: { zh: '出错', en: 'failed' },
} as const satisfies Record<string, Words>;

export type WordName = keyof typeof WORDS;

/** A text of the pages with what is filled in. */
export function say(locale: Locale, name: WordName, filling: Readonly<Record<string, string | number>> = {}): string {
  return WORDS[name][locale].replace(/\{(\w+)\}/g, (_, key: string) => String(filling[key] ?? ''));
}

/** An age for a reader: `0.4 s`, `12 s`, `3 min`, `5 h`, `4 d`. */
export function ageText(ageMs: number): string {
  const seconds = ageMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
