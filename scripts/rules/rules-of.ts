/** A numbered rule of a SPEC.md: `- **H7** After a recovered subscribe, …`. */
export interface Rule {
  /** `H7` */
  readonly name: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Why no machine can try it, where its last words say so: `(not tested: needs a power cut)`. */
  readonly untested?: string;
}

const RULE = /^- \*\*([A-Z]\d+)\b[^*]*\*\*(.*)$/;
const UNTESTED = /\(not tested: ([^()]+)\)$/;

/** The rules of one SPEC.md, in its order. */
export function rulesOf(path: string, text: string): Rule[] {
  const lines = text.split('\n');
  return lines.flatMap((first, index) => {
    const [, name, begin] = RULE.exec(first) ?? [];
    if (name === undefined) return [];
    const words = [begin];
    for (let next = index + 1; /^\s+\S/.test(lines[next] ?? ''); next++) words.push(lines[next]);
    const [, untested] = UNTESTED.exec(words.join(' ').replaceAll(/\s+/g, ' ').trim()) ?? [];
    return [{ name, path, line: index + 1, ...(untested !== undefined && { untested }) }];
  });
}
