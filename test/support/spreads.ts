/**
 * Calls that put a list on the stack, one argument for each element: `push(...rows)`, `Math.max(...values)`,
 * `apply(undefined, rows)`. V8's stack ends at some 120,000 of them. By the text alone: no type checker.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface SpreadCall {
  /** As it was given: `src/cli/ls.ts`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The whole call on one line, as written: `series.push(...plain)`. */
  readonly call: string;
}

/** Calls one function with the elements of a list, whatever it is called on. */
const APPLYING = new Set(['apply', 'construct']);

export function spreadCallsIn(file: string, text: string): SpreadCall[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: SpreadCall[] = [];
  const visit = (node: ts.Node): void => {
    if (spreadsList(node) || appliesList(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ file, line: line + 1, call: node.getText(source).replace(/\s+/g, ' ') });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** @param folders relative to root */
export function spreadCallsBelow(root: string, folders: readonly string[]): SpreadCall[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path))
      .flatMap((path) => {
        const file = join(folder, path);
        return spreadCallsIn(file, readFileSync(join(root, file), 'utf8'));
      }),
  );
}

/** `f(...list)`, `new C(...list)`. In an array, an object or a type three dots put nothing on the stack. */
function spreadsList(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
  return (node.arguments ?? []).some(
    (argument) => ts.isSpreadElement(argument) && !isBounded(argument.expression),
  );
}

/** As many as are written there: those of an array in the source, or of the call of the function around it. */
function isBounded(list: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(list)) return !list.elements.some(ts.isSpreadElement);
  return ts.isIdentifier(list) && isRestParameter(list, list.text);
}

function isRestParameter(from: ts.Node, name: string): boolean {
  for (let node = from.parent; node !== undefined; node = node.parent) {
    const declared = declarationIn(node, name);
    if (declared !== undefined) {
      return ts.isParameter(declared) && declared.dotDotDotToken !== undefined;
    }
  }
  return false;
}

/** What a function, block or loop calls so; only plain names, since others are not rest parameters. */
function declarationIn(node: ts.Node, name: string): ts.Declaration | undefined {
  const isNamed = ({ name: own }: ts.NamedDeclaration) =>
    own !== undefined && ts.isIdentifier(own) && own.text === name;
  if (ts.isFunctionLike(node)) return node.parameters.find(isNamed);
  const lists: (ts.Node | undefined)[] = ts.isBlock(node)
    ? node.statements.filter(ts.isVariableStatement).map((statement) => statement.declarationList)
    : ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)
      ? [node.initializer]
      : [];
  return lists
    .filter((list) => list !== undefined && ts.isVariableDeclarationList(list))
    .flatMap(({ declarations }) => [...declarations])
    .find(isNamed);
}

/** `f.apply(…)`, `Reflect.apply(…)`, `Reflect.construct(…)`, and each of them taken without a call. */
function appliesList(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    const { name, expression } = node;
    return name.text === 'apply' || (APPLYING.has(name.text) && expression.getText() === 'Reflect');
  }
  return (
    ts.isElementAccessExpression(node) &&
    ts.isStringLiteralLike(node.argumentExpression) &&
    APPLYING.has(node.argumentExpression.text)
  );
}
