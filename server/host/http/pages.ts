import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Screens } from '../screens.ts';
import { contentSecurityPolicy } from './security-headers.ts';

export interface PagesOptions {
  /** The built viewer; without it a page says how to build it. */
  readonly webDir: string | undefined;
  readonly screens: Screens;
  /** Origins that the page of whoever asks for it may ask by itself. */
  originsFor(request: FastifyRequest): readonly string[];
  /** Whether whoever asks may see a screen of that id, if there were one. */
  mayView(request: FastifyRequest, id: string): boolean;
}

const HTML = 'text/html; charset=utf-8';
/** The build puts a hash of the content into these names, so that what is behind one never changes. */
const HASHED = /[/\\]assets[/\\]/;

/**
 * The pages of the viewer: `/` and `/s/<id>` are one document that finds its way by the address. An unknown screen gets
 * the same document, since it is the page that helps, but with status 404.
 */
export function servePages(app: FastifyInstance, { webDir, screens, originsFor, mayView }: PagesOptions): void {
  const page = async (request: FastifyRequest, reply: FastifyReply, status: number) => {
    const html = webDir === undefined ? undefined : await readPage(webDir);
    return reply
      .code(html === undefined ? 503 : status)
      .header('cache-control', 'no-cache')
      .header('content-security-policy', contentSecurityPolicy(originsFor(request)))
      .type(HTML)
      .send(html ?? NOT_BUILT);
  };
  for (const path of ['/', '/login', '/setup']) app.get(path, (request, reply) => page(request, reply, 200));
  app.get<{ Params: { id: string } }>('/s/:id', (request, reply) =>
    // Who may not see it learns nothing of whether it is there.
    page(
      request,
      reply,
      screens.get(request.params.id) === undefined && mayView(request, request.params.id) ? 404 : 200,
    ),
  );
  if (webDir === undefined) return;
  void app.register(fastifyStatic, {
    root: webDir,
    index: false,
    dotfiles: 'ignore',
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('cache-control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

async function readPage(webDir: string): Promise<string | undefined> {
  try {
    return await readFile(join(webDir, 'index.html'), 'utf8');
  } catch {
    return undefined;
  }
}

/** The answer to a browser that asks for a page that is not there. */
export const NOT_FOUND_PAGE = plainPage(
  'There is nothing here',
  '<p>此处没有页面。<a href="/">All screens · 全部大屏</a></p>',
);

const NOT_BUILT = plainPage(
  'The viewer has not been built',
  '<p>Run <code>npm run build</code> (or <code>npm start</code>, which builds what is missing) and reload this page.</p>' +
    '<p>The API works: <a href="/api/openapi.json">/api/openapi.json</a></p>',
);

function plainPage(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title} · Tidewall</title>` +
    '<meta name="viewport" content="width=device-width"><style>body{background:#05101f;color:#d7e3f4;' +
    'font:18px/1.6 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em}a,code{color:#5cc8ff}</style>' +
    `<h1>${title}</h1>${body}</html>`
  );
}
