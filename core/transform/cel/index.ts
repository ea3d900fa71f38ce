export { compileCel } from './compile-cel.ts';
