import ts from 'typescript';

/** How a file names another. */
export type ImportForm =
  | 'import'
  | 'import type'
  | 'side-effect import'
  | 'export from'
  | 'import()'
  | 'import() type'
  | 'require'
  | 'resolve'
  | 'glob'
  | 'reference';

export interface Import {
  readonly form: ImportForm;
  /** Undefined when it is computed while running, so that nobody can tell what it names. */
  readonly specifier: string | undefined;
  /** From 1. */
  readonly line: number;
}

/** Everything that a file names of other files and packages, in each form that the language and its tools know. */
export function importsOf(path: string, text: string): Import[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, scriptKindOf(path));
  const found: Import[] = [];
  const add = (form: ImportForm, at: number, specifier: string | undefined): void => {
    found.push({ form, specifier, line: file.getLineAndCharacterOfPosition(at).line + 1 });
  };

  for (const { fileName, pos } of [...file.referencedFiles, ...file.typeReferenceDirectives]) {
    add('reference', pos, file.referencedFiles.some((other) => other.pos === pos) ? relative(fileName) : fileName);
  }
  const visit = (node: ts.Node): void => {
    const at = node.getStart(file);
    if (ts.isImportDeclaration(node)) add(formOf(node), at, textOf(node.moduleSpecifier));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add('export from', at, textOf(node.moduleSpecifier));
    else if (ts.isImportTypeNode(node)) add('import() type', at, literalTypeText(node.argument));
    else if (ts.isExternalModuleReference(node)) add('require', at, textOf(node.expression));
    else if (ts.isCallExpression(node)) visitCall(node, at);
    ts.forEachChild(node, visit);
  };
  const visitCall = (call: ts.CallExpression, at: number): void => {
    const [first] = call.arguments;
    const form = formOfCall(call.expression);
    if (form === undefined || first === undefined) return;
    const names = form === 'glob' && ts.isArrayLiteralExpression(first) ? [...first.elements] : [first];
    for (const name of names) add(form, at, textOf(name));
  };
  visit(file);
  return found;
}

function formOf(node: ts.ImportDeclaration): ImportForm {
  if (node.importClause === undefined) return 'side-effect import';
  return node.importClause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'import type' : 'import';
}

/** `import(…)`, `require(…)`, `require.resolve(…)`, `import.meta.resolve(…)` and `import.meta.glob(…)`. */
function formOfCall(callee: ts.Expression): ImportForm | undefined {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return 'import()';
  if (ts.isIdentifier(callee)) return callee.text === 'require' ? 'require' : undefined;
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const { expression, name } = callee;
  if (ts.isIdentifier(expression) && expression.text === 'require' && name.text === 'resolve') return 'resolve';
  if (!ts.isMetaProperty(expression)) return undefined;
  return name.text === 'resolve' ? 'resolve' : name.text === 'glob' ? 'glob' : undefined;
}

function textOf(node: ts.Expression): string | undefined {
  return ts.isStringLiteralLike(node) ? node.text : undefined;
}

function literalTypeText(node: ts.TypeNode): string | undefined {
  return ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal) ? node.literal.text : undefined;
}

/** `/// <reference path="x.d.ts" />` is relative without saying so. */
function relative(path: string): string {
  return path.startsWith('.') || path.startsWith('/') ? path : `./${path}`;
}

function scriptKindOf(path: string): ts.ScriptKind {
  if (path.endsWith('x')) return ts.ScriptKind.TSX;
  return /ts$/.test(path) ? ts.ScriptKind.TS : ts.ScriptKind.JS;
}
