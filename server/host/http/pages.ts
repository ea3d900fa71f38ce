import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Screens } from '../screens.ts';
import { type PageAllowances, pageHeaders } from './security-headers.ts';

export interface PagesOptions {
  /** The built viewer; without it a page says how to build it. */
  readonly webDir: string | undefined;
  readonly screens: Screens;
  /** Origins that the page of whoever asks for it may ask by itself. */
  originsFor(request: FastifyRequest): readonly string[];
  /** Whether whoever asks may see a screen of that id, if there were one. */
  mayView(request: FastifyRequest, id: string): boolean;
  /** The screen that a link leads to, if it lets anybody in. */
  sharedScreen(share: string): string | undefined;
}

const HTML = 'text/html; charset=utf-8';
/** The build puts a hash of the content into these names, so that what is behind one never changes. */
const HASHED = /[/\\]assets[/\\]/;

/**
 * The pages of the viewer: `/` and `/s/<id>` are one document that finds its way by the address. An unknown screen gets
 * the same document, since it is the page that helps, but with status 404.
 */
export function servePages(
  app: FastifyInstance,
  { webDir, screens, originsFor, mayView, sharedScreen }: PagesOptions,
): void {
  const page = async (
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    framedBy: readonly string[] = [],
  ) => {
    const html = webDir === undefined ? undefined : await readPage(webDir);
    const allowances = { connect: originsFor(request), framedBy };
    reply.header('cache-control', 'no-cache');
    if (html === undefined) return sendPlainPage(reply, 503, NOT_BUILT, allowances);
    return sendPage(reply.code(status), html, allowances);
  };
  for (const path of ['/', '/login', '/setup']) app.get(path, (request, reply) => page(request, reply, 200));
  app.get<{ Params: { id: string } }>('/s/:id', (request, reply) => {
    const { id } = request.params;
    // Who may not see it learns nothing of whether it is there, and of who may frame it neither.
    if (!mayView(request, id)) return page(request, reply, 200);
    const screen = screens.get(id)?.screen;
    return screen === undefined ? page(request, reply, 404) : page(request, reply, 200, screen.embed);
  });
  app.get<{ Params: { id: string } }>('/share/:id', (request, reply) => {
    const screen = screens.get(sharedScreen(request.params.id) ?? '')?.screen;
    return page(request, reply, screen === undefined ? 404 : 200, screen?.embed);
  });
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

function sendPage(reply: FastifyReply, html: string, allowances: PageAllowances): FastifyReply {
  return reply.removeHeader('x-frame-options').headers(pageHeaders(allowances)).type(HTML).send(html);
}

/** Answers with a page of few words that loads nothing. */
export function sendPlainPage(
  reply: FastifyReply,
  status: number,
  { title, body }: PlainPage,
  allowances: PageAllowances = {},
): FastifyReply {
  const html =
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title} · Tidewall</title>` +
    `<meta name="viewport" content="width=device-width"><style>${PLAIN_STYLE}</style><h1>${title}</h1>${body}</html>`;
  return sendPage(reply.code(status), html, { ...allowances, style: PLAIN_STYLE });
}

async function readPage(webDir: string): Promise<string | undefined> {
  try {
    return await readFile(join(webDir, 'index.html'), 'utf8');
  } catch {
    return undefined;
  }
}

export interface PlainPage {
  readonly title: string;
  /** HTML. */
  readonly body: string;
}

const PLAIN_STYLE =
  'body{background:#05101f;color:#d7e3f4;font:18px/1.6 system-ui,sans-serif;max-width:40em;margin:15vh auto;' +
  'padding:0 1em}a,code{color:#5cc8ff}';

/** The answer to a browser that asks for a page that is not there. */
export const NOT_FOUND_PAGE: PlainPage = {
  title: 'There is nothing here',
  body: '<p>此处没有页面。<a href="/">All screens · 全部大屏</a></p>',
};

const NOT_BUILT: PlainPage = {
  title: 'The viewer has not been built',
  body:
    '<p>Run <code>npm run build</code> (or <code>npm start</code>, which builds what is missing) and reload this page.</p>' +
    '<p>The API works: <a href="/api/openapi.json">/api/openapi.json</a></p>',
};
