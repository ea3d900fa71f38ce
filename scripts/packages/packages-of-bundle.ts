import ts from 'typescript';

/**
 * The packages of npm that a built module asks for, sorted, each once: what it imports, at once or later, and what it
 * looks up by `import.meta.resolve` or `require`. What Node has itself, and files beside it, are none,
 * and neither is an import that computes its name: what that loads was looked up before.
 */
export function packagesOfBundle(code: string): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const named = specifierOf(node);
    if (named !== undefined && !isOurs(named)) found.add(packageOf(named));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('bundle.js', code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS));
  return [...found].sort();
}

/** What an import or a look-up names. */
function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier && textOf(node.moduleSpecifier);
  }
  if (!ts.isCallExpression(node)) return undefined;
  const { expression, arguments: given } = node;
  const asks =
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require') ||
    isResolve(expression);
  return asks && given[0] !== undefined ? textOf(given[0]) : undefined;
}

/** `import.meta.resolve` */
function isResolve(node: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(node) && node.name.text === 'resolve' && ts.isMetaProperty(node.expression);
}

function textOf(node: ts.Expression): string | undefined {
  return ts.isStringLiteralLike(node) ? node.text : undefined;
}

function isOurs(specifier: string): boolean {
  return specifier.startsWith('node:') || specifier.startsWith('.') || specifier.startsWith('/');
}

/** `ajv` of `ajv/dist/2020.js`, `@redis/client` of `@redis/client`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
