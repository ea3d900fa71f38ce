import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { readRooms } from '../steps/rooms.mjs';

/**
 * What TypeScript declares of files of the house and of every file that they name. Each name is imported from the file that
 * declares it, by a relative path: nothing of the house's packages is needed to read them, and what nothing is taken from
 * is not there.
 */
export class Declarations {
  readonly #root: string;
  /** The files of the house by the names under which it imports them. */
  readonly #paths: Readonly<Record<string, string[]>>;
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #texts = new Map<string, string>();

  /**
   * @param entries files, from the root
   * @throws Error for what the compiler refuses
   */
  constructor(root: string, entries: readonly string[]) {
    this.#root = root;
    const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
    // By way of node_modules they would be libraries, of which nothing is declared.
    this.#paths = Object.fromEntries(
      readRooms(root).flatMap(({ dir, name, exports }) =>
        Object.entries(exports).map(([subpath, file]) => [join(name, subpath), [join(root, dir, file)]]),
      ),
    );
    this.#program = ts.createProgram(
      entries.map((entry) => join(root, entry)),
      {
        ...options,
        paths: this.#paths,
        lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: root,
        outDir: root,
      },
    );
    const { diagnostics } = this.#program.emit(undefined, (file, text) => this.#texts.set(relative(root, file), text));
    const [refused] = [...ts.getPreEmitDiagnostics(this.#program), ...diagnostics];
    if (refused) throw new Error(ts.formatDiagnostic(refused, ts.createCompilerHost(options)));
    this.#checker = this.#program.getTypeChecker();
  }

  /**
   * The declarations of some entries and of what they need, by path from the root.
   *
   * @param beside packages that their reader has: what these export, of whatever room, is imported from them
   * @throws Error for a name that nobody can say where it comes from
   */
  of(entries: readonly string[], beside: readonly string[]): Map<string, string> {
    const exportedBeside = new Map<string, string>();
    for (const specifier of beside) {
      for (const { name } of this.#exportsOf(specifier)) exportedBeside.set(name, specifier);
    }
    const written = new Map<string, string>();
    const waiting = entries.map((entry) => entry.replace(/\.ts$/, '.d.ts'));
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (written.has(file)) continue;
      const text = this.#texts.get(file);
      if (text === undefined) throw new Error(`${file} is imported, and was not declared`);
      const from = dirname(file);
      const { result, places } = withPlaces(file, text, (specifier, name) => {
        if (specifier.startsWith('.')) return specifier.replace(/\.ts$/, '.js');
        if (!specifier.startsWith('@tidewall/')) return specifier;
        const besides = exportedBeside.get(name);
        if (besides === undefined && beside.length > 0) throw new Error(`${file} needs ${name} of ${beside[0]}`);
        return besides ?? relativeTo(from, this.#declaring(specifier, name).replace(/\.ts$/, '.js'));
      });
      written.set(file, result);
      for (const place of places) {
        if (place.startsWith('.')) waiting.push(join(from, place).replace(/\.js$/, '.d.ts'));
      }
    }
    return written;
  }

  #exportsOf(specifier: string): ts.Symbol[] {
    const source = this.#program.getSourceFile(this.#paths[specifier]?.[0] ?? '');
    const module = source && this.#checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${specifier} is imported, and is no module of the house`);
    return this.#checker.getExportsOfModule(module);
  }

  /** The file that declares what a module exports under this name. */
  #declaring(specifier: string, name: string): string {
    const symbol = this.#exportsOf(specifier).find((one) => one.name === name);
    const real = symbol && symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    const declared = real?.declarations?.[0]?.getSourceFile().fileName;
    if (declared === undefined) throw new Error(`${specifier} is said to export ${name}, and does not`);
    return relative(this.#root, declared);
  }
}

function relativeTo(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith('.') ? path : `./${path}`;
}

/** A declaration file in which each name is imported and exported from its place, and those places. */
function withPlaces(
  file: string,
  text: string,
  placeOf: (specifier: string, name: string) => string,
): { readonly result: string; readonly places: string[] } {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const places: string[] = [];
  let result = '';
  let end = 0;
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) continue;
    const isImport = ts.isImportDeclaration(statement);
    const bindings = isImport ? statement.importClause?.namedBindings : statement.exportClause;
    if (bindings === undefined || !('elements' in bindings)) {
      throw new Error(`${file}: ${statement.getText()} names nothing that could be followed`);
    }
    const word = `${isImport ? 'import' : 'export'}${/^\w+ type\b/.test(statement.getText()) ? ' type' : ''}`;
    const names = new Map<string, string[]>();
    for (const element of bindings.elements) {
      const place = placeOf(moduleSpecifier.text, (element.propertyName ?? element.name).text);
      names.set(place, [...(names.get(place) ?? []), element.getText()]);
    }
    places.push(...names.keys());
    const lines = [...names].map(([place, some]) => `${word} { ${some.join(', ')} } from '${place}';`);
    result += text.slice(end, statement.getStart()) + lines.join('\n');
    end = statement.getEnd();
  }
  result += text.slice(end);
  const unnamed = /import\("(@tidewall[^"]*)"\)/.exec(result);
  if (unnamed) throw new Error(`${file}: the type of something is import("${unnamed[1]}"): write it down`);
  return { result, places };
}
