// npm run build [name …]: builds all products, or those named, whether stale or not.
import { fileURLToPath } from 'node:url';
import { build } from './steps/build.mjs';
import { whyInstall } from './steps/packages.mjs';
import { PRODUCTS } from './steps/products.mjs';
import { createSay } from './steps/say.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
const names = process.argv.slice(2);
const unknown = names.filter((name) => !PRODUCTS.some((product) => product.name === name));
const missing = whyInstall(root);

if (unknown.length > 0) {
  say.problem(`no product is called ${unknown.join(', ')}; there are ${PRODUCTS.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
} else if (missing !== undefined) {
  say.problem(`${missing}: run "npm ci" first`);
  process.exitCode = 1;
} else {
  const products = names.length === 0 ? PRODUCTS : PRODUCTS.filter(({ name }) => names.includes(name));
  process.exitCode = (await build(root, products, say)) ? 0 : 1;
}
