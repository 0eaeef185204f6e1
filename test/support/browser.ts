/** A real Chromium, by the driver of playwright-core. Debian's, which scripts/test installs. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

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
