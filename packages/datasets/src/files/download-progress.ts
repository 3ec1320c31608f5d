import {createRequire} from 'node:module';
import {lazy} from '@keratin/core/internal';
import type * as CliProgress from 'cli-progress';

const library = lazy(() => createRequire(import.meta.url)('cli-progress') as typeof CliProgress);

const CELLS = 20;

/** A bar of bytes while a file comes; nothing outside of a terminal. */
export class DownloadProgress {
  readonly #bar: CliProgress.SingleBar | null = null;

  /** @param total bytes of the file; null where nobody knows */
  constructor(total: number | null, visible: boolean) {
    if (!visible || !process.stdout.isTTY) return;
    this.#bar = new (library().SingleBar)({
      fps: 10,
      format: (_, params) => {
        const amount = `${megabytes(params.value)}${total === null ? '' : `/${megabytes(total)}`} MB`;
        const cells = Math.round(params.progress * CELLS);
        const bar = total === null ? '' : ` ${'━'.repeat(cells).padEnd(CELLS)}`;
        const seconds = Math.max((Date.now() - params.startTime) / 1000, 1e-3);
        return `${amount}${bar} ${(params.value / 1e6 / seconds).toFixed(1)} MB/s`;
      },
    });
    this.#bar.start(total ?? 1, 0);
  }

  update(bytes: number): void {
    this.#bar?.update(bytes);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
