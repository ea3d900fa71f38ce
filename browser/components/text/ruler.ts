/** Texts that a ruler remembers before it begins anew. */
const MOST_KNOWN = 500;
/** Pixels of the letters that are measured: large, so that rounding does not show. */
const SAMPLE_SIZE = 100;

/** Says how wide text is, without asking the page to lay itself out. */
export interface Ruler {
  /**
   * In ems of the font. All digits count alike, as they are drawn: a text does not change its width when its number does.
   * @param font weight and family: `600 "Noto Sans", sans-serif`
   */
  ems(text: string, font: string): number;
}

/** Makes a ruler; it holds one small canvas. */
export function createRuler(): Ruler {
  const known = new Map<string, number>();
  let context: OffscreenCanvasRenderingContext2D | null | undefined;
  return {
    ems(text, font) {
      if (text === '') return 0;
      const shape = text.replace(/\d/g, '0');
      const key = `${font}\n${shape}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      context ??= new OffscreenCanvas(1, 1).getContext('2d');
      if (context === null) return shape.length;
      const [weight = '400'] = font.split(' ', 1);
      context.font = `${weight} ${SAMPLE_SIZE}px ${font.slice(weight.length + 1)}`;
      const ems = context.measureText(shape).width / SAMPLE_SIZE;
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(key, ems);
      return ems;
    },
  };
}
