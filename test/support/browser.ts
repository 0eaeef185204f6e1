/** A real Chromium, by the driver of playwright-core. Debian's, which scripts/test installs. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';

/** Only a failure waits so long. */
export const TIMEOUT_MS = 20_000;

const PATH = process.env.PROMFOLD_CHROMIUM ?? '/usr/bin/chromium';

/** Why there is none, for tests that are skipped; a failure under CI. */
export function chromiumMissing(): string | false {
  if (existsSync(PATH)) return false;
  const reason = `chromium is missing at ${PATH}: run scripts/test`;
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}

/** To be closed. */
export function openBrowser(): Promise<Browser> {
  // Its sandbox does not start as root; in a container /dev/shm may be small.
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath: PATH, args });
}

/** What a page must not do: errors in the console, reports of its policy, requests elsewhere. */
export class Watched {
  readonly problems: string[] = [];

  constructor(page: Page, url: string) {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.problems.push(message.text());
    });
    page.on('pageerror', (error) => this.problems.push(String(error.stack)));
    page.on('request', (request) => {
      const asked = request.url();
      if (!asked.startsWith(url) && !asked.startsWith('data:')) {
        this.problems.push(`asked for ${asked}`);
      }
    });
  }
}

export interface Opened {
  readonly page: Page;
  readonly watched: Watched;
}

export async function openPage(context: BrowserContext, url: string, hash = ''): Promise<Opened> {
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const watched = new Watched(page, url);
  await page.goto(`${url}/${hash}`);
  await page.locator('h1').waitFor();
  return { page, watched };
}

/** Waits until a text of the page is as it is wanted. */
export async function untilText(
  of: Locator,
  isWanted: (text: string) => boolean,
  ms = TIMEOUT_MS,
): Promise<string> {
  const deadline = performance.now() + ms;
  let text = '';
  while (performance.now() < deadline) {
    text = await textOf(of, ms).catch(() => '');
    if (isWanted(text)) return text;
    await sleep(50);
  }
  throw new Error(`waited in vain; it shows ${JSON.stringify(text)}`);
}

/** As it is shown. */
export function textOf(of: Locator, timeout = TIMEOUT_MS): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: text that is hidden does not count.
  return of.innerText({ timeout });
}
