import type { DataState, Locale, Words } from '@tidewall/browser-contracts';

/** Everything that the runtime itself says on a screen. */
export const WORDS = {
  late: { zh: '迟', en: 'late' },
  stale: { zh: '过期', en: 'stale' },
  failed: { zh: '数据源出错', en: 'source failed' },
  misfit: { zh: '数据不符', en: 'does not fit' },
  misfitAt: { zh: '位置', en: 'at' },
  misfitExpected: { zh: '需要', en: 'expected' },
  misfitGot: { zh: '收到', en: 'got' },
  noLink: { zh: '与服务器的连接已断开', en: 'the link to the server is down' },
  unknownType: { zh: '没有这种组件', en: 'No such component' },
  nearest: { zh: '最接近的是', en: 'Nearest are' },
  known: { zh: '已有组件', en: 'Known are' },
  wrongProps: { zh: '属性不正确', en: 'Wrong props' },
  brokeDown: { zh: '组件出错', en: 'Component failed' },
  brokeDownMore: {
    zh: '新数据到达后会重试,其余部分不受影响。',
    en: 'Tried again with new data; the rest of the screen goes on.',
  },
  notLoaded: { zh: '组件未能载入', en: 'Component not loaded' },
  notLoadedMore: { zh: '连接恢复后会重试。', en: 'Tried again when the link is back.' },
} as const satisfies Record<string, Words>;

/** The word of a state that is not fresh; undefined for one that needs no badge. */
export function badgeWord(state: DataState, locale: Locale): string | undefined {
  return state === 'late' || state === 'stale' || state === 'failed' ? WORDS[state][locale] : undefined;
}

/** An age in its largest unit that still has two digits: `12 s`, `3 min`, `5 h`, `4 d`. */
export function ageText(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
