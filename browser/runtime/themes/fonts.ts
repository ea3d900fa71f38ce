/** Fonts that are already on the machine, in both scripts; none is shipped. */
export const FONT_TEXT =
  '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Hiragino Sans GB", system-ui, sans-serif';

/** For numbers: narrow figures of one width, where the machine has them. */
export const FONT_NUMBER =
  '"DIN Alternate", "Bahnschrift", "Roboto", "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';
