import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';

const OUTPUT = fileURLToPath(new URL('output/', import.meta.url));

/** A page that remembers what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Uncaught errors, and what the content security policy or the console called an error. */
  readonly faults: string[];
}

/** Opens a page at a size in CSS pixels. */
export async function openPage(
  browser: Browser,
  size: { width?: number; height?: number; deviceScaleFactor?: number } = {},
): Promise<WatchedPage> {
  const { width = 1920, height = 1080, deviceScaleFactor = 1 } = size;
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor, locale: 'en-US' });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => {
    if (line.type() === 'error') faults.push(line.text());
  });
  return { page, faults };
}

/** Keeps a picture of the page as test output. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(OUTPUT, { recursive: true });
  await page.screenshot({ path: `${OUTPUT}${name}.png` });
}
