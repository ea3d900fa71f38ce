import ts from 'typescript';

/** A rule that a test is named by: `test('[H7] nothing comes twice', …)`. */
export interface Citation {
  /** `H7` */
  readonly name: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

const NAMES = /^(?:\[[A-Z]\d+\]\s*)+/;

/** The rules that the tests of one file are named by: every text that begins with `[H7]`, or with `[H7] [H8]`. */
export function citationsOf(path: string, text: string): Citation[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: Citation[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
      const [names = ''] = NAMES.exec(node.text) ?? [];
      for (const [name] of names.matchAll(/[A-Z]\d+/g)) found.push({ name, path, line });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
