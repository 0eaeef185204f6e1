import type { ExtraFamilies } from '../../src/scrape/families/extra-families.js';

/** An extra that lets no scrape end for as long as a test wants. */
export class HeldScrapes implements ExtraFamilies {
  #gate: Promise<void> = Promise.resolve();

  /** @returns lets scrapes end, those that wait and those to come */
  hold(): () => void {
    let open = () => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  async families(): Promise<readonly []> {
    await this.#gate;
    return [];
  }
}
